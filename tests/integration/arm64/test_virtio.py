# SPDX-License-Identifier: GPL-2.0-or-later
"""VirtIO devices with Linux's drivers, and with a hostile driver, which does
no harm."""

import re

import pytest

from socle import bare, description

ENTROPY = 'devices { rng0 { compatible = "virtio,entropy"; %s }; };'

# Some of the tests that must have been reached, in both formats of ring.
PARTS = ("ring-split", "ring-packed", "ring-buffer-mmio", "ring-order",
         "ring-table-nested", "ring-table-loop", "ring-loop", "ring-head-far",
         "ring-index", "ring-packed-loop", "ring-used-in-hole",
         "ring-large-size", "ring-race", "ring-race-packed")


@pytest.mark.parametrize("gic,props", [
    (2, ""),
    (3, 'ring = "packed";'),
    (3, 'transport = "legacy";'),
], ids=["split", "packed", "legacy"])
def test_entropy(boot, gic, props):
    """Linux's hwrng reads from it, not always the same bytes."""
    host = boot({"linux0": description("linux0", extra=ENTROPY % props)},
                gic=gic)
    with host.linux("linux0") as shell:
        rng = "/sys/class/misc/hw_random"
        assert "virtio_rng" in shell.sh(f"cat {rng}/rng_available")
        shell.sh(f"echo virtio_rng.0 >{rng}/rng_current")
        read = "dd if=/dev/hwrng bs=64 count=8 2>/dev/null | sha256sum"
        first = shell.sh(f"{read} && {read}").split()
        assert len(first) == 4 and first[0] != first[2]
        assert shell.sh("dd if=/dev/hwrng bs=64 count=8 2>/dev/null | wc -c") \
            == "512"
        # The intended features were negotiated.
        bits = shell.sh("cat /sys/bus/virtio/devices/virtio0/features")
        assert bits[28:30] == "11"  # INDIRECT_DESC, EVENT_IDX
        assert bits[32] == ("0" if "legacy" in props else "1")
        assert bits[34] == ("1" if "packed" in props else "0")
    # The guest can be paused, resumed and reset.
    host.cmd("guest pause linux0")
    host.cmd("guest resume linux0")
    host.cmd("guest reset linux0")
    with host.linux("linux0") as shell:
        assert shell.sh("dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c") \
            == "64"
    assert host.shutdown() == 0


@pytest.mark.parametrize("gic", [2, 3])
def test_hostile_rings(boot, gic):
    host = boot({"linux0": description("linux0", extra=ENTROPY % ""),
                 "rings": bare("rings", "rings", vcpus=2,
                               extra=ENTROPY % 'ring = "packed";')},
                script="guest create /guests/linux0.dtb\n"
                       "guest start linux0\n"
                       "guest create /guests/rings.dtb\n", gic=gic, smp=2)
    begin = len(host.text)
    host.cmd("guest start rings")
    host.attach("rings")
    host.expect(r"\nDONE\r*\n", timeout=240)
    host.detach()
    said = host.text[begin:]
    assert re.findall(r"^FAIL .*", said, re.MULTILINE) == []
    for part in PARTS:
        assert re.search(rf"^PASS {part}\b", said, re.MULTILINE), part
    host.expect_state("rings", "stopped")
    # The log has a few lines about it, not one for each time.
    told = re.findall(r"guest rings: rng0: .*; it needs a reset", host.text)
    assert 1 <= len(told) <= 40
    with host.linux("linux0") as shell:
        assert shell.sh("dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c") \
            == "64"
    host.cmd("guest destroy rings")
