# SPDX-License-Identifier: MIT
import pathlib
import re
import shlex
import xml.etree.ElementTree as ET

from harness.bus import MAIN_LOOP, MANAGER, NAME, probe
from harness.scenario import Scenario

XML = pathlib.Path(__file__).resolve().parents[3] / "packaging" / "dbus"
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"


class Packaging(Scenario):
    def unit_file(self):
        return self.service.show("FragmentPath")

    def test_verify(self):
        """systemd-analyze verify has nothing to say about the unit"""
        # Not the manual pages: a machine may have been installed without them, or without man.
        done = self.run_inside("systemd-analyze", "verify", "--recursive-errors=no", "--man=no",
                               self.unit_file(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([l for l in done.stderr.splitlines() if "loopmon" in l], [])

    def test_documentation(self):
        """what the unit names as its documentation is installed"""
        named = shlex.split(self.service.show("Documentation"))
        self.assertEqual([n.partition(":")[0] for n in named], ["man", "man", "file"])
        daemon = self.service.show("ExecStart").split("path=")[1].split(" ")[0]
        manual = pathlib.Path(daemon).parents[1] / "share/man"
        for name in named:
            page = re.fullmatch(r"man:(.*)\((\d)\)", name)
            path = manual / f"man{page[2]}/{page[1]}.{page[2]}" if page else name[len("file:"):]
            self.run_inside("test", "-e", path)

    def test_security(self):
        """systemd-analyze security: exposure at most 1.5"""
        self.run_inside("systemd-analyze", "security", "--offline=true", "--threshold=15",
                        self.unit_file())

    def test_user(self):
        """the daemon runs as its own user without capabilities, and keeps its state private"""
        self.start()
        status = self.run_inside("cat", f"/proc/{self.service.pid}/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        self.assertNotEqual(fields["Uid"].split()[0], "0")
        self.assertEqual(int(fields["CapEff"], 16), 0)
        self.assertEqual(fields["Seccomp"], "2")

    def test_introspection(self):
        """the introspection XML in packaging/dbus is what the daemon serves"""
        self.start()
        for path, interface in (MANAGER, MAIN_LOOP, probe("dbus")):
            with self.subTest(interface):
                served = self.run_inside("busctl", "introspect", "--xml-interface", NAME,
                                         path).stdout
                shipped = (XML / f"{interface}.xml").read_text(encoding="utf-8")
                self.assertEqual(members(shipped, interface), members(served, interface))


def members(xml, interface):
    """What matters of an interface, whatever its order, comments and argument names."""
    found = set()
    for element in ET.fromstring(xml).find(f"interface[@name='{interface}']"):
        if element.tag == "annotation":
            continue
        notes = {a.get("name"): a.get("value") for a in element.findall("annotation")}
        if element.tag == "property":
            notes.setdefault(EMITS, "true")  # the specification's default
        signature = [(a.get("direction", "out" if element.tag == "signal" else "in"),
                      a.get("type")) for a in element.findall("arg")]
        found.add((element.tag, element.get("name"), element.get("type"), element.get("access"),
                   tuple(signature), tuple(sorted(notes.items()))))
    return found
