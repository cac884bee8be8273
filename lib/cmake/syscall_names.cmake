# SPDX-License-Identifier: MIT
# syscall_names(FILE): writes a line {SYS_read, "read"}, for each system call that the C library of
# the target defines. The compiler is asked, with the flags that it compiles with, so a cross build
# gets the calls of its target; the numbers are left to the macros.
function(syscall_names file)
  set(probe ${CMAKE_CURRENT_BINARY_DIR}/syscall_names_probe.cpp)
  file(WRITE ${probe} "#include <sys/syscall.h>\n")
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_COMPILER_ARG1} ${CMAKE_CXX_FLAGS}")
  if(CMAKE_SYSROOT)
    list(APPEND flags --sysroot=${CMAKE_SYSROOT})
  endif()
  if(CMAKE_CXX_COMPILER_TARGET)
    list(APPEND flags --target=${CMAKE_CXX_COMPILER_TARGET})
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${flags} -E -dM ${probe}
    OUTPUT_VARIABLE macros RESULT_VARIABLE failed ERROR_VARIABLE error)
  string(REGEX MATCHALL "#define SYS_[a-z0-9_]+ " names "${macros}")
  if(failed OR NOT names)
    message(WARNING "No names of system calls, reports will show numbers: ${error}")
  endif()
  list(TRANSFORM names REPLACE "#define SYS_([a-z0-9_]+) " "{SYS_\\1, \"\\1\"},")
  list(SORT names)
  list(JOIN names "\n" table)
  file(CONFIGURE OUTPUT ${file} CONTENT "${table}\n" @ONLY)
endfunction()
