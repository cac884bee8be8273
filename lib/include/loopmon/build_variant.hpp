// SPDX-License-Identifier: MIT
//
// Handler tracking changes the layout of asio's operations, so all of a program has to be built
// with it, or all without. Library and program share asio's objects, so both need one Boost and
// one configuration of asio: its reactor, threads, memory of handlers. Each translation unit refers
// to a symbol that only a library of its own kind has: any other does not link, and the symbol
// names what the translation unit was built with. What includes asio and nothing of loopmon is
// refused by another symbol, see tracked_boost.hpp.
//
// The reference is a pointer that nobody reads, one of each kind for a program: the linker merges
// them. `used` keeps it through the compiler's optimisation, `retain` through the linker's
// --gc-sections.
#pragma once

#include <boost/asio/detail/config.hpp>
#include <boost/asio/detail/thread_info_base.hpp> // the default of a macro
#include <boost/version.hpp>

#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
#define LOOPMON_TRACKING_WORD with_loopmon_tracking
#elif defined(BOOST_ASIO_ENABLE_HANDLER_TRACKING)
#error "loopmon: asio's own handler tracking is incompatible with libloopmon; use loopmon::tracking"
#else
#define LOOPMON_TRACKING_WORD without_loopmon_tracking
#endif

// Which class is the reactor, and the io_context's scheduler.
#if defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
#define LOOPMON_REACTOR_WORD asio_on_io_uring
#elif defined(BOOST_ASIO_HAS_EPOLL)
#define LOOPMON_REACTOR_WORD asio_on_epoll
#else
#define LOOPMON_REACTOR_WORD asio_without_epoll
#endif

// Mutexes, and where the stack of running contexts of a thread is kept.
#if !defined(BOOST_ASIO_HAS_THREADS)
#define LOOPMON_THREADS_WORD without_threads
#elif defined(BOOST_ASIO_DISABLE_THREAD_KEYWORD_EXTENSION)
#define LOOPMON_THREADS_WORD threads_without_keyword
#else
#define LOOPMON_THREADS_WORD threads
#endif

// How a thread keeps the memory of handlers for the next ones.
#if defined(BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
#define LOOPMON_MEMORY_WORD without_recycling
#elif defined(BOOST_ASIO_HAS_IO_URING)
#define LOOPMON_MEMORY_WORD                                                                        \
    LOOPMON_WORDS(io_uring_recycling, BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE)
#else
#define LOOPMON_MEMORY_WORD LOOPMON_WORDS(recycling, BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE)
#endif

#if defined(BOOST_ASIO_NO_EXCEPTIONS)
#define LOOPMON_LANGUAGE_WORD without_exceptions
#elif defined(BOOST_ASIO_NO_TYPEID) // services are found by it
#define LOOPMON_LANGUAGE_WORD without_rtti
#else
#define LOOPMON_LANGUAGE_WORD exceptions
#endif

#if defined(BOOST_ASIO_ENABLE_BUFFER_DEBUGGING) // each buffer has a function to check it
#define LOOPMON_BUFFERS_WORD checked_buffers
#else
#define LOOPMON_BUFFERS_WORD buffers
#endif

#define LOOPMON_WORDS_EXPANDED(a, b) a##_##b
#define LOOPMON_WORDS(a, b) LOOPMON_WORDS_EXPANDED(a, b)
#define LOOPMON_WORDS_3(a, b, c) LOOPMON_WORDS_3_EXPANDED(a, b, c)
#define LOOPMON_WORDS_3_EXPANDED(a, b, c) a##_##b##_##c
#define LOOPMON_WORDS_4(a, b, c, d) LOOPMON_WORDS_4_EXPANDED(a, b, c, d)
#define LOOPMON_WORDS_4_EXPANDED(a, b, c, d) a##_##b##_##c##_##d

#define LOOPMON_BUILD_VARIANT                                                                      \
    LOOPMON_WORDS_3(                                                                               \
        LOOPMON_WORDS_4(loopmon_all_of_this_program_must_be_built, LOOPMON_TRACKING_WORD,          \
                        and_boost, BOOST_VERSION),                                                 \
        LOOPMON_WORDS_3(LOOPMON_REACTOR_WORD, LOOPMON_THREADS_WORD, LOOPMON_MEMORY_WORD),          \
        LOOPMON_WORDS(LOOPMON_LANGUAGE_WORD, LOOPMON_BUFFERS_WORD))

extern "C" {
extern __attribute__((visibility("default"))) const char LOOPMON_BUILD_VARIANT;
}

namespace loopmon::detail {
__attribute__((used, retain, visibility("hidden"))) inline const char* const
    LOOPMON_WORDS(as, LOOPMON_BUILD_VARIANT) = &LOOPMON_BUILD_VARIANT;
} // namespace loopmon::detail
