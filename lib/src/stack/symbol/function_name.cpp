// SPDX-License-Identifier: MIT
#include "stack/symbol/function_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <utility>

namespace loopmon::stack {

namespace {

constexpr std::size_t template_limit = 32;
constexpr std::size_t parameter_limit = 64;

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Copies a demangled name and cuts what its brackets enclose, from the inside out. Remembers
/// where the name proper begins, behind the return type.
class abridged_name {
public:
    explicit abridged_name(std::string_view text) : text_(text) { out_ = until('\0', true); }

    [[nodiscard]] std::string result() const { return out_.substr(begin_); }

private:
    std::string until(char close, bool outermost) {
        std::string out;
        while (at_ < text_.size() && text_[at_] != close) {
            const char c = text_[at_];
            if (const auto name = operator_name(); !name.empty()) {
                out += name;
                in_name_ = in_name_ || outermost;
                at_ += name.size();
            } else if (c == '<') {
                out += bracket('>', template_limit);
            } else if (c == '(') {
                const bool unnamed = text_.substr(at_).starts_with("(anonymous namespace)");
                in_name_ = in_name_ || (outermost && !unnamed);
                out += bracket(')', parameter_limit);
            } else if (c == '{') {
                out += bracket('}', std::string::npos); // "{lambda(int)#1}"
            } else {
                out += c;
                ++at_;
                if (c == ' ' && outermost && !in_name_) {
                    begin_ = out.size();
                }
            }
        }
        return out;
    }

    std::string bracket(char close, std::size_t limit) {
        std::string out(1, text_[at_++]);
        const auto inner = until(close, false);
        out += inner.size() > limit ? "..." : inner;
        if (at_ < text_.size()) {
            out += text_[at_++];
        }
        return out;
    }

    /// "operator<<", "operator()", "operator bool": its characters are not brackets, and a blank
    /// in it does not end a return type.
    [[nodiscard]] std::string_view operator_name() const {
        constexpr std::string_view word = "operator";
        const auto rest = text_.substr(at_);
        if (!rest.starts_with(word) || (at_ > 0 && is_word(text_[at_ - 1])) ||
            rest.size() == word.size() || is_word(rest[word.size()])) {
            return {};
        }
        const auto sign = rest.substr(word.size());
        if (sign.starts_with("()") || sign.starts_with("[]")) {
            return rest.substr(0, word.size() + 2);
        }
        const auto end = sign.find_first_not_of("<>=!+-*/%^&|~, ");
        // "operator< <int>": the blank belongs to the operator, the second bracket does not.
        const auto blank = sign.find(' ');
        return rest.substr(0, word.size() + std::min({end, blank + 1, sign.size()}));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t begin_ = 0;
    bool in_name_ = false; ///< at the parameters or behind: a blank does not end a return type
    std::string out_;
};

/// Where the last pair of round brackets begins; the end if there is none.
std::size_t last_bracket(std::string_view name) {
    int open = 0;
    for (auto at = name.size(); at-- > 0;) {
        open += name[at] == ')' ? 1 : name[at] == '(' ? -1 : 0;
        if (open == 0 && name[at] == '(') {
            return at;
        }
    }
    return name.size();
}

/// "f(f()::_Z1fv.Frame*) [clone .actor]" and "f(int) [clone .cold]".
std::string without_clones(std::string name) {
    const auto clone = name.find(" [clone ");
    if (clone == std::string::npos) {
        return name;
    }
    const bool coroutine = name.find("[clone .actor]", clone) != std::string::npos;
    name.erase(clone);
    if (coroutine) {
        name.erase(last_bracket(name));
        name += " [coroutine]";
    }
    return name;
}

} // namespace

std::string shorten_name(std::string_view demangled) {
    std::string text(demangled);
    replace_all(text, "std::__cxx11::", "std::");
    replace_all(text, "std::__n4861::", "std::");
    replace_all(text, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
                "std::string");
    return without_clones(abridged_name(text).result());
}

std::string readable_name(const std::string& symbol) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? shorten_name(name.get()) : symbol.substr(0, symbol.find('@'));
}

std::string_view plumbing_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> wrappers = {{
        {"boost::asio::", "boost::asio"},
        {"boost_asio_handler_invoke_helpers::", "boost::asio"}, // before 1.84
        {"asio::", "asio"},
        {"std::coroutine_handle<", "std"},
        {"std::__invoke", "std"},
        {"std::_Function_handler<", "std"},
        {"std::function<", "std"},
    }};
    for (const auto& [prefix, library] : wrappers) {
        if (name.starts_with(prefix)) {
            return library;
        }
    }
    return {};
}

std::string_view plumbing_file(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> wrappers = {{
        {"/boost/asio/", "boost::asio"},
        {"/asio/detail/", "asio"},
        {"/bits/invoke.h", "std"},
        {"/bits/std_function.h", "std"},
    }};
    for (const auto& [part, library] : wrappers) {
        if (path.find(part) != path.npos) {
            return library;
        }
    }
    return {};
}

} // namespace loopmon::stack
