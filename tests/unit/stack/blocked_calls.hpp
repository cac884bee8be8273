// SPDX-License-Identifier: MIT
// Calls that a thread blocks in: all that signal(7) lists as never restarted after a signal, and
// some that are. Each is done by a function of its own, which a stack can show.
#pragma once

#include "support/temporary_directory.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/un.h>
#include <vector>

namespace loopmon::test {

/// What a call returned, and errno if it failed.
struct outcome {
    long result = 0;
    int error = 0;

    friend bool operator==(outcome, outcome) = default;
};

/// Everything that the calls need. Each is blocked: queues are full or empty, nobody writes.
class surroundings {
public:
    surroundings();
    ~surroundings();
    surroundings(const surroundings&) = delete;
    surroundings& operator=(const surroundings&) = delete;

    struct message {
        long type = 1;
        std::array<char, 1024> bytes{};
    };

    std::array<int, 2> pipe_ends{};
    std::array<int, 2> pair{}; ///< of sockets with timeouts; [0] is full
    int epoll = -1;
    int listener = -1;
    int queued = -1; ///< the one connection that the listener has room for
    sockaddr_un address = {};
    sem_t semaphore = {};
    std::uint32_t word = 0;
    int queue = -1;
    int full_queue = -1;
    int semaphores = -1;
    aio_context_t aio = 0;
    int inotify = -1;
    temporary_directory directory;
    int locked = -1;

private:
    void listen_with_a_full_queue();
};

using in = surroundings&;

struct timed_call {
    const char* name;
    outcome (*run)(in);
    outcome expected; ///< as without a monitor: time is up, and nothing else
};

/// With a timeout, which is what ends them.
extern const std::vector<timed_call> timed_calls;

struct endless_call {
    const char* name;
    outcome (*run)(in);
    /// On another thread: what the call waits for.
    void (*end)(in, pthread_t);
    outcome expected;
};

/// Without one.
extern const std::vector<endless_call> endless_calls;

/// The program's own signal, whose arrival is what ends some calls.
inline constexpr int signal_of_program = SIGUSR2;

outcome in_pause(in with);
outcome in_read_of_a_pipe(in with);
void write_a_byte(in with, pthread_t to);

} // namespace loopmon::test
