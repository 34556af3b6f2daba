# SPDX-License-Identifier: GPL-2.0-or-later
"""Management channels, of an operator and of guests, with tools/soclectl."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from manager import SOCLECTL, channel, soclectl, start, watched
from socle import SLOWNESS, TOP, bare, description

@pytest.fixture
def managed(boot, tmp_path):
    """A host with a management channel, and where that is."""
    where = str(tmp_path / "socle.sock")
    host = boot({"linux0": description("linux0"),
                 "linux1": description("linux1")}, **channel(where))
    return host, where


def test_commands(managed):
    """Output, errors, exit statuses, and lines from standard input."""
    host, where = managed
    status, out, err = soclectl(where, "guest", "list", "--json")
    assert (status, err) == (0, "")
    assert [guest["name"] for guest in json.loads(out)] == ["linux0", "linux1"]
    # Longer than the port's buffers; and beside the terminal.
    status, out, _ = soclectl(where, "help")
    assert status == 0 and len(out) > 1024
    assert "linux0" in host.cmd("guest list")
    status, out, err = soclectl(where, "echo", 'two  words "quoted" \\')
    assert out == 'two  words "quoted" \\\n'
    status, out, err = soclectl(where, stdin="guest pause linux0\n\n"
                                             "guest pause nobody\n"
                                             "guest list --json\n")
    assert status == 1
    assert json.loads(out[out.index("["):])[0]["state"] == "paused"
    assert err.startswith("error: ") and "nobody" in err
    assert soclectl(where + ".no", "version")[0] == 2
    assert soclectl(where, "-t", "0", "version")[0] == 2
    assert soclectl(where, "host", "shutdown")[0] in (0, 2)
    assert host.wait_exit() == 0


def test_interrupt(managed):
    """Ctrl-C ends the command, and the channel is good for the next one."""
    _, where = managed
    top = start(where, "sleep", "600000")
    time.sleep(1)
    while top.poll() is None:
        top.send_signal(signal.SIGINT)
        time.sleep(0.5)
    assert top.returncode == 1
    assert soclectl(where, "version")[0] == 0


def test_user_who_goes(managed):
    """Who closes in the middle of long output leaves nothing to the next."""
    _, where = managed
    line = socket.socket(socket.AF_UNIX)
    line.connect(where)
    line.sendall(b'{"id": 1, "watch": true}\n{"id": 2, "command": "help"}\n'
                 b'{"id": 3, "comm')
    line.close()
    status, out, err = soclectl(where, "guest", "list", "--json")
    assert (status, err) == (0, "")
    assert len(json.loads(out)) == 2


def test_watch(managed):
    """Events come as they happen, of the kinds asked for."""
    host, where = managed

    def pause():
        host.cmd("guest pause linux0")
        host.cmd("guest resume linux0")

    watch = start(where, "watch", "--json", "guest", "crash")
    event = json.loads(next(watched(watch, pause)))
    assert (event["event"], event["guest"]) == ("guest", "linux0")
    os.kill(watch.pid, signal.SIGINT)
    watch.wait(60)
    watch = start(where, "watch", "guest")
    lines = watched(watch, pause)
    next(lines)
    pause()
    while not re.match(r"\d+\.\d{6} guest linux0 paused\n$", next(lines)):
        pass
    assert re.match(r"\d+\.\d{6} guest linux0 running\n$", next(lines))
    host.cmd("guest destroy linux1")
    while "linux1 stopped" not in next(lines):
        pass
    watch.kill()
    watch.wait()
    status, _, err = soclectl(where, "watch", "nonsense")
    assert status == 1 and "deadline" in err


def test_completion(managed):
    """bash's completion asks the hypervisor."""
    _, where = managed

    def complete(*words):
        script = (f". {TOP}/tools/soclectl/completion; "
                  f"COMP_WORDS=({' '.join(words)}); "
                  "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
                  "COMP_LINE=\"${COMP_WORDS[*]}\"; "
                  "COMP_POINT=${#COMP_LINE}; _soclectl; "
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(
            ["bash", "-c", script], check=True, text=True,
            stdout=subprocess.PIPE,
            env={"PATH": f"{SOCLECTL.parent}:{os.environ['PATH']}",
                 "SOCLE": where})
        return done.stdout.splitlines()

    assert complete("soclectl", "gue") == ["guest "]
    assert complete("soclectl", "wat") == ["watch "]
    assert "pause" in complete("soclectl", "guest", "''")
    assert complete("soclectl", "guest", "pause", "lin") == ["linux0",
                                                             "linux1"]
    assert complete("soclectl", "-c", where, "-t", "5", "guest", "pau") == \
        ["pause "]


def test_metrics(managed):
    """In Prometheus' format, printed and by HTTP."""
    _, where = managed
    status, out, _ = soclectl(where, "metrics")
    assert status == 0
    sample = re.compile(r"[a-z_][a-z0-9_]*\{([a-z]+=\"[^\"]*\",?)*\} -?[\d.]+$")
    lines = out.splitlines()
    assert all(sample.match(line) for line in lines)
    assert 'socle_guest_state{name="linux0",value="running"} 1' in lines
    names = [line.partition("{")[0] for line in lines]
    # All samples of a metric stand together.
    runs = [name for i, name in enumerate(names)
            if i == 0 or names[i - 1] != name]
    assert len(runs) == len(set(runs))
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    server = start(where, "metrics", str(port))
    try:
        for _ in range(100):
            try:
                page = urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/metrics", timeout=60)
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        assert page.headers["Content-Type"].startswith("text/plain; version=")
        assert b"socle_host_cpus_online{} 2" in page.read()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60)
    finally:
        server.kill()
        server.wait()


