# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts other than QEMU's plain `virt`: other consoles, other boards."""

import socket

import pytest

from board import host_tree, jump_image, zcu102
from socle import BUILD, bare, description
from test_terminal import check_flood, check_paste

VMM = 0x42000000
ECAM = 0x4010000000  # of QEMU's virt, for PCIe bus 0
PIO = 0x3eff0000     # the window to PCIe's I/O space
PORT = 0x1000


@pytest.fixture
def boot_16550(start, bundle, tmp_path):
    """boot_16550(guests, ...): the console is a 16550 on QEMU's PCIe card."""

    def run(guests=None, *, gic=3, smp=2, script=None, **options):
        # Device 1: sets BAR 0 to the port and enables I/O accesses.
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
    """The log, the terminal and a guest's console on a 16550."""
    host = boot_16550({"linux0": description("linux0")}, gic=gic)
    assert "Socle" in host.text.split("socle>")[0]
    irqs = host.json("irq list")
    assert any(irq["name"].startswith("serial@") for irq in irqs)
    with host.linux("linux0") as shell:
        assert shell.sh("hostname") == "linux0"
    assert host.shutdown() == 0


def test_16550_paste(boot_16550):
    """Nothing is lost, nor the receiver's interrupt."""
    check_paste(boot_16550(limit=900))


def test_16550_flood(boot_16550):
    """Input that is not read stops the receiver; it is started again."""
    check_flood(boot_16550())


def test_versal(boot):
    """AMD's Versal: two Cortex-A72, RAM in two places, a PL011, GICv3."""
    host = boot({"linux0": description("linux0", vcpus=2)}, mem="4G",
                smp=4, board="xlnx-versal-virt")  # two are Cortex-R5
    assert [cpu["state"] for cpu in host.json("host cpus")] == ["online"] * 2
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == "2"
    assert host.shutdown() == 0


@pytest.fixture
def boot_zcu102(boot):
    """boot_zcu102(guests, ...): QEMU's ZCU102 at the prompt."""

    def run(guests=None, *, extra=(), **options):
        return boot(guests, **zcu102(extra), **options)

    return run


class Socket:
    """A second serial line, on a socket that QEMU listens on."""

    def __init__(self, path, limit=60):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.settimeout(limit)
        self.line.connect(str(path))
        self.got = b""

    def expect(self, text):
        """Everything up to `text`, which is taken."""
        end = text.encode()
        while end not in self.got:
            part = self.line.recv(4096)
            assert part, f"the line ended: {self.got!r}"
            self.got += part
        before, self.got = self.got.split(end, 1)
        return before.decode(errors="replace")

    def cmd(self, line):
        """The output of a command: what follows its echo, for prompts may
        have come before that nobody has read."""
        self.line.sendall(line.encode() + b"\r")
        self.expect(line + "\r\n")
        return self.expect("socle> ")


def test_second_terminal(start, bundle, tmp_path):
    """A second terminal on Versal's second UART, by a boot argument."""
    path = tmp_path / "uart1"
    host = start(bundle({}), mem="2G", smp=4, board="xlnx-versal-virt",
                 extra=["-append", "terminals=uart@ff010000,uart@0",
                        "-serial", f"unix:{path},server,nowait"])
    host.expect("terminal: uart@0: not found")
    host.expect_prompt()
    second = Socket(path)
    second.cmd("")
    users = {device["name"]: device["user"]
             for device in host.json("device list")}
    assert users["uart@ff000000"] == "console"
    assert users["uart@ff010000"] == "terminal"
    # Each terminal has its own lines, history and errors.
    assert "Build id" in second.cmd("version")
    assert "is in use by the terminal" in host.cmd(
        "device unbind uart@ff010000", ok=False)
    assert "in use by the console" in second.cmd("device unbind uart@ff000000")
    second.line.sendall(b"host shutdown\r")
    assert host.wait_exit() == 0


def unseen(bundle):
    """A bundle that ends QEMU: nothing else can be observed."""
    return bundle({"hello": bare("hello", "hello")},
                  script="guest create /guests/hello.dtb --start\n"
                  "sleep 10\nhost shutdown\n")


def test_no_uart(start, bundle, tmp_path):
    """Without a serial port, boot.cmd still runs."""
    tree = host_tree(tmp_path / "host.dtb", """
/ { chosen { /delete-property/ stdout-path; }; };
/delete-node/ &{/pl011@9000000};
""")
    host = start(unseen(bundle), extra=["-dtb", str(tree)])
    assert host.wait_exit(60) == 0


def test_zcu102(boot_zcu102):
    """AMD's ZynqMP: four Cortex-A53, a Cadence UART, a GIC-400 with its pages
    64 KiB apart; the device tree is from Linux."""
    host = boot_zcu102({"linux0": description("linux0", vcpus=2)})
    assert [cpu["state"] for cpu in host.json("host cpus")] == ["online"] * 4
    users = {device["name"]: device["user"]
             for device in host.json("device list")}
    assert users["serial@ff000000"] == "console"
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == "2"
    assert host.shutdown() == 0


def test_zcu102_paste(boot_zcu102):
    """Nothing is lost, nor the receiver's interrupt."""
    check_paste(boot_zcu102(limit=900))


def test_zcu102_flood(boot_zcu102):
    """Input that is not read stops the receiver; it is started again."""
    check_flood(boot_zcu102())
