// SPDX-License-Identifier: MIT
//
// A value of one line is sent as it is, "NAME=value\n"; one with line feeds as "NAME\n", its length
// as 64 bits in little-endian order, the value, "\n". A record that is too long for a datagram goes
// in a sealed memory file, whose descriptor is sent instead.
#include "report/journal_socket.hpp"

#include "base/kept_fd.hpp"
#include "base/write_fully.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace loopmon::report {

namespace {

void append_field(std::string& record, std::string_view field) {
    const auto equals = field.find('=');
    if (field.find('\n', equals) == std::string_view::npos) {
        (record += field) += '\n';
        return;
    }
    const auto value = field.substr(equals + 1);
    (record += field.substr(0, equals)) += '\n';
    const std::uint64_t length = value.size();
    for (unsigned shift = 0; shift < 64; shift += 8) {
        record += static_cast<char>(length >> shift & 0xFFU);
    }
    (record += value) += '\n';
}

/// As the journal takes it: it must not change while it is read.
base::kept_fd sealed_file(std::string_view text) {
    base::kept_fd file(::memfd_create("loopmon-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (file.get() >= 0 && base::write_fully(file.get(), text) &&
        ::fcntl(file.get(), F_ADD_SEALS,
                F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0) {
        return file;
    }
    return {};
}

} // namespace

journal_socket::journal_socket(std::string path) : journal_(std::move(path)) {}

bool journal_socket::send(const std::vector<std::string>& fields) {
    std::string record;
    for (const auto& field : fields) {
        append_field(record, field);
    }
    const iovec whole{record.data(), record.size()};
    const int error = journal_.send({&whole, 1});
    if (error != EMSGSIZE && error != ENOBUFS) {
        return error == 0;
    }
    const auto file = sealed_file(record);
    return file.get() >= 0 && journal_.send({}, file.get()) == 0;
}

} // namespace loopmon::report
