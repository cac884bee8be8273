// SPDX-License-Identifier: MIT
// A module that is loaded and unloaded by tests.

#include <string>

namespace loadable {

namespace {

/// Something to run when the module is loaded and unloaded.
struct with_constructor {
    std::string text = "long enough not to be stored in the object itself";
    ~with_constructor() { text.clear(); }
};
with_constructor at_load;

/// Known to the symbol table, but to nobody who has only the dynamic one.
[[gnu::noinline]] void internal_function(void (*inner)()) {
    inner();
    asm volatile("" : : "r"(&at_load));
}

} // namespace

} // namespace loadable

extern "C" [[gnu::visibility("default")]] void call_through_module(void (*inner)()) {
    loadable::internal_function(inner);
    asm volatile("");
}
