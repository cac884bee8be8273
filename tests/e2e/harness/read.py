# SPDX-License-Identifier: MIT
"""Runs inside the container: reads properties, over and over, until asked to finish.

    read.py FINISH_FILE PATH INTERFACE TYPE:PROPERTY...      types t and s

Writes a line when it begins, and at the end all rounds as JSON: [[asked, answered, [values]]...].
Fails when a read fails. One connection for all: while the loop is stalled, a busy machine has time
to start a process or two, but for many messages.
"""

import ctypes
import json
import os
import sys
import time

NAME = b"org.loopmon1"
PAUSE = 0.005  # seconds between rounds, lest it be the load

sd_bus = ctypes.CDLL("libsystemd.so.0")


def check(result):
    if result < 0:
        sys.exit(os.strerror(-result))


def read(bus, path, interface, kind, member):
    where = (bus, NAME, path.encode(), interface.encode(), member.encode(), None)
    if kind == "t":
        number = ctypes.c_uint64()
        check(sd_bus.sd_bus_get_property_trivial(*where, ctypes.c_char(b"t"),
                                                 ctypes.byref(number)))
        return number.value
    text = ctypes.c_char_p()
    check(sd_bus.sd_bus_get_property_string(*where, ctypes.byref(text)))
    return text.value.decode()  # leaked: the process is short-lived


def main(finish, path, interface, *wanted):
    bus = ctypes.c_void_p()
    check(sd_bus.sd_bus_open_system(ctypes.byref(bus)))
    print("reading", flush=True)
    rounds = []
    while not os.path.exists(finish):
        asked = time.time()
        values = [read(bus, path, interface, *one.split(":")) for one in wanted]
        rounds.append([asked, time.time(), values])
        time.sleep(PAUSE)
    print(json.dumps(rounds))


if __name__ == "__main__":
    main(*sys.argv[1:])
