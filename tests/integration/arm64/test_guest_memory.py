# SPDX-License-Identifier: GPL-2.0-or-later
"""How much RAM a guest can have, and where, for every address width."""

import re

import pytest

from socle import bare, description

# The widths of ID_AA64MMFR0_EL1.PARange.
WIDTHS = [32, 36, 40, 42, 44, 48]


def bank(end, size=2 << 20):
    """A bank of RAM that ends at the address."""
    base = end - size
    cells = " ".join(f"{v >> 32:#x} {v & 0xffffffff:#x}" for v in (base, size))
    return f"memory@{base:x} {{ reg = <{cells}>; }};"


def seen_banks(host, name):
    host.attach(name)
    found = host.expect(r"banks: (\d+) bits, RAM below 2\^([ \d]*) end")
    host.detach()
    return int(found.group(1)), [int(w) for w in found.group(2).split()]


@pytest.mark.parametrize("cpu,widest", [
    ("cortex-a53", 40), ("cortex-a57", 44), ("max", 48)])
def test_every_width(boot, cpu, widest):
    """A guest's PARange has the address bits that its RAM needs; RAM that
    needs more than the host's is refused."""
    tops = range(32, widest + 1)
    guests = {f"w{top}": bare(f"w{top}", "banks", extra=bank(1 << top))
              for top in [*tops, widest + 1]}
    # Several banks with holes between them, not in order.
    many = [top for top in (39, 33, 40, 36, 35, 34, 38) if top <= widest]
    guests["many"] = bare("many", "banks",
                          extra="".join(bank(1 << top) for top in many))
    host = boot(guests, script="", cpu=cpu)
    for top in tops:
        host.cmd(f"guest create /guests/w{top}.dtb --start")
        told = min(w for w in WIDTHS if w >= top)
        assert seen_banks(host, f"w{top}") == (told, [top])
        host.cmd(f"guest destroy w{top}")
    host.cmd("guest create /guests/many.dtb --start")
    assert seen_banks(host, "many") == (40, sorted(many))
    seen = host.cmd(f"guest create /guests/w{widest + 1}.dtb", ok=False)
    assert re.search(rf"error: /guests/w{widest + 1}\.dtb: /memory@[0-9a-f]+: "
                     rf"reg: found memory at .*allowed below {1 << widest:#x} "
                     rf"\({widest} address bits\)", seen.replace("\n", "")), seen


def mem_total(shell):
    """Linux's MemTotal, in MiB."""
    return int(shell.sh("cat /proc/meminfo").split()[1]) >> 10


def use_memory(shell, mib):
    """Fills so much memory, including the highest, which Linux allocates
    first."""
    shell.sh("mkdir -p /mnt && mount -t tmpfs -o size=100% none /mnt && "
             f"dd if=/dev/zero of=/mnt/all bs=1M count={mib} && rm /mnt/all",
             timeout=300)


@pytest.mark.parametrize("size,last,mem", [
    (3100, "101bfffff", "4G"),
    pytest.param(9 << 10, "27fffffff", "10G", marks=pytest.mark.long)])
def test_linux_beyond_4g(boot, size, last, mem):
    """RAM from 1 GiB to beyond 4 GiB in one piece, all of it used."""
    host = boot({"linux0": f"""
/dts-v1/;
/ {{
	compatible = "socle,guest";
	model = "linux0";
	memory = "{size}M";
	boot {{
		kernel = "/images/Image";
		initrd = "/images/initrd.cpio.gz";
		bootargs = "console=ttyAMA0 hostname=linux0";
	}};
}};
"""}, script="", mem=mem, limit=900)
    # Clearing it takes long.
    host.cmd("guest create /guests/linux0.dtb --start", timeout=300)
    with host.linux("linux0", timeout=300) as shell:
        assert mem_total(shell) > size * 15 // 16
        assert f"-{last} : System RAM" in shell.sh("cat /proc/iomem")
        use_memory(shell, 300)


def test_linux_with_banks(boot):
    """Two banks on either side of 4 GiB, as in the how-to, a third that needs
    more than 36 bits, and a device at a still higher address."""
    host = boot({"linux0": description(
        "linux0", memory=128,
        extra=bank(0x110000000, 256 << 20) + bank(1 << 37, 256 << 20) + """
devices {
	serial@8000000000 {
		compatible = "ns16550a";
		reg = <0x80 0x0 0x0 0x100>;
		interrupts = <0 8 4>;
		clock-frequency = <1843200>;
	};
};
""")})
    with host.linux("linux0") as shell:
        assert mem_total(shell) > 560
        seen = shell.sh("cat /proc/iomem")
        for first, last in (("40000000", "47ffffff"), ("100000000", "10fffffff"),
                            ("1ff0000000", "1fffffffff")):
            assert re.search(rf"{first}-{last} : System RAM", seen), seen
        assert re.search("16550A? mmio:0x8000000000 ",
                         shell.sh("cat /proc/tty/driver/serial"))
        use_memory(shell, 450)
