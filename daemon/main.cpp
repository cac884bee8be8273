// SPDX-License-Identifier: MIT
#include "app.hpp"
#include "config/print.hpp"
#include "exit_code.hpp"

#include <malloc.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <system_error>

namespace {

/// Errors before there is a monitor. Under a service manager they carry the prefix that makes the
/// journal show them as such (sd-daemon(3)); for people and editors they stand alone.
void print_error(const std::string& line) {
    std::cerr << (std::getenv("JOURNAL_STREAM") != nullptr ? "<3>" : "") << line << '\n';
}

/// What is large goes back to the kernel when it is freed. By default glibc learns from the first
/// large message of a stranger to keep room for the next, 60 MB of it.
void return_large_memory() noexcept {
#ifdef __GLIBC__
    constexpr int large = 128 * 1024; // as it begins; setting it ends the learning
    mallopt(M_MMAP_THRESHOLD, large);
    mallopt(M_TRIM_THRESHOLD, large);
#endif
}

int run(loopmond::options given) {
    auto loaded = loopmond::load_config(given);
    for (const auto& error : loaded.errors) {
        print_error(error);
    }
    if (!loaded.errors.empty()) {
        return loopmond::exit_bad_configuration;
    }
    if (given.print_config) {
        loopmond::print_config(loaded, std::cout);
    }
    if (given.print_config || given.check_config) {
        return loopmond::exit_ok;
    }
    return_large_memory();
    std::signal(SIGPIPE, SIG_IGN); // a reader that went away is an error code, not the end
    return loopmond::app(std::move(given), std::move(loaded)).run();
}

} // namespace

int main(int argc, char* argv[]) {
    try {
        auto parsed = loopmond::parse_options(argc, argv);
        if (const auto* const exit = std::get_if<loopmond::early_exit>(&parsed)) {
            (exit->code == loopmond::exit_ok ? std::cout : std::cerr) << exit->text;
            return exit->code;
        }
        return run(std::get<loopmond::options>(std::move(parsed)));
    } catch (const std::system_error& e) {
        print_error(std::string("loopmond: ") + e.what());
        const bool denied = e.code() == std::errc::permission_denied ||
                            e.code() == std::errc::operation_not_permitted;
        return denied ? loopmond::exit_not_permitted : loopmond::exit_failure;
    } catch (const std::exception& e) {
        print_error(std::string("loopmond: ") + e.what());
        return loopmond::exit_failure;
    }
}
