# SPDX-License-Identifier: GPL-2.0-or-later
"""A recording as a trace in the Common Trace Format 1.8, for babeltrace2.

Each CPU has a stream. Records are used as events unchanged: their first eight
bytes are the header (a clock of 56 bits, and the number of the event).
"""

import struct
import uuid

import recording

MAGIC = 0xC1FC1FC1
PACKET = struct.Struct("<I16sI")
CONTEXT = struct.Struct("<QQQQQI")

# {event: fields of its 24 bytes after the header}
NAME = "char name1[8]; char name2[8];"
PLAIN = "uint32_t vcpu; uint32_t value; uint64_t unused1; uint64_t unused2;"
FIELDS = {
    recording.EXIT: "uint32_t vcpu; hex32 syndrome; hex64 pc; hex64 detail;",
    recording.EXIT_IRQ: "uint32_t vcpu; uint32_t interrupt; hex64 pc; "
                        "uint64_t unused2;",
    recording.ENTER: "uint32_t vcpu; uint32_t unused; hex64 pc; "
                     "uint64_t unused2;",
    recording.IRQ: PLAIN.replace("value", "interrupt"),
    recording.STOP: PLAIN.replace("value", "why"),
    recording.READY: PLAIN.replace("value", "why"),
    recording.KICK: f"uint32_t vcpu; uint32_t queue; {NAME}",
    recording.USED: f"uint32_t vcpu; uint32_t queue; {NAME}",
    recording.NEW_VCPU: f"uint32_t vcpu; uint32_t unused; {NAME}",
    recording.GUEST: f"uint32_t vcpu; uint32_t state; {NAME}",
}

METADATA = """/* CTF 1.8 */
typealias integer {{ size = 8; align = 8; signed = false; encoding = UTF8; }} := char;
typealias integer {{ size = 32; align = 8; signed = false; }} := uint32_t;
typealias integer {{ size = 64; align = 8; signed = false; }} := uint64_t;
typealias integer {{ size = 32; align = 8; signed = false; base = 16; }} := hex32;
typealias integer {{ size = 64; align = 8; signed = false; base = 16; }} := hex64;
typealias integer {{ size = 8; align = 8; signed = false; }} := uint8_t;

trace {{
	major = 1;
	minor = 8;
	uuid = "{uuid}";
	byte_order = le;
	packet.header := struct {{
		uint32_t magic;
		uint8_t uuid[16];
		uint32_t stream_id;
	}};
}};

env {{
	hypervisor = "Socle";
{env}
}};

clock {{
	name = counter;
	freq = {hz};
	offset_s = {offset_s};
	offset = {offset};
}};

typealias integer {{
	size = 56; align = 1; signed = false; map = clock.counter.value;
}} := ticks_t;
typealias integer {{
	size = 64; align = 8; signed = false; map = clock.counter.value;
}} := clock_t;

stream {{
	id = 0;
	packet.context := struct {{
		clock_t timestamp_begin;
		clock_t timestamp_end;
		uint64_t content_size;
		uint64_t packet_size;
		uint64_t events_discarded;
		uint32_t cpu_id;
	}};
	event.header := struct {{
		ticks_t timestamp;
		integer {{ size = 8; align = 1; signed = false; }} id;
	}};
}};
"""

EVENT = """
event {{
	name = "{name}";
	id = {id};
	stream_id = 0;
	fields := struct {{ {fields} }};
}};
"""


def metadata(rec, ident):
    """The description of the streams."""
    env = "\n".join(f'\tvcpu_{vcpu} = "{name}";'
                    for vcpu, name in sorted(rec.vcpus.items()))
    seconds, rest = divmod(rec.zero_ns, 1_000_000_000)
    text = METADATA.format(uuid=ident, env=env, hz=rec.hz, offset_s=seconds,
                           offset=rest * rec.hz // 1_000_000_000)
    for kind, name in recording.EVENTS.items():
        text += EVENT.format(name=name, id=kind,
                             fields=FIELDS.get(kind, PLAIN))
    return text


def packet(ident, cpu, begin, end, lost, body=b""):
    """One packet of a CPU; `lost` counts from the start of the trace."""
    bits = 8 * (PACKET.size + CONTEXT.size + len(body))
    return PACKET.pack(MAGIC, ident.bytes, 0) + CONTEXT.pack(
        begin, end, bits, bits, lost, cpu) + body


def stream(rec, cpu, ident):
    """The packets of one CPU.

    The first is empty: a reader knows how many events were discarded only from
    the difference of two packets (babeltrace2 from 2.1 on).
    """
    events = [event for event in rec.events if event.cpu == cpu]
    body = b"".join(
        recording.RECORD.pack(event.ticks | event.kind << recording.TIME_BITS,
                              event.vcpu, event.a, event.b, event.c)
        for event in events)
    begin = min([rec.begin] + [event.ticks for event in events[:1]])
    end = max([rec.end] + [event.ticks for event in events[-1:]])
    return packet(ident, cpu, begin, begin, 0) + packet(
        ident, cpu, begin, end, rec.lost[cpu], body)


def write(rec, folder):
    """Make the folder of a trace."""
    ident = uuid.uuid4()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata").write_text(metadata(rec, ident), encoding="utf-8")
    for cpu in rec.cpus:
        (folder / f"cpu{cpu}").write_bytes(stream(rec, cpu, ident))
