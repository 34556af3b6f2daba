# SPDX-License-Identifier: GPL-2.0-or-later
"""Cache colours: assignment, refusals, and that all memory has its guest's
colours."""

import sys

import pytest

import test_guest_disks as disks
from socle import BUILD, TOP, bare, description

sys.path.insert(0, str(TOP / "tools" / "bench"))
import colours as bench  # noqa: E402  (tools is no package)

# What QEMU's models report for their last-level cache.
COLOURS = {"cortex-a53": 16, "cortex-a57": 32}
BOARDS = [(2, "cortex-a53"), (3, "cortex-a57"), (3, "cortex-a53"),
          (2, "cortex-a57")]


def coloured(source, **properties):
    """Adds root properties to the description: name=value, `_` for `-`."""
    text = "".join(f"{name.replace('_', '-')} = {value}; "
                   for name, value in properties.items())
    return source.replace("model =", f"{text}model =")


def hello(name, memory=16, **properties):
    return coloured(bare(name, "hello", memory=memory), **properties)


@pytest.mark.parametrize("gic,cpu", BOARDS)
def test_geometry(boot, gic, cpu):
    host = boot(gic=gic, cpu=cpu)
    last = host.json("host cache")[-1]
    assert (last["level"], last["kind"], last["ways"]) == (2, "unified", 16)
    assert last["colours"] == COLOURS[cpu]
    assert f"pages have {COLOURS[cpu]} colours" in host.cmd("host cache")


def test_geometry_by_argument(boot):
    host = boot(append="llc=512K,8 llc=512K,7")
    last = host.json("host cache")[-1]
    assert (last["level"], last["colours"], last["told_by"]) == (3, 16, "llc=")
    assert "bootargs: found llc=512K,7; allowed" in host.text
    assert "pages have 16 colours" in host.cmd("host cache")


def of_guest(host, name):
    """The colours of a guest's memory, with the number of pages of each."""
    return {row["colour"]: row["pages"]
            for row in host.json(f"guest memory {name} --colours")}


def check(host):
    """`memory check` finds no error; returns its rows by owner and kind."""
    rows = host.json("memory check")
    wrong = [row for row in rows
             if row["foreign"] or row["twice"] or row["unowned"]]
    assert not wrong
    assert "no page is of a foreign colour" in host.cmd("memory check")
    return {(row["owner"], row["pages_of"]): row["pages"] for row in rows}


@pytest.mark.parametrize("gic,cpu", BOARDS)
def test_guests(boot, gic, cpu):
    last = COLOURS[cpu] - 1
    host = boot({"red": hello("red", colors="<0 1 2 3>"),
                 "blue": hello("blue", colors_count="<6>"),
                 "single": hello("single", colors=f"<{last}>"),
                 "plain": hello("plain")}, gic=gic, cpu=cpu)
    assert of_guest(host, "red") == {c: 1024 for c in range(4)}
    blue = of_guest(host, "blue")
    assert list(blue) == [4, 5, 6, 7, 8, 9] and sum(blue.values()) == 4096
    assert of_guest(host, "single") == {last: 4096}
    # Colours of no other guest.
    assert list(of_guest(host, "plain")) == list(range(10, last))
    pages = check(host)
    for name in ("red", "blue", "single", "plain"):
        # Its RAM, and the page with the records of stolen time.
        assert pages[name, "mapped"] == 4096 + 1
        assert pages[name, "tables"] >= 9
        host.attach(name)
        host.expect("hello")
        host.detach()
    free = host.json("memory")[1]["pages"]
    for name in ("red", "blue", "single", "plain"):
        host.cmd(f"guest destroy {name}")
    assert host.json("memory")[1]["pages"] >= free + 4 * 4096
    check(host)


