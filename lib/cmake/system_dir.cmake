# SPDX-License-Identifier: MIT
#
# loopmon_system_dir(VARIABLE PC_FILE PC_VARIABLE FOLDER DOC): a cache variable with the folder where
# the system looks for files of one kind. With prefix /usr what the .pc file says; otherwise, or
# without it, FOLDER, which is relative to the prefix. See systemd/CMakeLists.txt.
include_guard(GLOBAL)

function(loopmon_system_dir variable pc_file pc_variable folder doc)
  set(default ${folder})
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    pkg_get_variable(found ${pc_file} ${pc_variable})
    if(found)
      set(default ${found})
    endif()
  endif()
  set(${variable} ${default} CACHE STRING "${doc}")
endfunction()
