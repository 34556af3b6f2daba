# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices of guests' default machine, as Linux and UEFI use them."""

import re

import pytest

from manager import Watch, channel
from socle import TOP, description, start_script
from test_terminal import check_guest_paste


def test_uefi(boot):
    """Debian's UEFI for the virt machine, executed in place from flash, and
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


@pytest.mark.parametrize("line", ["guest powerdown linux0",
                                  "host shutdown --ask"])
def test_powerdown_of_the_default_guest(boot, line):
    """`make run`'s guest powers off, though its kernel has no driver of
    gpio-keys."""
    default = TOP / "arch/arm64/bundles/default/guests/linux0.dts"
    host = boot({"linux0": default.read_text("utf-8")},
                script="vdisk create disk0\n" + start_script(["linux0"]))
    with host.linux("linux0") as shell:
        shell.sh("until ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q gpio; "
                 "do sleep 0.1; done")
    host.send(line + "\r")
    if line.startswith("host"):
        assert host.wait_exit(60) == 0
        # By itself, before the time limit.
        assert re.search(r"linux0: powered off", host.text)
    else:
        host.expect_state("linux0", "stopped")


def test_power_key_and_watchdog(boot, tmp_path):
    """Linux's own drivers for the PL061, its key, the SP805 and the PL031. That
    a watchdog has bitten, managers are told."""
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
""")}, **channel(tmp_path / "management"))
    with host.linux("full", timeout=180) as shell:
        shell.sh("dmesg -n 1")
        # It would switch the guest off.
        shell.sh("killall powerkey")
        assert int(shell.sh("cat /sys/class/rtc/rtc0/since_epoch")) > 1 << 30
        shell.sh("(head -c 24 /dev/input/event0 >/tmp/key; "
                 "echo key is pressed >/dev/console) &")
        shell.sh("until ls -l /proc/[0-9]*/fd | grep -q event0; "
                 "do sleep 0.1; done")
    watch = Watch(host, tmp_path / "management", "watchdog", "full")
    host.cmd("guest powerdown full")
    host.attach("full")
    host.expect("key is pressed")
    host.detach()
    with host.linux("full") as shell:
        # After the timestamp: EV_KEY, KEY_POWER, pressed.
        assert shell.sh("tail -c 8 /tmp/key | hexdump -v -e '1/1 \"%02x\"'; echo"
                        ) == "0100740001000000"
        # Refreshed each second, it does not fire; then it is no longer
        # refreshed. The kernel counts how often the program waits in between.
        shell.sh("watchdog -T 2 -t 1 /dev/watchdog; until [ $(sed -n "
                 "'s/^voluntary_ctxt_switches:[^0-9]*//p' /proc/$(pidof "
                 "watchdog)/status) -ge 6 ]; do sleep 0.1; done; "
                 "killall -9 watchdog")
    assert host.json("guest info full")["resets"] == 0
    host.attach("full")
    host.expect("Booting Linux on physical CPU", timeout=90)
    host.detach()
    assert host.json("guest info full")["resets"] == 1
    watch.expect("full", "watchdog@9050000: reset")
    watch.end()


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
    """Linux with an 8250 as its only port: pasted bytes arrive, and a single
    key."""
    host = boot({"linux0": description(
        "linux0", extra=SERIAL % layout,
        bootargs="console=ttyS0,115200 hostname=linux0")}, limit=600)
    with host.linux("linux0") as shell:
        assert "ttyS0" in shell.sh("cat /sys/class/tty/console/active")
        assert "ttyAMA" not in shell.sh("ls /dev")
        before = shell.sh("grep ttyS0 /proc/interrupts")
        check_guest_paste(host, shell)
        # Fewer bytes than the receiver's trigger level, while nothing is sent.
        host.send("stty -icanon; echo ${x}one; head -c 1 | wc -c\r")
        host.expect(r"one\r*\n")
        host.send("k")
        host.expect(r"1\r*\n", timeout=30)
        shell.sh("stty icanon echo")
        assert shell.sh("grep ttyS0 /proc/interrupts") != before
