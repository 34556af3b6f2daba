#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds modules for Debian's kernel that its package lacks.

    modules.py --dir DIR --arch ARCH --kernel PACKAGE --cross PREFIX -o FOLDER

The kernel is DIR/PACKAGE, as apt.py left it. The modules, which linux/Kbuild beside
this file names, end up in FOLDER/root, placed as in a kernel's package;
FOLDER/release says which kernel they are for. Their sources, the kernel's headers
and what its build runs on this machine come from Debian's packages, and go again.
--sources: as for apt.py.
"""

import argparse
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import apt

OWN = pathlib.Path(__file__).resolve().parent / "linux"
FILE = re.compile(r"\bdrivers/[\w/-]+\.[oh]\b")
MODULE_DEPENDS = re.compile(r"^\s*Depends: (linux-(?:headers|kbuild)-\S+)$",
                            re.M)
# What make passes on to a make below it, and what Kbuild would take for its own.
OURS = re.compile(r"(MAKE|MFLAGS|GNUMAKEFLAGS|DEB_|KBUILD|K?CFLAGS|K?CPPFLAGS|"
                  r"LDFLAGS|LLVM|CC$|ARCH$|[OVM]$)")


class BuildError(Exception):
    """The packages are there, but what comes of them is not."""


def release_of(kernel):
    """The release of a kernel that apt.py has unpacked, by its package's name."""
    name = (kernel / "package").read_text(encoding="utf-8").partition("_")[0]
    match = re.fullmatch(r"linux-image-(\d+\.\d+\S*?)(-unsigned)?", name)
    if not match:
        raise RuntimeError(f"{kernel}: {name} is no package of a kernel")
    return match[1]


def sources(kbuild):
    """The files of the kernel's source that the modules are made of."""
    text = re.sub(r"#.*", "", kbuild)
    return sorted({name[:-1] + "c" if name.endswith(".o") else name
                   for name in FILE.findall(text)})


class Sources:
    """Debian's packages for this build, in folders of their own."""

    def __init__(self, where, arch, given, release):
        self.release = release
        self.guest = apt.Apt(where, arch, given)
        # Programs that run on this machine: apt's state is of one architecture.
        native = subprocess.run(["dpkg", "--print-architecture"], check=True,
                                stdout=subprocess.PIPE, text=True)
        self.host = apt.Apt(pathlib.Path(where, "host"), native.stdout.strip(),
                            given)

    def headers(self, where):
        """Headers and programs below `where`; their links to each other are
        relative. The version."""
        name = f"linux-headers-{self.release}"
        said = self.guest.attempt(
            lambda: self.guest.run("apt-cache", "depends", "--important", name))
        others = MODULE_DEPENDS.findall(said)
        programs = [n for n in others if n.startswith("linux-kbuild-")]
        common = [n for n in others if n not in programs]
        debs = self.guest.attempt(
            lambda: self.guest.download([name, *common], where / "headers"))
        version = debs[0].name.split("_")[1]
        debs += self.host.attempt(
            lambda: self.host.download(programs, where / "programs"))
        for deb in debs:
            subprocess.run(["dpkg-deb", "-x", deb, where / "root"], check=True)
        return version

    def source(self, version, names, where):
        """These files of the kernel's source, below `where`."""
        number = re.match(r"\d+\.\d+", self.release)[0]
        deb, = self.guest.attempt(lambda: self.guest.download(
            [f"linux-source-{number}={version}"], where / "source"))
        # The rest of it is not read, of which dpkg-deb complains.
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as package:
            extract(package.stdout, names, where / "build")
            package.stdout.close()


def extract(package, names, where):
    """Files of the archive of sources that is in a package's."""
    missing = set(names)
    with tarfile.open(fileobj=package, mode="r|") as outer:
        inner = next((m for m in outer if m.name.endswith(".tar.xz")), None)
        if inner is None:
            raise RuntimeError("linux-source: there is no .tar.xz in it")
        with tarfile.open(fileobj=outer.extractfile(inner),
                          mode="r|xz") as archive:
            for member in archive:
                name = member.name.partition("/")[2]
                if name in missing:
                    path = where / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.extractfile(member).read())
                    missing.remove(name)
                if not missing:
                    return
    raise RuntimeError(f"linux-source: there is no {', '.join(sorted(missing))}")


def build(root, release, cross, where):
    """Kbuild's run; its make file is the common one, which names no place."""
    headers = root / "usr/src" / f"linux-headers-{release}"
    common, = (root / "usr/src").glob("linux-headers-*-common")
    shutil.copytree(OWN, where, dirs_exist_ok=True)
    done = subprocess.run(
        ["make", "-C", headers, "-f", common / "Makefile", f"M={where}",
         f"CC={cross}gcc", f"CROSS_COMPILE={cross}", f"-j{os.cpu_count()}",
         # Types for BPF would want the program pahole.
         "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"],
        env={k: v for k, v in os.environ.items() if not OURS.match(k)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{done.stdout}\nmodules: those for Linux {release} "
                         "cannot be built")
    return sorted(where.glob("drivers/**/*.ko"))


def make(args, work):
    """All of it; `work` is an empty folder."""
    release = release_of(pathlib.Path(args.dir, args.kernel))
    shutil.rmtree(args.output / "root", ignore_errors=True)
    packages = Sources(args.dir, args.arch, args.sources, release)
    version = packages.headers(work)
    names = sources((OWN / "Kbuild").read_text(encoding="utf-8"))
    packages.source(version, names, work)
    print(f"  KBUILD   modules for Linux {release}", flush=True)
    place = args.output / "root/lib/modules" / release
    place.mkdir(parents=True)
    for module in build(work / "root", release, args.cross, work / "build"):
        subprocess.run([f"{args.cross}strip", "--strip-debug", "-o",
                        place / module.name, module], check=True)
    (args.output / "release").write_text(f"{release}\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--arch", required=True)
    parser.add_argument("--kernel", required=True, metavar="PACKAGE")
    parser.add_argument("--cross", default="", metavar="PREFIX",
                        help="of gcc and its tools")
    parser.add_argument("--sources")
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    args = parser.parse_args()
    try:
        # Not below ours, whose name may have blanks: Kbuild takes none.
        with (apt.alone(args.dir),
              tempfile.TemporaryDirectory(prefix="socle-linux-") as work):
            make(args, pathlib.Path(work))
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except (RuntimeError, OSError, tarfile.TarError, lzma.LZMAError,
            subprocess.CalledProcessError) as error:
        print(f"{error}\n\nmodules: none for {args.kernel}.\n"
              f"{apt.HELP.format(arch=args.arch)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
