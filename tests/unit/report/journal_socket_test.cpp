// SPDX-License-Identifier: MIT
#include "report/journal.hpp"

#include "captured_stderr.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace loopmon::report;

namespace {

/// journald's end.
class fake_journal {
public:
    fake_journal() : path_((directory_.path() / "socket").string()) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        if (::bind(socket_, generic, sizeof address) != 0) {
            throw std::system_error(errno, std::generic_category(), path_);
        }
    }
    fake_journal(const fake_journal&) = delete;
    fake_journal& operator=(const fake_journal&) = delete;
    ~fake_journal() { ::close(socket_); }

    [[nodiscard]] const std::string& path() const { return path_; }

    /// The next record: of a datagram, or of the file that came with an empty one.
    std::string receive() {
        pollfd waited{socket_, POLLIN, 0};
        if (::poll(&waited, 1, 0) != 1) {
            return "nothing";
        }
        std::string text(std::size_t{1} << 20U, '\0');
        iovec whole{text.data(), text.size()};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
        message.msg_iov = &whole;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        auto size = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
        if (const auto* const header = CMSG_FIRSTHDR(&message); header != nullptr && size == 0) {
            int file = -1;
            std::copy_n(CMSG_DATA(header), sizeof file, reinterpret_cast<unsigned char*>(&file));
            seals = ::fcntl(file, F_GET_SEALS);
            text.resize(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)));
            size = ::pread(file, text.data(), text.size(), 0);
            ::close(file);
        }
        text.resize(static_cast<std::size_t>(size));
        return text;
    }

    int seals = 0;

private:
    loopmon::test::temporary_directory directory_;
    std::string path_;
    int socket_ = -1;
};

record simple(std::string text) {
    return {priority::err, "", "", std::move(text), {}};
}

} // namespace

TEST_CASE("journal: a record goes over its own protocol, a value of several lines with its length",
          "[report]") {
    fake_journal journald;
    journal log(log_target::journal, journald.path());
    auto entry = simple("late");
    entry.event = "stall";
    entry.message_id = "0123";
    entry.fields = {{"LOOPMON_LOOP", "main"}, {"LOOPMON_TASK", ""}};
    entry.details = "  #0 poll";
    log.write(entry, loopmon::source_location::current());
    const auto received = journald.receive();
    using namespace std::string_literals;
    CHECK_THAT(received, Catch::ContainsSubstring(
                             "MESSAGE\n\x0e\0\0\0\0\0\0\0late\n  #0 poll\nPRIORITY=3\n"s));
    CHECK_THAT(received, Catch::ContainsSubstring("LOOPMON_EVENT=stall\nMESSAGE_ID=0123\n"));
    CHECK_THAT(received, Catch::ContainsSubstring("LOOPMON_LOOP=main\n"));
    CHECK_THAT(received, Catch::ContainsSubstring("SYSLOG_IDENTIFIER=report_test\n"));
    CHECK_THAT(received, !Catch::ContainsSubstring("LOOPMON_TASK"));
}

TEST_CASE("journal: is reached also where its path cannot be seen any more", "[report]") {
    fake_journal journald;
    journal log(log_target::journal, journald.path());
    std::filesystem::remove(journald.path()); // as after chroot(2)
    const captured_stderr captured;
    log.write(simple("not lost"), loopmon::source_location::current());
    CHECK_THAT(journald.receive(), Catch::ContainsSubstring("MESSAGE=not lost\n"));
    CHECK(captured.text().empty());
}

TEST_CASE("journal: a record too long for a datagram goes in a sealed file", "[report]") {
    fake_journal journald;
    journal log(log_target::journal, journald.path());
    const std::string text(std::size_t{20} << 20U, 'x'); // twice the most that is asked for
    log.write(simple(text), loopmon::source_location::current());
    CHECK((journald.receive().find("MESSAGE=" + text + '\n') != std::string::npos));
    CHECK((journald.seals & F_SEAL_WRITE) != 0);
}
