// SPDX-License-Identifier: MIT
#pragma once

#include "measure/cycle_clock.hpp"
#include "measure/thread_slot.hpp"
#include "unit/watch/scene.hpp"

#include <unistd.h>

/// The loop of a program with tracking, on one thread. The sampler is played by the scene.
struct tracked_scene : scene {
    tracked_scene() {
        clock(start);
        loop->tracking().watch_turns();
        slot = loop->tracking().slot_for(::gettid());
        begin_handler(start); // the program has run a handler before
        end_handler(0ns);
        turn(start, start);
    }

    static void clock(model::time_point now) {
        measure::cycle_clock::set_manual(now.time_since_epoch());
    }

    void begin_handler(model::time_point at) {
        clock(at);
        slot->show({measure::cycle_clock::now(), "socket", "async_receive", 0});
    }
    void end_handler(model::duration length) {
        slot->show_none();
        slot->finished();
        slot->ran(length);
    }
    void begin_turn(model::time_point at) {
        clock(at);
        loop->tracking().begin_turn(measure::cycle_clock::now());
        begin_handler(at);
    }
    void end_turn(model::time_point at, model::duration length) {
        clock(at);
        end_handler(length);
        loop->tracking().end_turn(measure::cycle_clock::now());
    }
    void turn(model::time_point begin, model::time_point end) {
        begin_turn(begin);
        end_turn(end, end - begin);
    }

    /// A turn that blocks the loop, and the sampler with it.
    void blocked(model::time_point begin, model::time_point end) {
        play(begin);
        begin_turn(begin);
        play(end - 1us, begin, end);
        end_turn(end, end - begin);
        play(end, begin, end);
    }

    measure::thread_slot* slot;
};
