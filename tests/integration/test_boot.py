# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of many shapes come up, and a Linux guest's shell answers on them."""

import pytest

from socle import description

CPUS = ["cortex-a53", "cortex-a57", "cortex-a72", "max"]


def check_linux(host, name, vcpus):
    """The guest is what its description says."""
    with host.linux(name) as shell:
        assert shell.sh("hostname") == name
        assert shell.sh("nproc") == str(vcpus)
        assert shell.sh("uname -m") == "aarch64"


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("smp", [1, 4])
@pytest.mark.parametrize("gic", [2, 3])
def test_matrix(boot, gic, smp, cpu):
    host = boot({"linux0": description("linux0", vcpus=smp, memory=256)},
                gic=gic, smp=smp, cpu=cpu)
    check_linux(host, "linux0", smp)
    assert host.shutdown() == 0


@pytest.mark.parametrize("cpu", ["cortex-a76", "neoverse-n1"])
def test_later_cpus(boot, cpu):
    host = boot({"linux0": description("linux0")}, cpu=cpu)
    check_linux(host, "linux0", 1)


def test_full_kernel(boot):
    """Debian's kernel for any machine, with everything built in."""
    host = boot({"linux0": description("linux0", memory=512,
                                       kernel="/images/Image-full")})
    check_linux(host, "linux0", 1)


def test_icount(boot):
    """Several CPUs in lockstep: nothing depends on a delay."""
    host = boot({"linux0": description("linux0")}, smp=2, icount="shift=0",
                limit=600)
    with host.linux("linux0", timeout=300) as shell:
        assert shell.sh("nproc") == "1"


@pytest.mark.parametrize("smp", [1, 2, 4, 8])
@pytest.mark.parametrize("gic", [2, 3])
def test_all_cpus_come_up(boot, gic, smp):
    host = boot(gic=gic, smp=smp)
    cpus = host.json("host cpus")
    assert len(cpus) == smp
    assert all(cpu["state"] == "online" for cpu in cpus)


@pytest.mark.parametrize("mem", ["128M", "3G", "64G"])
def test_memory_sizes(boot, mem):
    host = boot(mem=mem)
    assert host.json("memory")
    assert host.shutdown() == 0


def test_below_el2(qemu):
    """Without virtualization there is a message, and no silence."""
    from socle import BUILD
    machine = qemu(["-M", "virt", "-cpu", "cortex-a57", "-m", "256M",
                    "-nodefaults", "-display", "none", "-serial", "mon:stdio",
                    "-kernel", str(BUILD / "vmm.bin")], limit=60)
    machine.expect(r"EL2", timeout=30)


@pytest.mark.parametrize("address", [0x42001000, 0x50003000, 0x7f000000])
def test_any_page(qemu, bundle, tmp_path, address):
    """Loaded by U-Boot at addresses that only a page boundary describes."""
    from socle import BUILD, IMAGES
    import shutil
    served = tmp_path / "tftp"
    served.mkdir()
    shutil.copy(BUILD / "vmm.bin", served / "vmm.bin")
    machine = qemu([
        "-M", "virt,virtualization=on,secure=off,gic-version=3",
        "-cpu", "cortex-a57", "-smp", "2", "-m", "1G", "-nodefaults",
        "-display", "none", "-serial", "mon:stdio",
        "-bios", str(IMAGES / "u-boot.bin"),
        "-netdev", f"user,id=n0,tftp={served}",
        "-device", "virtio-net-device,netdev=n0"], limit=120)
    machine.expect("Hit any key")
    machine.send("\r")
    machine.expect("=> ")
    for line in ("setenv autoload no", "dhcp",
                 f"tftpboot {address:#x} vmm.bin"):
        machine.send(f"{line}\r")
        machine.expect("=> ")
    # `booti` would move the image to where its header wants it.
    machine.send("dcache off\r")
    machine.expect("=> ")
    machine.send(f"booti {address:#x} - $fdtcontroladdr\r")
    machine.expect("socle> ")
