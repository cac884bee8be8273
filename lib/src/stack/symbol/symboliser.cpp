// SPDX-License-Identifier: MIT
#include "stack/symbol/symboliser.hpp"

#include "stack/capture/stack_request.hpp"
#include "stack/self_memory.hpp"
#include "stack/symbol/dynamic_symbols.hpp"
#include "stack/symbol/elf_image.hpp"
#include "stack/symbol/function_name.hpp"
#include "stack/symbol/source_lookup.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace loopmon::stack {

namespace {

struct line {
    std::string text;
    std::string_view plumbing = {}; ///< the library, if it is only that
    std::string function = {};
};

std::chrono::nanoseconds thread_cpu_time() {
    timespec now = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::string hexadecimal(std::uintptr_t value) {
    std::ostringstream out;
    out << "0x" << std::hex << value;
    return out.str();
}

std::string place_text(const source_place& place) {
    return place.line == 0 ? std::string() : " at " + place.file + ":" + std::to_string(place.line);
}

/// Debug information names most inlined functions without their namespace.
std::string_view plumbing_in(const source_place& place) {
    const auto by_name = plumbing_of(place.function);
    return by_name.empty() ? plumbing_file(place.path) : by_name;
}

/// All that can say which function an address is in.
class lookup {
public:
    std::vector<source_place> find(const mapped_module& module, std::uintptr_t address) {
        auto places = sources_.find(module, address);
        if (places.empty()) {
            places.emplace_back();
        }
        if (places.back().function.empty()) {
            places.back().function = exported(module, address);
        }
        return places;
    }

private:
    std::string exported(const mapped_module& module, std::uintptr_t address) {
        auto [known, fresh] = exported_.try_emplace(module.base);
        if (fresh) {
            // Another image may be there by now.
            const auto image = read_elf_image(memory_, module.base);
            const bool same = image.bias == module.bias && image.build_id == module.build_id;
            known->second.emplace(memory_, image.bias, same ? image.dynamic : 0);
        }
        const auto symbol = known->second->function_at(memory_, address);
        return symbol.empty() ? symbol : readable_name(symbol);
    }

    self_memory memory_;
    source_lookup sources_;
    std::map<std::uintptr_t, std::optional<dynamic_symbols>> exported_; ///< by base
};

/// @param sources none if there is no time for them
void describe(std::uintptr_t address, const std::optional<mapped_module>& module, lookup* sources,
              std::vector<line>& out) {
    if (!module) {
        out.push_back({hexadecimal(address) + " (in no module)"});
        return;
    }
    source_place place;
    const auto places =
        sources != nullptr ? sources->find(*module, address) : std::vector<source_place>();
    for (const auto& found : places) {
        if (found.inlined) {
            out.push_back({found.function + place_text(found) + " [inlined]", plumbing_in(found),
                           found.function});
        }
        place = found;
    }
    const auto where = module->name() + "+" + hexadecimal(address - module->bias);
    const auto id = module->build_id.substr(0, place.line != 0 ? 8 : std::string::npos);
    const auto build = id.empty() ? std::string("no build-id") : "build-id " + id;
    if (place.function.empty()) {
        out.push_back({where + " (" + build + ")"});
    } else {
        out.push_back({place.function + place_text(place) + " (" + where + ", " + build + ")",
                       plumbing_of(place.function), place.function});
    }
}

/// Wrappers in a row are counted, in one line that names the outermost: what the program called.
std::vector<std::string> without_plumbing(std::vector<line> all) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto end = i;
        std::string_view library;
        for (; end < all.size() && !all[end].plumbing.empty(); ++end) {
            if (library.empty() || library == "std") {
                library = all[end].plumbing;
            }
        }
        if (end - i > 1) {
            out.push_back("[" + std::to_string(end - i) + " frames of " + std::string(library) +
                          (all[end - 1].function.empty() ? "" : " in " + all[end - 1].function) +
                          "]");
            i = end - 1;
        } else {
            out.push_back(std::move(all[i].text));
        }
    }
    return out;
}

} // namespace

symboliser::symboliser(captured_stack stack) : stack_(std::move(stack)) {
    if (!stack_.frames.empty()) {
        module_map modules;
        for (const auto address : stack_.frames) {
            const auto* const module = modules.find(address);
            modules_.push_back(module != nullptr ? std::optional(*module) : std::nullopt);
        }
    }
}

std::vector<std::string> symboliser::lines(std::chrono::milliseconds limit) const {
    return lines_until(thread_cpu_time() + limit);
}

std::vector<std::string> symboliser::brief_lines() const {
    return lines_until(std::nullopt);
}

/// @param end when to stop looking for functions; nothing: not to begin
std::vector<std::string>
symboliser::lines_until(std::optional<std::chrono::nanoseconds> end) const {
    std::vector<line> all;
    if (!stack_.remark.empty()) {
        all.push_back({"[" + stack_.remark + "]"});
    }
    lookup sources;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
        const bool in_time = end && thread_cpu_time() < *end;
        describe(stack_.frames[i], modules_[i], in_time ? &sources : nullptr, all);
    }
    if (stack_.truncated) {
        all.push_back({"[more than " + std::to_string(frame_limit) + " frames]"});
    }
    if (!stack_.ends.empty()) {
        all.push_back({"[" + stack_.ends + "]"});
    }
    return without_plumbing(std::move(all));
}

} // namespace loopmon::stack
