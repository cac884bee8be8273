// SPDX-License-Identifier: MIT
//
// uv_cost WORKLOAD COUNT [metrics]: libuv, plain or with UV_METRICS_IDLE_TIME. Its callbacks are
// those of uv_timer (that expire at once) and of uv_async (sent by the callback itself, the nearest
// to a post); 64 at a time, or one for `turn`, see programs/workloads.hpp.
#include <uv.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ready_at_a_time = 64 };

static long left;

static void on_timer(uv_timer_t* timer) {
    if (--left > 0) {
        uv_timer_start(timer, on_timer, 0, 0);
    } else {
        uv_close((uv_handle_t*)timer, NULL);
    }
}

static void on_async(uv_async_t* async) {
    if (--left > 0) {
        uv_async_send(async);
    } else {
        uv_close((uv_handle_t*)async, NULL);
    }
}

static void run(uv_loop_t* loop, const char* workload, long count) {
    static uv_timer_t timers[ready_at_a_time];
    static uv_async_t asyncs[ready_at_a_time];
    const int ready = strcmp(workload, "turn") == 0 ? 1 : ready_at_a_time;
    left = count;
    for (int i = 0; i < ready; ++i) {
        if (strcmp(workload, "timers") == 0) {
            uv_timer_init(loop, &timers[i]);
            uv_timer_start(&timers[i], on_timer, 0, 0);
        } else {
            uv_async_init(loop, &asyncs[i], on_async);
            uv_async_send(&asyncs[i]);
        }
    }
    uv_run(loop, UV_RUN_DEFAULT);
}

int main(int argc, char** argv) {
    const long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    if (count <= 0) {
        fputs("Usage: uv_cost post_chain|turn|timers COUNT [metrics]\n", stderr);
        return 2;
    }
    uv_loop_t loop;
    uv_loop_init(&loop);
    if (argc > 3) {
        uv_loop_configure(&loop, UV_METRICS_IDLE_TIME);
    }
    run(&loop, argv[1], count / 10 + 1);
    const uint64_t began = uv_hrtime();
    run(&loop, argv[1], count);
    printf("{\"ns\": %.3f}\n", (double)(uv_hrtime() - began) / (double)count);
    return uv_loop_close(&loop) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
