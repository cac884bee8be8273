/* SPDX-License-Identifier: MIT */
/*
 * libloopmon: event-loop health for a program on Linux, whatever its loop is made of. C99. This is
 * the whole ABI of the library: the C++ interface is inline over it.
 *
 *     loopmon_monitor *monitor;
 *     loopmon_loop *loop;
 *     loopmon_watch *watch;
 *     if (loopmon_monitor_new(NULL, &monitor) < 0 || loopmon_loop_new(NULL, NULL, &loop) < 0 ||
 *         loopmon_monitor_watch(monitor, loop, NULL, &watch) < 0)
 *         errx(1, "%s", loopmon_last_error());
 *     for (;;) {
 *         int n = epoll_wait(fd, events, 16, -1);
 *         loopmon_turn_begin(loop);
 *         for (int i = 0; i < n; ++i)
 *             handle(&events[i]);
 *         loopmon_turn_end(loop);
 *     }
 *
 * Errors are negative errno values; loopmon_last_error() has them in words. Durations are
 * nanoseconds, as signed numbers. Texts are UTF-8, copied, and cut where they are too long. What
 * is named `ret` is written on success only. NULL instead of an object is an error for the
 * functions that return int, and nothing happens in the others. Unless a function says otherwise,
 * any thread may call it.
 *
 * A structure of options begins with its size, so that a program which was built with an older
 * header runs with a newer library: loopmon_..._init() fills in size and defaults.
 *
 * In a child of fork() the monitors, watches and probes of the parent are of no use: the calls do
 * nothing there and return -ECHILD. Make new ones.
 */
