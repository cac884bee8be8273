# SPDX-License-Identifier: MIT
"""Runs inside the container: makes the main loop late, over and over, until asked to finish.

    flap.py STALL_USEC EVERY_USEC FINISH_FILE

busctl takes longer to start than a flap may last, so this implements just enough of D-Bus: calls of
Inject that ask for no reply.
"""

import os
import socket
import struct
import sys
import time

METHOD_CALL = 1
NO_REPLY_EXPECTED = 1
PATH, INTERFACE, MEMBER, DESTINATION, SIGNATURE = 1, 2, 3, 6, 8  # header fields


def align(data, n):
    return data + b"\0" * (-len(data) % n)


def string(text):
    return struct.pack("<I", len(text)) + text.encode() + b"\0"


def signature(text):
    return bytes([len(text)]) + text.encode() + b"\0"


def call(serial, flags, destination, path, interface, member, types="", body=b""):
    fields = b""
    for code, kind, value in ((PATH, "o", string(path)), (INTERFACE, "s", string(interface)),
                              (MEMBER, "s", string(member)),
                              (DESTINATION, "s", string(destination)),
                              (SIGNATURE, "g", signature(types))):
        fields = align(fields, 8) + bytes([code]) + signature(kind)
        fields = (align(fields, 4) if kind != "g" else fields) + value
    header = struct.pack("<cBBBIII", b"l", METHOD_CALL, flags, 1, len(body), serial, len(fields))
    return align(header + fields, 8) + body


def connect():
    bus = socket.socket(socket.AF_UNIX)
    bus.connect("/run/dbus/system_bus_socket")
    bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    assert bus.recv(4096).startswith(b"OK")
    bus.sendall(b"BEGIN\r\n" + call(1, 0, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "Hello"))
    assert bus.recv(4096)
    return bus


def main(stall_usec, every_usec, finish):
    bus = connect()
    body = align(string("sleep"), 8) + struct.pack("<Q", stall_usec)
    serial, due = 1, time.monotonic()
    while not os.path.exists(finish):
        serial += 1
        bus.sendall(call(serial, NO_REPLY_EXPECTED, "org.loopmon1", "/org/loopmon1",
                         "org.loopmon1.Manager", "Inject", "st", body))
        # Never two at once to catch up: they would be one longer stall.
        due = max(due + every_usec / 1e6, time.monotonic())
        time.sleep(max(0, due - time.monotonic()))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
