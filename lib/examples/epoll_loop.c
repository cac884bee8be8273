/* SPDX-License-Identifier: MIT */
/*
 * A loop of one's own on epoll_wait(2), in C99, watched: its turns, a handler with a name, a task,
 * and what the watchdog does about the fifth tick, which blocks for three seconds.
 */
#define _GNU_SOURCE
#include <loopmon/loopmon.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void check(int result, const char* what) {
    if (result < 0) {
        fprintf(stderr, "%s: %s\n", what, loopmon_last_error());
        exit(1);
    }
}

/* The work of the program: a device that is asked four times a second. */
static void ask_device(int timer, int tick) {
    const struct timespec answer_of_a_dead_device = {3, 0};
    uint64_t expired;

    if (read(timer, &expired, sizeof expired) > 0 && tick == 5)
        nanosleep(&answer_of_a_dead_device, NULL);
}

int main(void) {
    const struct itimerspec period = {{0, 250000000}, {0, 250000000}};
    const char* const name = "poll-modem";
    struct loopmon_settings settings;
    struct loopmon_monitor_options options;
    struct epoll_event event = {.events = EPOLLIN};
    loopmon_monitor* monitor;
    loopmon_loop* loop;
    loopmon_watch* watch;
    uint64_t task;
    int loop_fd = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (loop_fd < 0 || timer < 0 || epoll_ctl(loop_fd, EPOLL_CTL_ADD, timer, &event) < 0)
        return 1;
    timerfd_settime(timer, 0, &period, NULL);

    loopmon_settings_init(&settings, sizeof settings);
    settings.watchdog_lag_nsec = 2000000000; /* acts if the unit sets WatchdogSec= */
    settings.grace_nsec = 0;
    loopmon_monitor_options_init(&options, sizeof options);
    options.settings = &settings;
    check(loopmon_monitor_new(&options, &monitor), "monitor");
    check(loopmon_loop_new(NULL, NULL, &loop), "loop");
    check(loopmon_monitor_watch(monitor, loop, NULL, &watch), "watch");
    task = loopmon_task_begin(loop, name, strlen(name), __FILE__, __LINE__, 0);

    for (int tick = 1; tick <= 8; ++tick) {
        struct loopmon_run handler;

        epoll_wait(loop_fd, &event, 1, -1);
        loopmon_turn_begin(loop);
        loopmon_handler_begin(loop, &handler, "ask_device", task);
        ask_device(timer, tick);
        loopmon_handler_end(&handler);
        loopmon_turn_end(loop);
    }

    loopmon_task_end(loop, task);
    loopmon_watch_free(watch);
    loopmon_loop_end(loop);
    loopmon_loop_unref(loop);
    loopmon_monitor_free(monitor);
    return 0;
}
