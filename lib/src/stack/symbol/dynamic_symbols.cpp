// SPDX-License-Identifier: MIT
#include "stack/symbol/dynamic_symbols.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace loopmon::stack {

namespace {

// What is beyond these is damaged. The largest libraries have some 100 000 symbols.
constexpr std::size_t symbols_max = 1'000'000;
constexpr std::size_t name_max = 8192;
constexpr std::size_t entries_max = 256; // of the dynamic section

struct tables {
    std::uintptr_t symbols = 0;
    std::uintptr_t names = 0;
    std::size_t names_size = 0;
    std::uintptr_t hash = 0;
    std::uintptr_t gnu_hash = 0;
};

tables find_tables(const self_memory& memory, std::uintptr_t bias, std::uintptr_t dynamic) {
    tables found;
    // glibc adds the bias to the addresses in place, but not where the section is read-only.
    const auto address = [bias](std::uintptr_t value) {
        return value < bias ? value + bias : value;
    };
    for (std::size_t i = 0; i < entries_max; ++i) {
        ElfW(Dyn) entry;
        if (!memory.read(dynamic + i * sizeof entry, entry) || entry.d_tag == DT_NULL) {
            break;
        }
        const auto value = static_cast<std::uintptr_t>(entry.d_un.d_ptr);
        switch (entry.d_tag) {
        case DT_SYMTAB:
            found.symbols = address(value);
            break;
        case DT_STRTAB:
            found.names = address(value);
            break;
        case DT_STRSZ:
            found.names_size = static_cast<std::size_t>(entry.d_un.d_val);
            break;
        case DT_HASH:
            found.hash = address(value);
            break;
        case DT_GNU_HASH:
            found.gnu_hash = address(value);
            break;
        default:
            break;
        }
    }
    return found;
}

/// Of symbols in a GNU hash table, which has no count: the end of the last chain.
std::size_t count_by_gnu_hash(const self_memory& memory, std::uintptr_t table) {
    struct {
        std::uint32_t buckets, first, bloom_words, bloom_shift;
    } header{};
    if (!memory.read(table, header) || header.buckets > symbols_max ||
        header.bloom_words > symbols_max) {
        return 0;
    }
    const auto buckets_at =
        table + sizeof header + std::size_t{header.bloom_words} * sizeof(ElfW(Addr));
    std::vector<std::uint32_t> buckets(header.buckets);
    if (buckets.empty() ||
        !memory.read(buckets_at, buckets.data(), buckets.size() * sizeof buckets.front())) {
        return 0;
    }
    std::size_t last = *std::max_element(buckets.begin(), buckets.end());
    if (last < header.first) { // nothing is exported
        return 0;
    }
    const auto chains_at = buckets_at + buckets.size() * sizeof buckets.front();
    for (std::uint32_t hash = 0; (hash & 1U) == 0 && last < symbols_max; ++last) {
        if (!memory.read(chains_at + (last - header.first) * sizeof hash, hash)) {
            return 0;
        }
    }
    return last;
}

std::size_t count_symbols(const self_memory& memory, const tables& at) {
    if (at.gnu_hash != 0) {
        return count_by_gnu_hash(memory, at.gnu_hash);
    }
    std::array<std::uint32_t, 2> header{}; // buckets, chains: one a symbol
    return at.hash != 0 && memory.read(at.hash, header) && header[1] < symbols_max ? header[1] : 0;
}

bool is_function(const ElfW(Sym) & symbol) {
    const auto type = symbol.st_info & 0xfU;
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF;
}

/// Of the names of one function the one that programs use: "poll" rather than "__poll".
bool is_better(const std::string& name, const std::string& than) {
    const auto underscores = [](const std::string& of) {
        return std::min(of.find_first_not_of('_'), of.size());
    };
    return than.empty() || underscores(name) < underscores(than);
}

} // namespace

dynamic_symbols::dynamic_symbols(const self_memory& memory, std::uintptr_t bias,
                                 std::uintptr_t dynamic)
    : bias_(bias) {
    if (dynamic == 0) {
        return;
    }
    const auto at = find_tables(memory, bias, dynamic);
    if (at.symbols == 0 || at.names == 0) {
        return;
    }
    names_ = at.names;
    names_size_ = at.names_size;
    symbols_.resize(count_symbols(memory, at));
    if (!memory.read(at.symbols, symbols_.data(), symbols_.size() * sizeof(ElfW(Sym)))) {
        symbols_.clear();
    }
}

std::string dynamic_symbols::function_at(const self_memory& memory, std::uintptr_t address) const {
    const auto wanted = address - bias_;
    std::string best;
    for (const auto& symbol : symbols_) {
        if (is_function(symbol) && wanted >= symbol.st_value &&
            wanted - symbol.st_value < symbol.st_size) {
            if (auto name = name_of(memory, symbol); !name.empty() && is_better(name, best)) {
                best = std::move(name);
            }
        }
    }
    return best;
}

std::string dynamic_symbols::name_of(const self_memory& memory, const ElfW(Sym) & symbol) const {
    std::string name;
    // Byte by byte: what is behind its end may be another page, and not mapped.
    for (std::size_t at = symbol.st_name; at < names_size_ && name.size() < name_max; ++at) {
        char c = 0;
        if (!memory.read(names_ + at, c) || c == '\0') {
            break;
        }
        name += c;
    }
    return name;
}

} // namespace loopmon::stack
