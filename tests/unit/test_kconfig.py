# SPDX-License-Identifier: GPL-2.0-or-later
"""Mistakes in a configuration are told, and not built."""

import os
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


def kconfig(*args):
    return subprocess.run(
        [sys.executable, "-B", str(TOP / "tools/build/kconfig.py"),
         *map(str, args)], cwd=TOP, env={**os.environ, "ARCH": "arm64"},
        capture_output=True, text=True, check=False)


def sync(config):
    return kconfig("sync", config, config.with_name("auto.conf"),
                   config.with_name("autoconf.h"))


@pytest.fixture(name="config")
def fixture_config(tmp_path):
    config = tmp_path / ".config"
    done = kconfig("load", "arch/arm64/configs/defconfig", config)
    assert done.returncode == 0 and not done.stderr
    return config


WRONG = [("CONFIG_MAX_CPUS=many", "invalid for MAX_CPUS"),
         ("CONFIG_MAX_CPUS=100000", "MAX_CPUS"),
         ("CONFIG_EMU_PL011=maybe", "not a valid value"),
         ("EMU_PL011=y", "malformed line")]
UNKNOWN = [("CONFIG_EMU_PL0111=y", "did you mean CONFIG_EMU_PL011?"),
           ("# CONFIG_EMU_PL0111 is not set", "CONFIG_EMU_PL0111"),
           ("CONFIG_QQQQQQQQQ=1", "no option CONFIG_QQQQQQQQQ\n")]


@pytest.mark.parametrize("line, told", WRONG + UNKNOWN)
def test_given(tmp_path, line, told):
    """Refused, and nothing is left that the next make would build."""
    source = tmp_path / "my_defconfig"
    source.write_text(line + "\n")
    done = kconfig("load", source, tmp_path / ".config")
    assert done.returncode == 1 and told in done.stderr
    assert not (tmp_path / ".config").exists()


@pytest.mark.parametrize("line, told", WRONG)
def test_own_wrong(config, line, told):
    """Not built; it stays as it is until it is mended."""
    before = config.read_text() + line + "\n"
    config.write_text(before)
    done = sync(config)
    assert done.returncode == 1
    assert told in done.stderr and "olddefconfig" in done.stderr
    assert config.read_text() == before
    done = kconfig("load", config, config)
    assert done.returncode == 0 and told in done.stderr
    done = sync(config)
    assert done.returncode == 0 and not done.stderr


@pytest.mark.parametrize("line, told", UNKNOWN)
def test_own_unknown(config, line, told):
    """Options go away between versions: told once, then dropped."""
    config.write_text(config.read_text() + line + "\n")
    done = sync(config)
    assert done.returncode == 0 and told in done.stderr
    assert line not in config.read_text()
    assert not sync(config).stderr


def enabled(config):
    return {line for line in config.read_text().splitlines()
            if line.endswith("=y")}


def test_named_only(tmp_path, config):
    """What such a configuration does not name is off, at each later load too."""
    source = tmp_path / "my_defconfig"
    source.write_text("CONFIG_NAMED_ONLY=y\nCONFIG_EMU_PL011=y\n")
    mine = tmp_path / "mine" / ".config"
    mine.parent.mkdir()
    assert kconfig("load", source, mine).returncode == 0
    assert "CONFIG_EMU_PL031=y" in enabled(config) - enabled(mine)
    assert "CONFIG_EMU_PL011=y" in enabled(mine)
    # Numbers have their defaults, and what no person chooses is there.
    assert "CONFIG_MAX_CPUS=" in mine.read_text()
    assert "CONFIG_ARCH_ARM64=y" in enabled(mine)
    # As if the option had been added to the tree since.
    mine.write_text(mine.read_text().replace(
        "# CONFIG_EMU_PL031 is not set\n", ""))
    assert sync(mine).returncode == 0
    assert "CONFIG_EMU_PL031=y" not in enabled(mine)


@pytest.mark.parametrize("name", ["minimal", "base"])
def test_images_with_a_limit_name_what_they_have(name):
    text = (TOP / f"arch/arm64/configs/{name}_defconfig").read_text()
    assert "CONFIG_NAMED_ONLY=y\n" in text
    assert "is not set" not in text
