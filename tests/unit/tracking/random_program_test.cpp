// SPDX-License-Identifier: MIT
#include "manual_ticks.hpp"
#include "random_program.hpp"
#include "support/catch.hpp"
#include "support/loop_of.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <thread>

using namespace loopmon::measure;
using loopmon::test::random_program;

namespace {

using loops = std::array<std::shared_ptr<loop_state>, 3>;

bool adds_up(const handler_totals& totals) {
    return totals.created == totals.finished + totals.threw + totals.abandoned;
}

/// Reads all that a watcher reads, while the program runs.
/// @return reads that saw more handlers ended than created
std::uint64_t watch(const loops& watched, const std::atomic<bool>& over) {
    std::uint64_t impossible = 0;
    while (!over) {
        for (const auto& loop : watched) {
            const auto& tracking = loop->tracking();
            const auto totals = tracking.totals();
            impossible += totals.live() > totals.created ? 1 : 0;
            for (const auto& handler : tracking.running()) {
                impossible += *handler.object == 0 || *handler.operation == 0 ? 1 : 0;
            }
            const auto turn = tracking.turn();
            impossible += turn.handlers > totals.created + 1'000'000 ? 1 : 0;
            static_cast<void>(loop->tracking().take_max_turn());
            static_cast<void>(tracking.threads());
            static_cast<void>(tracking.queue_delays());
        }
        std::this_thread::yield();
    }
    return impossible;
}

} // namespace

TEST_CASE("tracking: created = finished + threw + abandoned + live, in random programs") {
    std::uint64_t created = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        INFO("seed " << seed);
        loops watched;
        std::atomic<bool> over = false;
        std::uint64_t impossible = 0;
        {
            random_program program(seed, 1 + static_cast<unsigned>(seed % 4));
            watched = {loopmon::test::state_of(program.one()),
                       loopmon::test::state_of(program.two()),
                       loopmon::test::state_of(program.pool())};
            REQUIRE(loopmon::test::claim(program.one()));
            std::thread watcher([&] { impossible = watch(watched, over); });
            program.run();
            over = true;
            watcher.join();
        }
        CHECK(impossible == 0);
        for (const auto& loop : watched) {
            const auto totals = loop->tracking().totals();
            INFO(totals.created << " created, " << totals.finished << " finished, " << totals.threw
                                << " threw, " << totals.abandoned << " abandoned");
            CHECK(adds_up(totals));
            CHECK(loop->tracking().running().empty());
            created += totals.created;
        }
    }
    CHECK(created > 1000); // one program may stop at once, all of them do not
}
