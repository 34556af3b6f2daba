#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches packages of another architecture with apt, touching nothing outside.

    apt.py --dir DIR --arch ARCH [--suite SUITE] PACKAGE...

Each package ends up in DIR/PACKAGE/, unpacked, and is not fetched twice. apt's
state, lists and cache lie below DIR/apt; the system's sources, keys and proxy are
used as they are, and signatures are checked (--sources FILE: other sources;
--suite: that suite of the archive they name, alone). A name ending in `*` stands
for the package that the meta package before the `*` depends on:
`linux-image-*`. --libraries: also the packages of the libraries that these
need, whose names are then in DIR/PACKAGE/libraries.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys

HELP = """\
The packages come from this machine's own apt sources, in architecture {arch}.
- Without a network, or behind a proxy apt does not know: copy the directory
  build/material from a machine where this worked, or give the files yourself
  (`make help`: KERNEL= INITRD= LIBFDT= UBOOT=).
- On a distribution without apt: give the files yourself."""


# apt reads this file before the system's parts and instead of its main file, which
# it includes: so proxies and the like are kept, but hooks, which are for the
# system's own packages, are not.
FIRST = 'Dir::Etc::Main "{root}/main.conf";\n'
MAIN = """\
{system}
#clear APT::Update;
#clear DPkg;
APT::Architecture "{arch}";
#clear APT::Architectures;
APT::Architectures {{ "{arch}"; }};
Dir::State "{root}";
Dir::State::lists "{root}/lists";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
{sources}
// The files of the person who builds need not be readable for _apt.
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Update::Error-Mode "any";
"""
SOURCES = """\
Dir::Etc::SourceList "{file}";
Dir::Etc::SourceParts "-";
"""
SYSTEM_MAIN = pathlib.Path("/etc/apt/apt.conf")
# Packages of libraries (Debian Policy, 8.1), and one that is older than it.
LIBRARY = re.compile(r"^\s*(?:Pre)?Depends: (lib\S+|zlib1g)$", re.M)


def suite_line(targets, suite):
    """A sources.list of one suite, from what the sources in use name.

    targets: lines "URI KEYRING", of apt-get indextargets; the first of Debian's
    own archive counts.
    """
    for line in targets.splitlines():
        uri, _, keyring = line.partition(" ")
        if uri.rstrip("/").endswith("/debian"):
            # Without one, apt leaves the name of the field.
            signed = f"[signed-by={keyring}] " if keyring[:1] == "/" else ""
            return f"deb {signed}{uri} {suite} main\n"
    raise RuntimeError(f"no source of this machine is Debian's archive: where "
                       f"is {suite}?")


