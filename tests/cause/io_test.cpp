// SPDX-License-Identifier: MIT
#include "cause/repetitions.hpp"
#include "cause/thread_group.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loopmon::test {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

/// A file without a name, on storage: /tmp may be in memory.
class disk_file {
public:
    disk_file() {
        auto name = std::filesystem::path("/var/tmp/loopmon-test-XXXXXX").string();
        descriptor_ = ::mkstemp(name.data());
        if (descriptor_ < 0) {
            throw not_here{"/var/tmp cannot be written"};
        }
        (void)::unlink(name.c_str());
    }
    disk_file(const disk_file&) = delete;
    disk_file& operator=(const disk_file&) = delete;
    ~disk_file() { ::close(descriptor_); }

    [[nodiscard]] int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

/// Makes the disk of a file slow for single threads.
class slow_disk {
public:
    explicit slow_disk(int descriptor) {
        struct stat about {};
        (void)::fstat(descriptor, &about);
        for (const auto* const what : {"read", "write"}) {
            group_.put("blkio.throttle." + std::string(what) + "_iops_device",
                       std::to_string(major(about.st_dev)) + ':' +
                           std::to_string(minor(about.st_dev)) + " 200");
        }
    }
    void add(pid_t thread) const { group_.add(thread); }

private:
    thread_group group_{"blkio"};
};

/// Whoever makes a child as vfork() does sleeps uninterruptibly until the child has gone its way.
/// The wait is for no disk, but to whoever looks it is the same, and it can be had on any machine.
class uninterruptible : public provocation {
public:
    void stall() override {
        std::vector<char> stack(65536);
        const auto child =
            ::clone(nap, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
        (void)::waitpid(child, nullptr, 0);
    }

private:
    static int nap(void* /*unused*/) {
        const timespec time{0, 130'000'000};
        ::nanosleep(&time, nullptr);
        return 0;
    }
};

/// A handler that makes each of its records durable.
class durable_writes : public provocation {
public:
    durable_writes() {
        try {
            slow_.emplace(file_.descriptor());
        } catch (const not_here&) {
            // Then as fast as the disk is.
        }
    }

    void stall() override {
        if (slow_) {
            slow_->add(::gettid());
        }
        const auto began = clock::now();
        const std::vector<char> record(page, 'x');
        clock::duration synced{};
        while (!over()) {
            (void)!::pwrite(file_.descriptor(), record.data(), record.size(), 0);
            const auto from = clock::now();
            (void)::fsync(file_.descriptor());
            synced += clock::now() - from;
            ++count_;
        }
        share_ = static_cast<double>(synced.count()) /
                 static_cast<double>((clock::now() - began).count());
        if (synced / count_ < 1ms) {
            throw not_here{"fsync takes no time on /var/tmp"};
        }
    }
    [[nodiscard]] bool came_off() const override { return share_ > 0.8; }

private:
    disk_file file_;
    std::optional<slow_disk> slow_;
    int count_ = 0;
    double share_ = 0;
};

/// Touches memory that is not there yet, and that nobody brings before the looks are over.
class page_fault : public provocation {
public:
    page_fault() {
        // As of Linux 5.11 no privilege is needed for faults of the program itself.
        descriptor_ = static_cast<int>(
            ::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY));
        if (descriptor_ < 0) {
            throw not_here{"userfaultfd is not permitted"};
        }
        memory_ = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uffdio_api api{};
        api.api = UFFD_API;
        uffdio_register area{};
        area.range = range();
        area.mode = UFFDIO_REGISTER_MODE_MISSING;
        if (memory_ == MAP_FAILED || ::ioctl(descriptor_, UFFDIO_API, &api) != 0 ||
            ::ioctl(descriptor_, UFFDIO_REGISTER, &area) != 0) {
            throw std::system_error(errno, std::generic_category(), "userfaultfd");
        }
    }
    page_fault(const page_fault&) = delete;
    page_fault& operator=(const page_fault&) = delete;
    ~page_fault() override {
        ::munmap(memory_, page);
        ::close(descriptor_);
    }

    void stall() override { *static_cast<volatile char*>(memory_) = 1; }
    void end() override {
        uffdio_zeropage zero{};
        zero.range = range();
        (void)::ioctl(descriptor_, UFFDIO_ZEROPAGE, &zero);
    }

private:
    [[nodiscard]] uffdio_range range() const {
        return {reinterpret_cast<std::uintptr_t>(memory_), page};
    }

    int descriptor_ = -1;
    void* memory_ = nullptr;
};

/// Reads a file through memory that was dropped.
class mapped_file : public provocation {
public:
    mapped_file() : slow_(file_.descriptor()) {
        const std::vector<char> data(size, 'x');
        if (::pwrite(file_.descriptor(), data.data(), size, 0) != static_cast<ssize_t>(size)) {
            throw not_here{"/var/tmp is full"};
        }
        (void)::fsync(file_.descriptor());
        (void)::posix_fadvise(file_.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
        memory_ = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file_.descriptor(), 0);
        if (memory_ == MAP_FAILED) {
            throw std::system_error(errno, std::generic_category(), "mmap");
        }
        (void)::madvise(memory_, size, MADV_RANDOM); // no read-ahead
    }
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    ~mapped_file() override { ::munmap(memory_, size); }

    void stall() override {
        slow_.add(::gettid());
        const auto* const bytes = static_cast<const volatile char*>(memory_);
        for (std::size_t at = 0; at < size && !over(); at += page) {
            (void)bytes[at];
        }
        in_time_ = over();
    }
    /// Else the disk was not slowed down, and all was read at once.
    [[nodiscard]] bool came_off() const override { return in_time_; }

private:
    static constexpr std::size_t size = std::size_t{1} << 20U;

    disk_file file_;
    slow_disk slow_;
    void* memory_ = nullptr;
    bool in_time_ = false;
};

} // namespace

TEST_CASE("cause: uninterruptible sleep is io", "[cause]") {
    repeat("uninterruptible sleep", model::cause::io,
           [] { return std::make_unique<uninterruptible>(); });
}

TEST_CASE("cause: fsync is io", "[cause]") {
    repeat("fsync", model::cause::io, [] { return std::make_unique<durable_writes>(); });
}

TEST_CASE("cause: a page fault that is not met is io", "[cause]") {
    repeat("page fault", model::cause::io, [] { return std::make_unique<page_fault>(); });
}

TEST_CASE("cause: major faults on a slow disk are io", "[cause]") {
    repeat("major faults", model::cause::io, [] { return std::make_unique<mapped_file>(); });
}

} // namespace loopmon::test
