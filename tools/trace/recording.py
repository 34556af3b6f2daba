# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the output of `trace save`, and evaluates it.

The format, little-endian, printed as base64 (commands/trace_save.c):

    head     "SOCLETRC", version, size of a record, ticks a second, ticks of the
             start and of the end, nanoseconds since 1970 at tick 0, VCPUs, CPUs
    VCPU     ID, whether it is a guest's, name
    CPU      number, 0, records, lost records; then its records, oldest first
    record   ticks (56 bits) and event (8 bits), VCPU, a, b, c
"""

import base64
import dataclasses
import pathlib
import re
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import arch  # noqa: E402  (tools is no package)

HEAD = struct.Struct("<8sIIQQQQII")
VCPU = struct.Struct("<II24s")
CPU = struct.Struct("<IIQQ")
RECORD = struct.Struct("<QIIQQ")
MAGIC = b"SOCLETRC"
VERSION = 1
TIME_BITS = 56
LINE = re.compile(r"[A-Za-z0-9+/]+={0,2}")

# enum trace_event of core/trace.h.
(EXIT, EXIT_IRQ, ENTER, IRQ, IRQ_END, RUN, STOP, READY, KICK, USED, THROTTLED,
 RELEASED, MISS, NEW_VCPU, GUEST) = range(1, 16)
EVENTS = {EXIT: "exit", EXIT_IRQ: "exit-irq", ENTER: "enter", IRQ: "irq",
          IRQ_END: "irq-end", RUN: "run", STOP: "stop", READY: "ready",
          KICK: "kick", USED: "used", THROTTLED: "throttled",
          RELEASED: "released", MISS: "miss", NEW_VCPU: "vcpu",
          GUEST: "guest"}
# enum sched_why of core/sched_policy.h.
WHY = ("woken", "preempted", "yielded", "blocked", "off", "released", "moved",
       "changed")
BUDGETS = ("CPU time", "events")
GUEST_STATES = ("created", "running", "paused", "stopped", "crashed")
# The architecture's words for the reasons of exits.
exit_text = arch.module("exits").exit_text


class Damaged(ValueError):
    """The text is not a complete recording."""


@dataclasses.dataclass
class Event:
    """One record."""
    time: int       # ns since the start of the recording
    ticks: int
    cpu: int
    kind: int
    vcpu: int
    a: int
    b: int
    c: int

    def names(self):
        """The two names that b and c hold, or the halves of a long one."""
        raw = self.b.to_bytes(8, "little"), self.c.to_bytes(8, "little")
        return [text.rstrip(b"\0").decode(errors="replace") for text in raw]


@dataclasses.dataclass
class Slice:
    """What a VCPU did from one time to another, in ns."""
    begin: int
    end: int
    what: str
    vcpu: int
    detail: str = ""


@dataclasses.dataclass
class Recording:
    """All that was saved."""
    hz: int
    begin: int          # ticks
    end: int
    zero_ns: int
    vcpus: dict         # id: name
    guests: set         # ids of guests' VCPUs
    cpus: list          # numbers
    lost: dict          # cpu: records
    events: list        # in order of time

    def name(self, vcpu):
        return self.vcpus.get(vcpu, f"vcpu {vcpu}")

    def ns(self, ticks):
        return (ticks - self.begin) * 1_000_000_000 // self.hz


def decode(text):
    """The bytes in a console's text: its longest run of lines of base64."""
    best, run = [], []
    # Terminals add carriage returns.
    for line in re.split(r"[\r\n]+", text) + [""]:
        line = line.strip()
        if line and len(line) % 4 == 0 and LINE.fullmatch(line):
            run.append(line)
            continue
        if len(run) > len(best) or (run and not best):
            best = run
        run = []
    while best and not best[0].startswith(base64.b64encode(MAGIC)[:10].decode()):
        best = best[1:]
    if not best:
        raise Damaged("there is no recording in it: it must have all that "
                      "`trace save` printed, from the first to the last line")
    return b"".join(base64.b64decode(line) for line in best)


class Reader:
    """Reads structures from bytes, one after the other."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, form):
        if self.at + form.size > len(self.data):
            raise Damaged(f"it ends after {len(self.data)} bytes, in the middle "
                          "of a recording: save it again")
        fields = form.unpack_from(self.data, self.at)
        self.at += form.size
        return fields


def read(text):
    """The Recording in a console's text."""
    source = Reader(decode(text))
    (magic, version, size, hz, begin, end, zero, vcpus,
     cpus) = source.take(HEAD)
    if magic != MAGIC or version != VERSION or size != RECORD.size or hz == 0:
        raise Damaged(f"version {version} of a recording, with records of "
                      f"{size} bytes; this tool reads version {VERSION}, with "
                      f"{RECORD.size}")
    names, guests = {}, set()
    for _ in range(vcpus):
        ident, guest, name = source.take(VCPU)
        names[ident] = name.partition(b"\0")[0].decode(errors="replace")
        if guest:
            guests.add(ident)
    rec = Recording(hz, begin, end, zero, names, guests, [], {}, [])
    for _ in range(cpus):
        cpu, _, records, lost = source.take(CPU)
        rec.cpus.append(cpu)
        rec.lost[cpu] = lost
        for _ in range(records):
            head, vcpu, a, b, c = source.take(RECORD)
            ticks = head & (1 << TIME_BITS) - 1
            rec.events.append(Event(rec.ns(ticks), ticks, cpu,
                                    head >> TIME_BITS, vcpu, a, b, c))
    rec.events.sort(key=lambda event: event.ticks)
    for event in rec.events:
        # VCPUs that no longer existed at the end.
        if event.kind == NEW_VCPU:
            rec.vcpus.setdefault(event.vcpu, "".join(event.names()))
            if "/" in rec.vcpus[event.vcpu]:
                rec.guests.add(event.vcpu)
    return rec