#ifndef LOOPMON_LOOPMON_H
#define LOOPMON_LOOPMON_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__cplusplus)
extern "C" {
#define LOOPMON_NOEXCEPT noexcept
#else
#define LOOPMON_NOEXCEPT
#endif

#if defined(__GNUC__)
#define LOOPMON_API __attribute__((visibility("default")))
#else
#define LOOPMON_API
#endif

/** Watches loops from a thread of its own and reports: journal, D-Bus, service manager. */
typedef struct loopmon_monitor loopmon_monitor;
/** One event loop of the program, whether it is watched or not. */
typedef struct loopmon_loop loopmon_loop;
/** A loop that is being watched by a monitor. */
typedef struct loopmon_watch loopmon_watch;
/** Something whose answers the program reports: another daemon, a device, a server. */
typedef struct loopmon_probe loopmon_probe;
/** A call of the D-Bus method Reload that waits for its reply. */
typedef struct loopmon_reload loopmon_reload;
/** The timer of a loop whose turns cannot be seen. */
typedef struct loopmon_sampler loopmon_sampler;

/** "MAJOR.MINOR.PATCH" of the library that runs. */
LOOPMON_API const char* loopmon_version(void) LOOPMON_NOEXCEPT;

/** What the last call that failed on this thread had to say; valid until the next one. */
LOOPMON_API const char* loopmon_last_error(void) LOOPMON_NOEXCEPT;

/* ---- monitor ---------------------------------------------------------------------------------*/

enum loopmon_bus { LOOPMON_BUS_NONE, LOOPMON_BUS_SYSTEM, LOOPMON_BUS_SESSION };

/** What the watchdog does about a loop that is late for too long. */
enum loopmon_watchdog_action {
    LOOPMON_WATCHDOG_TRIGGER,  /**< has the service manager end the process, WATCHDOG=trigger */
    LOOPMON_WATCHDOG_WITHHOLD, /**< feeds it no more */
    LOOPMON_WATCHDOG_OFF       /**< feeds it always */
};

/** Causes of a stall that may trip the watchdog or not, as bits. */
enum loopmon_trip_cause {
    LOOPMON_TRIP_CPU = 1 << 2,
    LOOPMON_TRIP_BLOCKED = 1 << 3,
    LOOPMON_TRIP_IO = 1 << 4,
    LOOPMON_TRIP_CONGESTION = 1 << 5,
    LOOPMON_TRIP_STARVED = 1 << 6
};

/** What may change while a monitor runs. */
struct loopmon_settings {
    size_t size;
    int32_t watchdog_action;   /**< enum loopmon_watchdog_action */
    uint32_t watchdog_trip_on; /**< of enum loopmon_trip_cause */
    int64_t watchdog_lag_nsec; /**< lag of an essential loop that trips; 24 h at most */
    int64_t grace_nsec;        /**< after READY=1, before anything is judged; 24 h at most */
    int32_t injection;         /**< not 0: allows the D-Bus method Inject */
    int32_t stacks;            /**< not 0: takes the stack of a thread that is stuck */
};

/** Fills in the size and the defaults. @param size sizeof(struct loopmon_settings) */
LOOPMON_API void loopmon_settings_init(struct loopmon_settings* settings,
                                       size_t size) LOOPMON_NOEXCEPT;

struct loopmon_monitor_options {
    size_t size;
    int32_t bus;                             /**< enum loopmon_bus */
    int32_t auto_ready;                      /**< not 0: READY=1 when every loop has begun to turn;
                                                  0: at loopmon_monitor_ready() */
    int32_t stack_signal;                    /**< a real-time signal; 0: none; -1: one that is
                                                  rarely used */
    int32_t reserved;                        /**< 0 */
    const char* bus_address;                 /**< used instead of `bus` if it is not empty */
    const char* bus_name;                    /**< empty: org.loopmon1.app.PROGRAM */
    const char* state_directory;             /**< empty: $STATE_DIRECTORY, or none */
    const struct loopmon_settings* settings; /**< NULL: the defaults */
    /** Serves the D-Bus method Reload, on the watcher's thread: hand it to a thread of your own and
        call loopmon_reload_done() there. NULL: there is no such method. */
    void (*reload)(loopmon_reload* call, void* userdata);
    void* userdata;
    void (*destroy)(void* userdata); /**< called when userdata is not used any more; may be NULL */
};

/** Fills in the size and the defaults. @param size sizeof(struct loopmon_monitor_options) */
LOOPMON_API void loopmon_monitor_options_init(struct loopmon_monitor_options* options,
                                              size_t size) LOOPMON_NOEXCEPT;

/**
 * Starts the watcher's thread. It takes no signals of the program.
 * @param options NULL: the defaults
 * @return 0; -EINVAL for options out of range, -EAGAIN without a thread, -ENOMEM
 */
LOOPMON_API int loopmon_monitor_new(const struct loopmon_monitor_options* options,
                                    loopmon_monitor** ret) LOOPMON_NOEXCEPT;
/** Sends STOPPING=1 and ends the thread. Watches and probes may be freed after it. @return NULL */
LOOPMON_API loopmon_monitor* loopmon_monitor_free(loopmon_monitor* monitor) LOOPMON_NOEXCEPT;

/** Replaces all settings as one. @return 0; -EINVAL, and nothing is changed; -ENOMEM */
LOOPMON_API int loopmon_monitor_configure(loopmon_monitor* monitor,
                                          const struct loopmon_settings* settings) LOOPMON_NOEXCEPT;
/**
 * READY=1: start-up is over, the watchdog is fed from here on, and judgement begins after the
 * grace. Waits in the background for the bus name, at most 2 s. The first call counts.
 */
LOOPMON_API int loopmon_monitor_ready(loopmon_monitor* monitor) LOOPMON_NOEXCEPT;
/** STOPPING=1: nothing is judged or fed any more. The first call counts. */
LOOPMON_API int loopmon_monitor_stopping(loopmon_monitor* monitor) LOOPMON_NOEXCEPT;
/** RELOADING=1; one of the next two ends it, with READY=1. */
LOOPMON_API int loopmon_monitor_reloading(loopmon_monitor* monitor) LOOPMON_NOEXCEPT;
/** Reports which files the configuration is from. @param files ends with NULL */
LOOPMON_API int loopmon_monitor_configuration_loaded(loopmon_monitor* monitor,
                                                     const char* const* files) LOOPMON_NOEXCEPT;
/** Reports that they were refused. @param error one line for each mistake */
LOOPMON_API int loopmon_monitor_configuration_rejected(loopmon_monitor* monitor,
                                                       const char* const* files,
                                                       const char* error) LOOPMON_NOEXCEPT;
/**
 * Writes a line where the monitor's own records go. Never blocks.
 * @param priority as in syslog(3), 0 to 7
 * @param file     the place in the source, NULL: none; so is `function`. Both must live as long as
 *                 the process.
 */
LOOPMON_API int loopmon_monitor_log(loopmon_monitor* monitor, int priority, const char* text,
                                    const char* file, unsigned line,
                                    const char* function) LOOPMON_NOEXCEPT;
/** Records less urgent than this are not written; 6 (info) at first. */
LOOPMON_API int loopmon_monitor_log_level(loopmon_monitor* monitor, int priority) LOOPMON_NOEXCEPT;
/** Waits until what was reported so far has left the process, at most a second. */
LOOPMON_API int loopmon_monitor_flush(loopmon_monitor* monitor) LOOPMON_NOEXCEPT;

/** Replies to a call of Reload, once, from any thread. @param error NULL or empty: it went well */
LOOPMON_API void loopmon_reload_done(loopmon_reload* call, const char* error) LOOPMON_NOEXCEPT;

/** Not 0 while any loop watched in this process is degraded or worse. Wait-free. */
LOOPMON_API int loopmon_overloaded(void) LOOPMON_NOEXCEPT;

/* ---- watching loops --------------------------------------------------------------------------*/

struct loopmon_watch_options {
    size_t size;
    const char* name;               /**< unique in its monitor; "main" */
    int64_t interval_nsec;          /**< between samples, 1 ms to 1 min */
    int64_t warn_nsec;              /**< lag from which the loop is degraded */
    int64_t critical_nsec;          /**< and stalled; greater than warn */
    int64_t clear_after_nsec;       /**< on time for so long, an episode is over */
    int64_t window_nsec;            /**< of percentiles and maxima, 1 s to 5 min */
    uint64_t tasks_max;             /**< more active tasks are reported; 0: no limit */
    int64_t tasks_leak_window_nsec; /**< a leak: the minimum of windows of this length ... */
    uint32_t tasks_leak_windows;    /**< ... rose so many times in a row ... */
    uint32_t alerts_per_minute;     /**< further ones are counted, not printed */
    uint64_t tasks_leak_min;        /**< ... by at least so many tasks in all */
    int32_t gates_watchdog;         /**< not 0: an essential loop */
    int32_t reserved;               /**< 0 */
};

/** Fills in the size and the defaults. @param size sizeof(struct loopmon_watch_options) */
LOOPMON_API void loopmon_watch_options_init(struct loopmon_watch_options* options,
                                            size_t size) LOOPMON_NOEXCEPT;

/**
 * Watches a loop from its next turn on.
 * @param options NULL: the defaults
 * @return 0; -EINVAL for options out of range, -EEXIST for a name that is taken, -EBUSY for a loop
 *         that is watched already, -ENOMEM
 */
LOOPMON_API int loopmon_monitor_watch(loopmon_monitor* monitor, loopmon_loop* loop,
                                      const struct loopmon_watch_options* options,
                                      loopmon_watch** ret) LOOPMON_NOEXCEPT;
/** Replaces all options but the name. @return 0; -EINVAL, and nothing is changed; -ENOMEM */
LOOPMON_API int
loopmon_watch_configure(loopmon_watch* watch,
                        const struct loopmon_watch_options* options) LOOPMON_NOEXCEPT;
/** Ends it. @return NULL */
LOOPMON_API loopmon_watch* loopmon_watch_free(loopmon_watch* watch) LOOPMON_NOEXCEPT;

/* ---- probes ----------------------------------------------------------------------------------*/

/** @return 0; -EINVAL for an empty name, -EEXIST for one that is taken, -ENOMEM
 *  @param kind      e.g. "dbus"
 *  @param target    what is asked, for people
 *  @param slow_nsec an answer that takes so long is slow */
LOOPMON_API int loopmon_monitor_probe(loopmon_monitor* monitor, const char* name, const char* kind,
                                      const char* target, int64_t slow_nsec,
                                      loopmon_probe** ret) LOOPMON_NOEXCEPT;
LOOPMON_API int loopmon_probe_answered(loopmon_probe* probe, int64_t latency_nsec) LOOPMON_NOEXCEPT;
/** @param error why there was no answer */
LOOPMON_API int loopmon_probe_failed(loopmon_probe* probe, const char* error) LOOPMON_NOEXCEPT;
/** @return NULL */
LOOPMON_API loopmon_probe* loopmon_probe_free(loopmon_probe* probe) LOOPMON_NOEXCEPT;

/* ---- loops -----------------------------------------------------------------------------------*/

/**
 * What the library may ask of a loop, each NULL if the loop has no answer. Called from any thread,
 * until destroy(); they must not wait for the loop.
 */
struct loopmon_loop_ops {
    size_t size;
    /** Threads that run the loop at this moment.
        @return how many are in `ids`, `max` if there may be more; negative: that cannot be seen */
    int (*threads)(void* userdata, pid_t* ids, size_t max);
    /** @return not 0 if nothing runs the loop for now: it is not late then. Asked when the threads
        cannot be seen. */
    int (*stopped)(void* userdata);
    /** Has the loop call `work`, once. @return negative errno: it will not be called */
    int (*post)(void* userdata, void (*work)(void* argument), void* argument);
    /** A monitor begins to watch the loop: report its turns. @return negative errno */
    int (*watched)(void* userdata);
    void (*destroy)(void* userdata);
    uint32_t flags; /**< of enum loopmon_loop_flags */
    uint32_t reserved;
};

enum loopmon_loop_flags {
    /** All of its turns and handlers are reported. Else only a sampler shows that it is late. */
    LOOPMON_LOOP_TRACKED = 1 << 0,
    /** A sampler runs on it while it is watched; READY=1 waits for it to begin. */
    LOOPMON_LOOP_SAMPLED = 1 << 1
};

/**
 * @param ops NULL: a loop of one thread, which runs all the time and reports its turns; copied
 * @return 0; -EINVAL, -ENOMEM; destroy() was not called then
 */
LOOPMON_API int loopmon_loop_new(const struct loopmon_loop_ops* ops, void* userdata,
                                 loopmon_loop** ret) LOOPMON_NOEXCEPT;
/** One more owner. @return the loop */
LOOPMON_API loopmon_loop* loopmon_loop_ref(loopmon_loop* loop) LOOPMON_NOEXCEPT;
/** @return NULL */
LOOPMON_API loopmon_loop* loopmon_loop_unref(loopmon_loop* loop) LOOPMON_NOEXCEPT;
/** The loop does not exist any more, while tasks and handlers of it may. */
LOOPMON_API void loopmon_loop_end(loopmon_loop* loop) LOOPMON_NOEXCEPT;

/**
 * The wait for events has returned; and: it is about to be called. For the thread that runs the
 * loop; no system call, no lock.
 */
LOOPMON_API void loopmon_turn_begin(loopmon_loop* loop) LOOPMON_NOEXCEPT;
LOOPMON_API void loopmon_turn_end(loopmon_loop* loop) LOOPMON_NOEXCEPT;

/**
 * A loop that waits by epoll: the turns are begun and ended by loopmon_epoll_wait(), which then
 * also knows what work waits for in a list that one call cannot fetch.
 * @param epoll_fd -1: not any more, before it is closed
 */
LOOPMON_API int loopmon_loop_polls(loopmon_loop* loop, int epoll_fd) LOOPMON_NOEXCEPT;
struct epoll_event;
/** epoll_wait(2), called by way of `real`; any descriptor. */
LOOPMON_API int loopmon_epoll_wait(int epoll_fd, struct epoll_event* events, int max, int timeout,
                                   int (*real)(int, struct epoll_event*, int,
                                               int)) LOOPMON_NOEXCEPT;

/* ---- handlers --------------------------------------------------------------------------------*/

#if defined(__GNUC__)
#define LOOPMON_OPAQUE __attribute__((__may_alias__))
#else
#define LOOPMON_OPAQUE
#endif

/** What is known of a handler that was created; no concern of the program. */
struct LOOPMON_OPAQUE loopmon_handler {
    void* slot; /**< NULL: not tracked, and the rest is not set */
    uint64_t words[4];
};

/** A handler that runs, on the stack of its thread; no concern of the program. */
struct LOOPMON_OPAQUE loopmon_run {
    struct loopmon_handler handler; /**< its slot is NULL when it is over */
    uint64_t words[9];
};

/**
 * Brackets a piece of work of the loop that has a name: it shows which one is late. Handlers nest,
 * first in, last out, on one thread. No system call and no lock, but for the first one of a thread.
 * @param name lives as long as the process, as a literal does
 * @param task that the handler works for, 0: none
 */
LOOPMON_API void loopmon_handler_begin(loopmon_loop* loop, struct loopmon_run* run,
                                       const char* name, uint64_t task) LOOPMON_NOEXCEPT;
LOOPMON_API void loopmon_handler_end(struct loopmon_run* run) LOOPMON_NOEXCEPT;

/* ---- tasks -----------------------------------------------------------------------------------*/

enum loopmon_task_flags {
    LOOPMON_TASK_OFFLOADED = 1 << 0 /**< its work is done by other threads than the loop's */
};

/**
 * A task begins: it is listed and counted until its end. The task that is current is its parent.
 * Lock-free.
 * @param name cut after 64 bytes; need not end with a zero
 * @param file the place that it is from; must live as long as the process
 * @return its number; 0 without memory: it is counted, and not listed
 */
LOOPMON_API uint64_t loopmon_task_begin(loopmon_loop* loop, const char* name, size_t name_size,
                                        const char* file, unsigned line,
                                        uint32_t flags) LOOPMON_NOEXCEPT;
/** @param task what loopmon_task_begin() returned, also 0 */
LOOPMON_API void loopmon_task_end(loopmon_loop* loop, uint64_t task) LOOPMON_NOEXCEPT;
/** The task that this thread works for; 0: none. */
LOOPMON_API uint64_t loopmon_task_current(void) LOOPMON_NOEXCEPT;
/**
 * This thread works for a task from now on.
 * @param task 0: for none; one that is over counts as none
 * @return what was current: give it back in the end
 */
LOOPMON_API uint64_t loopmon_task_enter(uint64_t task) LOOPMON_NOEXCEPT;

/* ---- announced delays ------------------------------------------------------------------------*/

/**
 * The handler that runs on this thread will hold up its loop for so long: until then its lag is
 * annotated instead of alarmed. Scopes nest, first in, last out; the outermost counts.
 * @param reason cut after 64 bytes; need not end with a zero
 * @return in how many such scopes the thread was
 */
LOOPMON_API unsigned loopmon_expect_long(int64_t length_nsec, const char* reason,
                                         size_t reason_size) LOOPMON_NOEXCEPT;
/** @return in how many it is now */
LOOPMON_API unsigned loopmon_expect_long_end(void) LOOPMON_NOEXCEPT;

/* ---- for those who adapt a library of loops --------------------------------------------------*/

/**
 * The sampler of a watched loop: a timer on absolute deadlines, which the adapter waits for on the
 * loop itself. May outlive the watch. The times are those of CLOCK_MONOTONIC.
 */
LOOPMON_API int loopmon_watch_sampler(loopmon_watch* watch, loopmon_sampler** ret) LOOPMON_NOEXCEPT;
/** On the loop's thread, before the first wait. @return the first deadline */
LOOPMON_API int64_t loopmon_sampler_begin(loopmon_sampler* sampler,
                                          int64_t now_nsec) LOOPMON_NOEXCEPT;
/** On the loop's thread, when the wait has ended. @return the next deadline; negative: it is over
 */
LOOPMON_API int64_t loopmon_sampler_fired(loopmon_sampler* sampler,
                                          int64_t now_nsec) LOOPMON_NOEXCEPT;
/** @return NULL */
LOOPMON_API loopmon_sampler* loopmon_sampler_free(loopmon_sampler* sampler) LOOPMON_NOEXCEPT;

/**
 * A handler was created, and other threads do not see it yet. It belongs to the current task.
 * @param context   what the adapter knows the loop by
 * @param loop_of   asked when a thread meets the context first, or after some loop ended: its loop,
 *                  which stays the adapter's; NULL without memory
 * @param object    literals, shown as OBJECT.OPERATION, as Boost.Asio names them
 * @param operation one that begins with an 'a' (async_receive) waits for something; others could
 *                  run at once, so their delay from now on is queue delay
 */
LOOPMON_API void loopmon_handler_created(struct loopmon_handler* handler, void* context,
                                         loopmon_loop* (*loop_of)(void* context),
                                         const char* object,
                                         const char* operation) LOOPMON_NOEXCEPT;
/** A handler begins. @param run its `handler` is a copy of what was created, with a slot */
LOOPMON_API void loopmon_run_begin(struct loopmon_run* run) LOOPMON_NOEXCEPT;
/** It ends, if it still has a slot. */
LOOPMON_API void loopmon_run_end(struct loopmon_run* run) LOOPMON_NOEXCEPT;
/** It ends by an exception, or it is destroyed without having begun. */
LOOPMON_API void loopmon_run_close(struct loopmon_run* run) LOOPMON_NOEXCEPT;

/** Until the end, handlers that this thread creates are the adapter's own: neither counted nor
    timed. They nest. */
LOOPMON_API void loopmon_untracked_begin(void) LOOPMON_NOEXCEPT;
LOOPMON_API void loopmon_untracked_end(void) LOOPMON_NOEXCEPT;

/** Opens /proc/self/task, also after a chroot and where /proc is not mounted any more.
    @return a descriptor, which the caller closes; negative errno */
LOOPMON_API int loopmon_open_threads(void) LOOPMON_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif
