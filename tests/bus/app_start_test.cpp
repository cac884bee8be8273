// SPDX-License-Identifier: MIT
#include "app.hpp"

#include "support/catch.hpp"

#include <csignal>
#include <fstream>
#include <system_error>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Room for the stacks of a few threads more, whether 8 MiB is a stack or, unlimited, 2 MiB.
void leave_room_for_few_threads() {
    constexpr rlim_t room = rlim_t{64} << 20;
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t limit = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + room;
    const rlimit both{limit, limit};
    ::setrlimit(RLIMIT_AS, &both);
}

/// @return whether the error of the thread that could not start came out of run()
bool start_with_too_many_threads() {
    loopmond::load_result loaded;
    loaded.value.bus_address = "none";
    loaded.value.threads = 64;
    loopmond::app app({}, loaded);
    leave_room_for_few_threads();
    try {
        app.run();
    } catch (const std::system_error& e) {
        return e.code() == std::errc::resource_unavailable_try_again;
    }
    return false;
}

} // namespace

TEST_CASE("app: threads of the loop that cannot start are an error, not the abort of those that "
          "did") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL); // Catch would report on behalf of its parent
        ::mallopt(M_ARENA_MAX, 1);     // one of another thread would take all the room
        ::_exit(start_with_too_many_threads() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