def test_refusals(boot):
    guests = {
        "red": hello("red", colors="<0 1 2 3>", colors_shared='"pair"'),
        "plain": hello("plain"),
        "taken": hello("taken", colors="<3 4>"),
        "many": hello("many", colors_count="<13>"),
        "beyond": hello("beyond", colors="<4 16>"),
        "more": hello("more", colors_count="<17>"),
        "both": hello("both", colors="<4>", colors_count="<1>"),
        "alone": hello("alone", colors_shared='"pair"'),
        "shares": hello("shares", colors="<3 4>", colors_shared='"pair"'),
        "rest": hello("rest", colors="<5 6 7 8 9 10 11 12 13 14 15>"),
        "large": hello("large", memory=512, colors="<4>")}
    host = boot(guests, cpu="cortex-a53", script="")

    def refused(name, *texts):
        before = host.json("memory")
        said = host.cmd(f"guest create /guests/{name}.dtb", ok=False)
        for text in texts:
            assert text in said
        assert name not in host.guests()
        # The heap may keep a few pages in reserve.
        after = host.json("memory")
        assert after[1]["pages"] >= before[1]["pages"] - 16
        assert after[2]["pages"] == before[2]["pages"]

    host.cmd("guest create /guests/red.dtb")
    refused("taken", "colors: found 3, which red has; allowed what is free, "
            "4-15")
    refused("many", "colors-count: found 13; allowed 12 at most: what is free "
            "is 4-15")
    refused("beyond", "colors: found 16; allowed 0..15 on this host")
    refused("more", "colors-count: found 17; allowed 1..16")
    refused("both", "colors-count: found with colors; allowed one of them")
    refused("alone", "colors-shared: found without colors")
    refused("large", "memory: the host has not so much free of these colours")
    host.cmd("guest create /guests/shares.dtb")
    host.cmd("guest create /guests/rest.dtb")
    refused("plain", "no colour of the cache is left")
    check_shared = host.cmd("memory check", ok=False)
    assert "no page is of a foreign colour" in check_shared
    for name in ("red", "shares", "rest"):
        host.cmd(f"guest destroy {name}")
    host.cmd("guest create /guests/plain.dtb")
    refused("red", "guest plain has memory of all colours")
    host.cmd("guest destroy plain")
    host.cmd("guest create /guests/red.dtb")


def test_linux(boot, tmp_path):
    """Rings, buffers and images in memory whose pages are never adjacent, as
    the hypervisor's own."""
    disk = disks.make_disk(tmp_path / "disk.img", 3)
    host = boot({"linux0": coloured(disks.GUEST, colors="<1 3 5 7 9 11 13>")},
                append="hyp-colors=8,12,14", script=disks.script("nvme0n1"),
                extra=["-drive", f"if=none,id=d,file={disk},format=raw",
                       "-device", "nvme,serial=x,drive=d"])
    with host.linux("linux0") as console:
        assert "Linux" in console.sh("uname -a")
    assert sorted(of_guest(host, "linux0")) == [1, 3, 5, 7, 9, 11, 13]
    check(host)
    disks.check_guest(host, disk)


@pytest.mark.parametrize("gic", [2, 3])
def test_runs(boot, gic):
    """16 adjacent colours: each row of them is a run, and Linux works in it."""
    runs = " ".join(map(str, range(16)))
    none = " ".join(map(str, range(17, 32)))
    host = boot({"linux0": coloured(description("linux0"),
                                    colors=f"<{runs}>"),
                 # One less.
                 "odd": hello("odd", colors=f"<{none}>")},
                gic=gic, cpu="cortex-a57")
    rows = {row["guest"]: row for row in host.json("memory guests")}
    assert (rows["linux0"]["64k"], rows["odd"]["64k"]) == (2048, 0)
    # Beside RAM: stolen time, and the GICv2's CPU interface.
    assert rows["linux0"]["4k"] == (2 if gic == 2 else 1)
    assert "2048 x 64K" in host.cmd("guest memory linux0")
    assert host.json("guest memory linux0")[0]["pieces"] == 16 * 4096
    with host.linux("linux0") as console:
        assert "Linux" in console.sh("uname -a")
    check(host)


def test_time_to_create(boot):
    """512 MiB whose pages are never adjacent, in milliseconds of a CPU that
    executes an instruction in a nanosecond: half of what Bao's authors
    publish."""
    host = boot({"large": hello("large", memory=512,
                                colors="<0 2 4 6 8 10 12 14>")},
                cpu="cortex-a57", icount="shift=0,sleep=off", mem="4G",
                script="echo\n")
    host.cmd("guest create /guests/large.dtb", timeout=180)
    thread = next(row for row in host.json("vcpu list")
                  if row["name"] == "large/work")
    assert 0.025 < thread["run_s"] <= 0.077
    assert "tables 1040 KiB" in host.cmd("guest memory large")
    assert sum(of_guest(host, "large").values()) == 512 * 256


