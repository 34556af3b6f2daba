# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests beside each other, and their way from creation to destruction."""

import re
import struct
import subprocess
import time

import pytest

from socle import BUILD, CTRL_C, bare, description
from test_terminal import check_guest_paste


def test_two_linux(boot):
    """Two guests of two VCPUs each, on two CPUs."""
    names = ["linux0", "linux1"]
    host = boot({n: description(n, vcpus=2, memory=192) for n in names},
                smp=2)
    for name in names:
        with host.linux(name) as shell:
            assert shell.sh("hostname") == name
            assert shell.sh("nproc") == "2"
    states = host.guests()
    assert {states[n]["state"] for n in names} == {"running"}


@pytest.mark.parametrize("gic", [2, 3])
def test_more_vcpus_than_cpus(boot, gic):
    host = boot({"linux0": description("linux0", vcpus=4, memory=256)},
                smp=1, gic=gic)
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == "4"
        # All of them work, and the shell still answers.
        shell.sh("for i in 1 2 3 4; do (for j in $(seq 3000); do :; done) & "
                 "done; wait", timeout=120)


@pytest.mark.parametrize("gic", [2, 3])
def test_native_wfi(boot, gic):
    """One guest sleeps on the CPU itself; the other still gets its turn.

    The one never blocks, as the other does when it has nothing to do.
    """
    names = ["linux0", "linux1"]
    guests = {n: description(n, memory=192) for n in names}
    guests["linux0"] = guests["linux0"].replace("cpus {", "cpus { native-wfi;")
    host = boot(guests, smp=1, gic=gic)
    for name in names:
        with host.linux(name) as shell:
            assert shell.sh("sleep 1; hostname") == name
    states = {"linux0/0": set(), "linux1/0": set()}
    for _ in range(10):
        for vcpu in host.json("vcpu list"):
            states[vcpu["name"]].add(vcpu["state"])
    assert "blocked" not in states["linux0/0"]
    assert "blocked" in states["linux1/0"]
    host.cmd("guest stop linux0")
    host.expect_state("linux0", "stopped")


def test_guest_reboot(boot):
    host = boot({"linux0": description("linux0")})
    console = host.linux("linux0")
    first = console.sh("cat /proc/sys/kernel/random/boot_id")
    host.send("reboot -f\r")
    host.expect(r"linux0: login shell on", timeout=90)
    console.login()
    assert console.sh("cat /proc/sys/kernel/random/boot_id") != first
    host.detach()
    assert host.guests()["linux0"]["state"] == "running"


def test_guest_poweroff(boot):
    """A guest that switches itself off can be started again."""
    host = boot({"linux0": description("linux0")})
    host.linux("linux0")
    host.send("poweroff -f\r")
    host.detach()
    host.expect_state("linux0", "stopped")
    host.cmd("guest start linux0")
    with host.linux("linux0") as shell:
        assert shell.sh("hostname") == "linux0"


def test_own_tree(boot):
    """A tree of the person's own; a file that is none is refused."""
    source = """/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;
        memory@40000000 { device_type = "memory";
                          reg = <0 0x40000000 0 0x1000000>; }; };"""
    tree = subprocess.run(["dtc", "-q", "-O", "dtb"], input=source.encode(),
                          stdout=subprocess.PIPE, check=True).stdout
    guests = {name: bare(name, "hello", boot=f'dtb = "/{name}";')
              for name in ("good", "short", "text")}
    host = boot(guests, script="", files={
        "good": tree, "short": tree[:-1], "text": "not a tree at all"})
    host.cmd("guest create /guests/good.dtb --start")
    host.attach("good")
    host.expect("hello: tree at 0x[0-9a-f]+")
    host.detach()
    for name, reason in (("short", "cut short"),
                         ("text", "does not begin with 0xd00dfeed")):
        seen = host.cmd(f"guest create /guests/{name}.dtb --start", ok=False)
        assert f"error: /{name}: " in seen and reason in seen
        assert host.guests()[name]["state"] != "running"


