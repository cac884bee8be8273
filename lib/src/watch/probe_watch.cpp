// SPDX-License-Identifier: MIT
#include "watch/probe_watch.hpp"

#include <algorithm>

namespace loopmon::watch {

probe_watch::probe_watch(std::string name, std::string kind, std::string target,
                         model::duration slow)
    : name_(std::move(name)),
      kind_(std::move(kind)),
      target_(std::move(target)),
      judge_(name_, slow) {}

void probe_watch::answered(model::duration latency, model::events& out) {
    ++n_probes_;
    ++latencies_.counts[measure::bucket_of(latency)];
    latency_ = latency;
    max_ = std::max(max_, latency);
    judge_.answered(latency, out);
}

void probe_watch::failed(std::string_view error, model::events& out) {
    ++n_probes_;
    ++n_failures_;
    judge_.failed(error, out);
}

void probe_watch::reset_statistics() {
    latencies_ = {};
    max_ = {};
}

model::probe_status probe_watch::status() const {
    return {.name = name_,
            .kind = kind_,
            .target = target_,
            .state = judge_.state(),
            .error = judge_.error(),
            .latency = latency_,
            .p50 = std::min<model::duration>(latencies_.percentile(0.5), max_),
            .p99 = std::min<model::duration>(latencies_.percentile(0.99), max_),
            .max = max_,
            .n_probes = n_probes_,
            .n_failures = n_failures_};
}

} // namespace loopmon::watch
