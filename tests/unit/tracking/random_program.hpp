// SPDX-License-Identifier: MIT
//
// A program of handlers that create handlers, at random but by a seed: everything that makes an
// operation of asio, in every way that one can end.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace loopmon::test {

class random_program {
public:
    /// @param threads that run each of the two loops
    random_program(std::uint64_t seed, unsigned threads);
    /// Ends the contexts, with whatever is queued.
    ~random_program();
    random_program(const random_program&) = delete;
    random_program& operator=(const random_program&) = delete;

    /// Until all its work is done, or, for some seeds, until it is stopped in the middle.
    void run();

    [[nodiscard]] boost::asio::io_context& one() { return one_; }
    [[nodiscard]] boost::asio::io_context& two() { return two_; }
    [[nodiscard]] boost::asio::thread_pool& pool() { return pool_; }

private:
    struct wanted : std::runtime_error {
        wanted() : std::runtime_error("as the test wants it") {}
    };
    enum class where { loop, pool };

    /// Does one random thing, or nothing when there was enough.
    void act(std::uint64_t seed, where place);
    void act_more(std::uint64_t seed, where place);
    template <class Start>
    void wait(std::uint64_t seed, Start start);
    template <class Run>
    static void run_to_end(Run run);

    const std::uint64_t seed_;
    const unsigned threads_;
    std::atomic<int> left_{400}; ///< handlers to create
    boost::asio::io_context one_;
    boost::asio::io_context two_;
    boost::asio::thread_pool pool_{2};
    boost::asio::strand<boost::asio::io_context::executor_type> strand_{one_.get_executor()};
};

} // namespace loopmon::test
