# SPDX-License-Identifier: GPL-2.0-or-later
"""The next Debian's QEMU with its CPUs, and its kernel.

On Debian 12 both are fetched, not installed (`make check-newer`); on Debian 13
they are the installed ones.
"""

import os
import re
import subprocess
import sys

import pytest

from socle import BUILD, IMAGES, TOP, description

sys.path.insert(0, str(TOP / "tools/bench"))
import image as images  # noqa: E402  (tools is no package)
import masked  # noqa: E402
import systems  # noqa: E402

FETCHED = BUILD / "check" / "newer" / "qemu-system-aarch64"
CPUS = ["cortex-a55", "cortex-a710", "neoverse-v1", "neoverse-n2", "max"]


def major(program):
    try:
        said = subprocess.run([program, "--version"], text=True, check=True,
                              stdout=subprocess.PIPE).stdout
    except OSError:
        return 0
    return int(re.search(r"version (\d+)", said).group(1))


@pytest.fixture(name="program", scope="module")
def fixture_program():
    """A QEMU of version 10 or later."""
    installed = os.environ.get("QEMU", "qemu-system-aarch64")
    for program in (installed, str(FETCHED)):
        if major(program) >= 10:
            return program
    pytest.skip("no QEMU 10: neither installed nor fetched")


@pytest.fixture(name="image", scope="module")
def fixture_image():
    """The newest kernel available, and how its release begins."""
    if (IMAGES / "Image-newer").exists():
        return "/images/Image-newer"
    return "/images/Image"


def check_linux(host, vcpus, release=None):
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == str(vcpus)
        if release:
            assert shell.sh("uname -r").startswith(release)
    assert host.shutdown() == 0


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("gic", [2, 3])
def test_newer_cpus(boot, program, image, cpu, gic):
    host = boot({"linux0": description("linux0", kernel=image, vcpus=2)},
                program=program, cpu=cpu, gic=gic)
    check_linux(host, 2)


def test_newer_gic(boot, program, image):
    """On a GICv4: none of its additions are used."""
    host = boot({"linux0": description("linux0", kernel=image, vcpus=2)},
                program=program, cpu="max", gic=4)
    check_linux(host, 2)


@pytest.mark.parametrize("vcpus", [1, 4])
@pytest.mark.parametrize("gic", [2, 3])
def test_newer_kernel(boot, gic, vcpus):
    """Linux 6.12; the other tests start Debian 12's 6.1."""
    if not (IMAGES / "Image-newer").exists():
        pytest.skip("the kernel of the other tests is the newest")
    host = boot({"linux0": description("linux0", vcpus=vcpus, memory=256,
                                       kernel="/images/Image-newer")},
                gic=gic, smp=4)
    check_linux(host, vcpus, "6.12.")


@pytest.mark.parametrize("storm", ["devices", "gic", "setway"])
def test_newer_plugin(boot, program, tmp_path, storm):
    """A plugin knows which of two CPUs executes a block, though this QEMU tells
    which one it was translated for: the traps of a guest on CPU 1 are not
    counted as parts of what CPU 0 did before it went to sleep."""
    elf = images.Image(BUILD / "vmm.elf", systems.CROSS)
    out = tmp_path / "masked"
    guest = description(storm, memory=16, kernel="/images/storm.bin",
                        initrd=None, bootargs=f"storm={storm}")
    host = boot({storm: guest.replace("count = <1>;",
                                      "count = <1>; affinity = <1>;")},
                program=program, smp=2, gic=2, cpu="cortex-a57",
                icount="shift=0,sleep=off", script="echo\n",
                extra=masked.arguments(
                    elf, (BUILD / "plugins/masked.so").resolve(), out))
    host.cmd(f"guest create /guests/{storm}.dtb --start")
    # An interrupt on CPU 0 ends what it seems to have been doing.
    host.cmd("sleep 10")
    sections = masked.read(elf, out)
    # docs/design/latency.md; half a million and more if CPUs are confused.
    assert sections[0].length <= 20000, str(sections[0])
    assert {"vectors+0x280", "vectors+0x400"} <= {
        section.begin for section in sections}
