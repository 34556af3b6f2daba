# SPDX-License-Identifier: GPL-2.0-or-later
"""socle-check: the checker as a program of the person's machine."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("SOCLE_BUILD", "build")
GOOD = """/dts-v1/;
/ { compatible = "socle,guest"; model = "g"; memory = "64M";
    boot { kernel = "/k"; }; };
"""
BAD = GOOD.replace('"64M"', '"64X"').replace("kernel", "kernal")
NOT_MODELLED = {"pcie@10000000", "platform-bus@c000000",
                "aliases"}  # QEMU 10


@pytest.fixture(scope="module", name="tool")
def fixture_tool():
    subprocess.run(["make", f"O={os.path.relpath(BUILD, TOP)}", "tools"], cwd=TOP,
                   check=True, stdout=subprocess.DEVNULL)
    return str(BUILD / "tools" / "socle-check")


def run(*command):
    return subprocess.run(command, capture_output=True, check=False)


def source(tmp_path, text):
    path = tmp_path / "guest.dts"
    path.write_text(text)
    return str(path)


def top_nodes(blob):
    dts = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=blob,
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    return set(re.findall(r"^\t([\w@,+-]+) \{", dts, re.M))


def test_good(tool, tmp_path):
    done = run(tool, source(tmp_path, GOOD))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_mistakes(tool, tmp_path):
    path = source(tmp_path, BAD)
    done = run(tool, path)
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{path}: /") for line in lines)
    told = [line for line in lines
            if line.startswith(f"{path}: /boot: kernal: unknown property, ")]
    assert len(told) == 1 and told[0].endswith("; did you mean kernel?")


@pytest.mark.parametrize("option,allowed", [
    ("--free=4X", b"a size such as"), ("--host-cpus=1K", b"1..128"),
    ("--intc=GICv4", b"allowed GICv3, GICv2")])
def test_wrong_option(tool, tmp_path, option, allowed):
    done = run(tool, option, source(tmp_path, GOOD))
    assert done.returncode == 2 and allowed in done.stderr


@pytest.mark.parametrize("where,allowed", [
    ('memory = "1K";', b"1M at least, whole pages"),
    ('devices { disk0 { compatible = "virtio,block"; disk = "d"; '
     'bytes-limit = "100"; }; };', b"512 bytes at least\n")])
def test_sizes_that_are_too_small(tool, tmp_path, where, allowed):
    wrong = (GOOD.replace('memory = "64M";', where) if "memory" in where
             else GOOD.replace("boot {", where + " boot {"))
    assert wrong != GOOD
    done = run(tool, source(tmp_path, wrong))
    assert done.returncode == 1 and allowed in done.stderr, done.stderr


def test_blob(tool, tmp_path):
    path = tmp_path / "g.dtb"
    path.write_bytes(subprocess.run(
        ["dtc", "-q", "-O", "dtb"], input=GOOD.encode(), check=True,
        stdout=subprocess.PIPE).stdout)
    assert run(tool, str(path)).returncode == 0
    path.write_bytes(path.read_bytes()[:-1])
    done = run(tool, str(path))
    assert done.returncode == 1 and b"cut short" in done.stderr


def test_preprocessor(tool, tmp_path):
    """A bundle's sources mean here what mkbundle takes them for."""
    for folder in ("guests", "include", "more"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "guests" / "g.dts"
    path.write_text("""#include <dt-bindings/interrupt-controller/arm-gic.h>
#include "shared.h"
#include <more.h>
""" + GOOD.replace('"64M"', "MEMORY").replace("boot", """devices {
    serial@9040000 { compatible = "ns16550a"; reg = <0 0x9040000 0 0x100>;
                     interrupts = <GIC_SPI SPI IRQ_TYPE_LEVEL_HIGH>; };
    }; boot""").replace("/dts-v1/;", "/dts-v1/;\n"))
    (tmp_path / "include" / "shared.h").write_text('#define MEMORY "64M"\n')
    (tmp_path / "more" / "more.h").write_text("#define SPI 8\n")
    done = run(tool, "-I", str(tmp_path / "more"), str(path))
    assert (done.returncode, done.stderr) == (0, b"")
    done = run(tool, str(path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}:3:10: ".encode())
    assert b"more.h" in done.stderr and b"syntax error" not in done.stderr
    done = run(tool, *["-I."] * 32, str(path))
    assert done.returncode == 2 and b"too many -I" in done.stderr


def test_one_bad_of_two(tool, tmp_path):
    other = tmp_path / "bad"
    other.mkdir()
    assert run(tool, source(tmp_path, GOOD), source(other, BAD),
               source(tmp_path, GOOD)).returncode == 1


def test_use(tool, tmp_path):
    assert run(tool).returncode == 2
    assert run(tool, "--nothing").returncode == 2
    assert run(tool, "--intc=GICv4", "x").returncode == 2
    # In between, what the stack holds differs from run to run.
    for _ in range(20):
        assert run(tool, str(tmp_path / "none.dtb")).returncode == 1
    assert run(tool, str(tmp_path / "none.dts")).returncode == 1
    assert b"--reference" in run(tool, "--help").stdout


def test_host_limits(tool, tmp_path):
    path = source(tmp_path, GOOD.replace(
        "boot {", "cpus { count = <2>; affinity = <0 5>; };\n boot {"))
    assert run(tool, path).returncode == 0
    assert run(tool, "--host-cpus=6", "--free=64M", path).returncode == 0
    done = run(tool, "--host-cpus=4", "--free=32M", path)
    assert done.returncode == 1
    assert b"affinity: found CPU 5; allowed 0..3" in done.stderr
    assert b"found 64M of memory; allowed 32M" in done.stderr


def test_tree_is_virt(tool, tmp_path):
    """The real emulators make up all that QEMU's virt has and we model."""
    if not shutil.which("qemu-system-aarch64"):
        pytest.skip("no QEMU")
    dump = tmp_path / "virt.dtb"
    subprocess.run(["qemu-system-aarch64", "-M",
                    f"virt,gic-version=3,dumpdtb={dump}", "-cpu", "cortex-a57",
                    "-nodefaults", "-display", "none"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = run(tool, "--dtb", source(tmp_path, GOOD))
    assert done.returncode == 0
    assert (top_nodes(done.stdout) ==
            top_nodes(dump.read_bytes()) - NOT_MODELLED)


def test_bundles(tool):
    """What we ship is right."""
    paths = sorted(map(str, TOP.glob("arch/*/bundles/*/guests/*.dts")))
    assert paths
    done = run(tool, *paths)
    assert (done.returncode, done.stderr) == (0, b"")


def test_howto(tool, tmp_path):
    """The examples of the how-to page are right."""
    page = (TOP / "docs/howto/describe-a-guest.md").read_text()
    examples = re.findall(r"^```dts\n(.*?)^```", page, re.M | re.S)
    assert len(examples) >= 3
    for example in examples:
        done = run(tool, source(tmp_path, example))
        assert (done.returncode, done.stderr) == (0, b""), example


def test_reference_is_up_to_date(tool):
    page = TOP / "docs/reference/guest-description.md"
    assert page.read_bytes() == run(tool, "--reference").stdout, (
        "run: build/tools/socle-check --reference >" + str(page))
