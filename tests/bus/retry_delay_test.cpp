// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include <loopmon/systemd/detail/retry_delay.hpp>

#include <set>

using loopmon::systemd::retry_delay;
using std::chrono::milliseconds;

TEST_CASE("retry_delay: doubles up to the last, plus at most a quarter") {
    for (unsigned seed = 0; seed < 200; ++seed) {
        retry_delay delay(milliseconds{250}, milliseconds{1500}, seed);
        for (const int base : {250, 500, 1000, 1500, 1500}) {
            const auto pause = delay.next();
            REQUIRE(pause >= milliseconds{base});
            REQUIRE(pause <= milliseconds{base + base / 4});
        }
    }
}

TEST_CASE("retry_delay: starts again after a success") {
    retry_delay delay(milliseconds{100}, milliseconds{10000}, 1);
    delay.next();
    REQUIRE(delay.next() >= milliseconds{200});
    delay.reset();
    CHECK(delay.next() <= milliseconds{125});
}

TEST_CASE("retry_delay: two processes do not keep step") {
    std::set<milliseconds> pauses;
    for (unsigned seed = 0; seed < 20; ++seed) {
        pauses.insert(retry_delay(milliseconds{30000}, milliseconds{30000}, seed).next());
    }
    CHECK(pauses.size() > 10);
}
