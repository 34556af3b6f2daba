# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives the hypervisor in QEMU through its terminal and its guests' consoles.

Every wait is for something the console prints, with a time limit; a panic ends
the wait at once. The whole console is kept in a log file.
"""

import json
import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import time

import pexpect

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))
import arch  # noqa: E402  (tools is no package)

# The architecture of the image, and the machine it is started on.
ARCH = arch.ARCH
MACHINE = arch.machine()
# Each kind of it that there is, as start() and boot() take it: {choice: value}.
MACHINES = [{name.lower(): int(value) if value.isdecimal() else value}
            for name, values in MACHINE.CHOICES.items() for value in values]
BUILD = TOP / os.environ.get("SOCLE_BUILD", "build")
# The files that bundles have in images/; `make check-images` puts them here.
IMAGES = BUILD / "check" / "images"
# Factor for all time limits, for slow machines.
SLOWNESS = float(os.environ.get("SOCLE_SLOWNESS", "1"))

PROMPT = "socle> "
DETACH = "\x1d"
CTRL_C = "\x03"
CTRL_D = "\x04"
ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>78]|\x1b[()][0AB]|\x0f")
PANIC = re.compile(r"\*\*\* PANIC on CPU[^\n]*\n|Kernel panic - not syncing[^\n]*\n")
HOST_LOG = re.compile(r"^\[ *\d+\.\d+\] cpu\d+: .*\n?", re.M)


class Failure(AssertionError):
    """What did not happen, with the last lines of the console."""


def clean(text):
    """The text as it would look on a screen, without what was overwritten."""
    # The pseudo-terminal adds a carriage return to the guest's own.
    lines = re.split(r"\r*\n", ESCAPE_SEQUENCE.sub("", text))
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def description(name, memory=128, vcpus=1, kernel="/images/Image",
                initrd="/images/initrd.cpio.gz", bootargs=None, extra="",
                boot=""):
    """The source of a guest's description; memory in MiB."""
    ram = MACHINE.GUEST_RAM
    if bootargs is None:
        bootargs = f"console={MACHINE.GUEST_CONSOLE} hostname={name}"
    initrd = f'initrd = "{initrd}";' if initrd else ""
    bootargs = f'bootargs = "{bootargs}";' if bootargs else ""
    return f"""\
/dts-v1/;
/ {{
	compatible = "socle,guest";
	#address-cells = <2>;
	#size-cells = <2>;
	model = "{name}";
	cpus {{ count = <{vcpus}>; }};
	memory@{ram:x} {{ reg = <0x0 {ram:#x} 0x0 {memory << 20:#x}>; }};
	boot {{ kernel = "{kernel}"; {initrd} {bootargs} {boot} }};
	{extra}
}};
"""


def bare(name, image, memory=16, **more):
    """The description of a bare-metal image of tests/guest."""
    return description(name, memory=memory, kernel=f"/images/{image}.bin",
                       initrd=None, bootargs="", **more)


def start_script(names):
    return "".join(f"guest create /guests/{name}.dtb\nguest start {name}\n"
                   for name in names)


