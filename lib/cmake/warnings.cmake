# SPDX-License-Identifier: MIT
# Private to our own targets; never exported to a consumer.
add_library(loopmon_warnings INTERFACE)
target_compile_options(loopmon_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-qual -Wformat=2 -Wimplicit-fallthrough
  $<$<BOOL:${LOOPMON_WERROR}>:-Werror>)
