# SPDX-License-Identifier: GPL-2.0-or-later
"""What a request costs in all: the difference of two amounts, its goals, and
how Xen's dom0 is started."""

import argparse
import os
import re
import subprocess

import pytest

from of_arm64 import TOP
import fio
import image
import systems

PROFILE = TOP / "tests/bench/linux/xen/profile"


def one(guest, hypervisor=0, exits=0):
    return {"guest": guest, "instructions": hypervisor, "excursions": exits}


def counted(guest, hypervisor=0, exits=0):
    return {"rounds": 1, **one(guest, hypervisor, exits)}


def test_what_begins_and_ends_a_work_does_not_count():
    found = fio.per_one({"vda-read-4k-1-500": counted(9000 + 500 * 20, 77, 3),
                         "vda-read-4k-1-2500": counted(
                             9000 + 2500 * 20, 77 + 2000 * 4, 3 + 2000)})
    assert found == {"vda-read-4k-1": {
        "guest": 20, "instructions": 4, "excursions": 1}}


def test_bytes_are_counted_in_their_unit():
    found = fio.per_one({"tcp-4": counted(100), "tcp-20": counted(
        100 + 16 * 1024 * 8)}, 1024)
    assert found["tcp"]["guest"] == 8


@pytest.mark.parametrize("hypervisor, said", [(25, "80 %"), (26, "79 %*")])
def test_what_is_below_its_goal_is_marked(hypervisor, said):
    row = fio.row_of(one(100), {"socle": one(100, hypervisor, 3)}, 80)
    name = f"host-{fio.WORKS[0].name}"
    assert fio.cells(name, row, ["socle"])[-2:] == [said, ">= 80 %"]


def test_a_goal_of_none_is_never_missed():
    row = fio.row_of(one(1), {"socle": one(9)}, None)
    assert fio.cells(f"ram-{fio.WORKS[0].name}", row, ["socle"])[-2:] == [
        "11 %", ""]


def test_the_goal_is_not_xens():
    row = fio.row_of(one(100), {"socle": one(100), "xen": one(300, 100, 7)}, 80)
    found = fio.cells("host-read-4k-1", row, ["socle", "xen"])
    assert found == ["4 KiB read, depth 1, host virtio-blk", "100",
                     "100", "0", "0.00", "100 %", "400", "100", "7.00", "25 %",
                     ">= 80 %"]
    assert len(found) == len(list(fio.heads(["socle", "xen"])))


def test_each_system_has_its_own_names_of_the_disks():
    def of(disks, guest):
        return {f"{disk}-{work.name}": one(guest * (i + 1))
                for i, disk in enumerate(disks) for work in fio.WORKS}

    rows = fio.disk_rows({"native": of(["vda"], 10),
                          "socle": of(["vda", "vdb"], 20),
                          "xen": of(["xvda", "xvdb"], 40)})
    host, ram = rows["host-read-4k-32"], rows["ram-read-4k-32"]
    assert len(rows) == 2 * len(fio.WORKS)
    assert [host["native"], host["socle"]["all"], host["xen"]["all"]] == [
        10, 20, 40]
    assert [ram["native"], ram["socle"]["all"], ram["xen"]["all"]] == [
        10, 40, 80]
    assert (host["goal"], ram["goal"]) == (92, None)


def test_systems_are_named():
    assert fio.systems_list("native,xen") == ["xen"]
    assert fio.systems_list("native") == []
    with pytest.raises(argparse.ArgumentTypeError, match="'kvm'.*socle, xen"):
        fio.systems_list("socle,kvm")


# --- Xen's dom0 -------------------------------------------------------------

WORKS = [("linux1", "tcp=server"), ("linux0", "disks=xvda,xvdb")]


def test_the_command_line_of_dom0_names_its_guests_in_order():
    line = fio.dom0_line(WORKS)
    assert "console=hvc0" in line.split()
    assert line.endswith(" memory=512 guest=linux1:tcp=server "
                         "guest=linux0:disks=xvda,xvdb")


