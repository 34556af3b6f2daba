# SPDX-License-Identifier: GPL-2.0-or-later
"""A port is folders of its own (docs/howto/port-to-an-architecture.md).

A new architecture, of which there are the build's files alone, is built, fetched
for, started and tested by what these say, with no edit elsewhere.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_build_paths import TOP, fixture_tree, make, variable  # noqa: F401,E402

NEW = "riscv64"
FILES = {
    f"arch/{NEW}/build.mk": "triple := riscv64-linux-gnu\n"
                            "cflags-cpu := -march=rv64imac -mabi=lp64\n"
                            "cppcheck-flags := -D__riscv=1\n",
    f"arch/{NEW}/run.mk": """\
qemu-program := qemu-system-riscv64
QEMU ?= $(qemu-program)
CPU ?= rv64
IRQ ?= plic
machine-choices := IRQ
qemu-package := qemu-system-misc
kernel-package := linux-image-riscv64
kernel-full-package := linux-image-riscv64
uboot-package := u-boot-qemu
uboot-file := qemu-riscv64_smode/u-boot.bin
""",
    f"arch/{NEW}/deps.sh": "need gcc-riscv64-linux-gnu has no-such-gcc\n"
                           "need qemu-system-misc has no-such-qemu\n",
    f"arch/{NEW}/machine.py": """\
PROGRAM = "qemu-system-riscv64"
MACHINE = "virt"
CPU = "rv64"
CROSS = "riscv64-linux-gnu-"
CHOICES = {"IRQ": {"plic": 8, "aia": 64}}
VARIANTS = {"PLIC": {"IRQ": "plic"}, "AIA": {"IRQ": "aia"}}
REPEATABLE = ""
LEAST_MEMORY = 64 << 20
CPUS = "a CPU with the hypervisor extension"
GUEST_RAM = 0x80000000
GUEST_CONSOLE = "ttyS0"


def runs(cpu):
    return cpu.startswith("rv64")


def arguments(cpu=CPU, more="", hypervisor=True, irq="plic"):
    mode = "" if hypervisor else ",h=off"
    return ["-M", f"virt,aia={irq}{more}", "-cpu", cpu + mode]
""",
    f"arch/{NEW}/exits.py": """\
def exit_text(syndrome, detail):
    return f"ecall {detail}" if syndrome == 10 else f"cause {syndrome}"
""",
    f"tests/bench/{NEW}/figures.py": """\
from figure import Figure, Part, other_cpu

FIGURES = [Figure("hypercall", "SBI get_spec_version", 96),
           other_cpu("ipi-cpu", "to a hart", "ipi"),
           Figure("masked-longest", "", traps=False),
           Figure("switch", "from one guest to another")]
COUNTED = ("hypercall",)
TWO_CPUS = CALLS = Part("ipi", {"ipi": "ipi-cpu"})
PHASED = set()
TRACED = Part("hypercall", {"hypercall": "hypercall-traced"})
NATIVE_WAIT = Part("timer-wait", {"timer-wait": "timer-wait-untrapped"})
NATIVE_WAIT_CPUS, NATIVE_WAIT_XEN = "native-wait;", ""
MANY = {"PLIC": 8, "AIA": 64}
STORMS = ("ipi", "sbi")
""",
    f"tests/bench/{NEW}/places.py": """\
IMAGE, LOADED = 0xffffffc000000000, 0x80200000
VECTORS = {"vectors": "trap_entry"}
FROM_GUEST = {0: "trap"}
GUEST_RAM = 0x100000000
CACHE, COLOURS = (1024, 16, 64), 16
""",
    f"tests/bench/{NEW}/registers.py": """\
DEVICES = [(0x10000000, 0x100, "16550")]
UNTRAPPED = []
CONSOLE = ("16550", 0)


def register(name, offset):
    return f"{name}+{offset:#x}"
