#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The effect of cache colours: a victim's misses in the last-level cache.

A victim reads lines in random order; two attackers on other CPUs run through
their own memory. A plugin in QEMU (tests/plugins/llc.c) simulates the cache
that all three share, indexed by physical addresses, with the geometry of the
CPU's registers. --svg draws the picture of docs/design/isolation.md.
"""

import dataclasses
import pathlib
import re
import sys
import tempfile

import image as images
import options
import path
import qemu
import systems

SETS, WAYS, LINE = qemu.PLACES.CACHE
# Half of the cache is for the victim, a quarter for each attacker.
SHARES = {"victim": qemu.PLACES.COLOURS // 2,
          "attacker0": qemu.PLACES.COLOURS // 4,
          "attacker1": qemu.PLACES.COLOURS // 4}
SIZES = (256, 512, 768, 896, 1024, 1536)	# KiB that the victim reads
ALONE, BESIDE, COLOURED = "alone", "beside attackers", "with colours"
SITUATIONS = (ALONE, BESIDE, COLOURED)
FIELD = re.compile(r"(\w+)=(\d+)/(\d+)")


@dataclasses.dataclass
class Result:
    """Misses and accesses."""
    misses: int
    accesses: int

    @property
    def percent(self):
        return 100 * self.misses / max(self.accesses, 1)


def guests(build, situation, size):
    kernel = build / "guest" / "cache.bin"
    for cpu, (name, share) in enumerate(SHARES.items()):
        if situation == ALONE and name != "victim":
            continue
        role = "victim" if name == "victim" else "attacker"
        colours = ""
        if situation == COLOURED:
            colours = f"colors-count = <{share}>;"
        yield systems.Guest(kernel, name, memory=16, ram=path.GUEST_RAM,
                            affinity=[cpu],
                            bootargs=f"role={role} size={size}",
                            properties=colours)


def script(found):
    """Commands that start the attackers first, before the victim begins."""
    order = [guest.name for guest in found[1:]] + [found[0].name]
    lines = [f"guest create /guests/{name}.dtb" for name in order]
    lines += [f"guest start {name}" for name in order]
    return "\n".join(lines) + "\n"


def run(build, plugin, situation, size, variant=qemu.USUAL,
        also=()):
    """{"victim": Result, "hypervisor": Result}"""
    host = systems.Host(build, smp=len(SHARES), variant=variant)
    image = images.Image(build / "vmm.elf", systems.CROSS)
    found = list(guests(build, situation, size))
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / "llc"
        packed = systems.bundle(found, scratch, script(found))
        arguments = host.command(
            True, "-kernel", str(build / "vmm.bin"), "-initrd", str(packed),
            *image.watched_by(plugin, out, f"sets={SETS}", f"ways={WAYS}",
                              f"line={LINE}"), *also)
        with qemu.Machine(arguments, host.limit) as machine:
            machine.expect(systems.POWERED_OFF.format(name="victim"))
            text = machine.text()
        counts = parse(out.read_text("ascii"))
    if "cpu0" not in counts:
        raise qemu.Failure(f"the plugin saw no round:\n{text}")
    return {"victim": counts["cpu0"], "hypervisor": counts["hypervisor"]}


def parse(lines):
    """{name: Result} of the first series that the victim measured."""
    for line in lines.splitlines():
        if "rounds=1 " in line:
            return {name: Result(int(misses), int(accesses))
                    for name, misses, accesses in FIELD.findall(line)}
    return {}


# The picture: a line for each situation.

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 60, 30, 170, 50
STROKES = {ALONE: "#2a9d57", BESIDE: "#c0392b", COLOURED: "#2c5faa"}


def svg(rates):
    """rates: {situation: {KiB: per cent}}"""
    most = max(max(row.values()) for row in rates.values())
    top = max(10, -(-int(most + 1) // 10) * 10)
    sizes = sorted(next(iter(rates.values())))

    def x(size):
        return LEFT + (WIDTH - LEFT - RIGHT) * size / sizes[-1]

    def y(rate):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * rate / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for rate in range(0, top + 1, max(top // 5, 1)):
        parts.append(f'<path d="M{LEFT} {y(rate):.1f}H{WIDTH - RIGHT}" '
                     'stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(rate) + 4:.1f}" '
                     f'text-anchor="end">{rate} %</text>')
    for size in sizes:
        parts.append(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 18}" '
                     f'text-anchor="middle">{size}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" '
                 'text-anchor="middle">KiB that the victim reads</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 12}">Misses of the victim in '
                 'the last-level cache</text>')
    for n, (situation, row) in enumerate(rates.items()):
        points = " ".join(f"{x(size):.1f},{y(rate):.1f}"
                          for size, rate in sorted(row.items()))
        stroke = STROKES[situation]
        parts.append(f'<polyline points="{points}" fill="none" '
                     f'stroke="{stroke}" stroke-width="2"/>')
        at = TOP + 10 + 20 * n
        parts.append(f'<path d="M{WIDTH - RIGHT + 12} {at}h24" '
                     f'stroke="{stroke}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 42}" y="{at + 4}">'
                     f'{situation}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main():
    parser = options.parser(__doc__)
    parser.add_argument("--svg", type=pathlib.Path,
                        help="file to draw the picture in")
    parser.add_argument("--size", type=int, help="only this one, in KiB")
    args = parser.parse_args()
    rates = {situation: {} for situation in SITUATIONS}
    try:
        for size in [args.size] if args.size else SIZES:
            for situation in SITUATIONS:
                found = run(args.build, args.plugin.resolve(), situation, size)
                rates[situation][size] = found["victim"].percent
                print(f"{size:>5} KiB {situation:<17}", *(
                    f"{name} {result.percent:5.1f} % of {result.accesses:>7}"
                    for name, result in found.items()), flush=True)
    except qemu.Failure as failure:
        sys.exit(f"bench: {failure}")
    if args.svg:
        args.svg.write_text(svg(rates), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
