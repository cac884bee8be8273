// SPDX-License-Identifier: MIT
#pragma once

#include "judge/probe_judge.hpp"
#include "measure/histogram.hpp"
#include "model/status.hpp"

#include <string>

namespace loopmon::watch {

/// The answers of one probe, as they are handed over to the watcher thread.
class probe_watch {
public:
    probe_watch(std::string name, std::string kind, std::string target, model::duration slow);

    void answered(model::duration latency, model::events& out);
    void failed(std::string_view error, model::events& out);
    void reset_statistics();

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] model::probe_status status() const;

private:
    std::string name_, kind_, target_;
    judge::probe_judge judge_;
    measure::bucket_counts latencies_;
    model::duration latency_{}, max_{};
    std::uint64_t n_probes_ = 0;
    std::uint64_t n_failures_ = 0;
};

} // namespace loopmon::watch
