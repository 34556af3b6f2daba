# SPDX-License-Identifier: GPL-2.0-or-later
"""A recording in Perfetto's format, for ui.perfetto.dev and trace_processor.

protoc (package protobuf-compiler) encodes the messages of perfetto.proto from
their text.
"""

import pathlib
import shutil
import subprocess

import recording

PROTO = pathlib.Path(__file__).with_name("perfetto.proto")
CPUS, VCPUS = 1, 2          # the two groups of tracks
FIRST_CPU, FIRST_VCPU = 1000, 1_000_000


class NoCompiler(RuntimeError):
    """protoc is not installed."""


def quoted(text):
    """A string of protobuf's text format."""
    return '"' + "".join(
        c if c.isalnum() or c in " /.,:_-#()+" else
        "".join(f"\\{byte:03o}" for byte in c.encode()) for c in text) + '"'


def track(uuid, name, parent=None):
    above = f" parent_uuid: {parent}" if parent else ""
    return f"packet {{ track_descriptor {{ uuid: {uuid} " \
           f"name: {quoted(name)}{above} }} }}"


def packet(time, kind, uuid, name="", detail=""):
    more = f" name: {quoted(name)}" if name else ""
    if detail:
        more += ' debug_annotations { name: "what" string_value: ' \
                f"{quoted(detail)} }}"
    return f"packet {{ timestamp: {time} trusted_packet_sequence_id: 1 " \
           f"track_event {{ type: TYPE_{kind} track_uuid: {uuid}{more} }} }}"


def text(rec):
    """The whole trace as protobuf's text."""
    lines = [track(CPUS, "CPUs"), track(VCPUS, "VCPUs")]
    lines += [track(FIRST_CPU + cpu, f"CPU {cpu}", CPUS) for cpu in rec.cpus]
    states = recording.states(rec)
    known = set(states) | {event.vcpu for event in recording.marks(rec)}
    lines += [track(FIRST_VCPU + vcpu, rec.name(vcpu), VCPUS)
              for vcpu in sorted(known)]
    slices = [(FIRST_CPU + cpu, part, rec.name(part.vcpu))
              for cpu, parts in recording.running(rec).items()
              for part in parts]
    slices += [(FIRST_VCPU + vcpu, part, part.what)
               for vcpu, parts in states.items() for part in parts]
    slices += [(FIRST_CPU + cpu, part, part.what)
               for cpu, parts in recording.visits(rec).items()
               for part in parts]
    events = []
    for uuid, part, name in slices:
        # At equal times, the outer slice begins first and ends last.
        length = part.end - part.begin
        events.append((part.begin, 1, -length, packet(
            part.begin, "SLICE_BEGIN", uuid, name, part.detail)))
        events.append((part.end, 0, length,
                       packet(part.end, "SLICE_END", uuid)))
    for event in recording.marks(rec):
        events.append((event.time, 2, 0, packet(
            event.time, "INSTANT", FIRST_VCPU + event.vcpu,
            recording.EVENTS[event.kind], recording.describe(event))))
    lines += [line for *_, line in sorted(events)]
    return "\n".join(lines) + "\n"


def write(rec, path):
    """Make the file of a trace."""
    if not shutil.which("protoc"):
        raise NoCompiler("protoc is needed: apt-get install protobuf-compiler")
    done = subprocess.run(
        ["protoc", "--encode=perfetto.protos.Trace", f"-I{PROTO.parent}",
         PROTO.name], input=text(rec).encode(), stdout=subprocess.PIPE,
        check=True)
    path.write_bytes(done.stdout)
