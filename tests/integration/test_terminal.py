# SPDX-License-Identifier: GPL-2.0-or-later
"""The management terminal, as used at its keyboard."""

import os
import re
import select
import time

import pytest

from socle import (CTRL_C, CTRL_D, DETACH, SLOWNESS, bare, clean,
                   description)


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
    """Help on a command, on a subcommand, and on names that do not exist."""
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
    """Every listing fits into 80 columns, and is available as JSON."""
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
    """Clearing a large guest's memory takes long; the command says so, and
    Ctrl-C cancels it without losing memory."""
    big = bare("big", "idle").replace("model", 'memory = "30G";\n\tmodel')
    big = re.sub(r"\tmemory@.*\n", "", big)
    host = boot({"big": big}, script="", mem="32G",
                machine=",memory-backend=ram", extra=[
                    "-object",
                    "memory-backend-ram,id=ram,size=32G,reserve=off"])
    left = []
    # Memory still held since the boot is freed the first time.
    for _ in range(2):
        host.send("guest create /guests/big.dtb\r")
        host.expect(r"clearing the guest's memory; Ctrl-C cancels\r*\n")
        host.send(CTRL_C)
        host.expect("error: .*interrupted")
        host.expect_prompt()
        assert host.guests() == {}
        host.cmd("heap trim")
        left.append(host.json("memory"))
    assert left[0] == left[1]


def test_interrupted_search(boot):
    """A Ctrl-C that ends a search does not interrupt the next command."""
    host = boot()
    host.send("\x12ech")
    # Either the whole line is redrawn, or only from the last letter on.
    host.expect(r"h'\): echo")
    host.send(CTRL_C)
    host.expect_prompt()
    assert "interrupted" not in host.cmd("sleep 100")


def test_boot_script_error(start, bundle):
    """An error names the file and the line; the prompt still comes."""
    packed = bundle({}, script="echo first\nguest start nobody\necho third\n")
    host = start(packed)
    host.expect(r"/boot\.cmd:2")
    host.boot()


def test_files(boot):
    host = boot(files={"etc/words": "alpha\nbeta\n"}, script="echo started\n")
    assert "words" in host.cmd("ls /etc")
    assert host.cmd("cat /etc/words") == "alpha\nbeta"


def check_paste(host):
    """Of a megabyte of input nothing is lost, and the console still works."""
    line = "echo " + "x" * 58 + "\r"
    count = (1 << 20) // len(line)
    start = len(host.text)
    host.paste(line * count, timeout=600)
    assert host.cmd("echo alive", timeout=300).endswith("\nalive")
    # The output of each `echo` is there: nothing was lost.
    printed = clean(host.text[start:]).split("\n")
    assert printed.count("x" * 58) == count


def test_paste_a_megabyte(boot):
    check_paste(boot(limit=900))


def check_guest_paste(host, shell):
    """64 KiB into a program in a guest: each byte arrives. Echo is off."""
    shell.sh("stty -echo")
    # The shell has given the terminal back only once the next job runs.
    host.send("echo ${x}go; wc -c\r")
    host.expect(r"go\r*\n")
    host.paste(("y" * 255 + "\r") * 256)
    host.send(CTRL_D)
    host.expect(r"65536\r*\n", timeout=300)


def test_paste_into_guest(boot):
    """The same through a guest's UART."""
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
    """Sends bytes that are not read, as many as are accepted."""
    sent = 0
    while sent < count:
        _, ready, _ = select.select([], [host.child.child_fd], [], 2)
        if not ready:
            break
        sent += os.write(host.child.child_fd, b"z" * 512)


def check_flood(host):
    """Ctrl-C reaches a command that reads nothing."""
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


def test_slow_line(boot):
    """What sh() types has all arrived before the command runs: its echo does
    not come in the middle of the command's output, even if each line is
    late."""
    host = boot({"linux0": description("linux0")})
    with host.linux("linux0") as shell:
        send = host.send

        def late(text):
            for line in text.splitlines(keepends=True):
                send(line)
                time.sleep(0.5 * SLOWNESS)

        host.send = late
        assert shell.sh("sleep 1; nproc") == "1"
        host.send = send


# Asks for the status, sets the title, and turns on the alternate screen, line
# drawing characters, a scroll region and mouse reports.
HOSTILE = (r"\033[5n\033]0;evil\007\033[?1049h\033(0\033[2;5r\033[?1000h"
           "shown")


def print_hostile(host, shell):
    """Prints it in the guest; what the terminal receives."""
    start = len(host.text)
    shell.sh(f"printf '{HOSTILE}\\n'")
    return host.text[start:]


def test_guest_cannot_reprogram_terminal(boot):
    """A guest's output is filtered, live and replayed; leaving the console
    resets what it may set. With --raw, all that it writes from then on is
    passed on."""
    host = boot({"linux0": description("linux0")})
    shell = host.linux("linux0")
    said = print_hostile(host, shell)
    assert "shown" in said and "\x1b[?1049h" in said
    assert "\x1b[5n" not in said and "evil\x07" not in said
    start = len(host.text)
    host.detach()
    said = host.text[start:]
    for taken_back in ("[?1049l", "(B", "[r", "[?1000l", "[?2004h"):
        assert f"\x1b{taken_back}" in said, taken_back
    start = len(host.text)
    host.attach("linux0 --raw").login()
    assert "\x1b[5n" not in host.text[start:]
    said = print_hostile(host, shell)
    assert "\x1b[5n" in said and "\x1b]0;evil\x07" in said
    host.detach()
    assert host.cmd("echo alive") == "alive"


def test_last_words_first(boot):
    """A log line about a guest comes after what the guest wrote before it."""
    host = boot({"linux0": description("linux0")})
    host.linux("linux0")
    start = len(host.text)
    host.send("echo o >/proc/sysrq-trigger; poweroff -f\r")
    host.expect("guest linux0: powered off")
    said = host.text[start:]
    assert "reboot: Power down" in said or "Power down" in said, said
    assert said.index("Power down") < said.index("powered off")
    host.detach()
