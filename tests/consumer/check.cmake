# SPDX-License-Identifier: MIT
#
# Installs a build into a staging folder and builds and runs the programs beside this file against
# it: with each compiler and each Boost, with handler tracking and without it, by find_package and by
# pkg-config. Then what must not link, a program in C, and the program of the README, as it is
# printed there, with both build descriptions that the README gives.
#
#     cmake -D BUILD=... -D STAGE=... -D PREFIX=... -D LIBDIR=... -D COMPILERS=... -D GENERATOR=...
#           -D README=... -D EXAMPLES=... [-D BOOSTS=...] -P check.cmake
#
#   COMPILERS  of C++; those that are not there are left out
#   BOOSTS     folders with a usr/ in each, an unpacked package of Debian; none: the compiler's own

include(${CMAKE_CURRENT_LIST_DIR}/mixed.cmake)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# output_of(VARIABLE command...): in one line.
function(output_of variable)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${STAGE})
set(root ${STAGE}/root${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} -E env DESTDIR=${STAGE}/root ${CMAKE_COMMAND}
  --install ${BUILD} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
set(runtime ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${root}/${LIBDIR})
find_program(python NAMES python3 REQUIRED)
set(observe ${runtime} ${python} -B ${CMAKE_CURRENT_LIST_DIR}/observe.py)
set(pkg_config ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${root}/${LIBDIR}/pkgconfig
  PKG_CONFIG_SYSROOT_DIR=${STAGE}/root pkg-config)
set(warnings -Wall -Wextra -Wpedantic -Werror)
if(NOT BOOSTS)
  set(BOOSTS system)
endif()

# by_find_package(COMPILER BOOST WORK)
function(by_find_package compiler boost work)
  list(JOIN warnings " " flags)
  run(${CMAKE_COMMAND} -E env CMAKE_PREFIX_PATH=${root}:${boost}/usr ${CMAKE_COMMAND}
    -G ${GENERATOR} -S ${CMAKE_CURRENT_FUNCTION_LIST_DIR} -B ${work}/cmake
    -D CMAKE_CXX_COMPILER=${compiler} "-DCMAKE_CXX_FLAGS=${flags}" -D CMAKE_BUILD_TYPE=Release)
  run(${CMAKE_COMMAND} --build ${work}/cmake)
  foreach(variant IN ITEMS loopmon tracking)
    run(${observe} ${work}/cmake/consumer_${variant} ${variant})
    run(${observe} ${work}/cmake/bus_${variant} bus)
  endforeach()
endfunction()

# by_pkg_config(COMPILER BOOST WORK): leaves main_VARIANT.o and all_VARIANT.o there.
function(by_pkg_config compiler boost work)
  set(common -std=c++20 ${warnings})
  if(NOT boost STREQUAL "system")
    list(APPEND common -isystem ${boost}/usr/include)
  endif()
  foreach(variant IN ITEMS loopmon tracking)
    set(package loopmon)
    if(variant STREQUAL "tracking")
      set(package loopmon-tracking)
    endif()
    output_of(compile_flags ${pkg_config} --cflags ${package})
    output_of(link_flags ${pkg_config} --libs ${package})
    output_of(source ${pkg_config} --variable=asio_source ${package})
    separate_arguments(compile_flags UNIX_COMMAND "${compile_flags}")
    separate_arguments(link_flags UNIX_COMMAND "${link_flags}")
    foreach(part IN ITEMS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/main.cpp ${source})
      cmake_path(GET part STEM name)
      run(${compiler} ${common} ${compile_flags} -c ${part} -o ${work}/${name}_${variant}.o)
    endforeach()
    run(${compiler} ${work}/main_${variant}.o ${work}/all_${variant}.o ${link_flags}
      -o ${work}/program_${variant})
    run(${observe} ${work}/program_${variant} ${variant})
  endforeach()
endfunction()

foreach(compiler IN LISTS COMPILERS)
  find_program(found_${compiler} ${compiler})
  if(NOT found_${compiler})
    message(STATUS "${compiler} is not here")
    continue()
  endif()
  cmake_path(GET compiler FILENAME compiler_name)
  set(works)
  foreach(boost IN LISTS BOOSTS)
    cmake_path(GET boost FILENAME boost_name)
    set(work ${STAGE}/${compiler_name}/${boost_name})
    file(MAKE_DIRECTORY ${work})
    list(APPEND works ${work})
    message(STATUS "find_package, ${compiler_name}, ${boost_name}")
    by_find_package(${compiler} ${boost} ${work})
    message(STATUS "pkg-config, ${compiler_name}, ${boost_name}")
    by_pkg_config(${compiler} ${boost} ${work})
  endforeach()
  message(STATUS "what must not link, ${compiler_name}")
  output_of(link_flags ${pkg_config} --libs loopmon-tracking)
  separate_arguments(link_flags UNIX_COMMAND "${link_flags}")
  mixed_programs_do_not_link(${compiler} "${works}" "${link_flags}")
endforeach()

# A program in C, by whatever compilers are there.
output_of(flags ${pkg_config} --cflags --libs loopmon)
separate_arguments(flags UNIX_COMMAND "${flags}")
foreach(compiler IN ITEMS gcc clang clang-14 clang-19)
  find_program(found_${compiler} ${compiler})
  if(found_${compiler})
    message(STATUS "a program in C, ${compiler}")
    run(${found_${compiler}} -std=c99 -pedantic-errors -Wall -Wextra -Werror ${EXAMPLES}/epoll_loop.c ${flags}
      -o ${STAGE}/c_${compiler})
    run(${runtime} ${STAGE}/c_${compiler})
  endif()
endforeach()

list(GET COMPILERS 0 compiler)
list(GET BOOSTS 0 boost)
include(${CMAKE_CURRENT_LIST_DIR}/readme.cmake)
