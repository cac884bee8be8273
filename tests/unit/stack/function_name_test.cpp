// SPDX-License-Identifier: MIT
#include "stack/symbol/function_name.hpp"

#include "support/catch.hpp"

#include <string>

using namespace loopmon::stack;

TEST_CASE("function_name: short names stay as they are") {
    for (const std::string name : {
             "main",
             "read_config(std::string const&)",
             "a::b::c(int, unsigned long) const",
             "(anonymous namespace)::f()",
             "std::vector<int>::push_back(int&&)",
             "main::{lambda(int)#1}::operator()(int) const",
             "s::operator bool() const",
             "s::operator new(unsigned long)",
             "s::operator<(s const&)",
             "s::operator<<(int)",
             "s::operator->()",
             "s::operator()()",
             "s::operator<=>(s const&) const",
             "operator_like()",
         }) {
        CHECK(shorten_name(name) == name);
    }
}

TEST_CASE("function_name: the return type of a template is dropped") {
    CHECK(shorten_name("void f<int>(int)") == "f<int>(int)");
    CHECK(shorten_name("std::vector<int> const& ns::f<int>(int)") == "ns::f<int>(int)");
    CHECK(shorten_name("bool operator< <int>(s<int> const&)") == "operator< <int>(s<int> const&)");
    CHECK(shorten_name("int (anonymous namespace)::f<int>()") == "(anonymous namespace)::f<int>()");
}

TEST_CASE("function_name: template arguments of 33 characters are cut, of 32 are not") {
    const std::string at_limit(32, 'x');
    CHECK(shorten_name("f<" + at_limit + ">(int)") == "f<" + at_limit + ">(int)");
    CHECK(shorten_name("f<" + at_limit + "x>(int)") == "f<...>(int)");
    CHECK(shorten_name("f<g<" + at_limit + "x>, h>(int)") == "f<g<...>, h>(int)");
}

TEST_CASE("function_name: a parameter list of 65 characters is cut, of 64 is not") {
    const std::string at_limit(64, 'x');
    CHECK(shorten_name("f(" + at_limit + ")") == "f(" + at_limit + ")");
    CHECK(shorten_name("f(" + at_limit + "x)") == "f(...)");
    CHECK(shorten_name("f(" + at_limit + "x)::{lambda()#1}::operator()() const") ==
          "f(...)::{lambda()#1}::operator()() const");
}

TEST_CASE("function_name: strings are strings") {
    CHECK(shorten_name("f(std::__cxx11::basic_string<char, std::char_traits<char>, "
                       "std::allocator<char> > const&)") == "f(std::string const&)");
}

TEST_CASE("function_name: the body of a coroutine is called so, clones are not distinguished") {
    CHECK(shorten_name("poll_modem(poll_modem()::_Z10poll_modemv.Frame*) [clone .actor]") ==
          "poll_modem [coroutine]");
    CHECK(shorten_name("s::f(s*, std::__cxx11::basic_string<char>)::f(s::f(int)::_ZN1s1fEv.Frame*) "
                       "[clone .actor] [clone .cold]") ==
          "s::f(s*, std::basic_string<char>)::f [coroutine]");
    CHECK(shorten_name("f(int) [clone .cold]") == "f(int)");
    CHECK(shorten_name("f(int) [clone .isra.0] [clone .cold]") == "f(int)");
}

TEST_CASE("function_name: text that is not a name does no harm") {
    for (const std::string name : {"", "<", "(", "{", ")", ">", "operator", "operator<", "a<b(c"}) {
        (void)shorten_name(name);
    }
    CHECK(shorten_name("a)b") == "a)b");
    CHECK(readable_name("write") == "write");
    CHECK(readable_name("clock_nanosleep@@GLIBC_2.17") == "clock_nanosleep");
    CHECK(readable_name("_Z1fi") == "f(int)");
    CHECK(readable_name("_Zbroken") == "_Zbroken");
}

TEST_CASE("function_name: plumbing without a namespace is known by its file") {
    CHECK(plumbing_file("/usr/include/boost/asio/detail/bind_handler.hpp") == "boost::asio");
    CHECK(plumbing_file("/opt/asio/include/asio/detail/scheduler.ipp") == "asio");
    CHECK(plumbing_file("/usr/include/c++/12/bits/invoke.h") == "std");
    CHECK(plumbing_file("/home/me/asio_server/main.cpp").empty());
    CHECK(plumbing_file("").empty());
}

TEST_CASE("function_name: what only passes a call on is plumbing") {
    CHECK(plumbing_of("boost::asio::io_context::run()") == "boost::asio");
    CHECK(plumbing_of("asio::io_context::run()") == "asio");
    CHECK(plumbing_of("std::__invoke_impl<...>(...)") == "std");
    CHECK(plumbing_of("std::coroutine_handle<void>::resume() const") == "std");
    CHECK(plumbing_of("std::vector<int>::push_back(int&&)").empty());
    CHECK(plumbing_of("my::boost::asio::f()").empty());
    CHECK(plumbing_of("main").empty());
}
