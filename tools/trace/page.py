# SPDX-License-Identifier: GPL-2.0-or-later
"""A recording as a single HTML page, which needs no other files."""

import html
import json
import pathlib

import recording

TEMPLATE = pathlib.Path(__file__).with_name("page.html")
WORST = 20


def parts(slices):
    """Slices as rows for JSON."""
    return [[part.begin, part.end, part.vcpu, part.what, part.detail]
            for part in slices]


def data(rec, title):
    """What the page shows."""
    states = recording.states(rec)
    runs = recording.running(rec)
    visits = recording.visits(rec)
    waits = recording.latencies(rec)
    return {
        "title": title,
        "length": rec.ns(rec.end),
        "names": {vcpu: rec.name(vcpu) for vcpu in
                  {event.vcpu for event in rec.events} | set(rec.vcpus)},
        "guests": sorted(rec.guests),
        "cpus": [{"cpu": cpu, "lost": rec.lost[cpu],
                  "runs": parts(runs.get(cpu, [])),
                  "visits": parts(visits.get(cpu, []))} for cpu in rec.cpus],
        "vcpus": [{"vcpu": vcpu, "states": parts(states[vcpu])}
                  for vcpu in sorted(states, key=rec.name)],
        "marks": [[event.time, event.vcpu, recording.EVENTS[event.kind],
                   recording.describe(event)]
                  for event in recording.marks(rec)],
        "events": [[event.time, event.cpu, event.vcpu,
                    recording.EVENTS.get(event.kind, str(event.kind)),
                    recording.describe(event)] for event in rec.events],
        "histogram": recording.histogram(wait for wait, *_ in waits),
        "worst": waits[:WORST],
    }


def write(rec, path, title):
    """Make the page."""
    # In a script, "</" would end it.
    text = json.dumps(data(rec, title), separators=(",", ":")) \
        .replace("</", "<\\/")
    page = TEMPLATE.read_text("utf-8").replace("@TITLE@", html.escape(title))
    path.write_text(page.replace("@DATA@", text), encoding="utf-8")
