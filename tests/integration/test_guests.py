# SPDX-License-Identifier: GPL-2.0-or-later
"""Several guests at once, and a guest's life from creation to destruction."""

import re
import struct
import subprocess
import time

import pytest

from socle import (ARCH, BUILD, CTRL_C, MACHINE, MACHINES, TOP, bare,
                   description)


def test_two_linux(boot):
    """Two guests of two VCPUs each, on two CPUs."""
    names = ["linux0", "linux1"]
    host = boot({n: description(n, vcpus=2, memory=192) for n in names},
                smp=2)
    for name in names:
        with host.linux(name) as shell:
            assert shell.sh("hostname") == name
            assert shell.sh("nproc") == "2"
    states = host.guests()
    assert {states[n]["state"] for n in names} == {"running"}


@pytest.mark.parametrize("kind", MACHINES, ids=str)
def test_more_vcpus_than_cpus(boot, kind):
    host = boot({"linux0": description("linux0", vcpus=4, memory=256)},
                smp=1, **kind)
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == "4"
        # All of them are busy, and the shell still answers.
        shell.sh("for i in 1 2 3 4; do (for j in $(seq 3000); do :; done) & "
                 "done; wait", timeout=120)


def test_guest_reboot(boot):
    host = boot({"linux0": description("linux0")})
    console = host.linux("linux0")
    first = console.sh("cat /proc/sys/kernel/random/boot_id")
    host.send("reboot -f\r")
    host.expect(r"linux0: login shell on", timeout=90)
    console.login()
    assert console.sh("cat /proc/sys/kernel/random/boot_id") != first
    host.detach()
    assert host.guests()["linux0"]["state"] == "running"


def test_guest_poweroff(boot):
    """A guest that switches itself off can be started again."""
    host = boot({"linux0": description("linux0")})
    host.linux("linux0")
    host.send("poweroff -f\r")
    host.detach()
    host.expect_state("linux0", "stopped")
    host.cmd("guest start linux0")
    with host.linux("linux0") as shell:
        assert shell.sh("hostname") == "linux0"


def test_own_tree(boot):
    """A guest gets a device tree of the user's; a file that is none is
    refused."""
    ram = MACHINE.GUEST_RAM
    source = f"""/dts-v1/; / {{ #address-cells = <2>; #size-cells = <2>;
        memory@{ram:x} {{ device_type = "memory";
                          reg = <0 {ram:#x} 0 0x1000000>; }}; }};"""
    tree = subprocess.run(["dtc", "-q", "-O", "dtb"], input=source.encode(),
                          stdout=subprocess.PIPE, check=True).stdout
    guests = {name: bare(name, "hello", boot=f'dtb = "/{name}";')
              for name in ("good", "short", "text")}
    host = boot(guests, script="", files={
        "good": tree, "short": tree[:-1],
        "text": "not a tree at all, though as long as the header of one"})
    host.cmd("guest create /guests/good.dtb --start")
    host.attach("good")
    host.expect("hello: tree at 0x[0-9a-f]+")
    host.detach()
    for name, reason in (("short", "cut short"),
                         ("text", "does not begin with 0xd00dfeed")):
        seen = host.cmd(f"guest create /guests/{name}.dtb --start", ok=False)
        assert f"error: /guests/{name}.dtb: /{name}: " in seen
        assert reason in seen
        assert name not in host.guests()
    assert "created from /guests/text.dtb: /text: " in host.cmd("dmesg")


def test_pause_resume(boot):
    """A busy guest does not run while it is paused, and goes on afterwards."""
    host = boot({"linux0": description("linux0")})
    with host.linux("linux0") as shell:
        shell.sh("while :; do :; done &")
    host.cmd("guest pause linux0")
    host.expect_state("linux0", "paused")
    # Its VCPU; the thread that works for the guest is listed as well.
    first, *more = [next(vcpu for vcpu in host.json("vcpu list")
                         if vcpu["name"] == "linux0/0") for _ in range(4)]
    assert first["state"] == "paused"
    assert [vcpu["run_s"] for vcpu in more] == [first["run_s"]] * 3
    host.cmd("guest resume linux0")
    host.expect_state("linux0", "running")
    with host.linux("linux0") as shell:
        assert shell.sh("echo alive") == "alive"


