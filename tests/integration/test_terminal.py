# SPDX-License-Identifier: GPL-2.0-or-later
"""The management terminal, as a person at its keyboard meets it."""

import os
import re
import select

import pytest

from socle import clean, CTRL_C, CTRL_D, DETACH, bare, description


def test_help_names_every_command(boot):
    host = boot()
    text = host.cmd("help")
    named = [line.split()[0] for line in text.split("\n") if line]
    for name in ("version host guest vcpu thread sched devtree memory heap irq "
                 "timer dmesg log ls cat hexdump run echo sleep reset "
                 "shutdown").split():
        assert name in named, f"help does not name {name}"
    for line in text.split("\n"):
        assert len(line) <= 80


def test_help_of_one(boot):
    """Of a command, of a subcommand, and of what there is not."""
    host = boot()
    assert "guest create FILE [--start]" in host.cmd("help guest")
    said = host.cmd("help guest create")
    assert "guest create FILE [--start]" in said and "guest list" not in said
    for line, advice in (("help gest", "did you mean 'guest'"),
                         ("help guest creat", "'guest create'"),
                         ("help ls x", "no subcommands"),
                         ("help guest create x", "usage: help")):
        assert advice in host.cmd(line, ok=False)


@pytest.mark.parametrize("line", ["guest list", "vcpu list", "thread list",
                                  "memory", "heap", "irq list", "irq cpus",
                                  "host cpus"])
def test_listings(boot, line):
    """Every listing fits 80 columns and is there as JSON."""
    host = boot({"hello": bare("hello", "hello")})
    for seen in host.cmd(line).split("\n"):
        assert len(seen) <= 80, seen
    rows = host.json(line)
    assert isinstance(rows, list) and rows


def test_unknown_command(boot):
    host = boot()
    assert "error:" in host.cmd("frobnicate", ok=False)


def test_interrupt(boot):
    host = boot()
    host.send("sleep 1000\r")
    host.expect("sleep 1000")
    host.send(CTRL_C)
    host.expect_prompt()
    assert host.cmd("echo alive") == "alive"


def test_interrupt_create(boot):
    """A large guest's memory takes long to clear; it says so, and Ctrl-C gives
    all back."""
    big = bare("big", "idle").replace("model", 'memory = "30G";\n\tmodel')
    big = re.sub(r"\tmemory@.*\n", "", big)
    host = boot({"big": big}, script="", mem="32G",
                machine=",memory-backend=ram", extra=[
                    "-object",
                    "memory-backend-ram,id=ram,size=32G,reserve=off"])
    host.cmd("heap trim")
    before = host.json("memory")
    host.send("guest create /guests/big.dtb\r")
    host.expect(r"clearing the guest's memory; Ctrl-C gives up\r*\n")
    host.send(CTRL_C)
    host.expect("error: .*interrupted")
    host.expect_prompt()
    assert host.guests() == {}
    host.cmd("heap trim")
    assert host.json("memory") == before


def test_interrupted_search(boot):
    """Ctrl-C that ends a search does not end the next command."""
    host = boot()
    host.send("\x12ech")
    # Redrawn whole, or the last letter and what it leads to.
    host.expect(r"h'\): echo")
    host.send(CTRL_C)
    host.expect_prompt()
    assert "interrupted" not in host.cmd("sleep 100")


def test_boot_script_error(start, bundle):
    """An error names the file and the line; the prompt comes all the same."""
    packed = bundle({}, script="echo first\nguest start nobody\necho third\n")
    host = start(packed)
    host.expect(r"/boot\.cmd:2")
    host.boot()


def test_files(boot):
    host = boot(files={"etc/words": "alpha\nbeta\n"}, script="echo started\n")
    assert "words" in host.cmd("ls /etc")
    assert host.cmd("cat /etc/words") == "alpha\nbeta"


def check_paste(host):
    """A megabyte of input loses nothing and does not wedge the console."""
    line = "echo " + "x" * 58 + "\r"
    count = (1 << 20) // len(line)
    start = len(host.text)
    host.paste(line * count, timeout=600)
    assert host.cmd("echo alive", timeout=300).endswith("\nalive")
    # Echoed and printed: nothing is lost on the way.
    printed = clean(host.text[start:]).split("\n")
    assert printed.count("x" * 58) == count


def test_paste_a_megabyte(boot):
    check_paste(boot(limit=900))


def check_guest_paste(host, shell):
    """64 KiB into a program in a guest, each of which arrives; echo is off."""
    shell.sh("stty -echo")
    # Only once it runs has the shell given the terminal back.
    host.send("echo ${x}go; wc -c\r")
    host.expect(r"go\r*\n")
    host.paste(("y" * 255 + "\r") * 256)
    host.send(CTRL_D)
    host.expect(r"65536\r*\n", timeout=300)


def test_paste_into_guest(boot):
    """The same through a guest's UART: each byte arrives."""
    host = boot({"linux0": description("linux0")}, limit=600)
    with host.linux("linux0") as shell:
        check_guest_paste(host, shell)
        shell.sh("stty echo")


def test_shutdown_exit_code(boot):
    host = boot({"linux0": description("linux0")})
    assert host.shutdown() == 0


def test_dmesg(boot):
    """The log from its first line to its last."""
    host = boot()
    said = host.cmd("dmesg")
    assert "cpu0: Socle " in said.split("\n")[0]
    assert "smp: 2 of 2 CPUs online" in said


def flood(host, count):
    """Sends what nobody reads, as far as it goes."""
    sent = 0
    while sent < count:
        _, ready, _ = select.select([], [host.child.child_fd], [], 2)
        if not ready:
            break
        sent += os.write(host.child.child_fd, b"z" * 512)


def check_flood(host):
    """Ctrl-C gets through to a command that reads nothing."""
    host.send("sleep 100000000\r")
    host.expect("sleep 100000000")
    flood(host, 30000)
    host.send(CTRL_C)
    host.expect("interrupted", timeout=30)
    assert host.cmd("echo alive").endswith("alive")


def test_interrupt_behind_flood(boot):
    check_flood(boot())


def test_leave_a_deaf_guest(boot):
    """Ctrl-] leaves the console of a guest that reads nothing."""
    host = boot({"idle": bare("idle", "idle")})
    host.attach("idle")
    flood(host, 30000)
    host.send(DETACH)
    host.expect("left the console", timeout=30)
    assert host.cmd("echo alive").endswith("alive")
