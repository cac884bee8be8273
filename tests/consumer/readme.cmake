# SPDX-License-Identifier: MIT
# For check.cmake: the program of the README, built as the README says.

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

set(includes)
if(NOT boost STREQUAL "system")
  set(includes CPLUS_INCLUDE_PATH=${boost}/usr/include)
endif()
file(MAKE_DIRECTORY ${STAGE}/readme)
readme_block(cpp ${STAGE}/readme/main.cpp)
readme_block(cmake ${STAGE}/readme/CMakeLists.txt)
readme_block(sh ${STAGE}/readme/build.sh)

message(STATUS "the program of the README, CMake")
run(${CMAKE_COMMAND} -E env CMAKE_PREFIX_PATH=${root}:${boost}/usr ${CMAKE_COMMAND}
  -G ${GENERATOR} -S ${STAGE}/readme -B ${STAGE}/readme/build -D CMAKE_CXX_COMPILER=${compiler})
run(${CMAKE_COMMAND} --build ${STAGE}/readme/build)
reports_its_stall(${STAGE}/readme/build/first)

message(STATUS "the program of the README, pkg-config")
execute_process(COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${root}/${LIBDIR}/pkgconfig
  PKG_CONFIG_SYSROOT_DIR=${STAGE}/root ${includes} sh -e build.sh
  WORKING_DIRECTORY ${STAGE}/readme COMMAND_ERROR_IS_FATAL ANY)
reports_its_stall(${STAGE}/readme/first)
