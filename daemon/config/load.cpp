// SPDX-License-Identifier: MIT
#include "config/load.hpp"

#include "config/draft.hpp"

#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

namespace loopmond {
namespace {

// Nobody reads more, and neither a terminal, the journal nor a reply on D-Bus wants 100 000 lines.
constexpr std::size_t errors_shown = 100;

// Reads sources one after another, lowest precedence first, into one draft.
class loader {
public:
    void read_file(const std::string& path) {
        const unsigned source = add_source(path);
        const file_text file = read_config_file(path);
        if (!file.error.empty()) {
            lose(source, file.error);
            return;
        }
        result_.files.push_back(path);
        read(parse_toml(file.text, source));
    }

    void read_assignment(const std::string& assignment) {
        read(parse_assignment(assignment, add_source("--set " + assignment)));
    }

    void read_bus_address(const std::string& address) {
        const location where{add_source("--bus " + address)};
        const toml_table section = {{"address", where, {where, address}}};
        apply({{"bus", where, {where, section}}}, draft_, problems_);
    }

    void report_unreadable(const found_files::unreadable& directory) {
        lose(add_source(directory.path), directory.why.message());
    }

    load_result finish() {
        // A source that was lost may be the one that makes the others agree.
        if (!source_lost_) {
            check(draft_, problems_);
        }
        std::stable_sort(problems_.begin(), problems_.end(),
                         [](const problem& a, const problem& b) { return a.where < b.where; });
        const auto shown = std::min(problems_.size(), errors_shown);
        for (const problem& p : std::span(problems_).first(shown)) {
            result_.errors.push_back(describe(p, sources_));
        }
        if (const auto rest = problems_.size() - shown; rest != 0) {
            result_.errors.push_back("error: " + std::to_string(rest) +
                                     (rest == 1 ? " more error is" : " more errors are") +
                                     " not shown");
        }
        for (const auto& [id, where] : draft_.origins) {
            result_.origins[id] = describe(where, sources_);
        }
        result_.value = std::move(draft_.value);
        return std::move(result_);
    }

private:
    unsigned add_source(std::string name) {
        sources_.push_back(std::move(name));
        return static_cast<unsigned>(sources_.size() - 1);
    }

    void lose(unsigned source, const std::string& why) {
        source_lost_ = true;
        problems_.push_back({{source}, "cannot be read: " + why});
    }

    void read(const toml_document& document) {
        if (document.syntax_error) {
            source_lost_ = true;
            problems_.push_back(*document.syntax_error);
        }
        apply(document.root, draft_, problems_);
    }

    std::vector<std::string> sources_;
    draft draft_;
    problems problems_;
    bool source_lost_ = false; ///< what it says is not in the draft
    load_result result_;
};

} // namespace

load_result load_config(const options& given, const search_path& where) {
    loader load;
    if (given.config_file) {
        load.read_file(*given.config_file);
    } else {
        const found_files found = find_config_files(where);
        for (const found_files::unreadable& directory : found.directories) {
            load.report_unreadable(directory);
        }
        for (const std::string& path : found.paths) {
            load.read_file(path);
        }
    }
    for (const std::string& assignment : given.settings) {
        load.read_assignment(assignment);
    }
    if (given.bus_address) {
        load.read_bus_address(*given.bus_address);
    }
    return load.finish();
}

} // namespace loopmond
