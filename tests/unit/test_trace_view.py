# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/trace-view: a recording as a page, in CTF, in Perfetto's format."""

import base64
import json
import os
import re
import shutil
import struct
import subprocess
import sys

import pytest

from of_arm64 import TOP

TOOL = TOP / "tools/trace-view"
sys.path.insert(0, str(TOP / "tools/trace"))
import perfetto  # noqa: E402  (tools/trace is no package)
import recording  # noqa: E402
from recording import (ENTER, EXIT, EXIT_IRQ, GUEST, KICK, MISS, READY,  # noqa: E402
                       RELEASED, RUN, STOP, THROTTLED)

HZ = 62_500_000
BEGIN, END = 1000, 1000 + HZ // 1000    # a millisecond
VCPUS = [(0, 0, "work"), (5, 1, "linux0/0"), (6, 1, "rtos/0")]
WOKEN, PREEMPTED, BLOCKED = 0, 1, 3


def text8(name):
    return int.from_bytes(name.encode().ljust(8, b"\0"), "little")


# (CPU, ticks since the start, event, VCPU, a, b, c)
EVENTS = [
    (0, 0, RUN, 5, 0, 0, 0),
    (0, 100, EXIT, 5, 0x24 << 26, 0xffff0000, 0x9000018),
    (0, 200, ENTER, 5, 0, 0xffff0004, 0),
    (0, 300, READY, 6, WOKEN, 0, 0),
    (0, 310, EXIT_IRQ, 5, 27, 0xffff0008, 0),
    (0, 400, STOP, 5, PREEMPTED, 0, 0),
    (0, 400, READY, 5, PREEMPTED, 0, 0),
    (0, 1300, RUN, 6, 0, 0, 0),
    (0, 1400, MISS, 6, 0, 0, 0),
    (0, 2000, THROTTLED, 6, 1, 0, 0),
    (0, 2010, STOP, 6, PREEMPTED, 0, 0),
    (0, 2020, RUN, 5, 0, 0, 0),
    (1, 2500, KICK, 0, 1, text8("linux0"), text8("disk0")),
    (1, 3000, GUEST, 0, 4, text8("<b>rtos"), text8("")),
    (0, 12510, RELEASED, 6, 1, 0, 0),
]


def saved(events=None, cpus=2):
    """A console's text with a recording, as commands/trace_save.c prints it."""
    data = struct.pack("<8sIIQQQQII", b"SOCLETRC", 1, 32, HZ, BEGIN, END,
                       1_700_000_000 * 10**9, len(VCPUS), cpus)
    for ident, guest, name in VCPUS:
        data += struct.pack("<II24s", ident, guest, name.encode())
    for cpu in range(cpus):
        mine = [e for e in (EVENTS if events is None else events)
                if e[0] == cpu]
        data += struct.pack("<IIQQ", cpu, 0, len(mine), 7 * cpu)
        for _, ticks, kind, vcpu, a, b, c in mine:
            data += struct.pack("<QIIQQ", BEGIN + ticks | kind << 56, vcpu, a,
                                b, c)
    lines = base64.encodebytes(data).decode()
    return f"socle> trace save\n{lines}socle> guest list\nabcd\n"


def view(text, *args, status=0):
    done = subprocess.run([sys.executable, TOOL, "-", *map(str, args)],
                          env={**os.environ, "SOCLE_ARCH": "arm64"}, input=text, capture_output=True, text=True,
                          check=False, timeout=100)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def test_read():
    rec = recording.read(saved())
    assert (rec.hz, rec.cpus, rec.lost) == (HZ, [0, 1], {0: 0, 1: 7})
    assert rec.vcpus == {0: "work", 5: "linux0/0", 6: "rtos/0"}
    assert rec.guests == {5, 6}
    assert [e.kind for e in rec.events] == [e[2] for e in EVENTS]
    assert rec.events[1].time == 1600
    # 900 of 62.5 million ticks a second.
    assert recording.latencies(rec)[0] == (25920, 6400, 5)
    assert recording.latencies(rec)[1] == (16000, 4800, 6)
    runs = recording.running(rec)[0]
    assert [(r.vcpu, r.begin, r.end) for r in runs] == \
        [(5, 0, 6400), (6, 20800, 32160), (5, 32320, 1000000)]
    stays = recording.visits(rec)[0]
    assert [(s.begin, s.end) for s in stays] == [(1600, 3200), (4960, 6400)]
    assert stays[0].detail == "access at 0x9000018, pc 0xffff0000"
    throttled = [s for s in recording.states(rec)[6] if s.what == "throttled"]
    assert [(s.begin, s.end) for s in throttled] == [(32160, 200160)]
    assert recording.histogram([1, 2, 3, 1000]) == [(1, 1), (2, 2), (512, 1)]


