# SPDX-License-Identifier: GPL-2.0-or-later
"""How long interrupts are masked: the command `sched latency`, and the bound."""

import re
import sys

import pytest

from socle import BUILD, TOP, bare, description

sys.path.insert(0, str(TOP / "tools/bench"))
import image as images  # noqa: E402  (tools is no package)
import masked  # noqa: E402
import systems  # noqa: E402

# Instructions; docs/design/latency.md.
BOUND = 20000
STORMS = ("spin", "psci", "sgi", "gic", "timer", "reset", "crash", "console",
          "dma", "race", "odd", "wfx", "times", "devices", "setway",
          "broadcast")
DEVICES = """devices {
	flash@0 { image = "/images/hostile.bin"; };
	rng0 { compatible = "virtio,entropy"; ring = "packed"; };
};"""


def storm(name):
    source = description(name, memory=16, vcpus=8, kernel="/images/storm.bin",
                         initrd=None, bootargs=f"storm={name}")
    return source.replace("model =", 'on-crash = "restart";\n\tmodel =')


@pytest.fixture
def watched(boot, tmp_path):
    """boot, with the plugin; and what it saw."""
    image = images.Image(BUILD / "vmm.elf", systems.CROSS)
    out = tmp_path / "masked"

    def run(guests, **options):
        arguments = masked.arguments(
            image, (BUILD / "plugins" / "masked.so").resolve(), out)
        return boot(guests, extra=arguments, icount="shift=0,sleep=off",
                    script="echo\n", **options)

    run.sections = lambda: masked.read(image, out)
    return run


def within_bound(sections):
    """Each section keeps the bound."""
    print(*sections[:3], sep="\n")
    assert sections[0].length <= BOUND, str(sections[0])
    return sections


@pytest.mark.parametrize("gic,smp", [(3, 1), (2, 2)])
def test_hostile(watched, gic, smp):
    host = watched({"hostile": bare("hostile", "hostile", memory=64, vcpus=2,
                                    extra=DEVICES)},
                   gic=gic, smp=smp, cpu="cortex-a57", limit=900)
    host.cmd("guest create /guests/hostile.dtb", timeout=180)
    host.send("guest start hostile\rguest console hostile\r")
    host.expect(r"\nDONE\r*\n", timeout=600)
    host.detach()
    host.cmd("guest destroy hostile")
    sections = within_bound(watched.sections())
    # What is seen are traps, interrupts and the hypervisor's own code.
    assert {"vectors+0x400", "vectors+0x480", "vectors+0x280"} <= {
        section.begin for section in sections}


@pytest.mark.parametrize("smp", [1, 2])
def test_paste(watched, smp):
    """Text that comes as fast as it is read, as from QEMU."""
    host = watched({}, gic=2, smp=smp, cpu="cortex-a57")
    host.paste(("echo " + "x" * 180 + "\r") * 10)
    host.cmd("echo")
    within_bound(watched.sections())


@pytest.mark.parametrize("gic", [2, 3])
def test_storms(watched, gic):
    host = watched({name: storm(name) for name in STORMS}, gic=gic, smp=1,
                   cpu="cortex-a57", limit=900)
    # All that were created so far go on.
    for name in STORMS:
        host.cmd(f"guest create /guests/{name}.dtb --start", timeout=300)
        host.cmd("sleep 10", timeout=300)
    for line in ("vcpu list", "guest list", "memory check", "trace start",
                 "sched latency start", "sleep 10", "trace stop",
                 "sched latency", "sched latency stop", "sched pool list",
                 "guest memory gic"):
        host.cmd(line, timeout=300)
    for name in STORMS:
        for verb in ("pause", "resume", "reset", "stop", "destroy"):
            host.cmd(f"guest {verb} {name}", timeout=300)
    within_bound(watched.sections())


def test_whole_pool(watched):
    """What a person does to all VCPUs of a pool, of which there are many."""
    host = watched({name: bare(name, "many", vcpus=128)
                    for name in ("one", "two")},
                   gic=3, smp=2, cpu="cortex-a57", limit=900)
    for name in ("one", "two"):
        host.cmd(f"guest create /guests/{name}.dtb", timeout=180)
    for policy in ("edf", "rm", "fair", "arinc653 frame=20ms", "prio"):
        host.cmd(f"sched pool policy default {policy}", timeout=180)
    host.cmd("sched pool create other 1 fair", timeout=180)
    for pool in ("other", "default"):
        host.cmd(f"sched pool move one {pool}", timeout=180)
    host.cmd("sched pool destroy other", timeout=180)
    within_bound(watched.sections())


def test_scattered_colours(watched):
    """Memory of which no two pages are adjacent, taken and given back."""
    guests = {name: bare(name, "hello", memory=64).replace(
                  "model =", f"colors = <{' '.join(map(str, colours))}>; model =")
              for name, colours in (("even", range(0, 32, 2)),
                                    ("odd", range(1, 32, 2)))}
    host = watched(guests, gic=3, smp=1, cpu="cortex-a57", limit=900)
    for name in guests:
        host.cmd(f"guest create /guests/{name}.dtb", timeout=180)
    for name in guests:
        host.cmd(f"guest destroy {name}")
        host.cmd(f"guest create /guests/{name}.dtb", timeout=180)
    within_bound(watched.sections())


def longest_trap(host):
    """The longest section that a data abort began, in ns; None: there is
    none."""
    return next((row["ns"] for row in host.json("sched latency")
                 if row["from"] == "trap: data abort"), None)


def test_command(boot):
    """The hypervisor's own measurement, which takes an instruction for a
    nanosecond here."""
    host = boot({"many": bare("many", "many", vcpus=128)}, smp=1, gic=3,
                cpu="cortex-a57", icount="shift=0,sleep=off", script="echo\n")
    assert host.json("sched latency") == []
    assert "sched latency start" in host.cmd("sched latency stop", ok=False)
    host.cmd("guest create /guests/many.dtb --start")
    host.expect("guest many: powered off")
    assert host.json("sched latency") == []
    host.cmd("sched latency start")
    assert "sched latency stop" in host.cmd("sched latency start", ok=False)
    host.cmd("guest start many")
    host.expect("guest many: powered off")
    rows = host.json("sched latency")
    # The figure masked-longest is 8,340; the registers' saving is not in it.
    assert 8000 < longest_trap(host) < 9000
    assert {row["cpu"] for row in rows} == {0}
    assert [row["ticks"] for row in rows] == sorted(
        (row["ticks"] for row in rows), reverse=True)
    # Code that masks interrupts is told by its function.
    assert any(re.fullmatch(r"[a-z0-9_]+\+0x[0-9a-f]+", row["from"])
               for row in rows)
    host.cmd("sched latency stop")
    assert longest_trap(host)
    host.cmd("sched latency clear")
    assert host.json("sched latency") == []
    assert "takes no arguments" in host.cmd("sched latency clear 1", ok=False)
