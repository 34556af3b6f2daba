# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that do what no guest should; the guest beside them must not
notice."""

import re

import pytest

from socle import bare, description

# Tests that must have been reached, one from each part of the image.
PARTS = ("hvc-functions", "smc-functions", "stolen-refused", "stolen-record",
         "sysreg-op0-3", "sysreg-op0-2", "sysreg-breakpoint", "set-way", "psci-on-off", "psci-on-clean",
         "hole", "form-pair", "form-simd", "table-walk", "gicd", "uart", "aa32-timer",
         "aa32-timer-closed", "el0-next-page", "el0-across", "el0-granted",
         "more-than-lrs")

# Parts of the flash are mapped as memory, and writes unmap and map them again;
# there is a device in the first virtio slot.
DEVICES = """devices {
	flash@0 { image = "/images/hostile.bin"; };
	rng0 { compatible = "virtio,entropy"; ring = "packed"; };
};"""


@pytest.mark.parametrize("gic,cpu,smp", [
    (3, "cortex-a57", 2),
    (2, "cortex-a53", 1),
    (3, "max", 2),
])
def test_hostile(boot, gic, cpu, smp):
    host = boot({"linux0": description("linux0"),
                 "hostile": bare("hostile", "hostile", memory=64, vcpus=2,
                                 extra=DEVICES)},
                script="guest create /guests/linux0.dtb\n"
                       "guest start linux0\n"
                       "guest create /guests/hostile.dtb\n",
                gic=gic, cpu=cpu, smp=smp)
    with host.linux("linux0", timeout=180) as shell:
        # On a busy machine the kernel warns of late timers.
        shell.sh("dmesg -n 1")
        # The rename keeps it from being read half written.
        shell.sh("(i=0; while sleep 0.1; do i=$((i+1)); echo $i >/tmp/m; "
                 "mv /tmp/m /tmp/n; done) &")
    begin = len(host.text)
    host.cmd("guest start hostile")
    host.attach("hostile")
    host.expect(r"\nDONE\r*\n", timeout=240)
    host.detach()
    said = host.text[begin:]
    assert re.findall(r"^FAIL .*", said, re.MULTILINE) == []
    for part in PARTS:
        assert re.search(rf"^PASS {part}\b", said, re.MULTILINE), part
    host.expect_state("hostile", "stopped")
    with host.linux("linux0") as shell:
        shell.expect_progress("/tmp/n")
        assert shell.sh("dmesg | grep -ci 'oops\\|soft lockup'",
                        status=None) == "0"
    # Once more, in the same memory.
    host.cmd("guest start hostile")
    host.attach("hostile")
    host.expect(r"hostile guest")
    host.detach()
    host.cmd("guest destroy hostile")


@pytest.mark.parametrize("image", ["hostile_vectors", "hostile_tables"])
def test_no_way_out(boot, image):
    """Aborts that lead to aborts end in the crash policy, which reports the
    reason."""
    host = boot({"linux0": description("linux0"),
                 "lost": bare("lost", image)},
                script="guest create /guests/linux0.dtb\n"
                       "guest start linux0\n"
                       "guest create /guests/lost.dtb\n")
    host.send("guest start lost\r")
    # The last part of the report, so that it does not come into a listing.
    host.expect(r"backtrace: [0-9a-f]+", timeout=60)
    host.expect(r"\n")
    host.expect_state("lost", "crashed")
    log = host.cmd("dmesg")
    assert re.search(r"exception vector at 0x[0-9a-f]+ cannot be fetched", log)
    assert re.search(r"ESR_EL2 [0-9a-f]+: instruction abort", log)
    assert "came back" not in host.text
    with host.linux("linux0") as shell:
        assert shell.sh("hostname") == "linux0"
