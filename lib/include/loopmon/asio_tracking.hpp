// SPDX-License-Identifier: MIT
//
// The hooks that Boost.Asio 1.81 to 1.88 calls for each handler. loopmon::tracking (CMake) and
// loopmon-tracking (pkg-config) make asio include this header, ahead of everything else of asio, by
// BOOST_ASIO_CUSTOM_HANDLER_TRACKING; a program never includes it itself.
//
// Only what must be inline is: asio expands the hooks in each of its operations. The order is
// creation, then construction of a completion, begin, the user's function, end, destruction of the
// completion. An exception skips the end, an operation that is destroyed unrun begin and end.
#pragma once

#include <loopmon/build_variant.hpp>
#include <loopmon/loopmon.h>

#include <cstdint>

#if !defined(LOOPMON_TRACKED_BOOST)
#error "loopmon: BOOST_USER_CONFIG must be a file that includes <loopmon/tracked_boost.hpp>"
#endif

namespace boost::asio {
class execution_context;
}

namespace loopmon::tracking {

/// The loop of an execution context; null without memory.
loopmon_loop* loop_of(void* context) noexcept;

/// A base of all of asio's operations.
class tracked_handler {
public:
    tracked_handler(const tracked_handler&) = delete;
    tracked_handler& operator=(const tracked_handler&) = delete;

protected:
    tracked_handler() noexcept { known_.slot = nullptr; }
    ~tracked_handler() = default;

private:
    friend class completion;
    friend void created(boost::asio::execution_context&, tracked_handler&, const char*, const void*,
                        std::uintmax_t, const char*) noexcept;
    loopmon_handler known_;
};

/// A handler was created, and other threads do not see it yet.
inline void created(boost::asio::execution_context& context, tracked_handler& handler,
                    const char* object, const void* /*instance*/, std::uintmax_t /*native*/,
                    const char* operation) noexcept {
    loopmon_handler_created(&handler.known_, &context, &loop_of, object, operation);
}

/// An operation that ends: in its scope asio frees its memory and calls its handler, or not.
class completion {
public:
    explicit completion(const tracked_handler& handler) noexcept { run_.handler = handler.known_; }
    completion(const completion&) = delete;
    completion& operator=(const completion&) = delete;
    ~completion() {
        if (run_.handler.slot != nullptr) {
            loopmon_run_close(&run_);
        }
    }

    /// @param args those of the handler, of no interest here
    template <class... Args>
    void invocation_begin(const Args&...) noexcept {
        if (run_.handler.slot != nullptr) {
            loopmon_run_begin(&run_);
        }
    }
    void invocation_end() noexcept {
        if (run_.handler.slot != nullptr) {
            loopmon_run_end(&run_);
        }
    }

private:
    loopmon_run run_; ///< mostly not set before it begins
};

} // namespace loopmon::tracking

// clang-format off
#define BOOST_ASIO_INHERIT_TRACKED_HANDLER : public ::loopmon::tracking::tracked_handler
#define BOOST_ASIO_ALSO_INHERIT_TRACKED_HANDLER , public ::loopmon::tracking::tracked_handler
#define BOOST_ASIO_HANDLER_TRACKING_INIT (void)0
#define BOOST_ASIO_HANDLER_LOCATION(args) (void)0
#define BOOST_ASIO_HANDLER_CREATION(args) ::loopmon::tracking::created args
#define BOOST_ASIO_HANDLER_COMPLETION(args) \
    ::loopmon::tracking::completion tracked_completion args
#define BOOST_ASIO_HANDLER_INVOCATION_BEGIN(args) tracked_completion.invocation_begin args
#define BOOST_ASIO_HANDLER_INVOCATION_END tracked_completion.invocation_end()
#define BOOST_ASIO_HANDLER_OPERATION(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_REGISTRATION(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_DEREGISTRATION(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_READ_EVENT 0
#define BOOST_ASIO_HANDLER_REACTOR_WRITE_EVENT 0
#define BOOST_ASIO_HANDLER_REACTOR_ERROR_EVENT 0
#define BOOST_ASIO_HANDLER_REACTOR_EVENTS(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_OPERATION(args) (void)0
// clang-format on
