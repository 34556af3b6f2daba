# SPDX-License-Identifier: GPL-2.0-or-later
"""What VCPUs spend their time on: `vcpu times` and `sched account`.

With -icount an instruction takes 4 ns."""

import pytest

from socle import description


def guest(name):
    return description(name, memory=16, kernel="/images/storm.bin",
                       initrd=None, bootargs=f"storm={name}")


def times(host, what=""):
    return {row["name"]: row for row in host.json(f"vcpu times {what}")}


@pytest.mark.parametrize("gic", [2, 3])
def test_account(boot, gic):
    host = boot({name: guest(name) for name in ("spin", "psci")}, smp=1,
                gic=gic, icount="shift=2,sleep=off", limit=300)
    assert times(host)["spin/0"]["hyp_s"] is None
    assert "sched account start" in host.cmd("sched account stop", ok=False)
    host.cmd("sched account start")
    assert "sched account stop" in host.cmd("sched account start", ok=False)
    host.cmd("sleep 500")
    host.cmd("guest pause spin")
    host.cmd("sleep 200")
    host.cmd("guest resume spin")
    rows = times(host)
    print(rows)
    # One only spins: turns of 10 ms end it. The other only calls.
    assert rows["spin/0"]["hyp_percent"] < 2
    assert rows["psci/0"]["hyp_percent"] > 40
    # Milliseconds, and what the commands take on a busy machine.
    assert 0.2 <= rows["spin/0"]["pause_s"] < 3
    assert rows["psci/0"]["pause_s"] == 0
    assert rows["psci/0"]["exits"] > 100 * rows["spin/0"]["exits"]
    for row in rows.values():
        assert row["hyp_s"] <= row["run_s"]
    # What works for a guest is the hypervisor's, and the guest's.
    work = rows["psci/work"]
    assert work["hyp_percent"] in (0, 100) and work["exits"] == 0
    host.cmd("sched account stop")
    whole = times(host, "--guests")
    parts = [row for name, row in times(host).items()
             if name.startswith("psci/")]
    assert set(whole) == {"spin", "psci"}
    for key in ("hyp_s", "pause_s"):
        assert abs(whole["psci"][key] - sum(row[key] for row in parts)) < 0.01
    exits = {row["name"]: row for row in host.json("vcpu exits --guests")}
    assert exits["psci"]["total"] > 0.9 * whole["psci"]["exits"]
    assert exits["psci"]["call"] > 0.9 * exits["psci"]["total"]
    # It is kept, and begins from zero.
    kept = times(host)["psci/0"]["hyp_s"]
    host.cmd("sleep 100")
    assert times(host)["psci/0"]["hyp_s"] == kept
    host.cmd("sched account start")
    assert times(host)["psci/0"]["hyp_s"] < kept
