# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `trace`, and what tools/trace-view reads from its recordings."""

import subprocess
import sys

import pytest

from socle import TOP, description

sys.path.insert(0, str(TOP / "tools/trace"))
import recording  # noqa: E402  (tools/trace is no package)

DISK = 'devices { disk0 { compatible = "virtio,block"; disk = "data"; }; };'
# With -icount an instruction takes a nanosecond.
PERIOD_US, EVENTS = 10000, 2000000
ICOUNT = "shift=0,sleep=off"
EC_ABORT = 0x24
UART = 0x9000000
RECORDS_MOST, RECORD = 1 << 20, 32
FEW = 16  # pages


def of_kind(rec, *kinds):
    return [event for event in rec.events if event.kind in kinds]


def vcpu(rec, name):
    return next(ident for ident, known in rec.vcpus.items() if known == name)


def meter(name, properties=""):
    source = description(name, memory=16, kernel="/images/meter.bin",
                         initrd=None, bootargs="vcpus=1")
    return source.replace("model =", f"{properties}\n\tmodel =")


@pytest.mark.parametrize("gic", [2, 3])
def test_linux(boot, tmp_path, gic):
    """A guest reads its disk: kicks, exits and interrupts are recorded in
    order, and are consistent."""
    host = boot({"linux0": description("linux0", extra=DISK)}, gic=gic,
                script="blockdev create ram ram0 16M\nvdisk create data ram0\n"
                       "guest create /guests/linux0.dtb\nguest start linux0\n")
    with host.linux("linux0") as shell:
        shell.sh("true")
    host.cmd("trace start records=65536")
    with host.attach("linux0") as shell:
        shell.sh("dd if=/dev/vda of=/dev/null bs=64k count=20 iflag=direct")
    assert {row["state"] for row in host.json("trace info")} == {"recording"}
    assert "trace stop" in host.cmd("trace save", ok=False)
    host.cmd("trace stop")
    # From now on, nothing is added or lost.
    before = host.json("trace info")
    host.cmd("guest list")
    assert host.json("trace info") == before
    assert all(row["lost"] == 0 for row in before)
    newest = host.json("trace show 10")
    assert len(newest) == 10
    assert newest == sorted(newest, key=lambda row: row["us"])
    rec = recording.read(host.cmd("trace save", timeout=200))
    host.cmd("trace clear")
    assert "nothing was recorded" in host.cmd("trace show", ok=False)

    assert {cpu: sum(event.cpu == cpu for event in rec.events)
            for cpu in rec.cpus} == {row["cpu"]: row["records"]
                                     for row in before}
    guest = vcpu(rec, "linux0/0")
    kicks = [event for event in of_kind(rec, recording.KICK)
             if event.names() == ["linux0", "disk0"]]
    assert len(kicks) >= 20
    assert {event.vcpu for event in kicks} == {guest}
    assert of_kind(rec, recording.USED)
    # Each kick was a store to the device, which is an exit.
    exits = of_kind(rec, recording.EXIT)
    aborts = {event.c for event in exits if event.a >> 26 == EC_ABORT}
    assert len(aborts) >= 2 and any(UART <= at < UART + 0x1000
                                    for at in aborts)
    # Exits and entries alternate.
    last = None
    for event in rec.events:
        if event.vcpu != guest:
            continue
        leaves = event.kind in (recording.EXIT, recording.EXIT_IRQ)
        if leaves or event.kind == recording.ENTER:
            assert last is None or leaves != last, recording.describe(event)
            last = leaves
        if event.kind == recording.EXIT_IRQ:
            assert event.a < 1020 or event.a >= 8192
    assert of_kind(rec, recording.IRQ) and of_kind(rec, recording.IRQ_END)
    # A CPU runs one thread at a time, and the terminal's was among them.
    for parts in recording.running(rec).values():
        for one, other in zip(parts, parts[1:]):
            assert one.begin <= one.end <= other.begin
    assert vcpu(rec, "terminal") in {
        part.vcpu for parts in recording.running(rec).values()
        for part in parts}


def test_throttled(boot, tmp_path):
    """Two guests on one CPU, one with a budget of events: it is throttled in
    each period, and the recording shows which one waits."""
    budget = f"mem-budget = <{EVENTS} {PERIOD_US}>;"
    host = boot({"meter": meter("meter", budget), "free": meter("free")},
                smp=1, icount=ICOUNT, limit=580)
    host.cmd("trace start records=65536 first")
    host.cmd("sleep 300")
    host.cmd("trace stop")
    text = host.cmd("trace save", timeout=300)
    rec = recording.read(text)
    metered, free = vcpu(rec, "meter/0"), vcpu(rec, "free/0")
    began = [event.time for event in of_kind(rec, recording.THROTTLED)
             if event.vcpu == metered]
    assert len(began) >= 10
    assert {event.vcpu for event in of_kind(rec, recording.THROTTLED)} == \
        {metered}
    # It runs for its budget, and is throttled for the rest of each period.
    states = recording.states(rec)
    whole = [part for part in states[metered] if part.what == "throttled"][1:-1]
    length = sum(part.end - part.begin for part in whole)
    assert length > 0
    runs = [part for part in states[metered]
            if part.what == "running" and
            whole[0].begin <= part.begin <= whole[-1].end]
    ran = sum(part.end - part.begin for part in runs)
    periods = round((whole[-1].begin - whole[0].begin) / (PERIOD_US * 1000))
    assert abs(ran - periods * EVENTS) < 0.05 * periods * EVENTS
    # Meanwhile the other one has the CPU.
    other = [part for part in states[free] if part.what == "running"]
    assert any(part.begin <= whole[0].begin + 100000 and
               part.end >= whole[0].end - 100000 for part in other)
    (tmp_path / "saved").write_text(text, encoding="utf-8")
    page = tmp_path / "page.html"
    subprocess.run([sys.executable, TOP / "tools/trace-view",
                    tmp_path / "saved", "-o", page], check=True, timeout=100)
    assert "meter/0" in page.read_text("utf-8")


def test_bad_requests(boot):
    """Each is refused, with what is allowed, and nothing is started."""
    host = boot(smp=1)

    def free():
        return next(row["pages"] for row in host.json("memory")
                    if row["use"] == "free")

    before = free()
    for line, why in (
            ("trace stop", "trace start"),
            ("trace save", "nothing was recorded"),
            ("trace show 0", "from 1 to 10000"),
            ("trace start records=100", "power of two from 256"),
            ("trace start records=4194304", "power of two"),
            ("trace start records=x", "power of two"),
            ("trace start records=1048576", None),
            ("trace start last", "no such option"),
            ("trace clear now", "no arguments")):
        said = host.cmd(line, ok=why is None)
        assert why is None or why in said, line
        if why is None:
            assert "recording already" in host.cmd("trace start", ok=False)
            assert "trace stop" in host.cmd("trace clear", ok=False)
            host.cmd("trace stop")
    host.cmd("trace clear")
    # The terminal's history takes memory, too.
    assert free() > before - FEW
