// SPDX-License-Identifier: MIT
#include "measure/poll_hook.hpp"

#include "measure/cycle_clock.hpp"
#include "measure/loop_tracking.hpp"

#include <loopmon/export.hpp>

#include <boost/asio/detail/config.hpp>
#include <boost/asio/io_context.hpp>

#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING) && defined(BOOST_ASIO_HAS_EPOLL) &&                \
    !defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)

#include <boost/asio/detail/epoll_reactor.hpp>

#include <array>
#include <atomic>
#include <cstddef>

#include <sys/epoll.h>

namespace loopmon::measure {

namespace {

/// The watched loops by their descriptor. Of these half a million bytes only the pages with a
/// descriptor in use take memory. A greater descriptor has no turns.
constexpr std::size_t most_descriptors = 65536;
constinit std::array<std::atomic<loop_tracking*>, most_descriptors> polled_loops{};

std::atomic<loop_tracking*>* entry_of(int descriptor) noexcept {
    const auto index = static_cast<std::size_t>(descriptor); // of -1: too great
    return index < most_descriptors ? &polled_loops[index] : nullptr;
}

/// The reactor keeps its descriptor to itself. An explicit instantiation may name a private member
/// (C++20 [temp.spec.general] 6), and stops to compile when there is no such member any more.
int descriptor_of(const boost::asio::detail::epoll_reactor& reactor) noexcept;

template <int boost::asio::detail::epoll_reactor::*Descriptor>
struct reactor_access {
    friend int descriptor_of(const boost::asio::detail::epoll_reactor& reactor) noexcept {
        return reactor.*Descriptor;
    }
};
template struct reactor_access<&boost::asio::detail::epoll_reactor::epoll_fd_>;

} // namespace

void watch_polls(boost::asio::io_context& io, loop_tracking& loop) {
    // Made now if there is none yet: the sampler's timer needs it anyway.
    const auto& reactor = boost::asio::use_service<boost::asio::detail::epoll_reactor>(io);
    const int descriptor = descriptor_of(reactor);
    if (auto* const entry = entry_of(descriptor)) {
        loop.watch_turns();
        loop.polled.store(descriptor, std::memory_order_relaxed);
        entry->store(&loop, std::memory_order_release);
    }
}

void forget_polls(loop_tracking& loop) noexcept {
    if (auto* const entry = entry_of(loop.polled.exchange(-1, std::memory_order_relaxed))) {
        entry->store(nullptr, std::memory_order_relaxed);
    }
}

} // namespace loopmon::measure

// The names are the linker's: calls of epoll_wait go to the wrapping one, and the real one is
// epoll_wait itself.
extern "C" int real_epoll_wait(int descriptor, epoll_event* events, int most,
                               int timeout) __asm__("__real_epoll_wait");
extern "C" LOOPMON_API int wrapping_epoll_wait(int descriptor, epoll_event* events, int most,
                                               int timeout) __asm__("__wrap_epoll_wait");

int wrapping_epoll_wait(int descriptor, epoll_event* events, int most, int timeout) {
    using loopmon::measure::cycle_clock;
    using loopmon::measure::polled_batch;
    const auto* const entry = loopmon::measure::entry_of(descriptor);
    auto* const loop = entry != nullptr ? entry->load(std::memory_order_acquire) : nullptr;
    if (loop == nullptr) {
        return real_epoll_wait(descriptor, events, most, timeout);
    }
    loop->end_turn(cycle_clock::now());
    polled_batch batch;
    batch.may_sleep = timeout != 0;
    int count = real_epoll_wait(descriptor, events, most, timeout);
    batch.full = count == most;
    if (loop->probe.is_set()) {
        batch.before_probe = loop->probe.take_from(events, count);
        if (!batch.before_probe && !batch.full) {
            loop->probe.lost();
        }
        if (batch.before_probe && count == 0 && timeout != 0) {
            // It came alone, and at once. The program goes on waiting for what it waits for.
            batch.events = 0;
            loop->begin_turn(cycle_clock::now(), batch);
            loop->end_turn(cycle_clock::now());
            batch.before_probe.reset();
            count = real_epoll_wait(descriptor, events, most, timeout);
            batch.full = count == most;
        }
    }
    batch.events = count;
    batch.probe_set = batch.full && !loop->probe.is_set() && loop->probe.set(descriptor);
    loop->begin_turn(cycle_clock::now(), batch); // leaves errno as it is
    return count;
}

#else

namespace loopmon::measure {

void watch_polls(boost::asio::io_context& /*io*/, loop_tracking& /*loop*/) {}
void forget_polls(loop_tracking& /*loop*/) noexcept {}

} // namespace loopmon::measure

#endif
