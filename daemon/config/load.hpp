// SPDX-License-Identifier: MIT
//
// Built-in defaults < main file < drop-ins < --set < --bus. Tables merge key by key, scalars
// replace, `[[service]]` entries merge by name: a later file replaces the whole entry of that name
// in its place and appends the others.
#pragma once

#include "config/config.hpp"
#include "config/files.hpp"
#include "options.hpp"

#include <compare>
#include <map>
#include <string>
#include <vector>

namespace loopmond {

/// Names one value: `lag.warn`, or `timeout` of the service `dbus`.
struct setting_id {
    std::string service; ///< name of the `[[service]]`, empty for all other keys
    std::string key;     ///< with its table, "lag.warn"; a bare "timeout" in a service

    auto operator<=>(const setting_id&) const = default;
};

struct load_result {
    config value;                   ///< valid if there are no errors, else not to be used
    std::vector<std::string> files; ///< that were read, in order; empty: built-in defaults
    /// Every mistake in every file, in the order of files and positions, one line each without
    /// newline: `FILE:LINE:COL: error: key 'a.b': what is wrong and what is allowed`. After the
    /// first hundred, how many more there are.
    std::vector<std::string> errors;
    /// Where a value comes from, "FILE:LINE" or the option; a default has no entry.
    std::map<setting_id, std::string> origins;
};

/// Reads, merges and checks everything, from scratch at each call (so a reload is this call, and a
/// swap if there are no errors). Needs no bus and no privilege but to read the files; does not
/// throw for bad input. Thread-safe. Blocks on the file system.
load_result load_config(const options& given, const search_path& where = {});

} // namespace loopmond
