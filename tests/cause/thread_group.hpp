// SPDX-License-Identifier: MIT
#pragma once

#include "cause/provocation.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <unistd.h>

namespace loopmon::test {

/// A control group of version 1, which single threads can be put into, so that whoever looks at
/// them stays outside. Throws not_here where there is none to be had.
class thread_group {
public:
    explicit thread_group(const std::string& controller)
        : path_("/sys/fs/cgroup/" + controller + "/loopmon-test-" + std::to_string(::getpid())) {
        std::error_code failed;
        std::filesystem::create_directory(path_, failed);
        // Without a mount of the controller this is an ordinary directory, or none.
        if (failed || !std::filesystem::exists(path_ / "tasks")) {
            std::filesystem::remove(path_, failed);
            throw not_here{"needs root and control groups of version 1, controller " + controller};
        }
    }
    thread_group(const thread_group&) = delete;
    thread_group& operator=(const thread_group&) = delete;
    ~thread_group() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

    void put(const std::string& file, const std::string& text) const {
        std::ofstream out(path_ / file);
        out << text << std::flush;
        if (!out) {
            throw not_here{"control group refuses " + text + " in " + file};
        }
    }
    void add(pid_t thread) const { put("tasks", std::to_string(thread)); }

private:
    std::filesystem::path path_;
};

} // namespace loopmon::test
