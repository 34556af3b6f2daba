#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the disk of a full Debian system, with Debian's own tools.

    debian.py -o DISK [--suite SUITE] [--size GIB]

It is one for the architecture that SOCLE_ARCH names, made of what
arch/<arch>/debian.py says. mmdebstrap installs the packages. The system's programs
run in QEMU's user emulation, which the kernel starts for them (binfmt_misc); for
those that only unpack and
copy, this machine's own are used meanwhile, because they are faster. mke2fs
makes the root file system from the result, and mtools the EFI system partition
with Debian's GRUB. No root privileges are needed.

The disk has a GPT, an EFI system partition with GRUB, and an ext4 root. root's
password is `socle`; ssh takes the key that is made beside the disk, DISK.key.
An existing disk is left alone: it is the user's. The disk is made in
DISK.making, which is kept when something fails, so that nothing is downloaded
or installed twice.
"""

import argparse
import collections
import os
import pathlib
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import arch  # noqa: E402  (tools is no package)

OWN = arch.module("debian")
CONSOLE = arch.machine().GUEST_CONSOLE
MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    "systemd-sysv", "udev", "dbus", "systemd-resolved", "openssh-server",
    "iproute2", "iputils-ping", "netbase", "procps", "less",
    "kmod", OWN.KERNEL, "initramfs-tools", "zstd",
    OWN.GRUB_PACKAGE, "dosfstools", "e2fsprogs", "debian-archive-keyring",
)
MIB = 1 << 20
ESP_MIB = 64
# Programs for system administration are in folders that a user's PATH may lack.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
BINFMT = pathlib.Path("/proc/sys/fs/binfmt_misc")
# With this hook /bin, /lib and the like are links from the start; otherwise a
# program of the new system moves their files, in emulation.
MERGED = "/usr/share/mmdebstrap/hooks/merged-usr"
ROOT_LABEL = "root"
# While packages are installed, this machine's own programs replace those that
# packages' scripts call most or that take longest, if they do the same on any
# architecture. NATIVE is their folder in the new system.
NATIVE = "native"
NATIVE_PROGRAMS = (
    "dpkg-deb", "dpkg-split", "tar", "xz", "gzip", "zstd", "cpio", "depmod",
    "modprobe", "find", "sed", "grep", "sort", "cat", "cp", "ln", "mkdir", "mv",
    "readlink", "realpath", "dirname", "basename", "rm", "touch", "chmod",
    "stat", "mktemp", "env", "uname", "awk", "getopt", "cut", "head", "tr", "ls",
)
# The initramfs is made once, at the end: the kernel's package would make one
# and initramfs-tools another (INITRD=No prevents both, and the links to the
# kernel). mkinitramfs sets its own PATH, without this machine's programs.
INITRAMFS = f"""\
set -e
cd "$1"
[ ! -d {NATIVE} ] || {{
	sed '/^export PATH=/d' usr/sbin/mkinitramfs >{NATIVE}/mkinitramfs
	chmod 755 {NATIVE}/mkinitramfs
}}
unset INITRD
for version in $(chroot . linux-version list); do
	chroot . update-initramfs -c -k $version
	chroot . linux-update-symlinks install $version /boot/vmlinuz-$version