def test_pause_resume(boot):
    """A busy guest that is paused does not run, and goes on after."""
    host = boot({"linux0": description("linux0")})
    with host.linux("linux0") as shell:
        shell.sh("while :; do :; done &")
    host.cmd("guest pause linux0")
    host.expect_state("linux0", "paused")
    first, *more = [host.json("vcpu list") for _ in range(4)]
    assert first[0]["state"] == "paused"
    assert [vcpus[0]["run_s"] for vcpus in more] == [first[0]["run_s"]] * 3
    host.cmd("guest resume linux0")
    host.expect_state("linux0", "running")
    with host.linux("linux0") as shell:
        assert shell.sh("echo alive") == "alive"


def test_time_stands_still(boot):
    """A pause takes no time for the guest."""
    host = boot({"linux0": description("linux0")})
    pause = 3

    def uptime():
        with host.linux("linux0") as shell:
            return float(shell.sh("cat /proc/uptime").split()[0])

    uptime()
    begin = time.monotonic()
    before = uptime()
    host.cmd("guest pause linux0")
    host.cmd(f"sleep {pause * 1000}")
    host.cmd("guest resume linux0")
    passed = uptime() - before
    # It counts hundredths.
    assert passed <= time.monotonic() - begin - pause + 0.01


def test_reset(boot):
    host = boot({"linux0": description("linux0")})
    with host.linux("linux0") as shell:
        first = shell.sh("cat /proc/sys/kernel/random/boot_id")
    host.cmd("guest reset linux0")
    with host.linux("linux0") as shell:
        assert shell.sh("cat /proc/sys/kernel/random/boot_id") != first


def test_shell_is_interactive(boot):
    """Ctrl-C reaches the guest's foreground job."""
    host = boot({"linux0": description("linux0")})
    console = host.linux("linux0")
    # The job says it itself: between a shell's own word and its next job
    # there is no job that Ctrl-C could end.
    host.send("sh -c 'echo go; exec sleep 1000'\r")
    host.expect(r"\ngo\r*\n")
    host.send(CTRL_C)
    host.expect(r"linux0:[^\r\n]*# ")
    assert console.sh("echo alive") == "alive"


def used(host):
    """What must be the same afterwards.

    The heap keeps some empty pages for the next allocation: they count as
    free. Every byte in use counts.
    """
    pages = {row["use"]: row["size"] for row in host.json("memory")}
    pools = host.json("heap")
    heap = next(row for row in pools if row["name"] == "heap")
    return {
        "free": pages["free"] + heap["held"],
        "in use": {row["name"]: (row["live"], row["used"]) for row in pools},
    }


def test_create_destroy(boot):
    """A hundred times, with every page and heap byte back."""
    host = boot({"hello": bare("hello", "hello")}, script="")

    def cycle():
        host.cmd("guest create /guests/hello.dtb")
        host.cmd("guest start hello")
        host.cmd("guest destroy hello")

    # The first ones fill pools that are kept.
    for _ in range(3):
        cycle()
    used(host)  # listings take memory, too, the first time
    before = used(host)
    for _ in range(100):
        cycle()
    assert host.guests() == {}
    after = used(host)
    assert after == before


@pytest.mark.long
def test_linux_again_and_again(boot):
    """A real guest's life, fifty times; nothing is left behind."""
    host = boot({"linux0": description("linux0", vcpus=2)}, script="",
                limit=1800)

    def cycle():
        host.cmd("guest create /guests/linux0.dtb")
        host.cmd("guest start linux0")
        with host.linux("linux0") as shell:
            assert shell.sh("nproc") == "2"
        host.cmd("guest destroy linux0")

    for _ in range(3):
        cycle()
    used(host)
    before = used(host)
    for _ in range(50):
        cycle()
    assert used(host) == before


def test_what_is_no_description(boot):
    host = boot({"hello": bare("hello", "hello")}, script="",
                files={"big": bytes(300 << 10)})
    for path, advice in (("hello", "begin with /"),
                         ("/guests/hello.dts", ".dtb is needed"),
                         ("/guests/x.dtb", "no such file"),
                         ("/guests", "not a file"),
                         ("/big", "more than 256 KiB"),
                         ("/boot.cmd", "not a device tree blob")):
        seen = host.cmd(f"guest create {path}", ok=False)
        assert f"error: {path}: " in seen and advice in seen
    assert host.guests() == {}


