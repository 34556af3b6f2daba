# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that are not QEMU's `virt` as it comes: other consoles, other boards."""

import pytest

from socle import BUILD, CTRL_C, clean, description, host_tree, jump_image
from test_terminal import flood

VMM = 0x42000000
ECAM = 0x4010000000  # of QEMU's virt, for PCIe bus 0
PIO = 0x3eff0000     # the window into PCIe's I/O space
PORT = 0x1000


@pytest.fixture
def boot_16550(start, bundle, tmp_path):
    """boot_16550(guests, ...): the console is a 16550, QEMU's PCIe card."""

    def run(guests=None, *, gic=3, smp=2, script=None, **options):
        # Device 1: BAR 0 is the port, then I/O is answered.
        device = ECAM + (1 << 15)
        jump = tmp_path / "jump.bin"
        jump.write_bytes(jump_image(VMM, writes=[(device + 0x10, PORT),
                                                 (device + 0x04, 1)]))
        tree = host_tree(tmp_path / "host.dtb", f"""
/ {{
	serial@{PIO + PORT:x} {{
		compatible = "ns16550a";
		reg = <0 {PIO + PORT:#x} 0 8>;
		interrupts = <0 4 4>;	/* INTA of device 1 */
	}};
	chosen {{ stdout-path = "/serial@{PIO + PORT:x}"; }};
}};
""", machine=f"virt,virtualization=on,gic-version={gic}", smp=smp)
        return start(bundle(guests or {}, script=script), gic=gic, smp=smp,
                     image=jump, serial="none", **options, extra=[
            "-device", f"loader,file={BUILD / 'vmm.bin'},addr={VMM:#x},"
            "force-raw=on", "-dtb", str(tree),
            "-chardev", "stdio,id=console,mux=on,signal=off",
            "-device", "pci-serial,addr=1,chardev=console"]).boot()

    return run


@pytest.mark.parametrize("gic", [2, 3])
def test_16550(boot_16550, gic):
    """The log, the terminal and a guest's console over a 16550."""
    host = boot_16550({"linux0": description("linux0")}, gic=gic)
    assert "Socle" in host.text.split("socle>")[0]
    irqs = host.json("irq list")
    assert any(irq["name"] == "uart" for irq in irqs)
    with host.linux("linux0") as shell:
        assert shell.sh("hostname") == "linux0"
    assert host.shutdown() == 0


def test_16550_paste(boot_16550):
    """A megabyte of input loses nothing, nor the receiver's interrupt."""
    host = boot_16550(limit=900)
    line = "echo " + "x" * 58 + "\r"
    count = (1 << 20) // len(line)
    start = len(host.text)
    host.paste(line * count, timeout=600)
    assert host.cmd("echo alive", timeout=300).endswith("\nalive")
    printed = clean(host.text[start:]).split("\n")
    assert printed.count("x" * 58) == count


def test_16550_flood(boot_16550):
    """Input that nobody reads stops the receiver, and it goes on after."""
    host = boot_16550()
    host.send("sleep 100000000\r")
    host.expect("sleep 100000000")
    flood(host, 30000)
    host.send(CTRL_C)
    host.expect("interrupted", timeout=30)
    assert host.cmd("echo alive").endswith("alive")


def test_versal(boot):
    """AMD's Versal: two Cortex-A72, RAM in two places, a PL011, GICv3."""
    host = boot({"linux0": description("linux0", vcpus=2)}, mem="4G",
                smp=4, board="xlnx-versal-virt")  # two are Cortex-R5
    assert [cpu["state"] for cpu in host.json("host cpus")] == ["online"] * 2
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == "2"
    assert host.shutdown() == 0
