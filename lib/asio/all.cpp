// SPDX-License-Identifier: MIT
//
// All of this folder, for programs that are not built by CMake: one more source of theirs, built as
// the others are.
#include "asio_tracking.cpp" // NOLINTBEGIN(bugprone-suspicious-include)
#include "build_variant.cpp"
#include "epoll_descriptor.cpp"
#include "loop_service.cpp"
#include "offload.cpp"
#include "offload_loop.cpp"
#include "run_calls.cpp"
#include "task.cpp"
#include "watch.cpp" // NOLINTEND(bugprone-suspicious-include)
