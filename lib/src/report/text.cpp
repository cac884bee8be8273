// SPDX-License-Identifier: MIT
#include "report/text.hpp"

#include <cstdio>

namespace loopmon::report {

std::string human(model::duration value) {
    using namespace std::chrono;
    const auto ns = value.count();
    const auto in = [](double amount, const char* unit) {
        char buffer[32];
        const int decimals = amount < 10 ? 2 : amount < 100 ? 1 : 0;
        std::snprintf(buffer, sizeof buffer, "%.*f", decimals, amount);
        std::string text = buffer;
        if (decimals > 0) { // "1.50s" is "1.5s", "2.00s" is "2s"
            text.erase(text.find_last_not_of('0') + 1);
            if (text.back() == '.') {
                text.pop_back();
            }
        }
        return text + unit;
    };
    const auto amount = static_cast<double>(ns);
    if (ns < 999'500) {
        return in(amount / 1e3, "us");
    }
    if (ns < 999'500'000) {
        return in(amount / 1e6, "ms");
    }
    if (value < minutes(1)) {
        return in(amount / 1e9, "s");
    }
    const auto total = round<seconds>(value).count();
    const auto part = [](std::int64_t n, const char* unit) {
        return n == 0 ? std::string() : ' ' + std::to_string(n) + unit;
    };
    const auto text = part(total / 86400, "d") + part(total / 3600 % 24, "h") +
                      part(total / 60 % 60, "min") + part(total % 60, "s");
    return text.substr(1);
}

} // namespace loopmon::report