PAGE = TOP / "docs/howto/manage-from-a-guest.md"


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def manager(name, extra):
    return description(name, memory=256, kernel="/images/Image-full",
                       initrd="/images/initrd-full.cpio.gz", extra=extra)


def test_from_a_guest(boot):
    """docs/howto/manage-from-a-guest.md: soclectl in a guest restarts one that has
    crashed, within its rights; a guest without rights is denied everything, and
    learns nothing."""
    granted = examples("dts")[0]
    none = granted[:granted.index("management")]
    host = boot({"linux0": manager("linux0", granted),
                 "linux1": manager("linux1", none),
                 "victim": bare("victim", "hostile_vectors")},
                script="guest create /guests/linux0.dtb --start\n"
                       "guest create /guests/linux1.dtb --start\n"
                       "guest create /guests/victim.dtb\n")
    with host.linux("linux0") as shell:
        listed = json.loads(shell.sh("soclectl guest list --json"))
        assert [row["name"] for row in listed] == ["linux0", "victim"]
        shell.sh("soclectl watch --json crash guest >/tmp/events &")
        for count in (1, 2):
            assert "victim" in shell.sh("soclectl guest start victim")
            shell.sh("until [ $(grep -c '\"crash\".*\"victim\"' /tmp/events) = "
                     f"{count} ]; do sleep 1; done", timeout=120)
            listed = json.loads(shell.sh("soclectl guest list --json"))
            assert listed[1]["state"] == "crashed"
            assert "exception vector" in shell.sh("soclectl guest crash victim")
        for line in examples("sh")[0].splitlines():
            shell.sh(line)
        for line in ("guest reset linux0", "guest info linux1", "guest info 1",
                     "guest info nobody", "memory", "host shutdown",
                     "guest destroy victim"):
            assert shell.sh(f"soclectl {line} 2>&1; echo $?").split("\n") == [
                f"denied: {line}", "3"]
    with host.linux("linux1") as shell:
        assert json.loads(shell.sh("soclectl guest list --json")) == []
        assert shell.sh("soclectl guest stop victim 2>&1; echo $?").split(
            "\n") == ["denied: guest stop victim", "3"]
        # What it does again and again, the log has now and then.
        shell.sh("for i in $(seq 40); do soclectl memory 2>/dev/null; done; "
                 "true", timeout=300)
        # More connections than it may have are refused, and hurt nobody.
        shell.sh("for i in $(seq 6); do soclectl watch & done; sleep 2; "
                 "killall soclectl; true", timeout=120)
    with host.linux("linux0") as shell:
        assert "crashed" in shell.sh("soclectl guest list")
    assert 5 < host.cmd("dmesg").count("linux1: management: denied") < 42
