#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches packages of another architecture with apt, touching nothing outside.

    apt.py --dir DIR --arch arm64 PACKAGE...

Each package ends up in DIR/PACKAGE/, unpacked, and is not fetched twice. apt's
state, lists and cache lie below DIR/apt; the system's sources, keys and proxy are
used as they are, and signatures are checked. A name ending in `*` stands for the
package that the meta package before the `*` depends on: `linux-image-arm64*`.
"""

import argparse
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


class Apt:
    """apt with a private state directory."""

    def __init__(self, where, arch):
        self.arch = arch
        self.root = pathlib.Path(where, "apt").absolute()
        for name in ("lists/partial", "cache/archives/partial", "etc"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        self.options = [
            "-o", f"APT::Architecture={arch}",
            "-o", f"APT::Architectures={arch}",
            "-o", f"Dir::State={self.root}",
            "-o", f"Dir::State::lists={self.root}/lists",
            "-o", f"Dir::State::status={self.root}/status",
            "-o", f"Dir::Cache={self.root}/cache",
            "-o", "APT::Install-Recommends=false",
            # Files of the person who builds are not readable for _apt.
            "-o", "APT::Sandbox::User=root",
            "-o", "Acquire::Languages=none",
            "-o", "Acquire::Retries=3",
            # Hooks are for the system's own packages.
            "-o", "APT::Update::Post-Invoke-Success::=",
        ]

    def run(self, tool, *args, cwd=None):
        """The tool's output; a RuntimeError with what it said if it fails."""
        env = dict(os.environ, LC_ALL="C")
        done = subprocess.run([tool, *self.options, *args], cwd=cwd, env=env,
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def update(self):
        print("  APT      update", flush=True)
        self.run("apt-get", "-q", "update")

    def resolve(self, name):
        """The package's real name: what `meta*` depends on."""
        if not name.endswith("*"):
            return name
        meta = name[:-1]
        stem = re.escape(meta.split("-arm64")[0].split("-cloud")[0])
        for line in self.run("apt-cache", "depends", "--important",
                             meta).splitlines():
            match = re.match(rf"\s*Depends: ({stem}-[0-9]\S*)$", line)
            if match:
                return match.group(1)
        raise RuntimeError(f"{meta} depends on no versioned package")

    def download(self, package, where):
        print(f"  APT      {package}:{self.arch}", flush=True)
        for old in where.glob("*.deb"):
            old.unlink()
        self.run("apt-get", "-q", "download", package, cwd=where)
        return next(where.glob("*.deb"))


def fetch(apt, name, where):
    package = apt.resolve(name)
    where.mkdir(parents=True, exist_ok=True)
    deb = apt.download(package, where)
    partial = where / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", deb, partial], check=True)
    deb.unlink()
    partial.rename(where / "root")
    (where / "package").write_text(f"{deb.name}\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--arch", default="arm64")
    parser.add_argument("packages", nargs="+")
    args = parser.parse_args()

    missing = [p for p in args.packages if not
               pathlib.Path(args.dir, p.rstrip("*"), "package").exists()]
    if not missing:
        return 0
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if not shutil.which(tool):
            print(f"{tool} is missing.\n{HELP.format(arch=args.arch)}",
                  file=sys.stderr)
            return 1
    apt = Apt(args.dir, args.arch)
    try:
        updated = not any((apt.root / "lists").glob("*_Packages*"))
        if updated:
            apt.update()
        for name in missing:
            where = pathlib.Path(args.dir, name.rstrip("*")).absolute()
            try:
                fetch(apt, name, where)
            except RuntimeError:
                # A list from last month names packages that are gone.
                if updated:
                    raise
                apt.update()
                updated = True
                fetch(apt, name, where)
    except RuntimeError as error:
        print(f"{error}\n\nCannot fetch {name}.\n"
              f"{HELP.format(arch=args.arch)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