class Apt:
    """apt with a private state directory."""

    def __init__(self, where, arch, sources, suite=None):
        # What the last update complained about; None before it.
        self.said = None
        self.configure(where, arch, sources)
        if suite:
            known = self.run("apt-get", "indextargets",
                             "--no-release-info", "--format",
                             "$(REPO_URI) $(SIGNED_BY)",
                             "Created-By: Packages")
            only = self.root / "suite.list"
            only.write_text(suite_line(known, suite), encoding="utf-8")
            self.configure(where, arch, only)

    def configure(self, where, arch, sources):
        self.arch = arch
        self.root = pathlib.Path(where, "apt").absolute()
        for name in ("lists/partial", "cache/archives/partial"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        self.first = self.root / "first.conf"
        self.first.write_text(FIRST.format(root=self.root), encoding="utf-8")
        system = SYSTEM_MAIN.exists()
        main = MAIN.format(
            root=self.root, arch=arch,
            system=f'#include "{SYSTEM_MAIN}";' if system else "",
            sources=SOURCES.format(file=pathlib.Path(sources).absolute())
            if sources else "")
        (self.root / "main.conf").write_text(main, encoding="utf-8")

    def run(self, tool, *args, cwd=None):
        """The tool's output; a RuntimeError with what it said if it fails."""
        env = dict(os.environ, LC_ALL="C", APT_CONFIG=str(self.first))
        done = subprocess.run([tool, *args], cwd=cwd, env=env,
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def update(self):
        """What apt complained about, or an empty string.

        One source that fails is no reason to stop: the packages may well come
        from another.
        """
        print("  APT      update", flush=True)
        try:
            self.run("apt-get", "-q", "update")
            return ""
        except RuntimeError as error:
            return str(error)

    def attempt(self, action):
        """What the action returns. The lists are updated first when there are
        none, and once in all if it fails: one from last month names packages
        that are gone."""
        if self.said is None and \
                not any((self.root / "lists").glob("*_Packages*")):
            self.said = self.update()
        try:
            return action()
        except RuntimeError as error:
            if self.said is not None:
                raise RuntimeError(f"{self.said}\n{error}") from error
            self.said = self.update()
        return self.attempt(action)

    def resolve(self, name):
        """The package's real name: what `meta*` depends on."""
        if not name.endswith("*"):
            return name
        meta = name[:-1]
        # Their flavours: the version comes before cloud and rt.
        stem = re.escape(re.sub(rf"(-cloud|-rt)?-{self.arch}.*", "", meta))
        for line in self.run("apt-cache", "depends", "--important",
                             meta).splitlines():
            match = re.match(rf"\s*Depends: ({stem}-[0-9]\S*)$", line)
            if match:
                return match.group(1)
        raise RuntimeError(f"{meta} depends on no versioned package")

    def libraries(self, package):
        """The packages of all libraries it needs; not itself."""
        found = []
        ask = [package]
        while ask:
            said = self.run("apt-cache", "depends", "--important", ask.pop())
            new = sorted(set(LIBRARY.findall(said)) - {package, *found})
            found += new
            ask += new
        return sorted(found)

    def download(self, packages, where):
        """Their files, in a folder that is empty before."""
        print(f"  APT      {' '.join(packages)} ({self.arch})", flush=True)
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        self.run("apt-get", "-q", "download", *packages, cwd=where)
        return sorted(where.glob("*.deb"))


def unpack(deb, where):
    """Both whole or not at all: the folder root, and the stamp."""
    where.mkdir(parents=True, exist_ok=True)
    partial = where / "partial"
    for old in (partial, where / "root"):
        shutil.rmtree(old, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", deb, partial], check=True)
    partial.rename(where / "root")
    (where / "package").write_text(f"{deb.name}\n", encoding="utf-8")


def fetch(apt, name, where):
    deb, = apt.download([apt.resolve(name)], where / "download")
    unpack(deb, where)
    shutil.rmtree(deb.parent)


def fetch_libraries(apt, name, where):
    names = apt.libraries(name)
    lacking = [n for n in names if not (where / n / "package").exists()]
    if lacking:
        for deb in apt.download(lacking, where / name / "download"):
            unpack(deb, where / deb.name.partition("_")[0])
        shutil.rmtree(where / name / "download")
    (where / name / "libraries").write_text("\n".join(names) + "\n",
                                            encoding="utf-8")


def fetch_one(apt, name, target, libraries):
    if not (target / "package").exists():
        fetch(apt, name, target)
    if libraries:
        fetch_libraries(apt, name, target.parent)


def fetch_all(apt, missing, where, libraries):
    for name in missing:
        target = pathlib.Path(where, name.rstrip("*")).absolute()
        try:
            apt.attempt(lambda n=name, t=target: fetch_one(apt, n, t,
                                                           libraries))
        except RuntimeError as error:
            print(f"{error}\n\nCannot fetch {name}.\n"
                  f"{HELP.format(arch=apt.arch)}", file=sys.stderr)
            return 1
    return 0


@contextlib.contextmanager
def alone(where):
    """Two of us at once, from `make -j`, would disturb each other's lists."""
    pathlib.Path(where).mkdir(parents=True, exist_ok=True)
    with open(pathlib.Path(where, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--arch", required=True)
    parser.add_argument("--sources", help="a sources.list to use instead of "
                        "the system's")
    parser.add_argument("--suite", help="only this suite of the archive")
    parser.add_argument("--libraries", action="store_true",
                        help="also those that the packages need")
    parser.add_argument("packages", nargs="+")
    args = parser.parse_args()

    stamp = "libraries" if args.libraries else "package"
    missing = [p for p in args.packages if not
               pathlib.Path(args.dir, p.rstrip("*"), stamp).exists()]
    if not missing:
        return 0
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if not shutil.which(tool):
            print(f"{tool} is missing.\n{HELP.format(arch=args.arch)}",
                  file=sys.stderr)
            return 1
    with alone(args.dir):
        try:
            apt = Apt(args.dir, args.arch, args.sources, args.suite)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
        return fetch_all(apt, missing, args.dir, args.libraries)


if __name__ == "__main__":
    sys.exit(main())
