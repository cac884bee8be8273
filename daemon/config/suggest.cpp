// SPDX-License-Identifier: MIT
#include "config/suggest.hpp"

#include <algorithm>
#include <cstddef>

namespace loopmond {
namespace {

// Edit distance in which two swapped neighbours count once (optimal string alignment): the usual
// slip of a hand.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> previous(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        previous[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + wrong});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                current[j] = std::min(current[j], before[j - 2] + 1);
            }
        }
        before.swap(previous);
        previous.swap(current);
    }
    return previous[b.size()];
}

} // namespace

std::string_view suggest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t least = 0;
    for (const std::string_view candidate : candidates) {
        const std::size_t longer = std::max(word.size(), candidate.size());
        const std::size_t limit = std::max<std::size_t>(longer / 3, 1);
        // The distance is at least the difference in length; a key of a megabyte is not compared.
        if (longer - std::min(word.size(), candidate.size()) > limit) {
            continue;
        }
        const std::size_t d = distance(word, candidate);
        if (d <= limit && (best.empty() || d < least)) {
            best = candidate;
            least = d;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view meant) {
    return meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?";
}

} // namespace loopmond
