// SPDX-License-Identifier: MIT
//
// From exceptions to negative errno values and the text of loopmon_last_error().
#pragma once

#include "monitor/refusal.hpp"

#include <cerrno>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

namespace loopmon::capi {

/// Keeps the text for loopmon_last_error(). @return -error
int failed(int error, const char* text) noexcept;

/// Does the work. @return 0, or what it threw
template <class Work>
int guarded(Work&& work) noexcept {
    try {
        work();
        return 0;
    } catch (const refusal& problem) {
        return failed(problem.error(), problem.what());
    } catch (const std::invalid_argument& problem) {
        return failed(EINVAL, problem.what());
    } catch (const std::system_error& problem) {
        return failed(problem.code().value(), problem.what());
    } catch (const std::bad_alloc&) {
        return failed(ENOMEM, "out of memory");
    } catch (const std::exception& problem) {
        return failed(EIO, problem.what());
    }
}

} // namespace loopmon::capi
