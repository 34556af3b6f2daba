# SPDX-License-Identifier: GPL-2.0-or-later
"""The smallest configuration: no terminal, guests started by boot.cmd, GICv3
alone, compressed as flash would hold it."""

from socle import BUILD, bare, description, make_bundle

MINIMAL = BUILD / "check" / "minimal" / "vmm.bin.gz"
# They only go down. The goal is 96 KiB.
SIZE = 189000
SIZE_GZ = 97000
DETACH = "\x1d"


def test_size():
    assert MINIMAL.with_suffix("").stat().st_size <= SIZE
    assert MINIMAL.stat().st_size <= SIZE_GZ


def test_static_guests(start, tmp_path):
    """Two guests run, and the port is their consoles', one at a time."""
    bundle = make_bundle(tmp_path, {"one": bare("one", "hello"),
                                    "two": bare("two", "hello")})
    host = start(bundle, gic=3, image=MINIMAL)
    host.expect("one: started")
    host.expect("two: started")
    for name in ("one", "two", "one"):
        host.expect(rf"\[console serial0 of {name}; ")
        host.send(f"<{name}>")
        host.expect(f"<{name}>")
        host.send(DETACH)
        host.expect(rf"\[left the console of {name}\]")
    host.expect(r"\[console serial0 of two; ")
    host.send("q")
    host.expect("bye")


def test_linux(start, tmp_path):
    """An unmodified Linux with two VCPUs, to its shell."""
    bundle = make_bundle(tmp_path, {"linux0": description(
        "linux0", vcpus=2)})
    host = start(bundle, gic=3, image=MINIMAL)
    host.expect(r"login shell on /dev/ttyAMA0", timeout=90)
    host.send("echo cpus=$(nproc)\r")
    host.expect("cpus=2")


def test_a_mistake_in_the_script_is_told(start, tmp_path):
    bundle = make_bundle(tmp_path, {"one": bare("one", "hello")},
                         script="guest create /guests/two.dtb\n")
    host = start(bundle, gic=3, image=MINIMAL)
    host.expect(r"error: /boot.cmd:1: .*two.dtb")


def test_the_other_interrupt_controller(start, tmp_path):
    bundle = make_bundle(tmp_path, {"one": bare("one", "hello")})
    host = start(bundle, gic=2, image=MINIMAL)
    host.expect("no interrupt controller in the host tree has a driver",
                panic=True)
