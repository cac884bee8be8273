// SPDX-License-Identifier: MIT
#include "stack/symbol/executable.hpp"

#include "base/proc.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>

namespace loopmon::stack {

executable own_executable() {
    constexpr const char* link = "self/exe";
    auto path = base::read_proc_link(link);
    return {path.empty() ? program_invocation_name : std::move(path),
            base::open_proc(link, O_RDONLY)};
}

} // namespace loopmon::stack