done
"""
LIBRARY = re.compile(r"(?:=> |^\s*)(/\S+) \(", re.M)
# Folders for loaders and libraries that the new system does not have. They
# are removed whole from the new system, so nothing is put elsewhere.
LOADERS = ("lib32", "lib64", "libx32")
LIBRARIES = re.compile(rf"(?!{OWN.EMULATED}-)\w+-linux-\w+")

# Written before the packages are configured.
FIRST = {
    "etc/default/grub":
        "GRUB_DEFAULT=0\nGRUB_TIMEOUT=1\nGRUB_DISTRIBUTOR=Debian\n"
        "GRUB_TERMINAL=console\nGRUB_DISABLE_OS_PROBER=true\n"
        "GRUB_DEVICE=/dev/vda2\nGRUB_DISABLE_LINUX_UUID=true\n"
        f"GRUB_CMDLINE_LINUX=\"console={CONSOLE}\"\n",
    # Only the drivers of guests' disks, not hundreds of others, each of which
    # takes a second in emulation.
    "etc/initramfs-tools/conf.d/socle": "MODULES=list\nCOMPRESS=zstd\n",
    "etc/initramfs-tools/modules":
        "ext4\nvfat\nvirtio_blk\nvirtio_mmio\nvirtio_pci\n",
}
# Written when all packages are configured.
LAST = {
    "etc/hostname": "debian\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 debian\n"
                 "::1 localhost ip6-localhost\n",
    "etc/fstab": "/dev/vda2 / ext4 errors=remount-ro 0 1\n"
                 "/dev/vda1 /boot/efi vfat umask=0077 0 1\n",
    "etc/systemd/network/ether.network":
        "[Match]\nType=ether\n\n[Network]\nDHCP=yes\n",
    # The system is new, but its first start asks nothing (machine-id(5)).
    "etc/machine-id": "",
    # An emulated machine on a busy host is slow: udev may need more than the
    # usual 90 seconds for the disk, and then nobody can log in
    # (systemd-system.conf(5)).
    "etc/systemd/system.conf.d/slow.conf":
        "[Manager]\nDefaultTimeoutStartSec=15min\n"
        "DefaultDeviceTimeoutSec=15min\n",
    # Used until the system's own update-grub writes another; the links point to
    # the newest kernel.
    "boot/grub/grub.cfg":
        "set timeout=1\n"
        "menuentry 'Debian GNU/Linux' {\n"
        f"\tlinux /vmlinuz root=/dev/vda2 ro console={CONSOLE}\n"
        "\tinitrd /initrd.img\n"
        "}\n",
}
# Mmdebstrap's own, and devices: those come with the kernel.
NOT_OURS = ("dev/*", "etc/resolv.conf", "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
            "etc/apt/apt.conf.d/99mmdebstrap")
SOURCES = """\
deb {mirror} {suite} main
deb {mirror} {suite}-updates main
deb {mirror}-security {suite}-security main
"""
# As Debian's grub-install writes it: where to find the rest.
ESP_GRUB_CFG = f"""\
search --no-floppy --label --set=root {ROOT_LABEL}
set prefix=($root)'/boot/grub'
configfile $prefix/grub.cfg
"""
SERVICES = ("systemd-networkd", "systemd-resolved", "ssh")
# What the tools print for a package to show progress.
STEP = re.compile(r"^(Unpacking|Setting up) (\S+)")


def tool(name, package):
    """The path of a program; ends with advice if it is missing."""
    path = shutil.which(name, path=PATH)
    if not path:
        sys.exit(f"debian: the program {name} is missing "
                 f"(apt-get install {package})")
    return path


def own_mirror():
    """The machine's own Debian mirror, or Debian's."""
    try:
        said = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)",
             "Created-By: Packages"], check=True, text=True,
            stdout=subprocess.PIPE).stdout
    except (OSError, subprocess.CalledProcessError):
        return MIRROR
    for line in said.splitlines():
        uri, _, origin = line.partition(" ")
        if origin == "Debian" and re.match(r"https?://", uri) and \
                "security" not in uri and "backports" not in uri:
            return uri.rstrip("/")
    return MIRROR


def run(*command, **options):
    options.setdefault("env", dict(os.environ, PATH=PATH))
    subprocess.run([str(c) for c in command], check=True, **options)


def runs_foreign():
    """Does the kernel start the new system's programs?"""
    return any(name.read_text("ascii").startswith("enabled")
               for name in BINFMT.glob(f"*{OWN.EMULATED}*"))


