# SPDX-License-Identifier: GPL-2.0-or-later
"""A part of a recording as a picture, for documents: which VCPU has each CPU,
what each VCPU does, deadline misses and throttling."""

import html

import recording

WIDTH, LEFT, ROW, TOP, BOTTOM, BAR = 900, 110, 30, 56, 34, 18
RIGHT = WIDTH - 10
STATES = {"running": "#33aa77", "ready": "#ee9900", "throttled": "#cc3333"}
MEANING = {"running": "runs", "ready": "waits for a CPU",
           "throttled": "throttled"}
# The colours of guests' VCPUs, in turn; the hypervisor's threads are grey.
HUES = ("#7aa6dc", "#b497d6", "#8fc9a9", "#e3b37c", "#d98fa8", "#9cc3c9")
THREAD = "#bbbbbb"
# Anything narrower is merged with what follows.
LEAST = 0.4     # px
LABEL = 6.5     # px a character
STEPS = (1, 2, 5, 10)
TICKS = 12


def nice(step):
    """The smallest of 1, 2, 5 or 10 times a power of ten that is not below
    step."""
    power = 1
    while power * 10 <= step:
        power *= 10
    return next(k * power for k in STEPS if k * power >= step)


def unit(ns):
    """(ns in a unit, its name) for times of this size."""
    for size, name in ((10**9, "s"), (10**6, "ms"), (10**3, "us")):
        if ns >= size:
            return size, name
    return 1, "ns"


class Picture:
    """The lines of an SVG for the time from `begin` to `end`, in ns."""

    def __init__(self, rec, begin, end):
        self.rec, self.begin, self.end = rec, begin, end
        self.guests = sorted(rec.guests, key=rec.name)
        self.lines = []

    def x(self, time):
        return LEFT + (RIGHT - LEFT) * (time - self.begin) / (
            self.end - self.begin)

    def seen(self, slices):
        """The visible slices, cut at the edges."""
        for part in slices:
            if part.begin < self.end and part.end > self.begin:
                yield (max(part.begin, self.begin), min(part.end, self.end),
                       part)

    def hue(self, vcpu):
        if vcpu not in self.rec.guests:
            return THREAD
        return HUES[self.guests.index(vcpu) % len(HUES)]

    def text(self, x, y, text, more=""):
        self.lines.append(f'<text x="{x:.1f}" y="{y:.1f}"{more}>'
                          f'{html.escape(text)}</text>')

    def bars(self, slices, y, fill, label=None):
        """Draws slices, which are in order; adjacent ones of one colour are
        merged."""
        merged = []
        for begin, end, part in self.seen(slices):
            last = merged[-1] if merged else None
            a, b, colour = self.x(begin), self.x(end), fill(part)
            if last and last[2] == colour and a - last[1] < LEAST:
                last[1] = b
            elif not last or b - max(a, last[1]) >= LEAST / 2:
                merged.append([a, b, colour, part])
        for a, b, colour, part in merged:
            self.lines.append(
                f'<rect x="{a:.1f}" y="{y}" width="{max(b - a, LEAST):.1f}" '
                f'height="{BAR}" fill="{colour}"/>')
            name = label(part) if label else ""
            if name and b - a > LABEL * len(name):
                self.text((a + b) / 2, y + BAR - 5, name,
                          ' text-anchor="middle"')

    def scale(self, height):
        size, name = unit(self.end - self.begin)
        step = nice(max((self.end - self.begin) // TICKS, 1))
        for time in range(-(-self.begin // step) * step, self.end + 1, step):
            at = self.x(time)
            self.lines.append(f'<path d="M{at:.1f} {TOP - 6}V{height - BOTTOM}" '
                              'stroke="#e4e4e4"/>')
            self.text(at, TOP - 10, f"{time / size:g} {name}",
                      ' text-anchor="middle" fill="#555"')

    def key(self, y):
        at = LEFT
        for what, colour in STATES.items():
            self.lines.append(f'<rect x="{at}" y="{y - 10}" width="12" '
                              f'height="12" fill="{colour}"/>')
            self.text(at + 17, y, MEANING[what])
            at += 40 + LABEL * len(MEANING[what])
        self.lines.append(f'<path d="M{at + 5:.1f} {y - 11}v14" stroke="#d00" '
                          'stroke-width="3"/>')
        self.text(at + 17, y, "deadline missed")

    def draw(self, title):
        """The whole picture."""
        rec = self.rec
        runs, states = recording.running(rec), recording.states(rec)
        cpus = [cpu for cpu in rec.cpus if any(self.seen(runs.get(cpu, [])))]
        vcpus = [vcpu for vcpu in self.guests
                 if any(self.seen(states.get(vcpu, [])))]
        height = TOP + ROW * (len(cpus) + len(vcpus)) + BOTTOM
        self.text(LEFT, 18, title, ' font-size="14"')
        self.scale(height)
        y = TOP
        for cpu in cpus:
            self.text(6, y + BAR - 5, f"CPU {cpu}")
            self.bars(runs[cpu], y, lambda part: self.hue(part.vcpu),
                      lambda part: rec.name(part.vcpu))
            y += ROW
        for vcpu in vcpus:
            self.lines.append(f'<rect x="6" y="{y + 4}" width="10" height="10" '
                              f'fill="{self.hue(vcpu)}"/>')
            self.text(20, y + BAR - 5, rec.name(vcpu))
            self.bars(states[vcpu], y, lambda part: STATES[part.what])
            for event in recording.marks(rec):
                if event.kind == recording.MISS and event.vcpu == vcpu and \
                        self.begin <= event.time <= self.end:
                    self.lines.append(
                        f'<path d="M{self.x(event.time):.1f} {y - 3}v{BAR + 6}" '
                        'stroke="#d00" stroke-width="3"/>')
            y += ROW
        self.key(height - 10)
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{height}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            *self.lines, "</svg>"]) + "\n"


def write(rec, path, title, begin_ms=None, end_ms=None):
    """Draw the recording from one millisecond to another."""
    whole = rec.ns(rec.end)
    begin = 0 if begin_ms is None else int(begin_ms * 1_000_000)
    end = whole if end_ms is None else int(end_ms * 1_000_000)
    if not 0 <= begin < end <= whole:
        raise ValueError(f"there is nothing to draw from {begin / 1e6:g} to "
                         f"{end / 1e6:g} ms: the recording has "
                         f"{whole / 1e6:g} ms")
    path.write_text(Picture(rec, begin, end).draw(title), encoding="utf-8")