def constants(header, enum):
    """{name: value} of an enum in a header of the hypervisor."""
    source = (TOP / header).read_text("utf-8")
    body = re.search(rf"enum {enum} {{(.*?)}};", source, re.S)[1]
    found, value = {}, -1
    for name, given in re.findall(r"^\s*([A-Z_]+)(?: = (\d+))?,", body, re.M):
        value = int(given) if given else value + 1
        found[name] = value
    return found


def words(found, prefix):
    """Names as people read them, in order of their values."""
    return [name.removeprefix(prefix).lower().replace("_", "-")
            for name in sorted(found, key=found.get)]


def test_numbers_are_the_hypervisors():
    """What the tools call an event, a reason or a state is what it is."""
    events = constants("core/include/core/trace.h", "trace_event")
    assert sorted(events.values()) == list(range(1, len(events) + 1))
    assert words(events, "TRACE_") == list(recording.EVENTS.values())
    why = constants("core/include/core/sched_policy.h", "sched_why")
    assert words(why, "SCHED_") == list(recording.WHY)
    states = constants("core/include/core/guest.h", "guest_state")
    assert words(states, "GUEST_") == list(recording.GUEST_STATES)
    budgets = constants("core/include/core/trace.h", "trace_budget")
    assert len(budgets) == len(recording.BUDGETS)


def test_text():
    lines = view(saved()).splitlines()
    assert len(lines) == len(EVENTS)
    assert "linux0/0" in lines[0] and "exit" in lines[1]
    assert "linux0 disk0 queue 1" in lines[12]
    assert "<b>rtos crashed" in lines[13]


@pytest.mark.parametrize("text, why", [
    ("", "no recording in it"),
    ("socle> trace save\nerror: it is recording\n", "no recording in it"),
    (saved()[:600], "in the middle of a recording"),
    (saved().replace("U09DTEVUUkMBAAAA", "U09DTEVUUkMCAAAA"), "version 2"),
])
def test_damaged(text, why):
    assert why in view(text, status=1)


def test_ctf(tmp_path):
    """babeltrace2 reads it: every event, at its time, with its fields."""
    view(saved(), "--ctf", tmp_path / "ctf")
    out = subprocess.run(
        ["babeltrace2", "--clock-seconds", "--names=none",
         "--fields=trace", str(tmp_path / "ctf")],
        capture_output=True, text=True, check=True, timeout=60).stdout
    lines = out.splitlines()
    assert len(lines) == len(EVENTS)
    # Tick 1000 is 16 us after tick 0.
    assert lines[0].startswith("[1700000000.000016000]")
    done = subprocess.run(["babeltrace2", str(tmp_path / "ctf")],
                          capture_output=True, text=True, check=True,
                          timeout=60)
    assert "exit: " in done.stdout and "detail = 0x9000018" in done.stdout
    assert 'name2 = "disk0"' in done.stdout
    # Records were lost on CPU 1.
    assert "discarded 7 events" in done.stderr and "cpu1" in done.stderr


def test_perfetto(tmp_path):
    """Every slice ends, the inner before the outer; names come through."""
    view(saved(), "--perfetto", tmp_path / "trace")
    out = subprocess.run(
        ["protoc", "--decode=perfetto.protos.Trace",
         f"-I{perfetto.PROTO.parent}", perfetto.PROTO.name],
        stdin=open(tmp_path / "trace", "rb"), capture_output=True, text=True,
        check=True, timeout=60).stdout
    assert 'name: "linux0/0"' in out and 'name: "CPU 1"' in out
    depth, time = {}, 0
    for packet in out.split("packet {")[1:]:
        found = dict(re.findall(r"(timestamp|type|track_uuid): (\w+)", packet))
        if "type" not in found:
            continue
        assert int(found["timestamp"]) >= time
        time = int(found["timestamp"])
        step = {"TYPE_SLICE_BEGIN": 1, "TYPE_SLICE_END": -1,
                "TYPE_INSTANT": 0}[found["type"]]
        at = found["track_uuid"]
        depth[at] = depth.get(at, 0) + step
        assert 0 <= depth[at] <= 2, packet
    assert depth and not any(depth.values())
    assert "rtos crashed" in out