def test_time_stands_still(boot):
    """No time passes for the guest during a pause."""
    host = boot({"linux0": description("linux0")})
    pause = 3

    def uptime():
        with host.linux("linux0") as shell:
            return float(shell.sh("cat /proc/uptime").split()[0])

    uptime()
    begin = time.monotonic()
    before = uptime()
    host.cmd("guest pause linux0")
    host.cmd(f"sleep {pause * 1000}")
    host.cmd("guest resume linux0")
    passed = uptime() - before
    # /proc/uptime has two decimals.
    assert passed <= time.monotonic() - begin - pause + 0.01


def test_reset(boot):
    host = boot({"linux0": description("linux0")})
    with host.linux("linux0") as shell:
        first = shell.sh("cat /proc/sys/kernel/random/boot_id")
    host.cmd("guest reset linux0")
    with host.linux("linux0") as shell:
        assert shell.sh("cat /proc/sys/kernel/random/boot_id") != first


def test_shell_is_interactive(boot):
    """Ctrl-C reaches the guest's foreground job."""
    host = boot({"linux0": description("linux0")})
    console = host.linux("linux0")
    # The job prints it itself: after an `echo` of the shell's there would be a
    # moment without a job for Ctrl-C to end.
    host.send("sh -c 'echo go; exec sleep 1000'\r")
    host.expect(r"\ngo\r*\n")
    host.send(CTRL_C)
    host.expect(r"linux0:[^\r\n]*# ")
    assert console.sh("echo alive") == "alive"


def used(host):
    """The use of memory, which must be the same afterwards.

    The heap keeps some empty pages for the next allocation: they count as
    free. Every byte in use counts.
    """
    pages = {row["use"]: row["size"] for row in host.json("memory")}
    pools = host.json("heap")
    heap = next(row for row in pools if row["name"] == "heap")
    return {
        "free": pages["free"] + heap["held"],
        "in use": {row["name"]: (row["live"], row["used"]) for row in pools},
    }


def test_create_destroy(boot):
    """A hundred times: every page and every byte of the heap is returned."""
    host = boot({"hello": bare("hello", "hello")}, script="")

    def cycle():
        host.cmd("guest create /guests/hello.dtb")
        host.cmd("guest start hello")
        host.cmd("guest destroy hello")

    # The first cycles fill pools, which are kept.
    for _ in range(3):
        cycle()
    used(host)  # a listing also takes memory the first time
    before = used(host)
    for _ in range(100):
        cycle()
    assert host.guests() == {}
    after = used(host)
    assert after == before


@pytest.mark.long
def test_linux_again_and_again(boot):
    """Linux is created, started and destroyed fifty times; no memory is
    lost."""
    host = boot({"linux0": description("linux0", vcpus=2)}, script="",
                limit=1800)

    def cycle():
        host.cmd("guest create /guests/linux0.dtb")
        host.cmd("guest start linux0")
        with host.linux("linux0") as shell:
            assert shell.sh("nproc") == "2"
        host.cmd("guest destroy linux0")

    for _ in range(3):
        cycle()
    used(host)
    before = used(host)
    for _ in range(50):
        cycle()
    assert used(host) == before


def test_what_is_no_description(boot):
    host = boot({"hello": bare("hello", "hello")}, script="",
                files={"big": bytes(300 << 10)})
    for path, advice in (("hello", "begin with /"),
                         ("/guests/hello.dts", ".dtb is needed"),
                         ("/guests/x.dtb", "no such file"),
                         ("/guests", "not a file"),
                         ("/big", "more than 256 KiB"),
                         ("/boot.cmd", "not a device tree blob")):
        seen = host.cmd(f"guest create {path}", ok=False)
        assert f"error: {path}: " in seen and advice in seen
    assert host.guests() == {}