def make_bundle(directory, guests, script=None, files=None):
    """Packs descriptions {name: source}; returns the bundle's path.

    script is boot.cmd, by default one that starts every guest. files are
    further files, {name in the bundle: text or bytes}.
    """
    directory = pathlib.Path(directory)
    root = directory / "bundle"
    (root / "guests").mkdir(parents=True)
    for name, source in guests.items():
        (root / "guests" / f"{name}.dts").write_text(source, encoding="utf-8")
    script = start_script(guests) if script is None else script
    (root / "boot.cmd").write_text(script, encoding="utf-8")
    for name, content in (files or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
    offers = [f"--offer=images/{path.name}={path.resolve()}"
              for folder in (IMAGES, BUILD / "guest") if folder.exists()
              for path in folder.iterdir()]
    output = directory / "bundle.cpio"
    done = subprocess.run(
        [sys.executable, str(TOP / "tools" / "mkbundle"), *offers,
         "-o", str(output), str(root)], capture_output=True, text=True,
        check=False)
    if done.returncode:
        raise Failure(done.stderr)
    return output


class Monitor:
    """QEMU's monitor, by QMP. `extra=Monitor.option(path)` opens it."""

    def __init__(self, path):
        limit = time.monotonic() + 30 * SLOWNESS
        self.line = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.line.connect(str(path))
                break
            except OSError:
                assert time.monotonic() < limit
                time.sleep(0.1)
        self.file = self.line.makefile("rw")
        self.file.readline()
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        json.dump({"execute": command, "arguments": arguments}, self.file)
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "event" not in answer:
                assert "error" not in answer, answer
                return answer["return"]

    @staticmethod
    def option(path):
        return ["-qmp", f"unix:{path},server,nowait"]


class Machine:
    """QEMU with its serial line as a terminal."""

    def __init__(self, arguments, log, limit=300, program=None):
        self.log_path = pathlib.Path(log)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log = open(self.log_path, "w", encoding="utf-8",
                        errors="replace", newline="")
        self.text = ""
        program = program or os.environ.get("QEMU", MACHINE.PROGRAM)
        # In the foreground: SIGTTIN or SIGTTOU would stop a background process.
        command = ["--foreground", "-k", "5", str(int(limit * SLOWNESS)),
                   program, *arguments]
        self.log.write(f"timeout {' '.join(command)}\n")
        self.child = pexpect.spawn("timeout", command, encoding="utf-8",
                                   codec_errors="replace", echo=False,
                                   dimensions=(24, 80), timeout=None)
        self.child.delaybeforesend = None
        self.child.logfile_read = self
        self.started = time.monotonic()

    def write(self, text):
        """For pexpect: everything read passes here."""
        self.text += text
        self.log.write(text)

    def flush(self):
        self.log.flush()

    def send(self, text):
        self.child.send(text)

    def paste(self, text, timeout=300):
        """Sends a large text, and reads what arrives meanwhile.

        If it only wrote, both sides would wait for each other as soon as the
        pseudo-terminal is full in both directions.
        """
        data = text.encode()
        fd = self.child.child_fd
        limit = time.monotonic() + timeout * SLOWNESS
        os.set_blocking(fd, False)
        while data:
            if time.monotonic() > limit:
                self.fail("input is not taken", [f"{len(data)} bytes more"])
            readable, writable, _ = select.select([fd], [fd], [], 1)
            if readable:
                seen = self.child.read_nonblocking(65536, timeout=0)
                self.child.buffer = (self.child.buffer + seen)[-4096:]
            if writable:
                try:
                    data = data[os.write(fd, data[:1024]):]
                except BlockingIOError:
                    pass
        os.set_blocking(fd, True)

    def expect(self, pattern, timeout=60, panic=False):
        """Waits for a regular expression, or for one of a list; returns the
        match.

        panic: the test expects a panic.
        """
        found = self.look(pattern, timeout, panic)
        if not found:
            self.fail("nothing came", [pattern])
        return found

    def look(self, pattern, timeout, panic=False):
        """As expect(), but None if nothing came."""
        patterns = pattern if isinstance(pattern, list) else [pattern]
        stops = [] if panic else [PANIC]
        which = self.child.expect(
            [pexpect.TIMEOUT, pexpect.EOF, *stops, *patterns],
            timeout=timeout * SLOWNESS)
        if which == 0:
            return None
        if which == 1:
            self.fail("QEMU ended", patterns)
        if which == 2 and stops:
            # The reason follows.
            self.child.expect([r"halted \(panic", pexpect.TIMEOUT,
                               pexpect.EOF], timeout=5 * SLOWNESS)
            self.fail("panic", patterns)
        return self.child.match

    def fail(self, why, patterns):
        tail = "\n".join(clean(self.text).split("\n")[-40:])
        raise Failure(f"{why} while waiting for {patterns!r}; the console "
                      f"({self.log_path}) ends in:\n{tail}")

    def wait_exit(self, timeout=30):
        """QEMU's exit status, once it ends by itself."""
        which = self.child.expect([pexpect.EOF, pexpect.TIMEOUT],
                                  timeout=timeout * SLOWNESS)
        if which:
            self.fail("QEMU still runs", ["its end"])
        self.child.close()
        return self.child.exitstatus

    def close(self):
        self.child.close(force=True)
        self.log.close()


class Socle(Machine):
    """The hypervisor, from its start to its prompt."""

    def __init__(self, log, bundle=None, *, smp=2, cpu=MACHINE.CPU,
                 mem="1G", append="", icount=None, machine="", image=None,
                 serial="mon:stdio", board=None, extra=(), limit=300,
                 program=None, **choices):
        self.count = 0
        # A board determines its CPUs.
        what = ["-M", board] if board else MACHINE.arguments(
            cpu, machine, **choices)
        arguments = [
            *what, "-smp", str(smp), "-m", str(mem),
            "-nodefaults", "-display", "none", "-serial", serial,
            "-kernel", str(image or BUILD / "vmm.bin"),
        ]
        if bundle:
            arguments += ["-initrd", str(bundle)]
        if append:
            arguments += ["-append", append]
        if icount is not None:
            arguments += ["-icount", icount]
        super().__init__([*arguments, *extra], log, limit, program)

    def expect_prompt(self, timeout=60):
        self.expect(re.escape(PROMPT), timeout)

    def boot(self, timeout=60):
        """Waits until boot.cmd has run and the terminal answers."""
        self.expect_prompt(timeout)
        self.cmd("version", timeout)
        return self

    def cmd(self, line, timeout=60, ok=True):
        """Runs a command and returns what it printed. ok: it must not print an
        error.

        An `echo` after it marks the end of its output: the prompt does not,
        since log lines that come in between redraw it.
        """
        self.count += 1
        mark = f"@@{self.count}"
        start = len(self.text)
        self.send(f"{line}\r")
        self.expect_prompt(timeout)
        self.send(f"echo {mark}\r")
        self.expect(rf"\n{mark}\r*\n", timeout)
        text = self.output(self.text[start:], line, mark)
        errors = re.findall(r"^error: .*", text, re.MULTILINE)
        if ok and errors:
            self.fail(errors[0], [line])
        return text

    @staticmethod
    def output(text, line, mark):
        kept = []
        for seen in clean(text).split("\n"):
            if seen == mark:
                break
            # Any part of the prompt may have been read before.
            if (seen.startswith(PROMPT.strip()) or
                    seen.endswith(line) and
                    (PROMPT + line).endswith(seen) or
                    seen.endswith(f"> {line}")):
                continue
            kept.append(seen)
        return "\n".join(kept).strip("\n")

    def json(self, line, timeout=60):
        """What a listing prints with --json, parsed.

        If a log line came in the middle of it, the command is repeated.
        """
        for _ in range(3):
            text = self.cmd(f"{line} --json", timeout)
            value = self.find_json(text)
            if value is not None:
                return value
        self.fail(f"no JSON in {text!r}", [f"{line} --json"])

    @staticmethod
    def find_json(text):
        """The first complete list or object in a console's output, or None."""
        # A log line begins with a bracket, too: [ 1.234567] cpu0: ...
        text = re.sub(r"^\[ *\d+\.\d+\] .*\n?", "", text, flags=re.MULTILINE)
        for start in re.finditer(r"^[\[{]", text, re.MULTILINE):
            try:
                return json.JSONDecoder().raw_decode(text, start.start())[0]
            except ValueError:
                continue
        return None

    def guests(self):
        """Guests by name, as `guest list` has them."""
        return {guest["name"]: guest for guest in self.json("guest list")}

    def expect_state(self, name, state, timeout=60):
        """Polls until the guest is in the state."""
        limit = time.monotonic() + timeout * SLOWNESS
        while True:
            found = self.guests().get(name, {}).get("state", "absent")
            if found == state:
                return
            if time.monotonic() > limit:
                self.fail(f"guest {name} is {found}", [state])
            time.sleep(0.2)

    def attach(self, name):
        """Attaches to the guest's console."""
        self.send(f"guest console {name}\r")
        # The line that says how to leave.
        self.expect(r"Ctrl-\][^\n]*\n")
        return Console(self, name)

    def detach(self):
        self.send(DETACH)
        self.expect_prompt()

    def linux(self, name, timeout=90):
        """Attaches and waits for the login shell."""
        return self.attach(name).login(timeout)

    def shutdown(self, timeout=60):
        """`host shutdown`; QEMU's exit status."""
        self.send("host shutdown\r")
        return self.wait_exit(timeout)


class Console:
    """A Linux guest's shell, on its attached console."""

    def __init__(self, socle, name):
        self.socle = socle
        self.name = name

    def login(self, timeout=90):
        """Waits until a shell answers.

        A prompt proves nothing: the replayed screen may show that of an
        earlier boot. What is typed before the shell runs is lost, so this asks
        repeatedly. It also makes the kernel print only warnings and errors, as
        other messages would come in the middle of what programs print.
        """
        limit = time.monotonic() + timeout * SLOWNESS
        while True:
            self.socle.count += 1
            mark = f"@@{self.socle.count}"
            # Ctrl-C discards what is left of an earlier attempt; the empty
            # expansion keeps the echoed line from looking like the answer.
            self.socle.send(f"{CTRL_C}dmesg -n 5; echo ${{x}}{mark}\r")
            last = time.monotonic() > limit
            if self.socle.look(rf"\n{mark}\r*\n", timeout=2):
                return self
            if last:
                self.socle.fail("no shell answers", [mark])

    def sh(self, command, timeout=60, status=0):
        """Runs a shell command of one line and returns what it printed.

        status: the exit status it must have; None: any.
        """
        self.socle.count += 1
        mark = f"@@{self.socle.count}"
        # All in one line, so that nothing is typed while the command runs: the
        # terminal's own echo is on then, and would come in the middle of what
        # the command prints.
        assert "\n" not in command, command
        end = "" if command.endswith("&") else ";"
        self.socle.send(f"echo ${{x}}{mark}; {command}{end} "
                        f"echo ${{x}}{mark} $?\n")
        # Output follows the prompt directly when echo is off.
        self.socle.expect(rf"(?:\n|# ){mark}\r*\n", timeout)
        start = len(self.socle.text) - len(self.socle.child.buffer)
        found = self.socle.expect(rf"{mark} (\d+)\r*\n", timeout)
        end = len(self.socle.text) - len(self.socle.child.buffer)
        text = clean(self.socle.text[start:end]).rpartition(mark)[0]
        # The host's log lines come between the guest's.
        text = HOST_LOG.sub("", text).strip("\n")
        if status is not None:
            assert int(found.group(1)) == status, \
                f"{command}: status {found.group(1)}\n{text}"
        return text

    def expect_progress(self, path):
        """Waits until the number that a loop writes to the file has grown."""
        self.sh(f"a=$(cat {path}); until [ $(cat {path}) -gt $a ]; "
                "do sleep 0.1; done")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.socle.detach()
