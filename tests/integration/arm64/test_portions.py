# SPDX-License-Identifier: GPL-2.0-or-later
"""Portions of caches: QEMU's CPUs have no MPAM, so that they are refused, each
time with one line that says why. What they do where there is MPAM is tested on
models: tests/unit/test_mpam.c and test_mpam_msc.c."""

import pytest

from test_colours import hello

WHY = "not all CPUs have MPAM (ID_AA64PFR0_EL1)"


@pytest.mark.parametrize("gic,cpu", [(2, "cortex-a53"), (3, "max")])
def test_refused(boot, gic, cpu):
    guests = {"some": hello("some", cache_portions="<0 1>"),
              "count": hello("count", cache_portions_count="<2>"),
              "shared": hello("shared", cache_portions_shared='"pair"'),
              "plain": hello("plain")}
    host = boot(guests, gic=gic, cpu=cpu, script="",
                append="hyp-portions=0 hyp-portions=red")
    assert f"hyp-portions: found; allowed nothing, as {WHY}" in host.text
    assert "bootargs: found hyp-portions=red; allowed" in host.text
    assert f"no portions: {WHY}" in host.cmd("host cache")
    said = host.cmd("host portions", ok=False)
    assert f"there are no portions: {WHY}" in said
    for name, prop in ("some", "cache-portions"), ("count",
                                                   "cache-portions-count"):
        said = host.cmd(f"guest create /guests/{name}.dtb", ok=False)
        lines = [line for line in said.splitlines() if line.startswith("error")]
        assert lines == [
            f"error: /guests/{name}.dtb: /: {prop}: found; allowed nothing: this "
            f"host's caches cannot be divided into portions, as {WHY}"]
        assert name not in host.guests()
    said = host.cmd("guest create /guests/shared.dtb", ok=False)
    assert "cache-portions-shared: found without cache-portions" in said
    host.cmd("guest create /guests/plain.dtb --start")
    assert "cache portions" not in host.cmd("guest memory plain")
    host.attach("plain")
    host.expect("hello")
    host.detach()