@pytest.mark.parametrize("gic", [2, 3])
def test_flash(boot, gic):
    """What is in flash has the guest's colours, too."""
    image = hello("flash", colors="<1 3>").replace(
        "boot {",
        'devices { flash@0 { image = "/images/hello.bin"; }; }; boot {')
    host = boot({"flash": image,
                 "other": hello("other", colors="<2>")},
                gic=gic, cpu="cortex-a53")
    pages = check(host)
    assert pages["flash", "mapped"] > 4096 + 2
    assert sorted(of_guest(host, "flash")) == [1, 3]
    host.cmd("guest destroy flash")
    check(host)


def test_hypervisors_own(boot):
    host = boot({"red": hello("red", colors="<0 1>"),
                 "top": hello("top", colors="<31>"),
                 "plain": hello("plain")},
                append="hyp-colors=28-31", cpu="cortex-a57",
                script="guest create /guests/red.dtb\n"
                       "guest create /guests/plain.dtb\n")
    assert "the hypervisor's own: 28-31" in host.cmd("host cache")
    said = host.cmd("guest create /guests/top.dtb", ok=False)
    assert "found 31, which the hypervisor has" in said
    assert list(of_guest(host, "plain")) == list(range(2, 28))
    pages = check(host)
    assert pages["hypervisor", "pages"] > 16


def image_pages():
    """Of the image as it runs, with .bss: its header says it."""
    header = (BUILD / "vmm.bin").read_bytes()[:24]
    return int.from_bytes(header[16:24], "little") // 4096


@pytest.mark.parametrize("own", ["31", "28-31", "0,2,4,9-11"])
@pytest.mark.parametrize("gic", [2, 3])
def test_image_moves(start, bundle, gic, own):
    """It is in allocated pages of its colours, and no longer where it was."""
    packed = bundle({"linux0": description("linux0", vcpus=2)})
    plain = start(packed, gic=gic).boot()
    before = {row["use"]: row["size"] for row in plain.json("memory")}
    assert plain.shutdown() == 0
    host = start(packed, gic=gic, append=f"hyp-colors={own}").boot()
    assert "the image keeps all colours" not in host.text
    with host.linux("linux0") as console:
        assert console.sh("nproc") == "2"
    # The walk counts each mapped page that is not at its physical address: the
    # image, stacks, and heap objects of more pages than are adjacent.
    pages = check(host)
    assert pages["hypervisor", "mapped"] > 0.6 * image_pages()
    assert pages["hypervisor", "tables"] > 8
    assert pages["hypervisor", "large"] == 0
    # What was reserved for the image is not reserved any more.
    after = {row["use"]: row["size"] for row in host.json("memory")}
    assert after["reserved"] <= before["reserved"] - (
        image_pages() - 1) * 4096
    assert host.shutdown() == 0


def test_image_stays(boot):
    """One colour of 32 takes rows of more memory than is free in one piece."""
    host = boot(append="hyp-colors=31", mem="48M")
    assert "hyp-colors: the image keeps all colours" in host.text
    # Who asks for proof gets none.
    assert "error: hypervisor: wrong pages among its mapped" in host.cmd(
        "memory check", ok=False)
    assert host.shutdown() == 0


@pytest.mark.parametrize("value,allowed", [
    ("32", "hyp-colors: found 32; allowed a part of 0-31"),
    ("0-31", "hyp-colors: found all colours; allowed a part of 0-31"),
    ("red", "bootargs: found hyp-colors=red; allowed")])
def test_hypervisors_own_refused(boot, value, allowed):
    host = boot(append=f"hyp-colors={value}", cpu="cortex-a57")
    assert allowed in host.text
    assert "own" not in host.cmd("host cache")


@pytest.mark.parametrize("variant", ["GICv2", "GICv3"])
def test_what_colours_keep_apart(variant):
    """Neighbours evict a third of the victim's lines; with colours, none."""
    plugin = (BUILD / "plugins" / "llc.so").resolve()
    rate = {situation: bench.run(BUILD, plugin, situation, 768,
                                 variant)["victim"].percent
            for situation in bench.SITUATIONS}
    assert rate[bench.ALONE] < 3
    assert rate[bench.BESIDE] - rate[bench.ALONE] > 20
    assert rate[bench.COLOURED] - rate[bench.ALONE] < 3
