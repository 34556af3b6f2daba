# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests' serial lines: a virtio console, connections, and a terminal on a port
of the host."""

import socket
import time

import pytest

from socle import MACHINES, SLOWNESS, Monitor, description

CONSOLE = """
	devices {
		console0 { compatible = "virtio,console"; ports = <%d>; cols = <100>; };
	};
"""


def with_console(name, ports):
    return description(name, extra=CONSOLE % ports)


def line(host, name):
    """The row of `vserial list` for a line."""
    return next(row for row in host.json("vserial list")
                if row["name"] == name)


@pytest.mark.parametrize("kind", MACHINES, ids=str)
def test_virtio_console(boot, kind):
    """With Linux's driver: two ports, their names and size, both
    directions."""
    host = boot({"linux0": with_console("linux0", 2)}, **kind)
    with host.linux("linux0") as shell:
        assert shell.sh("cat /sys/class/virtio-ports/*/name").split() == \
            ["hvc0", "hvc1"]
        assert shell.sh("stty size </dev/hvc0") == "24 100"
        shell.sh("stty -echo raw </dev/hvc1; "
                 "seq 1 400 >/dev/hvc0; echo to-the-terminal >/dev/hvc1; "
                 "(head -n 1 </dev/hvc1 >/tmp/heard) &")
    replay = host.cmd("vserial replay linux0/hvc0")
    assert "400" in replay.split()
    assert "to-the-terminal" in host.cmd("vserial replay linux0/hvc1")
    assert line(host, "linux0/hvc0")["sent"] >= sum(
        len(str(n)) + 1 for n in range(1, 401))
    host.send("vserial attach linux0/hvc1\r")
    host.expect("to-the-terminal")
    host.send("typed here\n")
    host.detach()
    with host.linux("linux0") as shell:
        assert shell.sh("wait; cat /tmp/heard") == "typed here"
    assert host.shutdown() == 0


def test_two_guests_connected(boot):
    """A cable between a port of one guest and a port of another."""
    host = boot({name: with_console(name, 1) for name in
                 ("linux0", "linux1")}, mem="1G")
    host.cmd("vserial connect linux0/hvc0 linux1/hvc0")
    assert "has a connection" in host.cmd(
        "vserial connect linux0/hvc0 linux1/serial0", ok=False)
    assert line(host, "linux1/hvc0")["connected"] == "linux0/hvc0"
    with host.linux("linux1") as shell:
        # The port must stay open: Linux resets the settings of a closed one.
        # A line has no flow control, so the reader confirms what it has read.
        shell.sh("(exec 3<>/dev/hvc0; stty raw -echo <&3; touch /tmp/open; "
                 "i=0; while [ $i -lt 300 ]; do read n; echo $n; i=$((i+1)); "
                 "[ $((i % 50)) = 0 ] && echo $i >&3; done <&3 | "
                 "md5sum >/tmp/sum) & until [ -e /tmp/open ]; "
                 "do sleep 0.1; done")
    with host.linux("linux0") as shell:
        sent, taken = shell.sh(
            "seq 1 300 | md5sum; (exec 3<>/dev/hvc0; stty raw -echo <&3; "
            "for i in $(seq 1 300); do echo $i >&3; [ $((i % 50)) = 0 ] && "
            "read n <&3 && echo $n; done) | md5sum").splitlines()
        assert taken == shell.sh("seq 50 50 300 | md5sum")
    with host.linux("linux1") as shell:
        assert shell.sh("wait; cat /tmp/sum").strip() == sent
    host.cmd("guest destroy linux1")
    assert line(host, "linux0/hvc0")["connected"] is None
    assert host.shutdown() == 0


class Second:
    """A terminal on another port of the host."""

    def __init__(self, where):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.settimeout(60 * SLOWNESS)
        self.line.connect(str(where))
        self.cmd("")

    def cmd(self, command, until="socle> "):
        """Types a command; what is printed up to the next prompt."""
        self.line.sendall(command.encode() + b"\r")
        said = ""
        while not said.replace("\x1b[K", "").endswith(until):
            said += self.line.recv(65536).decode()
        return said


def test_second_terminal(boot, tmp_path):
    """Another terminal, on a virtio console of the host."""
    where = tmp_path / "socle.sock"
    host = boot({"linux0": description("linux0")}, append="terminals=virtio0",
                extra=["-device", "virtio-serial-pci", "-device",
                       "virtconsole,chardev=t", "-chardev",
                       f"socket,id=t,path={where},server=on,wait=off"])
    second = Second(where)
    assert '"name": "linux0"' in second.cmd("guest list --json")
    # Longer than the port's buffers; and both terminals at the same time.
    assert len(second.cmd("help")) > 1024
    assert "linux0" in host.cmd("guest list")
    assert "error: " in second.cmd("guest pause nobody")
    second.line.sendall(b"host shutdown\r")
    assert host.wait_exit() == 0


@pytest.mark.parametrize("ring", ["", ",packed=on"], ids=["split", "packed"])
def test_ports_of_a_console(boot, tmp_path, ring):
    """Two ports of one virtio-console of the host: a terminal on one, a guest's
    console on the other; the one without a name has its number."""
    where = str(tmp_path / "socle.sock")
    guest = tmp_path / "guest"
    host = boot({"linux0": with_console("linux0", 1)},
                append="terminals=virtio0.ops",
                extra=["-device", f"virtio-serial-pci{ring}",
                       "-chardev", f"socket,id=t,path={where},server=on,"
                       "wait=off",
                       "-chardev", f"file,id=g,path={guest}",
                       "-chardev", "null,id=n", "-chardev", "null,id=m",
                       "-device", "virtconsole,chardev=n",
                       "-device", "virtserialport,name=ops,chardev=t,nr=1",
                       "-device", "virtserialport,name=guest,chardev=g,nr=5",
                       "-device", "virtserialport,chardev=m,nr=7"])
    users = {device["name"]: device["user"]
             for device in host.json("device list")
             if device["name"].startswith("virtio0")}
    assert users == {"virtio0": None, "virtio0.ops": "terminal",
                     "virtio0.guest": None, "virtio0.7": None}
    host.cmd("vserial connect linux0/hvc0 virtio0.guest")
    with host.linux("linux0") as shell:
        shell.sh("stty raw -echo </dev/hvc0; seq 1 300 >/dev/hvc0")
    second = Second(where)
    assert len(second.cmd("help")) > 1024
    host.cmd("vserial disconnect linux0/hvc0")
    assert guest.read_bytes().replace(b"\r", b"") == b"".join(
        b"%d\n" % n for n in range(1, 301))
    assert "in use" in host.cmd("device unbind virtio0", ok=False)
    host.cmd("device unbind virtio0.guest")
    host.cmd("device bind virtio0.guest")
    host.cmd("vserial connect linux0/hvc0 virtio0.guest")
    second.line.sendall(b"host shutdown\r")
    assert host.wait_exit() == 0


def ports(host):
    """The ports of the host's first console, and who uses them."""
    return {device["name"]: device["user"]
            for device in host.json("device list")
            if device["name"].startswith("virtio0.")}


