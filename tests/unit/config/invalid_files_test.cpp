// SPDX-License-Identifier: MIT
//
// tests/data/config/invalid: each file ends with the errors that it must give, one in each line
// that begins with "#! ", without the file name. All of them and no others, in that order.
#include "config/load.hpp"

#include "support/catch.hpp"
#include "test_data.hpp"

#include <fstream>

using loopmond_test::files_in;

namespace {

std::vector<std::string> expected_errors(const std::string& path) {
    const std::string mark = "#! ";
    std::ifstream file(path);
    std::vector<std::string> errors;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(mark)) {
            errors.push_back(path + ':' + line.substr(mark.size()));
        }
    }
    return errors;
}

} // namespace

TEST_CASE("load_config: every error in a file is reported with place, reason and remedy",
          "[load_config]") {
    for (const std::string& path : files_in("invalid")) {
        INFO(path);
        loopmond::options given;
        given.config_file = path;
        const auto expected = expected_errors(path);
        CHECK_FALSE(expected.empty());
        CHECK(loopmond::load_config(given).errors == expected);
    }
}
