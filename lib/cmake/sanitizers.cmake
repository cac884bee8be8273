# SPDX-License-Identifier: MIT
# Whole-build switch: a sanitizer that covers only half of a program reports nonsense.
if(LOOPMON_SANITIZE)
  add_compile_options(-fsanitize=${LOOPMON_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  if(LOOPMON_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-tsan) # asio's fences, which gcc warns that TSan does not know
  endif()
  add_link_options(-fsanitize=${LOOPMON_SANITIZE})
endif()