def wait_for_ports(host, expected):
    limit = time.monotonic() + 30 * SLOWNESS
    while ports(host) != expected:
        assert time.monotonic() < limit, ports(host)


def test_ports_come_and_go(boot, tmp_path):
    """A port that QEMU adds at run time is a line at once; one that it removes
    goes, and the guest's console with which it was connected is free again."""
    host = boot({"linux0": with_console("linux0", 1)},
                extra=["-device", "virtio-serial-pci,id=ports",
                       "-chardev", f"file,id=first,path={tmp_path / 'first'}",
                       "-chardev", f"file,id=next,path={tmp_path / 'next'}",
                       *Monitor.option(tmp_path / "qmp")])
    monitor = Monitor(tmp_path / "qmp")
    assert ports(host) == {}
    # Both have the same number: the second has nothing of the first.
    for name in ("first", "next"):
        monitor.run("device_add", driver="virtserialport", bus="ports.0",
                    chardev=name, name=name, id=name, nr=5)
        wait_for_ports(host, {f"virtio0.{name}": None})
        host.cmd(f"vserial connect linux0/hvc0 virtio0.{name}")
        assert line(host, "linux0/hvc0")["connected"] == f"virtio0.{name}"
        with host.linux("linux0") as shell:
            shell.sh(f"for i in $(seq 1 300); do echo {name} $i; done "
                     ">/dev/hvc0")
        limit = time.monotonic() + 30 * SLOWNESS
        while not (tmp_path / name).read_bytes().endswith(b" 300\r\n"):
            assert time.monotonic() < limit
            time.sleep(0.1)
        monitor.run("device_del", id=name)
        wait_for_ports(host, {})
        assert line(host, "linux0/hvc0")["connected"] is None
        assert (tmp_path / name).read_bytes() == b"".join(
            b"%s %d\r\n" % (name.encode(), i) for i in range(1, 301))
    assert "removed by the device" in host.cmd("dmesg")
    assert host.shutdown() == 0