# --- what can be seen in it ------------------------------------------------


def describe(event):
    """An event's details, besides its kind and its VCPU."""
    if event.kind == EXIT:
        return f"{exit_text(event.a, event.c)}, pc {event.b:#x}"
    if event.kind == EXIT_IRQ:
        return f"interrupt {event.a}, pc {event.b:#x}"
    if event.kind == IRQ:
        return f"interrupt {event.a}"
    if event.kind in (STOP, READY):
        return WHY[event.a] if event.a < len(WHY) else str(event.a)
    if event.kind in (KICK, USED):
        guest, device = event.names()
        return f"{guest} {device} queue {event.a}"
    if event.kind in (THROTTLED, RELEASED):
        return BUDGETS[event.a] if event.a < len(BUDGETS) else str(event.a)
    if event.kind == GUEST:
        state = GUEST_STATES[event.a] if event.a < len(GUEST_STATES) \
            else str(event.a)
        return f"{''.join(event.names())} {state}"
    if event.kind == NEW_VCPU:
        return "".join(event.names())
    return ""


def _close(slices, opened, key, time):
    if key in opened:
        part = opened.pop(key)
        part.end = max(time, part.begin)
        slices.setdefault(key, []).append(part)


def running(rec):
    """{cpu: [Slice]}: which VCPU has the CPU when."""
    slices, opened = {}, {}
    for event in rec.events:
        if event.kind == RUN:
            _close(slices, opened, event.cpu, event.time)
            opened[event.cpu] = Slice(event.time, 0, "run", event.vcpu)
        elif event.kind == STOP:
            _close(slices, opened, event.cpu, event.time)
            if event.cpu in slices:
                slices[event.cpu][-1].detail = describe(event)
    for cpu in list(opened):
        _close(slices, opened, cpu, rec.ns(rec.end))
    return slices


def states(rec):
    """{vcpu: [Slice]}: it runs, is ready, or is throttled; otherwise it
    waits."""
    slices, opened, throttled = {}, {}, set()

    def change(event, what):
        _close(slices, opened, event.vcpu, event.time)
        if what:
            opened[event.vcpu] = Slice(event.time, 0, what, event.vcpu,
                                       f"CPU {event.cpu}")

    for event in rec.events:
        if event.kind == RUN:
            change(event, "running")
        elif event.kind == STOP:
            change(event, "throttled" if event.vcpu in throttled else None)
        elif event.kind == READY:
            change(event, "ready")
        elif event.kind == THROTTLED:
            throttled.add(event.vcpu)
            if opened.get(event.vcpu, Slice(0, 0, "", 0)).what != "running":
                change(event, "throttled")
        elif event.kind == RELEASED:
            throttled.discard(event.vcpu)
            if opened.get(event.vcpu, Slice(0, 0, "", 0)).what == "throttled":
                change(event, None)
    for vcpu in list(opened):
        _close(slices, opened, vcpu, rec.ns(rec.end))
    return slices


def visits(rec):
    """{cpu: [Slice]}: the hypervisor's work for guests, from an exit to the
    next entry or to a switch."""
    slices, opened = {}, {}
    for event in rec.events:
        if event.kind in (EXIT, EXIT_IRQ):
            opened[event.vcpu] = (event.cpu, Slice(
                event.time, 0, EVENTS[event.kind], event.vcpu,
                describe(event)))
        elif event.kind in (ENTER, STOP) and event.vcpu in opened:
            cpu, part = opened.pop(event.vcpu)
            if cpu == event.cpu:
                part.end = event.time
                slices.setdefault(cpu, []).append(part)
    return slices


def latencies(rec):
    """[(ns, when, vcpu)]: times from ready to running, the longest first."""
    found = [(part.end - part.begin, part.begin, vcpu)
             for vcpu, parts in states(rec).items()
             for part in parts if part.what == "ready"]
    return sorted(found, reverse=True)


def histogram(values):
    """[(least, count)] of values in ns, by powers of two."""
    counts = {}
    for value in values:
        edge = 1 << max(value, 1).bit_length() - 1
        counts[edge] = counts.get(edge, 0) + 1
    return sorted(counts.items())


def marks(rec):
    """[Event]: those that are shown as marks."""
    kinds = (KICK, USED, MISS, GUEST, THROTTLED, RELEASED)
    return [event for event in rec.events if event.kind in kinds]
