// SPDX-License-Identifier: MIT
#include "run_calls.hpp"

#include <loopmon/loopmon.h>

#include <boost/asio/detail/call_stack.hpp>
#include <boost/asio/detail/thread_context.hpp>
#include <boost/asio/detail/thread_info_base.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <dirent.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace loopmon::detail::run_calls {

namespace {

using boost::asio::detail::thread_context;
using boost::asio::detail::thread_info_base;
using call_list = boost::asio::detail::call_stack<thread_context, thread_info_base>;
using address = std::uintptr_t;

/// An entry of the list, as can_be_seen() finds it confirmed.
struct entry {
    address context, info, next;
};
static_assert(sizeof(entry) == sizeof(call_list::context));

// Nested deeper than this is nobody, and a list that is read while it changes may seem a ring.
constexpr int max_nested = 32;
constexpr std::size_t page = 4096;

/// From the robust list of a thread to the word; zero: not found (yet).
std::atomic<std::ptrdiff_t> distance{0};

bool read(address from, void* to, std::size_t size) noexcept {
    const iovec local{to, size};
    const iovec remote{reinterpret_cast<void*>(from), size}; // NOLINT(performance-no-int-to-ptr)
    return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

address word_at(address from) noexcept {
    address word = 0;
    return read(from, &word, sizeof word) ? word : 0;
}

/// @return 0: there is none, and errno if it cannot be had
address robust_list(pid_t thread) noexcept {
    errno = 0;
    void* head = nullptr;
    std::size_t length = 0;
    return ::syscall(SYS_get_robust_list, thread, &head, &length) == 0
               ? reinterpret_cast<address>(head)
               : 0;
}

/// The places in the thread's block of thread-local variables where `value` stands.
class places {
public:
    explicit places(address value) noexcept {
        // glibc's record of a thread is in the middle: the variables are below it (x86) or above,
        // the values of pthread_getspecific() in it.
        constexpr std::size_t max_pages = 16;
        const auto middle = static_cast<address>(::pthread_self()) & ~(page - 1);
        for (std::size_t i = 0; i < max_pages && note(middle - i * page, value); ++i) {
        }
        for (std::size_t i = 1; i < max_pages && note(middle + i * page, value); ++i) {
        }
    }
    /// Drops those where `value` does not stand.
    void keep(address value) noexcept {
        for (auto& place : found_) {
            place = place != 0 && word_at(place) == value ? place : 0;
        }
    }
    /// @return 0 unless there is exactly one
    [[nodiscard]] address only() const noexcept {
        address only = 0;
        for (const auto place : found_) {
            if (place != 0 && only != 0) {
                return 0;
            }
            only = place != 0 ? place : only;
        }
        return only;
    }

private:
    bool note(address from, address value) noexcept {
        std::array<address, page / sizeof(address)> words; // NOLINT: filled by read()
        if (!read(from, words.data(), page)) {
            return false;
        }
        for (std::size_t i = 0; i < words.size() && n_ < found_.size(); ++i) {
            if (words[i] == value) {
                found_[n_++] = from + i * sizeof(address);
            }
        }
        return true;
    }

    std::array<address, 16> found_{};
    std::size_t n_ = 0;
};

/// Puts two entries on the list of this thread, one after the other, and finds what points to them.
address find_word() noexcept {
    thread_context nobody;
    thread_info_base info;
    std::array<std::optional<call_list::context>, 2> probes;
    const auto at = [&](int i) { return reinterpret_cast<address>(&*probes[i]); };
    entry first{};
    entry second{};
    probes[0].emplace(&nobody, info);
    places found(at(0));
    const bool first_read = read(at(0), &first, sizeof first);
    probes[1].emplace(&nobody, info);
    found.keep(at(1));
    const bool second_read = read(at(1), &second, sizeof second);
    const auto first_at = at(0);
    probes[1].reset();
    found.keep(first_at);
    probes[0].reset();
    found.keep(first.next);
    const auto name = reinterpret_cast<address>(&nobody);
    const bool as_expected = first_read && second_read && first.context == name &&
                             second.context == name && second.next == first_at;
    return as_expected ? found.only() : 0;
}

enum class answer { no, yes, cannot_be_read };

answer is_in(pid_t thread, address context) noexcept {
    const auto head = robust_list(thread);
    if (head == 0) { // it has ended, or was not made by the C library
        return errno == 0 || errno == ESRCH ? answer::no : answer::cannot_be_read;
    }
    const auto word = head + static_cast<address>(distance.load(std::memory_order_acquire));
    address next = 0;
    if (!read(word, &next, sizeof next)) {
        return errno == EFAULT ? answer::no : answer::cannot_be_read; // it has just ended
    }
    for (int i = 0; i < max_nested && next != 0; ++i) {
        entry is{};
        if (!read(next, &is, sizeof is)) {
            return answer::yes; // the list changes under our eyes: the thread is in asio
        }
        if (is.context == context) {
            return answer::yes;
        }
        next = is.next;
    }
    return answer::no;
}

/// The threads of this process; nothing without /proc.
class task_list {
public:
    task_list() {
        const int fd = loopmon_open_threads();
        directory_ = fd >= 0 ? ::fdopendir(fd) : nullptr;
        if (fd >= 0 && directory_ == nullptr) {
            ::close(fd);
        }
    }
    task_list(const task_list&) = delete;
    task_list& operator=(const task_list&) = delete;
    ~task_list() {
        if (directory_ != nullptr) {
            ::closedir(directory_);
        }
    }
    [[nodiscard]] bool is_open() const noexcept { return directory_ != nullptr; }
    /// @return 0 at the end
    [[nodiscard]] pid_t next() noexcept {
        while (const auto* const task = ::readdir(directory_)) { // NOLINT(concurrency-mt-unsafe)
            pid_t id = 0;
            const char* const name = task->d_name;
            if (std::from_chars(name, name + std::strlen(name), id).ec == std::errc() && id != 0) {
                return id;
            }
        }
        return 0;
    }

private:
    DIR* directory_ = nullptr;
};

} // namespace

const void* name_of(boost::asio::io_context& io) {
    return static_cast<const thread_context*>(
        &boost::asio::use_service<boost::asio::detail::io_context_impl>(io));
}

bool can_be_seen(const void* context) noexcept {
    const auto self = ::gettid();
    if (distance.load(std::memory_order_acquire) == 0) {
        const auto head = robust_list(self);
        const auto word = head != 0 ? find_word() : 0;
        if (word == 0) {
            return false;
        }
        distance.store(static_cast<std::ptrdiff_t>(word - head), std::memory_order_release);
    }
    return is_in(self, reinterpret_cast<address>(context)) == answer::yes;
}

std::optional<std::vector<pid_t>> threads_in(const void* context, std::size_t at_most) {
    std::vector<pid_t> result;
    task_list tasks;
    if (!tasks.is_open() || distance.load(std::memory_order_acquire) == 0) {
        return std::nullopt;
    }
    while (const auto thread = tasks.next()) {
        switch (is_in(thread, reinterpret_cast<address>(context))) {
        case answer::no:
            break;
        case answer::yes:
            result.push_back(thread);
            break;
        case answer::cannot_be_read:
            return std::nullopt;
        }
        if (result.size() >= at_most) {
            break;
        }
    }
    return result;
}

} // namespace loopmon::detail::run_calls