""",
    f"tests/bench/{NEW}/quoted.py": "TRAPS = TOUCHED = OPERATIONS = SIZES = {}\n"
                                    "LINUX = ''\n",
    f"arch/{NEW}/Kconfig": "config ARCH_RISCV64\n\tdef_bool y\n\n"
                           "config STACK_SIZE\n\thex\n\tdefault 0x4000\n",
    f"arch/{NEW}/Makefile": f"target-obj-y += arch/{NEW}/boot/start.o\n",
    f"arch/{NEW}/configs/defconfig": "",
    f"tests/guest/{NEW}/Makefile":
        f"guest-y += ecall\nguest-common-y += tests/guest/{NEW}/start.o\n",
}
DEBIAN = """\
ARCH = EMULATED = "riscv64"
MACHINES = ("riscv64",)
KERNEL = "linux-image-riscv64"
GRUB_PACKAGE = "grub-efi-riscv64"
GRUB = "usr/lib/grub/riscv64-efi/monolithic/grubriscv64.efi"
BOOT = "BOOTRISCV64.EFI"
FIRMWARE = ""
ENTRY = 0x20000000
"""
# QEMU's list of CPUs, for whom it is not installed.
QEMU = """#!/bin/sh
echo "Available CPUs:"
echo "  rv32"
echo "  rv64"
"""


@pytest.fixture(name="port")
def fixture_port(tree, tmp_path, monkeypatch):
    # A compiler, which is only asked what it knows.
    compiler = tmp_path / "tools" / "riscv64-linux-gnu-gcc"
    compiler.parent.mkdir()
    compiler.write_text("#!/bin/sh\nexec gcc \"$@\"\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:{os.environ['PATH']}")
    for path, text in FILES.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    for path in ("tools/deps", "tools/arch.py"):
        shutil.copy(TOP / path, tree / path)
    return tree


def test_build(port):
    def value(name):
        return variable(port, name, f"ARCH={NEW}")

    assert value("CC") == "riscv64-linux-gnu-gcc"
    assert value("cppcheck-flags") == "-D__riscv=1"
    assert value("guest-lds") == f"tests/guest/{NEW}/guest.lds"
    assert value("guest-y").split() == ["hello", "idle", "ecall"]
    assert value("guest-common-y").split() == [
        "tests/guest/guest.o", f"tests/guest/{NEW}/start.o"]
    assert f"arch/{NEW}/boot/start.o" in value("objs").split()
    assert not [o for o in value("objs").split() if "arm64" in o]


def has_target(name):
    """Can clang compile for it?"""
    if not shutil.which("clang"):
        return False
    said = subprocess.run(["clang", "--print-targets"], text=True, check=False,
                          stdout=subprocess.PIPE).stdout
    return f" {name} " in said


PORTABLE = ("libs", "core", "commands", "daemons", "emulators", "drivers",
            "arch/include")
MATERIAL = TOP / os.environ.get("SOCLE_BUILD", "build") / "material"


@pytest.mark.skipif(not has_target(NEW), reason="no clang for it")
def test_every_object_of_an_image_is_compiled(port, tmp_path):
    """All but the architecture's own, with the default configuration.

    Its types are those of arch/host, which has the fewest.
    """
    for folder in PORTABLE:
        shutil.copytree(TOP / folder, port / folder, dirs_exist_ok=True)
    own = port / f"arch/{NEW}/include"
    for folder in "arch/host/include", "arch/host/guest/include":
        shutil.copytree(TOP / folder, own, dirs_exist_ok=True)
    out = tmp_path / "out"
    arguments = (f"ARCH={NEW}", "CC=clang", f"O={out}", f"MATERIAL={MATERIAL}")
    portable = "$(filter-out arch/%,$(objs))"
    status, said = make(port, f"--eval=shown: ; @echo '[{portable}]'", "shown",
                        *arguments)
    assert status == 0, said
    objects = said.rpartition("[")[2].partition("]")[0].split()
    assert {name.split("/")[0] for name in objects} == set(PORTABLE[:-1])
    # Drivers of another architecture's own registers are not offered.
    assert "drivers/serial/ns16550.o" in objects
    assert not [name for name in objects if "gicv2.o" in name]
    status, said = make(port, "-s", "-j4", *arguments,
                        "EXTRA_CFLAGS=-O0 -g0", *(f"{out}/{name}"
                                                  for name in objects))
    assert status == 0, said
    for name in objects:
        head = (out / name).read_bytes()[:20]
        assert head[:4] == b"\x7fELF" and head[18] == 243, name


def test_material(port):
    """What is fetched, and where it is found."""
    status, said = make(port, "-n", "material/images/Image",
                        "material/images/u-boot.bin", f"ARCH={NEW}",
                        "MATERIAL=material")
    assert status == 0, said
    assert f"--arch {NEW}" in said
    assert "linux-image-riscv64" in said and "arm64" not in said
    assert "*/qemu-riscv64_smode/u-boot.bin" in said


def test_packages(port, tmp_path):
    """tools/deps names them; without apt-get nothing is installed."""
    (tmp_path / "none").mkdir()
    shell = shutil.which("sh")
    for arch, there, not_there in ((NEW, "riscv64", "aarch64"),
                                   ("arm64", "qemu-system-arm", "riscv64")):
        shutil.copytree(TOP / "arch/arm64", port / "arch/arm64",
                        dirs_exist_ok=True)
        done = subprocess.run([shell, "tools/deps", "run", arch], cwd=port,
                              env={"PATH": str(tmp_path / "none")},
                              text=True, stderr=subprocess.STDOUT,
                              stdout=subprocess.PIPE, check=False)
        assert done.returncode == 1
        assert there in done.stdout and not_there not in done.stdout


def test_run(port, tmp_path):
    """`make run` checks and starts that machine."""
    qemu = tmp_path / "qemu"
    qemu.write_text(QEMU)
    qemu.chmod(0o755)
    status, said = make(port, "-s", "--eval=shown: ; @echo $(qemu-command)",
                        "shown", f"ARCH={NEW}", f"QEMU={qemu}", "IRQ=aia")
    assert status == 0, said
    assert f"{qemu} -M virt,aia=aia -cpu rv64 -smp 2 " in said
    status, said = make(port, "--eval=shown: ; $(machine)", "shown",
                        f"ARCH={NEW}", f"QEMU={qemu}", "IRQ=gic", "SMP=65",
                        "MEM=32M", "CPU=rv32")
    assert status
    for told in ("IRQ=gic: must be plic or aia", "SMP=65: must be", "1 to 64",
                 "MEM=32M: must be 64M", "CPU=rv32: must be a CPU with the"):
        assert told in said


def test_help(port):
    """`make help` has the machine's variables of the architecture."""
    for arch, said_of in ((NEW, "IRQ=plic|aia"), ("arm64", "GIC=2|3")):
        (port / f"arch/{arch}/help.txt").write_text(f"  {said_of}  choose\n")
        status, said = make(port, "help", f"ARCH={arch}")
        assert status == 0, said
        assert f"Variables of run\n  {said_of}  choose\n  GUESTS=" in said
        assert "@ARCH@" not in said