@pytest.mark.parametrize("does", ["disks=vda tcp=server", 'a="b"'])
def test_the_work_of_a_guest_is_one_word(does):
    with pytest.raises(ValueError, match="linux0"):
        fio.dom0_line([("linux0", does)])


def function(name):
    """A function of dom0's shell."""
    return re.search(rf"^{name}\(\) {{$.*?^}}$", PROFILE.read_text("utf-8"),
                     re.M | re.S).group()


def configuration(name, does):
    """What dom0's shell makes of it for xl: {key: value}."""
    script = f"{function('configuration')}\nmemory=512\n" \
        f"configuration '{name}' '{does}'\n"
    said = subprocess.run(["sh", "-eu", "-c", script], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return dict(line.strip().split(" = ", 1) for line in said.splitlines())


def test_dom0_gives_a_domain_its_work_and_its_disks():
    found = configuration(*WORKS[1])
    assert found["name"] == '"linux0"'
    assert found["memory"] == "512"
    assert "hostname=linux0 disks=xvda,xvdb" in found["extra"]
    # The names that the table is made by, host's disk first.
    assert re.findall(r"phy:([a-z0-9/]+),([a-z]+),w", found["disk"]) == list(
        zip(["/dev/vda", "/dev/ram0"], fio.DISKS["xen"].values()))
    assert "vif" not in found


def test_dom0_gives_a_domain_its_network():
    found = configuration(*WORKS[0])
    assert found["vif"] == '["bridge=lan"]'
    assert "disk" not in found


@pytest.mark.parametrize("script, event, writes", [
    ("block", "add", ["physical-device 7:3", "hotplug-status connected"]),
    ("block", "remove", []),
    ("vif-bridge", "online", ["hotplug-status connected"]),
    ("vif-bridge", "offline", []),
])
def test_a_device_is_connected_when_it_is_added(tmp_path, script, event,
                                                writes):
    """The scripts that xl runs, with programs that say how they were called."""
    for name, body in {"xenstore": '[ "$1" = read ] && echo /dev/null || '
                                   'echo "$@" >>"$LOG"',
                       "stat": "echo 7:3", "brctl": 'echo brctl "$@" >>"$LOG"',
                       "ip": 'echo ip "$@" >>"$LOG"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    log = tmp_path / "log"
    log.touch()
    subprocess.run(
        [PROFILE.parent / script, event], check=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log),
             "XENBUS_PATH": "backend/1", "vif": "vif1.0"})
    said = log.read_text("utf-8")
    for text in writes:
        assert f"backend/1/{text}" in said
    assert bool(said) == bool(writes)
    assert ("brctl addif /dev/null vif1.0" in said) == (event == "online")


def test_xen_is_watched_where_it_runs():
    option, value = image.watched(systems.qemu.PLACES.XEN, 0x200000,
                                  "count.so", "out", "idle=on")
    assert option == "-plugin"
    assert value == ("count.so,image=0x200000,loaded=0x40200000,size=0x200000,"
                     "out=out,idle=on")


def test_dom0s_files_are_put_one_after_the_other(tmp_path):
    kernel, initrd = tmp_path / "Image", tmp_path / "initrd"
    kernel.write_bytes(b"k" * 100)
    initrd.write_bytes(b"i" * (3 << 20))
    guest = systems.Guest(kernel, "dom0", initrd, "console=hvc0")
    nodes, loads, end = systems.xen_modules(guest, 0x50000000)
    assert ["multiboot,kernel" in nodes[0], "multiboot,ramdisk" in nodes[1]] \
        == [True, True]
    assert 'bootargs = "console=hvc0"' in nodes[0]
    starts = [int(re.search(r"module@([0-9a-f]+)", node).group(1), 16)
              for node in nodes]
    assert starts[0] == 0x50000000
    assert starts[1] >= starts[0] + 100 and end >= starts[1] + (3 << 20)
    assert [f"addr={start:#x}" in " ".join(loads) for start in starts] \
        == [True, True]