def test_destroy_unstarted(boot):
    host = boot({"hello": bare("hello", "hello")}, script="")
    host.cmd("guest create /guests/hello.dtb")
    before = host.guests()
    assert before["hello"]["state"] != "running"
    host.cmd("guest destroy hello")
    assert host.guests() == {}


def test_64_guests(boot):
    """Many small guests at once; each has spoken."""
    names = [f"g{i}" for i in range(64)]
    host = boot({n: bare(n, "idle", memory=4) for n in names}, script="",
                mem="2G", limit=600)
    for name in names:
        host.cmd(f"guest create /guests/{name}.dtb")
        host.cmd(f"guest start {name}")
    states = host.guests()
    assert len(states) == 64
    assert {g["state"] for g in states.values()} == {"running"}
    for name in ("g0", "g31", "g63"):
        host.attach(name)
        host.expect("idle: waiting")
        host.detach()


def test_hello(boot):
    """A bare-metal guest hears what is typed, and ends."""
    host = boot({"hello": bare("hello", "hello")})
    host.attach("hello")
    host.expect("hello: tree at 0x[0-9a-f]+")
    host.send("xyzzy")
    host.expect("xyzzy")
    host.send("q")
    host.expect("bye")
    host.detach()
    host.expect_state("hello", "stopped")


def test_uboot(boot):
    """Debian's U-Boot for the virt machine, unmodified, to its prompt."""
    from socle import TOP
    source = (TOP / "tools/bundles/default/guests/uboot.dts").read_text()
    host = boot({"uboot": source})
    host.attach("uboot")
    host.expect("=> ")
    host.send("version\r")
    host.expect(r"U-Boot 20\d\d")
    host.expect("=> ")
    host.detach()


def test_uefi(boot):
    """Debian's UEFI for the virt machine, executed where it lies in flash, and
    the kernel it starts: both unmodified."""
    host = boot({"efi": """
/dts-v1/;
/ {
	compatible = "socle,guest";
	model = "efi";
	memory = "256M";
	boot { entry = <0>; };
	devices {
		flash@0 { image = "/images/QEMU_EFI.fd"; };
		fw-cfg@9020000 {
			kernel = "/images/Image";
			initrd = "/images/initrd.cpio.gz";
			bootargs = "console=ttyAMA0 hostname=efi";
		};
	};
};
"""})
    with host.linux("efi", timeout=180) as shell:
        assert "EFI stub" in host.text
        assert shell.sh("cat /sys/firmware/efi/fw_platform_size") == "64"
        assert "Remapping and enabling EFI services" in shell.sh("dmesg")


def test_power_key_and_watchdog(boot):
    """Linux's own drivers of the PL061, its key, the SP805 and the PL031."""
    host = boot({"full": description(
        "full", memory=512, kernel="/images/Image-full",
        initrd="/images/initrd-full.cpio.gz", extra="""
devices {
	#address-cells = <2>; #size-cells = <2>;
	watchdog@9050000 {
		compatible = "arm,sp805";
		reg = <0x0 0x9050000 0x0 0x1000>;
		interrupts = <0 9 4>;
	};
};
""")})
    with host.linux("full", timeout=180) as shell:
        shell.sh("dmesg -n 1")
        assert int(shell.sh("cat /sys/class/rtc/rtc0/since_epoch")) > 1 << 30
        shell.sh("(head -c 24 /dev/input/event0 >/tmp/key; "
                 "echo key is pressed >/dev/console) &")
        shell.sh("until ls -l /proc/[0-9]*/fd | grep -q event0; "
                 "do sleep 0.1; done")
    host.cmd("guest powerdown full")
    host.attach("full")
    host.expect("key is pressed")
    host.detach()
    with host.linux("full") as shell:
        # Behind the time: EV_KEY, KEY_POWER, pressed.
        assert shell.sh("tail -c 8 /tmp/key | hexdump -v -e '1/1 \"%02x\"'; echo"
                        ) == "0100740001000000"
        # Fed each second it stays quiet; then it is not fed any more.
        shell.sh("watchdog -T 2 -t 1 /dev/watchdog; sleep 5; "
                 "killall -9 watchdog")
    assert host.json("guest info full")["resets"] == 0
    host.attach("full")
    host.expect("Booting Linux on physical CPU", timeout=90)
    host.detach()
    assert host.json("guest info full")["resets"] == 1


