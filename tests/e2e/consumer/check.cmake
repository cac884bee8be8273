# SPDX-License-Identifier: MIT
#
# Installs a build into a staging folder and builds the program beside this file against it, with
# find_package and with pkg-config, without handler tracking and with it.
#
#     cmake -D BUILD=... -D STAGE=... -D PREFIX=... -D LIBDIR=... -D CXX=... -D GENERATOR=... -P check.cmake

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
  set(program ${STAGE}/pkg_config_${package})
  run(${CXX} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/main.cpp ${flags} -o ${program})
  run(${runtime} ${program})
endforeach()