def test_destroy_unstarted(boot):
    host = boot({"hello": bare("hello", "hello")}, script="")
    host.cmd("guest create /guests/hello.dtb")
    before = host.guests()
    assert before["hello"]["state"] != "running"
    host.cmd("guest destroy hello")
    assert host.guests() == {}


def test_64_guests(boot):
    """Many small guests at once; each prints its line."""
    names = [f"g{i}" for i in range(64)]
    host = boot({n: bare(n, "idle", memory=4) for n in names}, script="",
                mem="2G", limit=600)
    for name in names:
        host.cmd(f"guest create /guests/{name}.dtb")
        host.cmd(f"guest start {name}")
    states = host.guests()
    assert len(states) == 64
    assert {g["state"] for g in states.values()} == {"running"}
    for name in ("g0", "g31", "g63"):
        host.attach(name)
        host.expect("idle: waiting")
        host.detach()


def test_hello(boot):
    """A bare-metal guest receives what is typed, and ends."""
    host = boot({"hello": bare("hello", "hello")})
    host.attach("hello")
    host.expect("hello: tree at 0x[0-9a-f]+")
    host.send("xyzzy")
    host.expect("xyzzy")
    host.send("q")
    host.expect("bye")
    host.detach()
    host.expect_state("hello", "stopped")


def test_uboot(boot):
    """Debian's U-Boot for the virt machine, unmodified, to its prompt."""
    source = (TOP / f"arch/{ARCH}/bundles/default/guests/uboot.dts").read_text()
    host = boot({"uboot": source})
    host.attach("uboot")
    host.expect("=> ")
    host.send("version\r")
    host.expect(r"U-Boot 20\d\d")
    host.expect("=> ")
    host.detach()


def linked_at(blob, base):
    """Makes a position-independent ELF file one that is linked at an
    address."""
    blob = bytearray(blob)

    def add(place):
        value, = struct.unpack_from("<Q", blob, place)
        struct.pack_into("<Q", blob, place, value + base)

    struct.pack_into("<H", blob, 16, 2)  # ET_EXEC
    add(24)  # e_entry
    headers, = struct.unpack_from("<Q", blob, 32)
    count, = struct.unpack_from("<H", blob, 56)
    for i in range(count):
        add(headers + 56 * i + 16)  # p_vaddr
        add(headers + 56 * i + 24)  # p_paddr
    return bytes(blob)


def test_elf(boot):
    """An ELF file runs where it is linked, or where it is moved to; one that
    is not all in RAM is refused."""
    elf = (BUILD / "guest" / "hello.elf").read_bytes()
    ram = MACHINE.GUEST_RAM
    end = ram + (16 << 20)
    kernels = {
        "fixed": ("/fixed", ""),
        "moved": ("/images/hello.elf", f"kernel-address = <{ram + 0x400000:#x}>;"),
        "low": ("/images/hello.elf", ""),
        "high": ("/high", ""),
        "tail": ("/tail", ""),
    }
    host = boot({name: description(name, memory=16, kernel=kernel, initrd=None,
                                   bootargs="", boot=where)
                 for name, (kernel, where) in kernels.items()}, script="",
                files={"fixed": linked_at(elf, ram + 0x600000),
                       "high": linked_at(elf, end),
                       "tail": linked_at(elf, end - 0x2000)})
    host.cmd("heap trim")
    before = host.json("memory")
    for name, address in (("low", 0), ("high", end), ("tail", end)):
        seen = host.cmd(f"guest create /guests/{name}.dtb --start", ok=False)
        assert re.search(rf"error: {kernels[name][0]}: needs 0x[0-9a-f]+ bytes "
                         rf"at {address:#x}, which is not all RAM", seen), seen
        assert host.guests()[name]["state"] != "running"
        host.cmd(f"guest destroy {name}")
    host.cmd("heap trim")
    assert host.json("memory") == before
    for name in ("fixed", "moved"):
        host.cmd(f"guest create /guests/{name}.dtb --start")
        host.attach(name)
        host.expect("hello: tree at 0x[0-9a-f]+")
        host.send("abc")
        host.expect("abc")
        host.send("q")
        host.expect("bye")
        host.detach()
