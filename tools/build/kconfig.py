#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads, updates and writes the configuration with the kconfiglib package."""

import difflib
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


def turn_off_unnamed(kconf):
    """With NAMED_ONLY, what the file does not name is off."""
    named_only = kconf.syms.get("NAMED_ONLY")
    if named_only is None or named_only.str_value != "y":
        return
    for sym in kconf.unique_defined_syms:
        asked = any(node.prompt for node in sym.nodes)
        if sym.type == kconfiglib.BOOL and asked and sym.user_value is None:
            sym.set_value("n")


def read_config(kconf, path):
    """Loads the file; wrong values, and names of no option, a line each."""
    kconf.warn_to_stderr = False
    kconf.load_config(path)
    turn_off_unnamed(kconf)
    for sym in kconf.unique_defined_syms:
        _ = sym.str_value           # warns of a number out of its range
    known = [sym.name for sym in kconf.unique_defined_syms]
    unknown = []
    for name, _ in kconf.missing_syms:
        near = difflib.get_close_matches(name, known, 1)
        unknown.append(f"{path}: there is no option CONFIG_{name}" + (
            f"; did you mean CONFIG_{near[0]}?" if near else ""))
    for line in kconf.warnings + unknown:
        print(line, file=sys.stderr)
    return kconf.warnings, unknown


def load(source, config):
    """Makes config of source; if that is config itself, updates it."""
    if not os.path.exists(source):
        sys.exit(f"{source} does not exist; `make defconfig` makes it")
    kconf = open_tree(config)
    wrong, unknown = read_config(kconf, source)
    if source != config and (wrong or unknown):
        return 1
    kconf.write_config(config, save_old=False)
    return 0


def sync(config, auto_conf, autoconf_h):
    """What the build reads. Files that stay the same keep their times."""
    kconf = open_tree(config)
    # A wrong value must not be built. Options of an older tree may be gone.
    wrong, _ = read_config(kconf, config)
    if wrong:
        print(f"{config}: mend it by hand, or let `make olddefconfig` take "
              "the defaults", file=sys.stderr)
        return 1
    kconf.write_config(config, save_old=False)
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
