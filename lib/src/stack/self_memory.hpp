// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace loopmon::stack {

/// Reads memory of this process that may be unmapped at the same moment, e.g. that of a module
/// which another thread unloads: where a plain read would end the process, this one fails. By
/// process_vm_readv(2), which needs no file, so also after chroot(2); where a kernel or a sandbox
/// refuses that, by /proc/self/mem.
class self_memory {
public:
    self_memory() noexcept;
    ~self_memory();
    self_memory(const self_memory&) = delete;
    self_memory& operator=(const self_memory&) = delete;

    /// @return whether all of it could be read; never, if the process may not look at itself
    [[nodiscard]] bool read(std::uintptr_t address, void* into, std::size_t size) const noexcept;

    template <class Value>
    [[nodiscard]] bool read(std::uintptr_t address, Value& into) const noexcept {
        static_assert(std::is_trivially_copyable_v<Value>);
        return read(address, &into, sizeof into);
    }

private:
    int fd_ = -1; ///< of /proc/self/mem, where process_vm_readv is refused
};

} // namespace loopmon::stack