def enable_foreign():
    """Lets the kernel start the new system's programs if it is only not set up to,
    as in a container."""
    if runs_foreign():
        return
    told = shutil.which("update-binfmts", path=PATH)
    if told and os.geteuid() == 0:
        subprocess.run([told, "--enable", f"qemu-{OWN.EMULATED}"], check=False)
    if not runs_foreign():
        sys.exit(f"debian: this system starts no programs for {OWN.ARCH}: the "
                 "packages qemu-user-static and binfmt-support do that, where "
                 f"the kernel has binfmt_misc and {BINFMT} is mounted")


def libraries(program):
    """What a program of this machine needs to start: the loader's path, which
    is in the program, and those of its libraries. None if it needs nothing or
    something unusual."""
    said = subprocess.run(["ldd", program], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = [pathlib.Path(name) for name in LIBRARY.findall(said.stdout)]
    loaders = [name for name in found if name.name.startswith("ld-")]
    folders = {name.parent for name in found if name not in loaders}
    if said.returncode or len(loaders) != 1 or len(folders) != 1:
        return None
    return loaders[0], [name for name in found if name not in loaders]


def own_mounts():
    """A command to start mmdebstrap with, so that its mounts and processes
    disappear with it, however it ends. Only for root: for others it does so
    itself."""
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    if os.geteuid() or not shutil.which("unshare") or \
            subprocess.run([*command, "true"], check=False,
                           stderr=subprocess.DEVNULL).returncode:
        return []
    return command


class Native:
    """A folder with this machine's own programs, laid out for the root of the
    new system. They are kept apart from its own files."""

    def __init__(self, folder):
        self.folder = folder
        self.places = set()		# to be removed from the new system

    def put(self, source, place):
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)

    def add(self, name):
        path = shutil.which(name, path=PATH)
        needs = libraries(path) if path else None
        if not needs:
            return
        loader, others = needs
        link = loader.parent.name	# such as lib64
        libraries_of = others[0].parent.name
        if link not in LOADERS or not LIBRARIES.fullmatch(libraries_of):
            return
        # /lib and the like are links to this place in the new system.
        place = pathlib.PurePath("usr/lib", libraries_of)
        for library in others:
            self.put(library, self.folder / place / library.name)
        self.put(loader, self.folder / "usr" / link / loader.name)
        if not (self.folder / link).is_symlink():
            (self.folder / link).symlink_to(f"usr/{link}")
        self.put(path, self.folder / NATIVE / name)
        self.places |= {NATIVE, str(place), link, f"usr/{link}"}

    def make(self):
        """False if there are none: this machine's are of the same kind, or need
        files in folders that the new system has too."""
        if platform.machine() in OWN.MACHINES:
            return False
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in NATIVE_PROGRAMS:
            self.add(name)
        return bool(self.places)


class Progress:
    """A line about the progress: rewritten at a terminal, otherwise a new one
    now and then."""
    PAUSE = 20			# seconds

    def __init__(self):
        self.shown = time.monotonic()
        self.terminal = sys.stdout.isatty()
        self.counts = collections.Counter()

    def see(self, line):
        step = STEP.match(line)
        if not step:
            return
        self.counts[step.group(1)] += 1
        text = (f"  {self.counts['Unpacking']} packages unpacked, "
                f"{self.counts['Setting up']} set up")
        if self.terminal:
            print(f"\r{text}\x1b[K", end="", flush=True)
        elif time.monotonic() - self.shown > self.PAUSE:
            self.shown = time.monotonic()
            print(text, flush=True)

    def end(self):
        if self.terminal:
            print()


