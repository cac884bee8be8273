// SPDX-License-Identifier: MIT
//
// A program with handler tracking is linked with --wrap=epoll_wait, so asio's call comes by here.
#include "epoll_descriptor.hpp"

#include <loopmon/build_variant.hpp>
#include <loopmon/loopmon.h>

#include <boost/asio/detail/config.hpp>
#include <boost/asio/io_context.hpp>

#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING) && defined(BOOST_ASIO_HAS_EPOLL) &&                \
    !defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)

#include <boost/asio/detail/epoll_reactor.hpp>

namespace loopmon::detail {

namespace {

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

int epoll_descriptor(boost::asio::io_context& io) {
    return descriptor_of(boost::asio::use_service<boost::asio::detail::epoll_reactor>(io));
}

} // namespace loopmon::detail

// The names are the linker's: calls of epoll_wait go to the wrapping one, and the real one is
// epoll_wait itself.
extern "C" int real_epoll_wait(int descriptor, epoll_event* events, int most,
                               int timeout) __asm__("__real_epoll_wait");
extern "C" int wrapping_epoll_wait(int descriptor, epoll_event* events, int most,
                                   int timeout) __asm__("__wrap_epoll_wait");

int wrapping_epoll_wait(int descriptor, epoll_event* events, int most, int timeout) {
    return loopmon_epoll_wait(descriptor, events, most, timeout, &real_epoll_wait);
}

#else

namespace loopmon::detail {

int epoll_descriptor(boost::asio::io_context& /*io*/) {
    return -1;
}

} // namespace loopmon::detail

#endif