def linked_at(blob, base):
    """A position-independent ELF file as one that belongs at an address."""
    blob = bytearray(blob)

    def add(place):
        value, = struct.unpack_from("<Q", blob, place)
        struct.pack_into("<Q", blob, place, value + base)

    struct.pack_into("<H", blob, 16, 2)  # ET_EXEC
    add(24)  # e_entry
    headers, = struct.unpack_from("<Q", blob, 32)
    count, = struct.unpack_from("<H", blob, 56)
    for i in range(count):
        add(headers + 56 * i + 16)  # p_vaddr
        add(headers + 56 * i + 24)  # p_paddr
    return bytes(blob)


def test_elf(boot):
    """An ELF file runs where it is linked, or moved; never outside RAM."""
    elf = (BUILD / "guest" / "hello.elf").read_bytes()
    kernels = {
        "fixed": ("/fixed", ""),
        "moved": ("/images/hello.elf", "kernel-address = <0x40400000>;"),
        "low": ("/images/hello.elf", ""),
        "high": ("/high", ""),
        "tail": ("/tail", ""),
    }
    host = boot({name: description(name, memory=16, kernel=kernel, initrd=None,
                                   bootargs="", boot=where)
                 for name, (kernel, where) in kernels.items()}, script="",
                files={"fixed": linked_at(elf, 0x40600000),
                       "high": linked_at(elf, 0x41000000),
                       "tail": linked_at(elf, 0x40ffe000)})
    host.cmd("heap trim")
    before = host.json("memory")
    for name, address in (("low", 0), ("high", 0x41000000),
                          ("tail", 0x41000000)):
        seen = host.cmd(f"guest create /guests/{name}.dtb --start", ok=False)
        assert re.search(rf"error: {kernels[name][0]}: needs 0x[0-9a-f]+ bytes "
                         rf"at {address:#x}, which is not all RAM", seen), seen
        assert host.guests()[name]["state"] != "running"
        host.cmd(f"guest destroy {name}")
    host.cmd("heap trim")
    assert host.json("memory") == before
    for name in ("fixed", "moved"):
        host.cmd(f"guest create /guests/{name}.dtb --start")
        host.attach(name)
        host.expect("hello: tree at 0x[0-9a-f]+")
        host.send("abc")
        host.expect("abc")
        host.send("q")
        host.expect("bye")
        host.detach()


SERIAL = """
devices {
	#address-cells = <2>; #size-cells = <2>;
	pl011@9000000 { status = "disabled"; };
	serial@9040000 {
		compatible = "ns16550a";
		reg = <0 0x9040000 0 0x100>;
		interrupts = <0 8 4>;
		clock-frequency = <1843200>;
		%s
	};
};
"""


@pytest.mark.parametrize("layout", ["", "reg-shift = <2>; reg-io-width = <4>;"])
def test_16550_console(boot, layout):
    """Linux with an 8250 as its only port: pasted bytes arrive, and one key."""
    host = boot({"linux0": description(
        "linux0", extra=SERIAL % layout,
        bootargs="console=ttyS0,115200 hostname=linux0")}, limit=600)
    with host.linux("linux0") as shell:
        assert "ttyS0" in shell.sh("cat /sys/class/tty/console/active")
        assert "ttyAMA" not in shell.sh("ls /dev")
        before = shell.sh("grep ttyS0 /proc/interrupts")
        check_guest_paste(host, shell)
        # Fewer bytes than the receiver's trigger, while nothing is sent.
        host.send("stty -icanon; echo ${x}one; head -c 1 | wc -c\r")
        host.expect(r"one\r*\n")
        host.send("k")
        host.expect(r"1\r*\n", timeout=30)
        shell.sh("stty icanon echo")
        assert shell.sh("grep ttyS0 /proc/interrupts") != before
