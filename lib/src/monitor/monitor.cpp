// SPDX-License-Identifier: MIT
#include <loopmon/monitor.hpp>

#include "monitor_impl.hpp"

#include <algorithm>
#include <utility>

namespace loopmon {

watched::watched() noexcept = default;
watched::watched(std::shared_ptr<detail::monitor_impl> owner, std::uint64_t id) noexcept
    : owner_(std::move(owner)), id_(id) {}
watched::watched(watched&& other) noexcept = default;
watched& watched::operator=(watched&& other) noexcept {
    const watched ended(std::exchange(owner_, std::move(other.owner_)),
                        std::exchange(id_, other.id_));
    return *this;
}
watched::~watched() {
    if (owner_ && !owner_->in_child()) {
        owner_->unwatch(id_);
    }
}
void watched::configure(const watch_options& options) {
    if (owner_ && !owner_->left_behind()) {
        owner_->configure(id_, options);
    }
}

probe::probe() noexcept = default;
probe::probe(std::shared_ptr<detail::monitor_impl> owner, std::uint64_t id) noexcept
    : owner_(std::move(owner)), id_(id) {}
probe::probe(probe&& other) noexcept = default;
probe& probe::operator=(probe&& other) noexcept {
    const probe ended(std::exchange(owner_, std::move(other.owner_)),
                      std::exchange(id_, other.id_));
    return *this;
}
probe::~probe() {
    if (owner_ && !owner_->in_child()) {
        owner_->remove_probe(id_);
    }
}
void probe::answered(duration latency) {
    if (owner_ && !owner_->left_behind()) {
        owner_->answered(id_, latency);
    }
}
void probe::failed(std::string_view error) {
    if (owner_ && !owner_->left_behind()) {
        owner_->failed(id_, error);
    }
}

monitor::monitor(monitor_options options)
    : impl_(std::make_shared<detail::monitor_impl>(std::move(options))) {
    impl_->start();
}
monitor::~monitor() {
    if (impl_->in_child()) {
        detail::monitor_impl::keep_for_good(impl_);
    } else {
        impl_->shut_down();
    }
}

watched monitor::watch(boost::asio::io_context& io, const watch_options& options) {
    if (impl_->left_behind()) {
        return {};
    }
    return {impl_, impl_->watch(io, options)};
}
probe monitor::add_probe(probe_options options) {
    if (impl_->left_behind()) {
        return {};
    }
    return {impl_, impl_->add_probe(std::move(options))};
}
void monitor::configure(const monitor_settings& settings) {
    if (!impl_->left_behind()) {
        impl_->configure(settings);
    }
}
void monitor::ready() {
    if (!impl_->left_behind()) {
        impl_->ready();
    }
}
void monitor::stopping() {
    if (!impl_->left_behind()) {
        impl_->stopping();
    }
}
void monitor::reloading() {
    if (!impl_->left_behind()) {
        impl_->reloading();
    }
}
void monitor::configuration_loaded(std::vector<std::string> files) {
    if (!impl_->left_behind()) {
        impl_->configuration_loaded(std::move(files));
    }
}
void monitor::configuration_rejected(std::vector<std::string> files, std::string error) {
    if (!impl_->left_behind()) {
        impl_->configuration_rejected(std::move(files), std::move(error));
    }
}
void monitor::log(int priority, std::string text, const source_location& where) {
    const auto severity = static_cast<model::priority>(std::clamp(priority, 0, 7));
    if (impl_->left_behind(where)) {
        impl_->write_from_child(severity, std::move(text), where);
    } else {
        impl_->note(severity, std::move(text), where);
    }
}
void monitor::flush() {
    if (!impl_->left_behind()) {
        impl_->flush();
    }
}
void monitor::log_level(int priority) {
    impl_->log_level(static_cast<model::priority>(std::clamp(priority, 0, 7)));
}

} // namespace loopmon
