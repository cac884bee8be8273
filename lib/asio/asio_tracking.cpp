// SPDX-License-Identifier: MIT
#include "loop_service.hpp"

#include <new>

#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)

namespace loopmon::tracking {

loopmon_loop* loop_of(void* context) noexcept {
    try {
        return detail::service_of(*static_cast<boost::asio::execution_context*>(context)).loop();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

} // namespace loopmon::tracking

#endif
