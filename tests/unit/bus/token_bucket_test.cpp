// SPDX-License-Identifier: MIT
#include "bus/token_bucket.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using loopmon::bus::token_bucket;

namespace {

int taken(token_bucket& bucket, token_bucket::time_point now) {
    int n = 0;
    while (n < 100 && bucket.take(1, now)) {
        ++n;
    }
    return n;
}

} // namespace

TEST_CASE("token_bucket: so many at once, and so many a second after that", "[report]") {
    const auto begin = GENERATE(token_bucket::time_point(),
                                token_bucket::time_point(std::chrono::hours(24 * 365 * 100)));
    token_bucket bucket(8, 2);
    CHECK(taken(bucket, begin) == 8);
    CHECK(taken(bucket, begin) == 0);
    CHECK(taken(bucket, begin + 499ms) == 0);
    CHECK(taken(bucket, begin + 500ms) == 1);
    CHECK(taken(bucket, begin + 2s) == 3);
    CHECK(taken(bucket, begin + 1h) == 8); // never more than fit
    CHECK(taken(bucket, begin) == 0);      // a clock that is read by two may go back
}

TEST_CASE("token_bucket: what is too dear takes nothing", "[report]") {
    token_bucket bucket(8, 2);
    const token_bucket::time_point now(1h);
    CHECK(bucket.take(6, now));
    CHECK_FALSE(bucket.take(3, now));
    CHECK(bucket.take(2, now));
}
