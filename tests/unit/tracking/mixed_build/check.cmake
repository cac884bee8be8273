# SPDX-License-Identifier: MIT
#
# Builds a program of two translation units and the library's symbol of its variant, each of the
# three with handler tracking and without: only the two pure programs link, and the linker's message
# for the others names what is wrong. With all that makes a linker forget what nobody uses. The same
# for a part that was built with another Boost, or with another configuration of asio; and for one
# that uses asio and includes nothing of the library, with each linker that is there.
#
#     cmake -D CXX=... -D SOURCE_DIR=... -D WORK=... -P check.cmake

set(flags -std=c++20 -O2 -ffunction-sections -fdata-sections -I${SOURCE_DIR}/lib/include)
set(flags_plain ${flags})
set(flags_tracked ${flags} "-DBOOST_ASIO_CUSTOM_HANDLER_TRACKING=\"loopmon/asio_tracking.hpp\""
  "-DBOOST_USER_CONFIG=\"loopmon/tracked_boost.hpp\"")
set(message_plain loopmon_all_of_this_program_must_be_built_without_loopmon_tracking)
set(message_tracked loopmon_all_of_this_program_must_be_built_with_loopmon_tracking)

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
foreach(variant IN ITEMS plain tracked)
  foreach(source IN ITEMS ${SOURCE_DIR}/lib/asio/build_variant.cpp
      ${CMAKE_CURRENT_LIST_DIR}/main.cpp ${CMAKE_CURRENT_LIST_DIR}/part.cpp)
    cmake_path(GET source STEM stem)
    execute_process(COMMAND ${CXX} ${flags_${variant}} -c ${source}
      -o ${WORK}/${stem}_${variant}.o COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()

foreach(main IN ITEMS plain tracked)
  foreach(part IN ITEMS plain tracked)
    foreach(library IN ITEMS plain tracked)
      set(program "main ${main}, part ${part}, library ${library}")
      execute_process(COMMAND ${CXX} -Wl,--gc-sections ${WORK}/main_${main}.o ${WORK}/part_${part}.o
        ${WORK}/build_variant_${library}.o -o ${WORK}/program
        RESULT_VARIABLE failed ERROR_VARIABLE message OUTPUT_VARIABLE message)
      if("${main}" STREQUAL "${library}" AND "${part}" STREQUAL "${library}")
        if(failed)
          message(SEND_ERROR "${program}: does not link: ${message}")
        else()
          execute_process(COMMAND ${EMULATOR} ${WORK}/program COMMAND_ERROR_IS_FATAL ANY)
        endif()
        continue()
      endif()
      if(NOT failed)
        message(SEND_ERROR "${program}: links")
      endif()
      foreach(user IN ITEMS ${main} ${part})
        if(NOT "${user}" STREQUAL "${library}" AND NOT "${message}" MATCHES "${message_${user}}")
          message(SEND_ERROR "${program}: the message does not name ${message_${user}}: ${message}")
        endif()
      endforeach()
    endforeach()
  endforeach()
endforeach()

# refused(WHAT MESSAGE objects...)
function(refused what expected)
  execute_process(COMMAND ${CXX} ${ARGN} -o ${WORK}/program
    RESULT_VARIABLE failed ERROR_VARIABLE message OUTPUT_VARIABLE message)
  if(NOT failed OR NOT "${message}" MATCHES "${expected}")
    message(SEND_ERROR "${what}: links, or the message does not say '${expected}': ${message}")
  endif()
endfunction()

# compile(SOURCE OBJECT flags...)
function(compile source object)
  execute_process(COMMAND ${CXX} ${ARGN} -c ${CMAKE_CURRENT_LIST_DIR}/${source}
    -o ${WORK}/${object} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(WRITE ${WORK}/other/boost/version.hpp "#define BOOST_VERSION 999999\n")
compile(part.cpp part_other.o -I${WORK}/other ${flags})
refused("a part with another Boost" ${message_plain}_and_boost_999999
  ${WORK}/main_plain.o ${WORK}/part_other.o ${WORK}/build_variant_plain.o)

foreach(setting IN ITEMS BOOST_ASIO_DISABLE_EPOLL=asio_without_epoll
    BOOST_ASIO_DISABLE_THREADS=without_threads BOOST_ASIO_HAS_IO_URING=io_uring_recycling
    BOOST_ASIO_HAS_IO_URING_AS_DEFAULT=asio_on_io_uring
    BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING=without_recycling
    BOOST_ASIO_ENABLE_BUFFER_DEBUGGING=checked_buffers)
  string(REGEX MATCH "^[A-Z_]+" macro ${setting})
  string(REGEX MATCH "[a-z_]+$" word ${setting})
  foreach(variant IN ITEMS plain tracked)
    compile(part.cpp part_other.o -D${macro} ${flags_${variant}})
    refused("a part with ${macro}, ${variant}" "${message_${variant}}_.*${word}"
      ${WORK}/main_${variant}.o ${WORK}/part_other.o ${WORK}/build_variant_${variant}.o)
  endforeach()
endforeach()

file(WRITE ${WORK}/nothing.cpp "int main() {}\n")
foreach(optimisation IN ITEMS -O0 -O2)
  compile(foreign.cpp foreign_plain.o ${flags} ${optimisation})
  execute_process(COMMAND ${CXX} ${WORK}/main_plain.o ${WORK}/foreign_plain.o
    ${WORK}/build_variant_plain.o -o ${WORK}/program COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${EMULATOR} ${WORK}/program COMMAND_ERROR_IS_FATAL ANY)
  foreach(linker IN ITEMS bfd gold lld)
    execute_process(COMMAND ${CXX} -fuse-ld=${linker} ${WORK}/nothing.cpp -o ${WORK}/nothing
      RESULT_VARIABLE missing OUTPUT_QUIET ERROR_QUIET)
    if(NOT missing)
      refused("a part with asio only, ${optimisation}, ${linker}" "thread_context" -Wl,--gc-sections
        -fuse-ld=${linker} ${WORK}/main_tracked.o ${WORK}/foreign_plain.o
        ${WORK}/build_variant_tracked.o)
    endif()
  endforeach()
endforeach()
