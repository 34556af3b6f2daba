# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that do one thing as fast as they can; the terminal still works."""

import re
import time

import pytest

from socle import SLOWNESS, bare, description

STORMS = ("spin", "psci", "sgi", "gic", "timer", "reset", "crash", "console",
          "dma", "race", "odd", "wfx", "times", "devices", "setway",
          "broadcast")


def storm(name, on_crash="restart"):
    source = description(name, memory=16, vcpus=8, kernel="/images/storm.bin",
                         initrd=None, bootargs=f"storm={name}")
    return source.replace("model =", f'on-crash = "{on_crash}";\n\tmodel =')


def ask(host, line):
    """Runs a command that must finish soon, whatever the guest does."""
    begin = time.monotonic()
    host.cmd(line, timeout=30)
    return time.monotonic() - begin


def rages(host, name):
    """Waits until it has run for half a second, or has restarted."""
    limit = time.monotonic() + 60 * SLOWNESS
    while True:
        vcpus = [row for row in host.json("vcpu list")
                 if row["name"].startswith(f"{name}/")]
        if (sum(row["run_s"] for row in vcpus) > 0.5 or
                host.json(f"guest info {name}")["resets"] > 1):
            return
        assert time.monotonic() < limit


@pytest.mark.parametrize("smp,cpu", [(1, "cortex-a57"), (2, "max")])
def test_storms(boot, smp, cpu):
    guests = {name: storm(name) for name in STORMS}
    guests["linux0"] = description("linux0")
    host = boot(guests, smp=smp, cpu=cpu, limit=600,
                script="guest create /guests/linux0.dtb --start\n")
    with host.linux("linux0", timeout=180) as shell:
        shell.sh("(i=0; while true; do i=$((i+1)); echo $i >/tmp/m; "
                 "mv /tmp/m /tmp/n; done) &")
    for name in STORMS:
        ask(host, f"guest create /guests/{name}.dtb --start")
        host.attach(name)
        host.expect(f"storm: {name}|storm storm")
        host.detach()
        rages(host, name)
        for verb in ("pause", "resume", "reset", "stop", "start", "destroy"):
            ask(host, f"guest {verb} {name}")
    assert set(host.guests()) == {"linux0"}
    with host.linux("linux0") as shell:
        shell.expect_progress("/tmp/n")
        assert shell.sh("dmesg | grep -ci 'oops\\|soft lockup'",
                        status=None) == "0"
    assert host.shutdown() == 0


@pytest.mark.parametrize("name,line", [("reset", "reboots"),
                                       ("crash", "crashed:")])
def test_restart_loop(boot, name, line):
    """A guest that restarts in a loop is started only once a second."""
    host = boot({name: storm(name)}, smp=1)
    told = [float(host.expect(rf"\[ *(\d+\.\d+)\] [^\n]*{line}").group(1))
            for _ in range(5)]
    # The first restart is immediate.
    assert told[-1] - told[1] >= 3 * 0.99
    host.cmd(f"guest stop {name}", timeout=5)
    host.expect_state(name, "stopped")
    if name == "crash":
        # The report of the last crash is kept across restarts.
        said = host.cmd("guest crash crash")
        assert re.match(r"crash crashed \d+ times, the last time at "
                        r"\d+\.\d{6} s, \d+ s ago\n"
                        r"VCPU 0: exception vector at ", said)
        assert "\nbacktrace: " in said


def test_crash_destroys(boot):
    """Repeatedly, with the terminal attached to its console."""
    host = boot({"crash": storm("crash", "destroy"),
                 "hello": bare("hello", "hello")})
    for _ in range(10):
        host.cmd("guest create /guests/crash.dtb")
        host.send("guest start crash\rguest console crash\r\r")
        host.expect(r"crash is gone|no guest 'crash'")
        host.expect_state("crash", "absent")
    assert host.guests()["hello"]["state"] == "running"


def test_floods(boot):
    """Two guests write as fast as they can; the terminal still works."""
    second = storm("console").replace('model = "console"', 'model = "second"')
    host = boot({"console": storm("console"), "second": second,
                 "hello": bare("hello", "idle")},
                script="guest create /guests/hello.dtb --start\n")
    for name in ("console", "second"):
        ask(host, f"guest create /guests/{name}.dtb --start")
    for _ in range(3):
        for name in ("console", "second"):
            host.attach(name)
            host.expect(r"storm storm")
            host.detach()
            assert name in host.guests()
            ask(host, "vcpu list")
    assert host.guests()["hello"]["state"] == "running"
    ask(host, "guest destroy second")
    ask(host, "guest stop console")
    host.expect_state("console", "stopped")
    assert host.shutdown() == 0
