# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that are not QEMU's `virt` as it comes: other consoles, other boards."""

import subprocess

import pytest

from socle import BUILD, bare, description, host_tree, jump_image
from test_terminal import check_flood, check_paste

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
    """Nothing is lost, nor the receiver's interrupt."""
    check_paste(boot_16550(limit=900))


def test_16550_flood(boot_16550):
    """Input that nobody reads stops the receiver, and it goes on after."""
    check_flood(boot_16550())


def test_versal(boot):
    """AMD's Versal: two Cortex-A72, RAM in two places, a PL011, GICv3."""
    host = boot({"linux0": description("linux0", vcpus=2)}, mem="4G",
                smp=4, board="xlnx-versal-virt")  # two are Cortex-R5
    assert [cpu["state"] for cpu in host.json("host cpus")] == ["online"] * 2
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == "2"
    assert host.shutdown() == 0


def unseen(bundle):
    """A bundle that ends QEMU: that it got so far is all one can see."""
    return bundle({"hello": bare("hello", "hello")},
                  script="guest create /guests/hello.dtb --start\n"
                  "sleep 10\nhost shutdown\n")


def test_no_uart(start, bundle, tmp_path):
    """Without a port boot.cmd runs all the same."""
    tree = host_tree(tmp_path / "host.dtb", """
/ { chosen { /delete-property/ stdout-path; }; };
/delete-node/ &{/pl011@9000000};
""")
    host = start(unseen(bundle), extra=["-dtb", str(tree)])
    assert host.wait_exit(60) == 0


ZCU102 = """/dts-v1/;
/ {
	#address-cells = <2>; #size-cells = <2>;
	interrupt-parent = <&gic>;
	cpus {
		#address-cells = <1>; #size-cells = <0>;
		cpu@0 { device_type = "cpu"; reg = <0>; enable-method = "psci"; };
		cpu@1 { device_type = "cpu"; reg = <1>; enable-method = "psci"; };
	};
	psci { compatible = "arm,psci-0.2"; method = "smc"; };
	timer {
		compatible = "arm,armv8-timer";
		interrupts = <1 13 8>, <1 14 8>, <1 11 8>, <1 10 8>;
	};
	gic: interrupt-controller@f9010000 {
		compatible = "arm,gic-400";
		#interrupt-cells = <3>; interrupt-controller;
		reg = <0 0xf9010000 0 0x10000>, <0 0xf9020000 0 0x20000>,
		      <0 0xf9040000 0 0x20000>, <0 0xf9060000 0 0x20000>;
		interrupts = <1 9 4>;
	};
	memory@0 { device_type = "memory"; reg = <0 0 0 0x40000000>; };
	chosen { };
};
"""


def test_zcu102(start, bundle, tmp_path):
    """AMD's ZynqMP: a GIC-400 whose pages are 64 KiB apart; no known UART."""
    tree = tmp_path / "host.dtb"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", str(tree)], check=True,
                   input=ZCU102, text=True)
    host = start(unseen(bundle), smp=4, board="xlnx-zcu102,virtualization=on",
                 extra=["-dtb", str(tree), "-audiodev", "none,id=none"])
    assert host.wait_exit(60) == 0
