#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads, updates and writes the configuration with the kconfiglib package."""

import os
import sys

try:
    import kconfiglib
except ImportError:
    sys.exit("kconfiglib is missing: install the package python3-kconfiglib, "
             "or call `make deps`")


def open_tree(config):
    os.environ.setdefault("KCONFIG_CONFIG", config)
    os.environ["KCONFIG_CONFIG"] = config
    kconf = kconfiglib.Kconfig("Kconfig", suppress_traceback=True)
    kconf.warn_assign_override = False
    kconf.warn_assign_redun = False
    return kconf


def write_config(kconf, path):
    """Writes the file only when it changes, keeping its time otherwise."""
    kconf.write_config(path, save_old=False)


def refuse(kconf):
    """A configuration with a wrong value must not be built."""
    for line in kconf.warnings:
        print(line, file=sys.stderr)
    return 1 if kconf.warnings else 0


def load(source, config):
    if not os.path.exists(source):
        sys.exit(f"{source} does not exist; `make defconfig` makes it")
    kconf = open_tree(config)
    kconf.warn_to_stderr = False
    kconf.load_config(source)
    write_config(kconf, config)
    return refuse(kconf) if source != config else 0


def sync(config, auto_conf, autoconf_h):
    kconf = open_tree(config)
    kconf.warn_to_stderr = False    # options that went away are dropped
    kconf.load_config(config)
    write_config(kconf, config)
    kconf.write_autoconf(autoconf_h)
    with open(auto_conf, "w", encoding="utf-8") as out:
        for sym in kconf.unique_defined_syms:
            if sym.config_string and not sym.config_string.startswith("#"):
                out.write(sym.config_string)
    return 0


def savedefconfig(config, target):
    kconf = open_tree(config)
    kconf.load_config(config)
    print(kconf.write_min_config(target))
    return 0


def menuconfig(config):
    if not sys.stdin.isatty():
        sys.exit("menuconfig needs a terminal; `make olddefconfig` takes a "
                 f"{config} edited by hand")
    import menuconfig as menu
    kconf = open_tree(config)
    menu.menuconfig(kconf)
    return 0


COMMANDS = {"load": load, "sync": sync, "savedefconfig": savedefconfig,
            "menuconfig": menuconfig}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
