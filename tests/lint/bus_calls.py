#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is linked calls nothing of sd-bus that waits for a broker: a watcher that waits feeds no
watchdog. What sd-bus itself would call is kept away by bus/bus_guard.hpp.

bus_calls.py FILE...    archives, libraries or programs
"""

import re
import subprocess
import sys

# Each was looked up in sd-bus: it sends, queues, or reads what has come.
NEVER_WAIT = re.compile(r"""sd_bus_(
    (message|error|slot)_\w+            # one message, no connection
  | (call|call_method|request_name)_async
  | add_(filter|object_manager|object_vtable) | object_vtable_format | path_encode
  | emit_(object_added|object_removed|properties_changed_strv|signal)
  | (reply_method_return|reply_method_errorf) | send | enqueue_for_read | process
  | get_(events|fd|n_queued_write|timeout) | is_(open|ready)
  | attach_event                        # its deadline and descriptor for each wait
  | new | set_(address|bus_client|description|trusted) | negotiate_creds | start
  | open_(system|user)_with_description # begin to connect
  | close | close_unref                 # not flush_close_unref
)""", re.VERBOSE)


def wanted(path):
    """Names that are to come from elsewhere, of a file's static or dynamic symbols."""
    names = set()
    for kind in ([], ["-D"]):
        done = subprocess.run(["nm", *kind, "--undefined-only", path],
                              capture_output=True, text=True)
        names.update(re.findall(r"\bU (\w+)", done.stdout))
    return names


def main():
    problems = []
    for path in sys.argv[1:]:
        calls = sorted(n for n in wanted(path) if n.startswith("sd_bus_"))
        if not calls:
            problems.append(f"{path}: no call of sd-bus at all; is this the right file?")
        problems += [f"{path}: {n} may wait for the broker, or was not looked at"
                     for n in calls if not NEVER_WAIT.fullmatch(n)]
    print("\n".join(problems) or "nothing waits for a broker")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
