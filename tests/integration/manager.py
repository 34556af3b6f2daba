# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/soclectl as an operator's program has it, on a port of the host."""

import re
import select
import subprocess
import threading

from socle import BUILD, SLOWNESS

SOCLECTL = BUILD / "tools" / "soclectl"


def channel(where):
    """What boot() is given for a management channel at the socket `where`."""
    return {"append": "management=virtio0",
            "extra": ["-device", "virtio-serial-pci",
                      "-device", "virtconsole,chardev=t",
                      "-chardev", f"socket,id=t,path={where},server=on,"
                      "wait=off"]}


def start(where, *words, **options):
    return subprocess.Popen([SOCLECTL, "-c", where, *words], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            **options)


def soclectl(where, *words, stdin=None):
    done = start(where, *words, stdin=subprocess.PIPE)
    out, err = done.communicate(stdin, timeout=120 * SLOWNESS)
    return done.returncode, out, err


def watched(watch, cause):
    """The lines of `soclectl watch` when what `cause` does has happened: it is
    done until the channel watches."""
    ready = []
    while not ready:
        cause()
        ready = select.select([watch.stdout], [], [], 1)[0]
    yield from watch.stdout


class Watch:
    """Events of a kind, from a moment on that has passed when this is made."""

    def __init__(self, host, where, kind, guest):
        def pause():
            host.cmd(f"guest pause {guest}")
            host.cmd(f"guest resume {guest}")

        self.process = start(where, "watch", "guest", kind)
        self.lines = watched(self.process, pause)
        self.kind = kind
        assert next(self.lines, None), self.process.stderr.read()

    def expect(self, who, text, limit=120):
        """The event comes, or has come."""
        alarm = threading.Timer(limit * SLOWNESS, self.process.kill)
        alarm.start()
        wanted = re.compile(rf"\d+\.\d{{6}} {self.kind} {who}.*{text}")
        found = next((line for line in self.lines if wanted.match(line)), None)
        alarm.cancel()
        assert found, f"no event {self.kind} {who} {text}"

    def end(self):
        self.process.kill()
        self.process.wait()