def test_debian(port):
    """tools/material/debian.py makes a system for it."""
    shutil.copytree(TOP / "tools/material", port / "tools/material",
                    dirs_exist_ok=True)
    (port / f"arch/{NEW}/debian.py").write_text(DEBIAN)
    done = subprocess.run(
        [sys.executable, "-B", "-c",
         "import debian as d\nprint(d.PACKAGES, d.FIRST, d.LAST)\n"
         "print(d.enable_foreign.__doc__)\nd.BINFMT /= 'none'\n"
         "d.PATH = ''\nd.enable_foreign()"],
        cwd=port / "tools/material", env={**os.environ, "SOCLE_ARCH": NEW},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    assert "starts no programs for riscv64" in done.stdout, done.stdout
    assert "linux-image-riscv64" in done.stdout and "ttyS0" in done.stdout
    assert "arm64" not in done.stdout and "ttyAMA0" not in done.stdout
    status, said = make(port, "-n", "DEBIAN=1", f"ARCH={NEW}", "deps")
    assert status == 0 and f"tools/deps debian {NEW}" in said, said


def test_traces(port):
    """tools/trace-view has the architecture's words for exits."""
    shutil.copytree(TOP / "tools/trace", port / "tools/trace",
                    dirs_exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-B", "-c",
         "import recording as r\n"
         "print(r.describe(r.Event(0, 0, 0, r.EXIT, 1, 10, 0x80, 7)))"],
        cwd=port / "tools/trace", env={**os.environ, "SOCLE_ARCH": NEW},
        text=True, stdout=subprocess.PIPE, check=True)
    assert done.stdout == "ecall 7, pc 0x80\n"


BENCH = """\
import pathlib
import sys

sys.path.insert(0, "tools/bench")
import accesses, budget, colours, decide, fio, lines, login, masked, micro, path
import readme, rt, size, start, systems

for name in systems.qemu.VARIANTS:
    host = systems.Host(pathlib.Path("build"), name)
    print(*host.command(True)[1:5])
    print(*host.command(False)[1:5])
for run in micro.RUNS["socle"](host):
    print(*[guest.bootargs for guest in getattr(run, "guests", ())])
print(lines.images.PLACE)
"""


