# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of a bare-metal guest: invalid ones, and a capture on a serial line
or a virtio-console port of the host."""

import subprocess
import sys
import time

import pytest

from board import zcu102
from socle import SLOWNESS, TOP, Monitor, bare
from test_net import card, drops, frames


def packets(**more):
    cards = f"""devices {{ {card(0, switch='"lan"')}
                {card(1, switch='"lan"')} }};"""
    return {"packets": bare("packets", "packets", extra=cards, **more)}


def run(host):
    host.expect_state("packets", "stopped")
    host.send("guest console packets\r")
    host.expect("packets: done")
    host.detach()
    assert "WRONG" not in host.text


def test_hostile_packets(boot):
    """Invalid packets are dropped, and the next packet still arrives."""
    host = boot(packets())
    run(host)
    assert drops(host, "packets.net0", "malformed", "in") >= 9
    assert drops(host, "packets.net0", "VLAN", "in") > 0


def second_uart(line):
    return "serial@ff010000", zcu102(["-serial", f"file:{line}"])


def console_port(line):
    return "virtio0", {"extra": [
        "-chardev", f"file,id=con,path={line}",
        "-device", "virtio-serial-pci,max_ports=1",
        "-device", "virtconsole,chardev=con"]}


def named_port(line):
    return "virtio0.capture", {"extra": [
        "-chardev", f"file,id=con,path={line}",
        "-chardev", "null,id=other",
        "-device", "virtio-serial-pci",
        "-device", "virtconsole,chardev=other",
        "-device", "virtserialport,name=capture,chardev=con"]}


@pytest.mark.parametrize("made", [second_uart, console_port, named_port])
def test_capture_on_a_serial_line(boot, tmp_path, made):
    """What has passed a port is sent out of the board's second UART, or of a
    console port, and tools/socle-capture makes a file of it."""
    line = tmp_path / "line"
    device, machine = made(line)
    host = boot(packets(), script="guest create /guests/packets.dtb\n",
                **machine)
    host.cmd("net capture start packets.net1 snap=1000")
    host.cmd(f"net capture stream packets.net1 {device}")
    host.cmd("guest start packets")
    run(host)
    captured = host.json("net capture list")[0]
    assert captured["frames"] > 10 and captured["lost"] == 0
    limit = time.monotonic() + 20 * SLOWNESS
    while True:
        found = frames(subprocess.run(
            [sys.executable, TOP / "tools/socle-capture", line],
            capture_output=True, check=True, timeout=60).stdout)
        if len(found) == captured["frames"] or time.monotonic() > limit:
            break
        time.sleep(0.5)
    assert len(found) == captured["frames"]
    # The valid ones: broadcasts of 60 bytes.
    good = [data for length, data in found if length == 60]
    assert len(good) > 10
    assert all(data[:6] == b"\xff" * 6 for data in good)
    host.cmd("net capture stop packets.net1")
    users = {device["name"]: device["user"]
             for device in host.json("device list")}
    assert users[device] is None


def test_capture_whose_port_is_removed(boot, tmp_path):
    """The stream ends, the capture goes on, and another port can have it."""
    host = boot(packets(), script="guest create /guests/packets.dtb\n", extra=[
        "-chardev", "null,id=a", "-chardev", "null,id=b",
        "-device", "virtio-serial-pci",
        "-device", "virtserialport,name=one,chardev=a,id=one",
        "-device", "virtserialport,name=two,chardev=b",
        *Monitor.option(tmp_path / "qmp")])
    monitor = Monitor(tmp_path / "qmp")
    host.cmd("net capture start packets.net1 snap=1000")
    host.cmd("net capture stream packets.net1 virtio0.one")
    assert host.json("net capture list")[0]["stream"] == "virtio0.one"
    monitor.run("device_del", id="one")
    limit = time.monotonic() + 20 * SLOWNESS
    while "virtio0.one" in host.cmd("device list"):
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert not host.json("net capture list")[0]["stream"]
    host.cmd("guest start packets")
    run(host)
    assert host.json("net capture list")[0]["frames"] > 10
    host.cmd("net capture stream packets.net1 virtio0.two")
    assert host.json("net capture list")[0]["stream"] == "virtio0.two"
    host.cmd("net capture stop packets.net1")
    assert "virtio0.two" in host.cmd("device list")
    assert host.shutdown() == 0
