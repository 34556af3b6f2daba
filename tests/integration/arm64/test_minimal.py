# SPDX-License-Identifier: GPL-2.0-or-later
"""The smallest configuration: no terminal, guests started by boot.cmd, GICv3
alone, compressed as flash would hold it."""

from socle import BUILD, bare, description, make_bundle

MINIMAL = BUILD / "check" / "minimal" / "vmm.bin.gz"
# The goal for the compressed image is 96 KiB. It is 9 KiB larger: slots and I/O
# ports of descriptions, counts of exits, references to serial ports and the
# taps of serial lines, pools of CPUs, the image's own addresses, mutexes
# whose owners inherit priorities, the balance of CPUs, and pauses in long work
# that let interrupts in, are in every image.
SIZE = 203000
SIZE_GZ = 107400
# The default configuration without disks, networks, PCI, VirtIO, traces, `top`,
# the terminal's filter, and what keeps guests from slowing each other: what
# there was when the limit of 384 KiB was set. docs/design/measuring.md says
# what each of these adds.
BASE = BUILD / "check" / "base" / "vmm.bin"
SIZE_BASE = 384 * 1024
DETACH = "\x1d"


def test_size():
    assert MINIMAL.with_suffix("").stat().st_size <= SIZE
    assert MINIMAL.stat().st_size <= SIZE_GZ


def test_size_of_base():
    assert BASE.stat().st_size <= SIZE_BASE


def test_the_reference_is_in_no_image():
    """The texts of the reference are only in the library that prints the
    page."""
    for image in (MINIMAL.with_suffix(""), BUILD / "vmm.bin"):
        assert b"Says what the guest is." not in image.read_bytes()


def test_static_guests(start, tmp_path):
    """Two guests run, and their consoles have the port in turn."""
    bundle = make_bundle(tmp_path, {"one": bare("one", "hello"),
                                    "two": bare("two", "hello")})
    host = start(bundle, image=MINIMAL)
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
    host = start(bundle, image=MINIMAL)
    host.expect(r"login shell on /dev/ttyAMA0", timeout=90)
    host.send("echo cpus=$(nproc)\r")
    host.expect("cpus=2")


def test_a_mistake_in_the_script_is_told(start, tmp_path):
    bundle = make_bundle(tmp_path, {"one": bare("one", "hello")},
                         script="guest create /guests/two.dtb\n")
    host = start(bundle, image=MINIMAL)
    host.expect(r"error: /boot.cmd:1: .*two.dtb")


def test_what_is_left_out_is_refused(start, tmp_path):
    """A description that asks for it is refused, with the place of the
    mistake."""
    bundle = make_bundle(tmp_path, {"one": bare("one", "hello",
                                                extra="os-tree { };")})
    host = start(bundle, image=MINIMAL)
    host.expect("/os-tree: not allowed; socle-check says why")


def test_the_other_interrupt_controller(start, tmp_path):
    bundle = make_bundle(tmp_path, {"one": bare("one", "hello")})
    host = start(bundle, gic=2, image=MINIMAL)
    host.expect("no interrupt controller in the host tree has a driver",
                panic=True)