def test_bench(port):
    """tools/bench starts its machines, and watches its image."""
    shutil.copytree(TOP / "tools/bench", port / "tools/bench")
    (port / f"arch/{NEW}/debian.py").write_text(DEBIAN)
    done = subprocess.run(
        [sys.executable, "-B", "-c", BENCH], cwd=port, text=True, check=False,
        env={**os.environ, "SOCLE_ARCH": NEW}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[:4] == [
        "-M virt,aia=plic -cpu rv64", "-M virt,aia=plic -cpu rv64,h=off",
        "-M virt,aia=aia -cpu rv64", "-M virt,aia=aia -cpu rv64,h=off"]
    assert "only=ipi\nonly=timer-wait\n" in done.stdout
    assert "image=0xffffffc000000000,loaded=0x80200000" in done.stdout
    assert variable(port, "bench-variant", f"ARCH={NEW}",
                    "IRQ=aia") == "IRQ=aia"


DECODE = """\
#include "tests/plugins/insn.h"

#define INSN_TARGET "riscv64"
#define INSN_CPU_REGISTER "sscratch"

static inline enum insn_class insn_class(const struct insn *insn)
{
	return insn->size == 2 && insn->bytes[0] == 0x82 ? INSN_RETURN
							 : INSN_OTHER;
}

static inline enum insn_mask insn_mask(const struct insn *insn, uint64_t flag)
{
	return insn->address == flag ? INSN_MASKS : INSN_KEEPS;
}

static inline bool insn_is_vector(uint64_t offset)
{
	return offset == 0;
}
"""


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
def test_plugins(port, tmp_path):
    """They are built with what decodes the port's instructions; else none is."""
    own = port / f"tests/plugins/{NEW}"
    shutil.copytree(TOP / "tests/plugins", own.parent,
                    ignore=shutil.ignore_patterns("arm64"))
    arguments = ("-s", "ARCH=host", f"TARGET={NEW}", "plugins")
    status, said = make(port, *arguments, f"O={tmp_path / 'none'}")
    assert status == 0, said
    assert not list((tmp_path / "none").glob("*.so"))
    own.mkdir()
    (own / "decode.h").write_text(DECODE)
    status, said = make(port, *arguments, f"O={tmp_path / 'some'}")
    assert status == 0, said
    found = {path.stem: path.read_bytes()
             for path in (tmp_path / "some").glob("*.so")}
    assert {"count", "decide", "lines", "llc", "masked", "where"} <= set(found)
    assert all(b"qemu-system-riscv64" in text for text in found.values())


def test_what_is_expected_of_arm64_is_tested_with_any():
    """Tests of the tools' are not the port's to change."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "tests/unit", "-k",
         "bench_ or test_size or trace_view or debian_disk"], cwd=TOP,
        env={**os.environ, "SOCLE_ARCH": NEW}, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-3000:]


OF_GUESTS = {"test_config", "test_config_memory", "test_config_slots",
             "test_emu_kinds", "test_fdtgen", "test_guest_load",
             "test_guest_rows", "test_image", "fuzz_config", "fuzz_image"}


def test_tests(tmp_path):
    """Unit tests of arm64's files are not another target's."""
    found = {}
    for target in ("arm64", NEW):
        status, said = make(
            TOP, "--eval=shown: ; @echo '[$(unit-tests) $(fuzz-targets)]'",
            "shown", "ARCH=host", f"TARGET={target}", f"O={tmp_path}")
        assert status == 0, said
        found[target] = {pathlib.Path(path).name for path in
                         said.rpartition("[")[2].partition("]")[0].split()}
    gone = found["arm64"] - found[NEW]
    assert found[NEW] < found["arm64"]
    assert {"test_vgic_regs", "test_sysreg", "test_arm64_config",
            "fuzz_decode", "fuzz_arm64_config"} <= gone
    assert {"test_host_platform", "test_sched", "test_guest_ports",
            "fuzz_tokenize", *OF_GUESTS} <= found[NEW]
    for name in gone:
        folder = "unit" if name.startswith("test") else "fuzz"
        text = (TOP / "tests" / folder / f"{name}.c").read_text("utf-8")
        assert "#include \"" in text


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
def test_what_core_does_with_guests_is_tested(tmp_path):
    """Its checker, generator and loader, without a platform of the port's."""
    out = tmp_path / "out"
    programs = [out / "tests/unit" / name for name in OF_GUESTS
                if name.startswith("test")]
    status, said = make(TOP, "-s", "-j4", "ARCH=host", f"TARGET={NEW}",
                        f"O={out}", *map(str, programs))
    assert status == 0, said
    for program in programs:
        done = subprocess.run([str(program)], cwd=TOP, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        assert "PASSED" in done.stdout


def test_integration_starts_it(port):
    """The harness takes machine and description from the architecture."""
    folder = port / "tests/integration"
    shutil.copytree(TOP / "tests/integration", folder, dirs_exist_ok=True)
    (folder / NEW).mkdir()
    (folder / NEW / "test_own.py").write_text(
        "from socle import MACHINE, description\n\n\ndef test_whose_machine():\n"
        "    assert MACHINE.GUEST_CONSOLE == 'ttyS0'\n"
        "    assert 'memory@80000000' in description('g')\n"
        "    assert 'console=ttyS0' in description('g')\n")
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
         str(folder), "-k", "test_whose_machine"], text=True, check=False, cwd=port,
        env={**os.environ, "SOCLE_ARCH": NEW}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "--collect-only", str(folder)], text=True, check=False, cwd=port,
        env={**os.environ, "SOCLE_ARCH": NEW}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert done.returncode == 0 and "arm64" not in done.stdout, done.stdout
    # On each kind of its machine, and on no other.
    assert "{'irq': 'aia'}" in done.stdout and "gic" not in done.stdout