def test_no_protoc(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install protobuf-compiler" in \
        view(saved(), "--perfetto", tmp_path / "trace", status=1)


def bars(path):
    """[(row, from, to, colour)] of a picture, in its own units."""
    found = re.findall(r'<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)" '
                       r'height="18" fill="(#\w+)"', path.read_text("utf-8"))
    return [(int(y), float(x), round(float(x) + float(width), 1), colour)
            for x, y, width, colour in found]


def test_picture(tmp_path):
    """Who runs, waits and is throttled, at its time; misses; edges are cut."""
    picture = tmp_path / "picture.svg"
    view(saved(), "--svg", picture, "--from", "0", "--to", "0.1", "--title",
         "A <picture>")
    # 100 us are 780 wide, from 110 on; a row is 30 high, the first at 56.
    assert bars(picture) == [
        (56, 110, 159.9, "#7aa6dc"), (56, 272.2, 360.8, "#b497d6"),
        (56, 362.1, 890, "#7aa6dc"),
        (86, 110, 159.9, "#33aa77"), (86, 159.9, 362.1, "#ee9900"),
        (86, 362.1, 890, "#33aa77"),
        (116, 147.4, 272.2, "#ee9900"), (116, 272.2, 360.8, "#33aa77"),
        (116, 360.8, 890, "#cc3333")]
    text = picture.read_text("utf-8")
    assert text.count('stroke="#d00"') == 2     # the miss, and the key
    assert '<path d="M284.7 113v24" stroke="#d00"' in text
    assert "A &lt;picture&gt;" in text and ">rtos/0<" in text
    assert ">50 us<" in text
    # Later there is nobody but who runs, and no miss.
    view(saved(), "--svg", picture, "--from", "0.5", "--to", "0.6")
    assert {colour for *_, colour in bars(picture)} == {"#7aa6dc", "#33aa77"}
    assert picture.read_text("utf-8").count('stroke="#d00"') == 1
    for begin, end in ((2, 1), (0.5, 0.5), (0.9, 1.1), (-1, 0.5)):
        assert "nothing to draw" in view(
            saved(), "--svg", picture, f"--from={begin}", f"--to={end}",
            status=1)


def test_carriage_returns():
    """As terminals and pseudo-terminals leave them in a file."""
    for end in ("\r\n", "\r\r\n"):
        assert view(saved().replace("\n", end)) == view(saved())


def page_data(path):
    text = path.read_text("utf-8")
    return json.loads(re.search(r"^const data = (.*);$", text, re.M)[1])


def test_page(tmp_path):
    page = tmp_path / "page.html"
    view(saved(), "-o", page, "--title", "A <trace>")
    data = page_data(page)
    assert data["names"]["5"] == "linux0/0"
    assert data["worst"][0] == [25920, 6400, 5]
    assert len(data["events"]) == len(EVENTS)
    text = page.read_text("utf-8")
    assert "<title>A &lt;trace&gt;</title>" in text
    # It needs nothing from elsewhere.
    assert not re.search(r"(src|href)\s*=", text) and "http" not in text


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_page_in_browser(tmp_path):
    """The page's own program draws everything, searches and lists."""
    page = tmp_path / "page.html"
    view(saved(), "-o", page)

    def dom(fragment):
        out = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", f"--user-data-dir={tmp_path}/profile",
             "--window-size=1200,800", "--virtual-time-budget=5000",
             "--dump-dom", f"file://{page}#{fragment}"],
            capture_output=True, text=True, check=True, timeout=300).stdout
        return re.sub(r"<script>.*</script>", "", out, flags=re.S)

    def drawn(out):
        return int(re.search(r'data-drawn="(\d+)"', out)[1])

    out = dom("search=disk0")
    assert drawn(out) >= 8
    assert "1 found" in out
    worst = re.search(r'<table id="worst">.*?</table>', out, re.S)[0]
    assert worst.index("25.92 µs") < worst.index("16 µs")
    trouble = re.search(r'<table id="trouble">.*?</table>', out, re.S)[0]
    assert "deadline missed" in trouble and "throttled for 168 µs" in trouble
    hits = re.search(r'<table id="hits">.*?</table>', out, re.S)[0]
    assert "linux0 disk0 queue 1" in hits
    # A part of it: only one CPU's slice and that VCPU's states are in sight.
    near = dom("from=400000&to=500000")
    assert "400 µs to 500 µs" in near
    assert 0 < drawn(near) < drawn(out)
