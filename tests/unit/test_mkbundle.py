# SPDX-License-Identifier: GPL-2.0-or-later
"""mkbundle: what it packs, makes and refuses."""

import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "unit"))
from test_newc import read  # pylint: disable=wrong-import-position

DTS = """/dts-v1/;
/ {{ model = "{0}"; boot {{ kernel = "/images/{1}"; }}; }};
/* not "/images/comment" */
"""


def mkbundle(*args):
    return subprocess.run([sys.executable, str(TOP / "tools/mkbundle"),
                           *map(str, args)], capture_output=True, text=True,
                          check=False)


def make(tmp_path, **guests):
    folder = tmp_path / "in"
    (folder / "guests").mkdir(parents=True)
    for name, image in guests.items():
        (folder / "guests" / f"{name}.dts").write_text(DTS.format(name, image))
    return folder


def pack(folder, *args):
    output = folder.parent / "out.cpio"
    done = mkbundle(*args, "-o", output, folder)
    assert done.returncode == 0, done.stderr
    return {e[0]: e[2] for e in read(output.read_bytes())}, done.stderr


def test_all_guests(tmp_path):
    folder = make(tmp_path, b="Image", a="Image")
    (folder / "images").mkdir()
    (folder / "images" / "Image").write_bytes(b"kernel")
    files, said = pack(folder)
    assert said == ""
    assert files["images/Image"] == b"kernel"
    assert files["guests/a.dtb"][:4] == b"\xd0\x0d\xfe\xed"
    script = files["boot.cmd"].decode()
    assert script.splitlines()[1:] == ["guest create /guests/a.dtb --start",
                                       "guest create /guests/b.dtb --start"]


def test_chosen_guests_and_offers(tmp_path):
    folder = make(tmp_path, a="Image", b="other")
    image = tmp_path / "a-file"
    image.write_bytes(b"kernel")
    files, said = pack(folder, "--guests", "a", f"--offer=images/Image={image}",
                       "--offer=images/unused=/nonexistent")
    assert said == ""
    assert sorted(files) == ["boot.cmd", "guests", "guests/a.dtb",
                             "guests/a.dts", "images", "images/Image"]


def test_setup(tmp_path):
    """What is to come before the guests, in a script that is made."""
    folder = make(tmp_path, a="Image")
    commands = ["net switch create lan", "vdisk create disk0 vda"]
    more = [word for line in commands for word in ("--setup", line)]
    files, _ = pack(folder, *more)
    assert files["boot.cmd"].decode().splitlines()[1:] == [
        *commands, "guest create /guests/a.dtb --start"]
    (folder / "boot.cmd").write_text("echo mine\n")
    assert pack(folder, *more)[0]["boot.cmd"] == b"echo mine\n"


def test_own_boot_script(tmp_path):
    folder = make(tmp_path)
    (folder / "boot.cmd").write_text("echo mine\n")
    assert pack(folder)[0]["boot.cmd"] == b"echo mine\n"


def test_compiled_description(tmp_path):
    """A blob without its source is started, and its images are wanted."""
    folder = make(tmp_path, a="Image", b="other")
    source = folder / "guests" / "b.dts"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o",
                    str(source.with_suffix(".dtb")), str(source)], check=True)
    source.unlink()
    files, said = pack(folder)
    assert "b.dtb names /images/other" in said
    assert "guests/b.dtb --start" in files["boot.cmd"].decode()
    files, _ = pack(folder, "--guests", "a")
    assert "guests/b.dtb" not in files


def test_missing_image_is_named(tmp_path):
    said = pack(make(tmp_path, a="Image"))[1]
    assert "a.dts" in said and "/images/Image" in said


def test_needs(tmp_path):
    folder = make(tmp_path, a="Image", b="other")
    assert mkbundle("--needs", folder).stdout.split() == ["images/Image",
                                                          "images/other"]
    assert mkbundle("--needs", "--guests", "b", folder).stdout.split() == [
        "images/other"]


INCLUDES = """/dts-v1/;
#include <dt-bindings/interrupt-controller/arm-gic.h>
#include <shared.h>
#include "beside.dtsi"
#ifndef __DTS__
#error not as Linux does it
#endif
/ { #address-cells = <1>; // don't
    model = MODEL; linux = <1>;
    irq = <GIC_SPI 8 IRQ_TYPE_LEVEL_HIGH (GIC_CPU_MASK_SIMPLE(4))>;
    boot { kernel = KERNEL; }; };
"""


def test_preprocessor(tmp_path):
    """As in Linux's sources: #include, from each place, and macros."""
    folder = make(tmp_path)
    more = tmp_path / "more"
    more.mkdir()
    (folder / "include").mkdir()
    (folder / "include" / "shared.h").write_text(
        '#include <model.h>\n#define KERNEL "/images/k"\n')
    (more / "model.h").write_text('#define MODEL "g"\n')
    (folder / "guests" / "beside.dtsi").write_text("/ { beside; };\n")
    (folder / "guests" / "a.dts").write_text(INCLUDES)
    assert mkbundle("--needs", "-I", more, folder).stdout == "images/k\n"
    blob = pack(folder, "-I", more)[0]["guests/a.dtb"]
    dts = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=blob,
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    assert 'model = "g";' in dts and "beside;" in dts
    assert "irq = <0x00 0x08 0x04 0xf00>;" in dts
    assert "linux = <0x01>;" in dts


def test_preprocessor_refusals(tmp_path):
    """Mistakes are told with the file and line that have them."""
    folder = make(tmp_path)
    source = folder / "guests" / "a.dts"
    source.write_text(INCLUDES)
    done = mkbundle("-o", tmp_path / "out", folder)
    assert done.returncode
    assert "a.dts:3:" in done.stderr and "shared.h" in done.stderr
    assert f"{folder}/include" in done.stderr and "-I DIR" in done.stderr
    source.write_text('/dts-v1/;\n#include "b.dtsi"\n')
    (folder / "guests" / "b.dtsi").write_text("\n\n/ { oops };\n")
    done = mkbundle("-o", tmp_path / "out", folder)
    assert done.returncode and "b.dtsi:3" in done.stderr


def test_refusals(tmp_path):
    folder = make(tmp_path, a="Image")
    done = mkbundle("--guests", "x", "-o", tmp_path / "out", folder)
    assert done.returncode and "there are a" in done.stderr
    (folder / "guests" / "bad.dts").write_text("/dts-v1/; / { oops };")
    done = mkbundle("-o", tmp_path / "out", folder)
    assert done.returncode and "bad.dts" in done.stderr
    done = mkbundle("-o", tmp_path / "out", tmp_path / "nowhere")
    assert done.returncode and "not a directory" in done.stderr
    assert "guests/NAME.dts" in done.stderr
    done = mkbundle("-o", tmp_path / "out", tmp_path / "in" / "guests")
    assert done.returncode and "would start nothing" in done.stderr
    (folder / "guests" / "bad.dts").unlink()
    assert mkbundle("-o", tmp_path / "out", folder).returncode == 0
