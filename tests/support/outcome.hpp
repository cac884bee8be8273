// SPDX-License-Identifier: MIT
#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <string>
#include <system_error>

namespace loopmon::test {

/// What a completion handler was given, in words that a test can compare.
struct outcome {
    bool aborted = false; ///< by cancellation
    bool refused = false; ///< by a pool that was full
    std::string what;     ///< of any other exception

    static outcome of(const std::exception_ptr& error) {
        outcome result;
        try {
            if (error) {
                std::rethrow_exception(error);
            }
        } catch (const boost::system::system_error& e) {
            result.aborted = e.code() == boost::asio::error::operation_aborted;
        } catch (const std::system_error& e) {
            result.refused = e.code() == std::errc::resource_unavailable_try_again;
        } catch (const std::exception& e) {
            result.what = e.what();
        }
        return result;
    }
};

} // namespace loopmon::test
