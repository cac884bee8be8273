// SPDX-License-Identifier: MIT
//
// How long the kernel's list of ready descriptors is, in time. A poll fetches the first of them,
// and how many are left in a list that is longer than its room nobody says. The list is first in,
// first out: a descriptor of our own that becomes ready now is fetched when all of those have been,
// and as late as work that arrives now.
//
// It is an eventfd that can always be read and is never read or written. To ask epoll for its next
// event puts it at the end of the list, once (EPOLLONESHOT).
#pragma once

#include <optional>

#include <sys/epoll.h>

namespace loopmon::measure {

/// Used by one thread at a time.
class list_probe {
public:
    list_probe() noexcept = default;
    ~list_probe();
    list_probe(const list_probe&) = delete;
    list_probe& operator=(const list_probe&) = delete;

    /// Puts it at the end of the list. Opens its descriptor at the first time.
    /// @return false if there are no descriptors left
    [[nodiscard]] bool set(int epoll) noexcept;
    /// It may be in the list.
    [[nodiscard]] bool is_set() const noexcept { return set_; }
    /// Removes it from a batch of events.
    /// @return how many events are before it; nullopt if it is not among them
    [[nodiscard]] std::optional<int> take_from(epoll_event* events, int& count) noexcept;

    /// The program has closed its descriptor, whose number may be another one's by now.
    void lost() noexcept {
        descriptor_ = -1;
        set_ = false;
    }

private:
    int descriptor_ = -1;
    bool set_ = false;
};

} // namespace loopmon::measure
