# SPDX-License-Identifier: GPL-2.0-or-later
"""Gates of the Makefile (warnings, cppcheck, headers, layout) fail when broken.

tests/unit/test_lint.py does the same for tools/lint and clang-tidy.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MATERIAL = TOP / os.environ.get("SOCLE_BUILD", "build") / "material"
ARCH = os.environ.get("SOCLE_ARCH", "arm64")


def make(out, *goals):
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    done = subprocess.run(
        ["make", f"ARCH={ARCH}", f"O={out}", f"MATERIAL={MATERIAL}", *goals],
        cwd=TOP, env=env, text=True, errors="replace", check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@pytest.fixture(name="out", scope="module")
def fixture_out(tmp_path_factory):
    """A folder for what the build makes, configured."""
    return tmp_path_factory.mktemp("out")


# --- warnings of the image's compiler ----------------------------------------

F = "int f(int a);\n"
# Each file has one fault; what it would be without is in the name of the flag.
WARNINGS = {
    "shadow": F + "int f(int a)\n{\n\tif (a) {\n\t\tint a = 1;\n\n"
              "\t\treturn a;\n\t}\n\treturn a;\n}\n",
    "strict-prototypes": "int f();\n",
    "missing-prototypes": "int f(int a)\n{\n\treturn a;\n}\n",
    "undef": "#if NOBODY_DEFINES_THIS\n#endif\nint a;\n",
    "vla": F + "int f(int a)\n{\n\tchar c[a];\n\n\tc[0] = 1;\n"
           "\treturn c[0];\n}\n",
    "pointer-arith": "void *f(void *p);\nvoid *f(void *p)\n{\n"
                     "\treturn p + 1;\n}\n",
    "cast-qual": "char *f(const char *p);\nchar *f(const char *p)\n{\n"
                 "\treturn (char *)p;\n}\n",
    "write-strings": "char *f(void);\nchar *f(void)\n{\n\treturn \"a\";\n}\n",
    "implicit-fallthrough": F + "int f(int a)\n{\n\tswitch (a) {\n\tcase 1:\n"
                            "\t\ta++;\n\tcase 2:\n\t\ta++;\n\t}\n"
                            "\treturn a;\n}\n",
    "double-promotion": "double f(float a);\ndouble f(float a)\n{\n"
                        "\treturn a * 2.0;\n}\n",
    "redundant-decls": F + F,
    "old-style-definition": F + "int f(a)\nint a;\n{\n\treturn a;\n}\n",
    "format": "__attribute__((format(printf, 1, 2)))\n"
              "int p(const char *s, ...);\n" + F +
              "int f(int a)\n{\n\treturn p(\"%s\", a);\n}\n",
    "date-time": "const char *at = __DATE__;\n",
    "conversion": "short f(int a);\nshort f(int a)\n{\n\treturn a;\n}\n",
    "sign-conversion": "unsigned int f(int a);\nunsigned int f(int a)\n{\n"
                       "\treturn a;\n}\n",
}
# gcc's name for what a flag of another name brings.
TOLD = {"write-strings": "discarded-qualifiers"}
GOOD = F + "int f(int a)\n{\n\treturn a;\n}\n"


@pytest.fixture(name="flags", scope="module")
def fixture_flags(out):
    """The compiler and its flags of an object of core."""
    code, said = make(out, f"{out}/compile_commands.json")
    assert code == 0, said
    entries = json.loads((out / "compile_commands.json").read_text("utf-8"))
    found = [entry["arguments"] for entry in entries
             if entry["file"] == "core/mm/buddy.c"]
    assert len(found) == 1
    # Without the source and the name of the object.
    command = [word for word in found[0] if word != "core/mm/buddy.c"]
    del command[command.index("-o"):]
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]}")
    # It may have floating-point numbers, as the host's build of core may.
    return [word for word in command if word != "-mgeneral-regs-only" and
            not word.startswith("-mcmodel")]


def compiled(flags, folder, text):
    (folder / "a.c").write_text(text)
    done = subprocess.run([*flags, "-o", str(folder / "a.o"),
                           str(folder / "a.c")], cwd=TOP, text=True,
                          check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def test_every_warning_has_a_broken_file(flags, tmp_path):
    asked = {re.sub(r"=\d+$", "", word[2:]) for word in flags
             if word.startswith("-W") and "," not in word}
    assert asked - {"all", "extra", "error"} == set(WARNINGS)
    assert "-Werror" in flags
    assert compiled(flags, tmp_path, GOOD) == (0, "")


@pytest.mark.parametrize("name", WARNINGS)
def test_a_warning_stops_the_build(flags, tmp_path, name):
    code, said = compiled(flags, tmp_path, WARNINGS[name])
    told = set(re.findall(r"error: .*\[-Werror=([\w-]+)=?\]", said))
    assert code != 0 and told == {TOLD.get(name, name)}, said


# --- headers compile alone ---------------------------------------------------

HEADER = "/* A header. */\n%sstruct a {\n\tuint32_t n;\n};\n"


def test_a_header_that_needs_another_is_found(out, tmp_path):
    for name, text, wanted in (
            ("kept.h", HEADER % "#include <libs/types.h>\n", 0),
            ("broken.h", HEADER % "", 2)):
        (tmp_path / name).write_text(text)
        code, said = make(out, f"public-headers={tmp_path / name}",
                          "headers-check")
        assert code == wanted, said
    assert "unknown type name" in said


# --- cppcheck ----------------------------------------------------------------

CPPCHECK = {
    "error": ("arrayIndexOutOfBounds", WARNINGS["missing-prototypes"].replace(
        "\treturn a;", "\tint b[2] = { a, a };\n\n\treturn b[2];")),
    "warning": ("nullPointerRedundantCheck",
                "int f(int *p)\n{\n\tint a = *p;\n\n\tif (p) {\n"
                "\t\ta++;\n\t}\n\treturn a;\n}\n"),
    "portability": ("AssignmentAddressToInteger",
                    "int f(int *p)\n{\n\tint a = p;\n\n\treturn a;\n}\n"),
}


@pytest.mark.skipif(not shutil.which("cppcheck"), reason="no cppcheck")
@pytest.mark.parametrize("kind", CPPCHECK)
@pytest.mark.parametrize("where", ["analysed", "analysed-apart"])
def test_cppcheck_finds(out, tmp_path, kind, where):
    name, text = CPPCHECK[kind]
    other = {"analysed": "analysed-apart",
             "analysed-apart": "analysed"}[where]
    for file, content in ("kept.c", GOOD), ("broken.c", text):
        (tmp_path / file).write_text(content)
    kept = f"{other}={tmp_path / 'kept.c'}"
    assert make(out, "-s", "cppcheck", kept, f"{where}={tmp_path / 'kept.c'}"
                )[0] == 0
    code, said = make(out, "-s", "cppcheck", kept,
                      f"{where}={tmp_path / 'broken.c'}")
    assert code == 2 and f"[{name}]" in said, said


# --- layout ------------------------------------------------------------------

def clang_format_version():
    if not shutil.which("clang-format"):
        return None
    said = subprocess.run(["clang-format", "--version"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    return re.search(r"version (\d+)", said).group(1)


LAYOUT = {
    "blanks for a tab": "int f(int a)\n{\n        return a;\n}\n",
    "brace": "int f(int a) {\n\treturn a;\n}\n",
    "column 81": f"int f(int {'a' * 64}, int b)\n{{\n\treturn b;\n}}\n",
    "pointer": "int f(int* a)\n{\n\treturn *a;\n}\n",
    "short if": "int f(int a)\n{\n\tif (a) return 1;\n\treturn a;\n}\n",
}


@pytest.mark.skipif(clang_format_version() != "14", reason="no clang-format 14")
@pytest.mark.parametrize("name", LAYOUT)
def test_a_file_out_of_layout_is_found(out, tmp_path, name):
    for file, content in ("kept.c", GOOD), ("broken.h", LAYOUT[name]):
        (tmp_path / file).write_text(content)
    # By the tree's own layout, as if they stood in it.
    shutil.copy(TOP / ".clang-format", tmp_path)
    goals = ["-s", "format-check"]
    assert make(out, *goals, f"c-files=echo {tmp_path / 'kept.c'}") == (0, "")
    code, said = make(out, *goals, f"c-files=echo {tmp_path / 'broken.h'}")
    assert code == 2 and "broken.h: not formatted" in said
