// SPDX-License-Identifier: MIT
#include "stack/symbol/source_lookup.hpp"

#if defined(LOOPMON_HAVE_LIBDW)

#include "stack/symbol/executable.hpp"
#include "stack/symbol/function_name.hpp"
#include "stack/symbol/unit_functions.hpp"

#include <cstddef>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <map>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace loopmon::stack {

namespace {

struct dwfl_end_deleter {
    void operator()(Dwfl* all) const noexcept { dwfl_end(all); }
};

std::string hexadecimal(const unsigned char* bytes, int size) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (int i = 0; i < size; ++i) {
        out += digits[bytes[i] / 16];
        out += digits[bytes[i] % 16];
    }
    return out;
}

void set_file(source_place& place, const char* path) {
    place.path = path != nullptr ? path : "";
    place.file = place.path.substr(place.path.rfind('/') + 1);
}

/// The name of what was called is all that anybody wants to know of these; their debug
/// information, where it is installed, is large and takes longer to read than all others together.
bool is_system_runtime(const mapped_module& module) {
    const auto name = module.name();
    return name.starts_with("libc.so") || name.starts_with("ld-linux") ||
           name.starts_with("libpthread.so") || name.starts_with("libstdc++.so");
}

int number_of(Dwarf_Die& scope, unsigned attribute) {
    Dwarf_Attribute found;
    Dwarf_Word value = 0;
    const bool has =
        dwarf_attr(&scope, attribute, &found) != nullptr && dwarf_formudata(&found, &value) == 0;
    return has ? static_cast<int>(value) : 0;
}

const char* call_file(Dwarf_Die* unit, Dwarf_Die& scope) {
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    const auto index = static_cast<std::size_t>(number_of(scope, DW_AT_call_file));
    if (dwarf_getsrcfiles(unit, &files, &count) != 0 || index >= count) {
        return nullptr;
    }
    return dwarf_filesrc(files, index, nullptr, nullptr);
}

} // namespace

struct source_lookup::session {
    session() : dwfl(dwfl_begin(&callbacks)) {}

    Dwfl_Module* module_for(const mapped_module& module) {
        auto [known, fresh] = modules.try_emplace(module.bias, nullptr);
        if (fresh && dwfl) {
            known->second = report(module);
        }
        return known->second;
    }

    Dwfl_Module* report(const mapped_module& module) const {
        dwfl_report_begin_add(dwfl.get());
        // The file that runs, whatever is at its path now; it is the callee's to close.
        const auto own = own_executable();
        const bool is_own = own.path == module.path;
        if (!is_own && own.descriptor >= 0) {
            close(own.descriptor);
        }
        auto* reported = dwfl_report_elf(dwfl.get(), module.path.c_str(), module.path.c_str(),
                                         is_own ? own.descriptor : -1, module.bias, true);
        (void)dwfl_report_end(dwfl.get(), nullptr, nullptr);
        if (reported == nullptr) {
            if (is_own && own.descriptor >= 0) {
                close(own.descriptor);
            }
            return nullptr;
        }
        // What was upgraded on disk describes another program.
        const unsigned char* id = nullptr;
        GElf_Addr at = 0;
        const int size = dwfl_module_build_id(reported, &id, &at);
        return hexadecimal(id, size) == module.build_id ? reported : nullptr;
    }

    const unit_functions& functions_of(Dwarf_Die& unit) {
        return units.try_emplace(unit.addr, unit).first->second;
    }

    static int no_elf_elsewhere(Dwfl_Module* /*module*/, void** /*data*/, const char* /*name*/,
                                Dwarf_Addr /*base*/, char** /*file*/, Elf** /*elf*/) {
        return -1;
    }

    // Separate debug information is looked up by build-id below /usr/lib/debug only. libdwfl's
    // standard search would also ask debuginfod servers, and the watcher must not wait for a net.
    static constexpr Dwfl_Callbacks callbacks = {.find_elf = no_elf_elsewhere,
                                                 .find_debuginfo = dwfl_build_id_find_debuginfo,
                                                 .section_address = dwfl_offline_section_address,
                                                 .debuginfo_path = nullptr};

    std::unique_ptr<Dwfl, dwfl_end_deleter> dwfl;
    std::map<std::uintptr_t, Dwfl_Module*> modules; ///< by bias; none if there is nothing to know
    std::map<const void*, unit_functions> units;    ///< by the place of their description
};

std::vector<source_place> source_lookup::find(const mapped_module& module, std::uintptr_t address) {
    if (module.path.empty() || module.path.front() != '/' || module.build_id.empty()) {
        return {};
    }
    if (!session_) {
        session_ = std::make_unique<session>();
    }
    auto* known = session_->module_for(module);
    if (known == nullptr) {
        return {};
    }
    source_place place;
    const bool lines = !is_system_runtime(module);
    if (auto* line = lines ? dwfl_module_getsrc(known, address) : nullptr) {
        set_file(place, dwfl_lineinfo(line, nullptr, &place.line, nullptr, nullptr, nullptr));
    }
    std::vector<source_place> out;
    Dwarf_Addr bias = 0;
    if (auto* unit = lines ? dwfl_module_addrdie(known, address, &bias) : nullptr) {
        const auto& functions = session_->functions_of(*unit);
        for (auto& scope : functions.running_at(address - bias)) {
            place.function = functions.qualified_name(scope);
            if (dwarf_tag(&scope) == DW_TAG_inlined_subroutine) {
                place.inlined = true;
                out.push_back(std::move(place));
                place = {.line = number_of(scope, DW_AT_call_line)};
                set_file(place, call_file(unit, scope));
            }
        }
    }
    // The symbol table knows clones and coroutine bodies by a better name.
    GElf_Off offset = 0;
    GElf_Sym symbol;
    if (const char* name =
            dwfl_module_addrinfo(known, address, &offset, &symbol, nullptr, nullptr, nullptr)) {
        place.function = readable_name(name);
    }
    out.push_back(std::move(place));
    return out;
}

} // namespace loopmon::stack

#else

namespace loopmon::stack {

struct source_lookup::session {};

std::vector<source_place> source_lookup::find(const mapped_module& /*module*/,
                                              std::uintptr_t /*address*/) {
    return {};
}

} // namespace loopmon::stack

#endif

namespace loopmon::stack {

bool source_lookup::available() noexcept {
#if defined(LOOPMON_HAVE_LIBDW)
    return true;
#else
    return false;
#endif
}

source_lookup::source_lookup() = default;
source_lookup::~source_lookup() = default;

} // namespace loopmon::stack
