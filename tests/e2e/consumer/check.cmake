# SPDX-License-Identifier: MIT
#
# Installs a build into a staging folder and builds the program beside this file against it, with
# find_package and with pkg-config, without handler tracking and with it. Then the program of the
# README, as it is printed there, with both build descriptions that the README gives.
#
#     cmake -D BUILD=... -D STAGE=... -D PREFIX=... -D LIBDIR=... -D CXX=... -D GENERATOR=...
#           -D README=... -D EXAMPLES=... -P check.cmake

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${STAGE})
run(${CMAKE_COMMAND} -E env DESTDIR=${STAGE}/root ${CMAKE_COMMAND} --install ${BUILD})
set(root ${STAGE}/root${PREFIX})
set(runtime ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${root}/${LIBDIR})

message(STATUS "find_package")
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${CMAKE_CURRENT_LIST_DIR} -B ${STAGE}/cmake
  -D CMAKE_PREFIX_PATH=${root} -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${STAGE}/cmake)
run(${runtime} ${STAGE}/cmake/consumer_loopmon)
run(${runtime} ${STAGE}/cmake/consumer_tracking)

foreach(package IN ITEMS loopmon loopmon-tracking)
  message(STATUS "pkg-config ${package}")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${root}/${LIBDIR}/pkgconfig
      PKG_CONFIG_SYSROOT_DIR=${STAGE}/root pkg-config --cflags --libs ${package}
    OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${root}/${LIBDIR}/pkgconfig
      PKG_CONFIG_SYSROOT_DIR=${STAGE}/root pkg-config --variable=asio_source ${package}
    OUTPUT_VARIABLE source OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(program ${STAGE}/pkg_config_${package})
  run(${CXX} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/main.cpp ${source} ${flags} -o ${program})
  run(${runtime} ${program})
endforeach()

# A program in C, by whatever compilers are there.
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${root}/${LIBDIR}/pkgconfig
    PKG_CONFIG_SYSROOT_DIR=${STAGE}/root pkg-config --cflags --libs loopmon
  OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
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

# readme_block(LANGUAGE FILE): the first block of that language in the README.
function(readme_block language file)
  file(READ ${README} text)
  string(FIND "${text}" "```${language}\n" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "README.md has no block of ${language}")
  endif()
  string(LENGTH "```${language}\n" fence)
  math(EXPR begin "${begin} + ${fence}")
  string(SUBSTRING "${text}" ${begin} -1 text)
  string(FIND "${text}" "```" end)
  string(SUBSTRING "${text}" 0 ${end} text)
  file(WRITE ${file} "${text}")
endfunction()

# reports_its_stall(PROGRAM): on stderr or, where there is one, in the journal.
function(reports_its_stall program)
  string(TIMESTAMP since "%Y-%m-%d %H:%M:%S")
  execute_process(COMMAND ${runtime} ${program} TIMEOUT 30
    ERROR_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  if(EXISTS /run/systemd/journal/socket)
    execute_process(COMMAND journalctl --since=${since} --output=cat --identifier=first
      OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  endif()
  if(NOT output MATCHES "blocked for [^\n]* in task \"poll-modem\"")
    message(FATAL_ERROR "${program} did not report its stall: ${output}")
  endif()
endfunction()

message(STATUS "the program of the README, CMake")
file(MAKE_DIRECTORY ${STAGE}/readme)
readme_block(cpp ${STAGE}/readme/main.cpp)
readme_block(cmake ${STAGE}/readme/CMakeLists.txt)
readme_block(sh ${STAGE}/readme/build.sh)
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${STAGE}/readme -B ${STAGE}/readme/build
  -D CMAKE_PREFIX_PATH=${root} -D CMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${STAGE}/readme/build)
reports_its_stall(${STAGE}/readme/build/first)

message(STATUS "the program of the README, pkg-config")
execute_process(COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${root}/${LIBDIR}/pkgconfig
  PKG_CONFIG_SYSROOT_DIR=${STAGE}/root sh -e build.sh
  WORKING_DIRECTORY ${STAGE}/readme COMMAND_ERROR_IS_FATAL ANY)
reports_its_stall(${STAGE}/readme/first)
