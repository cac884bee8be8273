// SPDX-License-Identifier: MIT
#include "unit/stack/blocked_calls.hpp"

#include "support/catch.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h> // NOLINT(modernize-deprecated-headers): clock_nanosleep() is of POSIX
#include <unistd.h>
#include <vector>

namespace loopmon::test {

namespace {

outcome of(long result) {
    return {result, result < 0 ? errno : 0};
}

// Long enough to be caught asleep in, soon over once the stack is had.
constexpr timespec brief = {0, 20'000'000};
constexpr timeval brief_timeval = {0, 20'000};
constexpr int brief_ms = 20;

timespec brief_from_now(clockid_t clock) {
    timespec at = {};
    clock_gettime(clock, &at);
    at.tv_nsec += brief.tv_nsec;
    at.tv_sec += at.tv_nsec / 1'000'000'000;
    at.tv_nsec %= 1'000'000'000;
    return at;
}

} // namespace

surroundings::surroundings() {
    REQUIRE(pipe(pipe_ends.data()) == 0);
    epoll = epoll_create1(0);
    REQUIRE(epoll >= 0);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
        REQUIRE(setsockopt(pair[0], SOL_SOCKET, option, &brief_timeval, sizeof brief_timeval) == 0);
    }
    const std::vector<char> bytes(65536);
    while (send(pair[0], bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
    listen_with_a_full_queue();
    REQUIRE(sem_init(&semaphore, 0, 0) == 0);
    queue = msgget(IPC_PRIVATE, 0600);
    full_queue = msgget(IPC_PRIVATE, 0600);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    REQUIRE((queue >= 0 && full_queue >= 0 && semaphores >= 0));
    message m;
    while (msgsnd(full_queue, &m, sizeof m.bytes, IPC_NOWAIT) == 0) {
    }
    REQUIRE(syscall(SYS_io_setup, 1, &aio) == 0);
    inotify = inotify_init1(0);
    locked = open((directory.path() / "lock").c_str(), O_RDWR | O_CREAT, 0600);
    REQUIRE(flock(locked, LOCK_EX) == 0);
    REQUIRE(inotify_add_watch(inotify, directory.path().c_str(), IN_CREATE) >= 0);
}

surroundings::~surroundings() {
    for (const int fd :
         {pipe_ends[0], pipe_ends[1], epoll, pair[0], pair[1], listener, queued, inotify, locked}) {
        close(fd);
    }
    msgctl(queue, IPC_RMID, nullptr);
    msgctl(full_queue, IPC_RMID, nullptr);
    semctl(semaphores, 0, IPC_RMID);
    syscall(SYS_io_destroy, aio);
    sem_destroy(&semaphore);
}

void surroundings::listen_with_a_full_queue() {
    address.sun_family = AF_UNIX;
    const auto path = (directory.path() / "socket").string();
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener, 0) == 0);
    queued = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(connect(queued, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

[[gnu::noinline]] outcome in_pause(in /*with*/) {
    return of(pause());
}

[[gnu::noinline]] outcome in_read_of_a_pipe(in with) {
    char byte = 0;
    return of(read(with.pipe_ends[0], &byte, 1));
}

void write_a_byte(in with, pthread_t /*to*/) {
    (void)!write(with.pipe_ends[1], "x", 1);
}

namespace {

[[gnu::noinline]] outcome in_poll(in with) {
    pollfd one = {with.pipe_ends[0], POLLIN, 0};
    return of(poll(&one, 1, brief_ms));
}
[[gnu::noinline]] outcome in_ppoll(in with) {
    pollfd one = {with.pipe_ends[0], POLLIN, 0};
    return of(ppoll(&one, 1, &brief, nullptr));
}
[[gnu::noinline]] outcome in_select(in /*with*/) {
    auto limit = brief_timeval;
    return of(select(0, nullptr, nullptr, nullptr, &limit));
}
[[gnu::noinline]] outcome in_pselect(in /*with*/) {
    return of(pselect(0, nullptr, nullptr, nullptr, &brief, nullptr));
}
[[gnu::noinline]] outcome in_epoll_wait(in with) {
    epoll_event event = {};
    return of(epoll_wait(with.epoll, &event, 1, brief_ms));
}
[[gnu::noinline]] outcome in_epoll_pwait(in with) {
    epoll_event event = {};
    const sigset_t none = {};
    return of(epoll_pwait(with.epoll, &event, 1, brief_ms, &none));
}
[[gnu::noinline]] outcome in_nanosleep(in /*with*/) {
    return of(nanosleep(&brief, nullptr));
}
[[gnu::noinline]] outcome in_clock_nanosleep(in /*with*/) {
    const auto until = brief_from_now(CLOCK_MONOTONIC);
    return {clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr), 0};
}
[[gnu::noinline]] outcome in_usleep(in /*with*/) {
    return of(usleep(brief_timeval.tv_usec));
}
[[gnu::noinline]] outcome in_sem_timedwait(in with) {
    const auto until = brief_from_now(CLOCK_REALTIME);
    return of(sem_timedwait(&with.semaphore, &until));
}
[[gnu::noinline]] outcome in_futex(in with) {
    return of(syscall(SYS_futex, &with.word, FUTEX_WAIT_PRIVATE, 0, &brief, nullptr, 0));
}
[[gnu::noinline]] outcome in_recv(in with) {
    char byte = 0;
    return of(recv(with.pair[0], &byte, 1, 0));
}
[[gnu::noinline]] outcome in_recvmsg(in with) {
    msghdr header = {};
    return of(recvmsg(with.pair[0], &header, 0));
}
[[gnu::noinline]] outcome in_read_of_a_socket(in with) {
    char byte = 0;
    return of(read(with.pair[0], &byte, 1));
}
[[gnu::noinline]] outcome in_send(in with) {
    return of(send(with.pair[0], "x", 1, 0));
}
[[gnu::noinline]] outcome in_accept(in with) {
    const int empty = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un nameless = {};
    nameless.sun_family = AF_UNIX;
    bind(empty, reinterpret_cast<const sockaddr*>(&nameless), sizeof nameless.sun_family);
    listen(empty, 1);
    setsockopt(empty, SOL_SOCKET, SO_RCVTIMEO, &brief_timeval, sizeof brief_timeval);
    const auto is = of(accept(empty, nullptr, nullptr));
    close(empty);
    return (void)with, is;
}
[[gnu::noinline]] outcome in_connect(in with) {
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &brief_timeval, sizeof brief_timeval);
    const auto is =
        of(connect(client, reinterpret_cast<const sockaddr*>(&with.address), sizeof with.address));
    close(client);
    return is;
}
[[gnu::noinline]] outcome in_sigtimedwait(in /*with*/) {
    sigset_t set = {};
    sigaddset(&set, signal_of_program);
    return of(sigtimedwait(&set, nullptr, &brief));
}
[[gnu::noinline]] outcome in_semtimedop(in with) {
    sembuf take = {0, -1, 0};
    return of(semtimedop(with.semaphores, &take, 1, &brief));
}
[[gnu::noinline]] outcome in_io_getevents(in with) {
    auto limit = brief;
    std::array<io_event, 1> events{};
    return of(syscall(SYS_io_getevents, with.aio, 1, 1, events.data(), &limit));
}

[[gnu::noinline]] outcome in_sigsuspend(in /*with*/) {
    const sigset_t none = {};
    return of(sigsuspend(&none));
}
[[gnu::noinline]] outcome in_sigwaitinfo(in /*with*/) {
    sigset_t set = {};
    sigaddset(&set, signal_of_program);
    return of(sigwaitinfo(&set, nullptr));
}
[[gnu::noinline]] outcome in_msgrcv(in with) {
    surroundings::message m;
    return of(msgrcv(with.queue, &m, sizeof m.bytes, 0, 0));
}
[[gnu::noinline]] outcome in_msgsnd(in with) {
    const surroundings::message m;
    return of(msgsnd(with.full_queue, &m, sizeof m.bytes, 0));
}
[[gnu::noinline]] outcome in_semop(in with) {
    sembuf take = {0, -1, 0};
    return of(semop(with.semaphores, &take, 1));
}
[[gnu::noinline]] outcome in_read_of_inotify(in with) {
    std::array<char, 4096> events{};
    return of(read(with.inotify, events.data(), events.size()) > 0 ? 1 : -1);
}
constexpr std::size_t more_than_a_pipe_holds = 300'000;
[[gnu::noinline]] outcome in_write(in with) {
    const std::vector<char> bytes(more_than_a_pipe_holds);
    return of(write(with.pipe_ends[1], bytes.data(), bytes.size()));
}
[[gnu::noinline]] outcome in_sem_wait(in with) {
    return of(sem_wait(&with.semaphore));
}
[[gnu::noinline]] outcome in_flock(in with) {
    const int file = open((with.directory.path() / "lock").c_str(), O_RDWR | O_CREAT, 0600);
    const auto is = of(flock(file, LOCK_EX));
    close(file);
    return is;
}

void send_signal(in /*with*/, pthread_t to) {
    pthread_kill(to, signal_of_program);
}
void receive_a_message(in with, pthread_t /*to*/) {
    surroundings::message m;
    (void)!msgrcv(with.full_queue, &m, sizeof m.bytes, 0, 0);
}
void send_a_message(in with, pthread_t /*to*/) {
    const surroundings::message m;
    (void)!msgsnd(with.queue, &m, sizeof m.bytes, 0);
}
void give_semaphore(in with, pthread_t /*to*/) {
    sembuf give = {0, 1, 0};
    (void)!semop(with.semaphores, &give, 1);
}
void create_a_file(in with, pthread_t /*to*/) {
    close(open((with.directory.path() / "new").c_str(), O_WRONLY | O_CREAT, 0600));
}
void drain(in with, pthread_t /*to*/) {
    std::vector<char> bytes(4096);
    for (std::size_t got = 0; got < more_than_a_pipe_holds;) {
        got += static_cast<std::size_t>(
            std::max(ssize_t{0}, read(with.pipe_ends[0], bytes.data(), bytes.size())));
    }
}
void post_semaphore(in with, pthread_t /*to*/) {
    sem_post(&with.semaphore);
}
void unlock_file(in with, pthread_t /*to*/) {
    flock(with.locked, LOCK_UN);
}

} // namespace

// The last five are restarted after a signal, but the write as a short one.
const std::vector<endless_call> endless_calls = {
    {"pause", in_pause, send_signal, {-1, EINTR}},
    {"sigsuspend", in_sigsuspend, send_signal, {-1, EINTR}},
    {"sigwaitinfo", in_sigwaitinfo, send_signal, {signal_of_program, 0}},
    {"msgrcv", in_msgrcv, send_a_message, {1024, 0}},
    {"msgsnd", in_msgsnd, receive_a_message, {0, 0}},
    {"semop", in_semop, give_semaphore, {0, 0}},
    {"read of inotify", in_read_of_inotify, create_a_file, {1, 0}},
    {"read of a pipe", in_read_of_a_pipe, write_a_byte, {1, 0}},
    {"write", in_write, drain, {more_than_a_pipe_holds, 0}},
    {"sem_wait", in_sem_wait, post_semaphore, {0, 0}},
    {"flock", in_flock, unlock_file, {0, 0}},
};

const std::vector<timed_call> timed_calls = {
    {"poll", in_poll, {0, 0}},
    {"ppoll", in_ppoll, {0, 0}},
    {"select", in_select, {0, 0}},
    {"pselect", in_pselect, {0, 0}},
    {"epoll_wait", in_epoll_wait, {0, 0}},
    {"epoll_pwait", in_epoll_pwait, {0, 0}},
    {"nanosleep", in_nanosleep, {0, 0}},
    {"clock_nanosleep", in_clock_nanosleep, {0, 0}},
    {"usleep", in_usleep, {0, 0}},
    {"sem_timedwait", in_sem_timedwait, {-1, ETIMEDOUT}},
    {"futex", in_futex, {-1, ETIMEDOUT}},
    {"recv", in_recv, {-1, EAGAIN}},
    {"recvmsg", in_recvmsg, {-1, EAGAIN}},
    {"read of a socket", in_read_of_a_socket, {-1, EAGAIN}},
    {"send", in_send, {-1, EAGAIN}},
    {"accept", in_accept, {-1, EAGAIN}},
    {"connect", in_connect, {-1, EAGAIN}},
    {"sigtimedwait", in_sigtimedwait, {-1, EAGAIN}},
    {"semtimedop", in_semtimedop, {-1, EAGAIN}},
    {"io_getevents", in_io_getevents, {0, 0}},
};

} // namespace loopmon::test