class Maker:
    """Makes one disk; `work` is removed when it is done."""

    def __init__(self, args, work):
        self.args = args
        self.work = work
        self.tar = work / "root.tar"
        self.root = work / "root"
        self.state = work / "fakeroot.state"
        self.disk = work / "disk"
        self.esp = work / "esp"
        self.sectors = args.size * 2048 * 1024
        self.key = pathlib.Path(f"{args.output}.key")

    def fakeroot(self, *command):
        """Run as if root; owners and devices are remembered between calls."""
        load = ["-i", self.state] if self.state.exists() else []
        run(tool("fakeroot", "fakeroot"), *load, "-s", self.state, "--",
            *command)

    def write_files(self, root, files):
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="ascii")

    def hooks(self):
        """Options for what mmdebstrap does in addition; $1 is the new system's
        root."""
        cache = self.work / "packages"
        cache.mkdir(exist_ok=True)
        first = self.work / "first"
        self.write_files(first, FIRST)
        archives = "/var/cache/apt/archives"
        native = Native(self.work / "native")
        if native.make():
            yield f"--extract-hook=sync-in {shlex.quote(str(native.folder))} /"
            # Once more: the package usr-is-merged removes links it does not know.
            yield f"--essential-hook=sync-in {shlex.quote(str(native.folder))} /"
            yield (f'--aptopt=DPkg::Path "/{NATIVE}:/usr/sbin:/usr/bin:/sbin:'
                   '/bin"')
        yield f'--setup-hook=mkdir -p "$1{archives}"'
        yield f"--setup-hook=sync-in {shlex.quote(str(cache))} {archives}"
        # Packages are saved as soon as all are downloaded, in case a later step
        # fails.
        yield f"--essential-hook=sync-in {shlex.quote(str(first))} /"
        yield ('--essential-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get '
               f"-q -y --download-only install {' '.join(PACKAGES)}")
        yield ("--essential-hook=sync-out "
               f"{archives} {shlex.quote(str(cache))}")
        yield f"--customize-hook={INITRAMFS}"
        if native.places:
            yield ('--customize-hook=cd "$1" && rm -rf '
                   f"{' '.join(sorted(native.places))}")
        yield '--customize-hook=echo root:socle | chroot "$1" chpasswd'
        yield ('--customize-hook=chroot "$1" systemctl enable '
               f"{' '.join(SERVICES)}")

    def watch(self, command, environment, log):
        """Runs mmdebstrap and shows its progress; returns its exit status."""
        progress = Progress()
        with open(log, "w", 1, encoding="utf-8") as out, \
                subprocess.Popen(command, env=environment,
                                 stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, text=True,
                                 errors="replace",
                                 stderr=subprocess.STDOUT) as process:
            try:
                for line in process.stdout:
                    out.write(line)
                    progress.see(line)
            except BaseException:
                # The kernel ends what a killed unshare started; without it,
                # mmdebstrap ends its children and unmounts.
                if command[0] == "unshare":
                    process.kill()
                else:
                    process.terminate()
                raise
        progress.end()
        return process.returncode

    def install(self):
        if self.tar.exists():
            print("debian: the packages are installed already", flush=True)
            return
        print(f"debian: installing {self.args.suite} for {OWN.ARCH}; this "
              "takes some minutes, once", flush=True)
        unfinished = self.work / "root.unfinished.tar"
        command = [
            *own_mounts(), tool("mmdebstrap", "mmdebstrap"), "--verbose",
            f"--arch={OWN.ARCH}", "--variant=minbase", f"--hook-dir={MERGED}",
            f"--include={','.join(PACKAGES)}", "--skip=essential/unlink",
            "--aptopt=Acquire::Retries \"3\"",
            # Nothing can be lost that could not be made again.
            "--dpkgopt=force-unsafe-io", *self.hooks(), self.args.suite,
            str(unfinished), f"deb {self.args.mirror} {self.args.suite} main"]
        environment = dict(os.environ, LC_ALL="C", INITRD="No",
                           PATH=f"/{NATIVE}:{PATH}")
        scratch = self.work / "scratch"
        if not os.geteuid():
            # Not for other users: mmdebstrap changes to a user who may have no
            # access here.
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            environment["TMPDIR"] = str(scratch)
        log = self.work / "mmdebstrap.log"
        if self.watch(command, environment, log):
            print("".join(log.read_text("utf-8").splitlines(True)[-20:]))
            sys.exit("debian: mmdebstrap failed, see above; all it said is in "
                     f"{log}")
        unfinished.rename(self.tar)

    def unpack(self):
        """Unpacks all files into a folder, with owners that fakeroot knows."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.state.unlink(missing_ok=True)
        self.root.mkdir()
        # Nothing may be removed afterwards: fakeroot knows files by inode
        # numbers, which would be used again.
        without = [*NOT_OURS, *LAST, "etc/apt/sources.list"]
        self.fakeroot(tool("tar", "tar"), "-C", self.root, "-xf", self.tar,
                      "--numeric-owner", "--anchored",
                      *(f"--exclude=./{name}" for name in without))
        self.write_files(self.root, LAST)
        self.write_files(self.root, {"etc/apt/sources.list": SOURCES.format(
            mirror=MIRROR, suite=self.args.suite)})
        (self.root / "etc/resolv.conf").symlink_to(
            "/run/systemd/resolve/stub-resolv.conf")
        (self.root / "boot/efi").mkdir(exist_ok=True)
        self.write_key()

    def write_key(self):
        if not self.key.exists():
            run(tool("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519",
                "-N", "", "-C", "socle", "-f", self.key)
        keys = self.root / "root/.ssh/authorized_keys"
        keys.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(f"{self.key}.pub", keys)
        keys.chmod(0o600)

    def make_esp(self):
        """Puts GRUB where firmware looks for it without a boot entry (UEFI
        2.10, 3.5.1.1)."""
        with open(self.esp, "wb") as esp:
            esp.truncate(ESP_MIB * MIB)
        run(tool("mkfs.vfat", "dosfstools"), "-n", "ESP", self.esp,
            stdout=subprocess.DEVNULL)
        config = self.work / "grub.cfg"
        config.write_text(ESP_GRUB_CFG, encoding="ascii")
        run(tool("mmd", "mtools"), "-i", self.esp, "::EFI", "::EFI/BOOT",
            "::EFI/debian")
        grub = self.root / OWN.GRUB
        for source, target in ((grub, f"BOOT/{OWN.BOOT}"),
                               (grub, f"debian/{grub.name}"),
                               (config, "debian/grub.cfg")):
            run(tool("mcopy", "mtools"), "-i", self.esp, source,
                f"::EFI/{target}")

    def make_disk(self):
        root_start = (1 + ESP_MIB) * 2048
        # The last 33 sectors are the second table's (UEFI 2.10, 5.3.1).
        root_sectors = (self.sectors - root_start - 2048) // 2048 * 2048
        with open(self.disk, "wb") as disk:
            disk.truncate(self.sectors * 512)
        table = ("label: gpt\n"
                 f"start=2048, size={ESP_MIB * 2048}, type=uefi, name=ESP\n"
                 f"start={root_start}, size={root_sectors}, type=linux, "
                 "name=root\n")
        run(tool("sfdisk", "fdisk"), "--quiet", self.disk, input=table,
            text=True)
        with open(self.disk, "r+b") as disk:
            disk.seek(MIB)
            disk.write(self.esp.read_bytes())
        self.fakeroot(tool("mke2fs", "e2fsprogs"), "-q", "-F", "-t", "ext4",
                      "-L", ROOT_LABEL, "-d", self.root,
                      "-E", f"offset={root_start * 512}", self.disk,
                      f"{root_sectors // 2}k")

    def make(self):
        self.install()
        print("debian: making the disk", flush=True)
        self.unpack()
        self.make_esp()
        self.make_disk()
        self.disk.rename(self.args.output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--mirror", default=None)
    parser.add_argument("--size", type=int, default=4, help="GiB")
    args = parser.parse_args()
    if args.output.exists():
        return
    os.umask(0o022)			# for files of the new system
    enable_foreign()
    args.mirror = args.mirror or own_mirror()
    args.output = args.output.resolve()
    work = args.output.with_name(args.output.name + ".making")
    work.mkdir(parents=True, exist_ok=True)
    kept = f"what is done so far is kept in {work}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Maker(args, work).make()
    except KeyboardInterrupt:
        sys.exit(f"\ndebian: stopped; {kept}, and the same command goes on")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"debian: {failed.cmd[0]} ended with {failed.returncode}; "
                 f"{kept}")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
