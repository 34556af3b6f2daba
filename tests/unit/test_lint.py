# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/lint: each rule is kept by one small tree and broken by another."""

import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
LINT = TOP / "tools/lint"
SPDX_C = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* What for. */\n"
LOCKS = """enum lock_class {
\tLOCK_GUEST_LIST, /* one */
\tLOCK_GUEST,      /* two */
\tLOCK_COUNT,
};
"""
TABLE = "| class |\n|---|\n| `GUEST_LIST` |\n| `GUEST` |\n"
SPINLOCK = "core/include/core/spinlock.h"
LOCKING = "docs/design/locking.md"
USERS = "int a = LOCK_GUEST_LIST, b = LOCK_GUEST;\n"
LONG = "/* A line. */\n" * 800
OUTLINE = "int f(int a,\n      int b)\n{\n%s\treturn a;\n}\n"
FOREIGN = "tools/lint/foreign"
SUPPRESSED = "tools/lint/cppcheck"
ARM_WORDS = "tools/lint/arm-words"
PATHS, BUDGETS = "docs/design/hot-paths.md", "tests/bench/arm64/budget"
FILES = "docs/reference/files.md"
FILES_PAGE = re.search(r'INTRODUCTION = """\\\n(.*?)"""',
                       (LINT / "heads.py").read_text(), re.S)[1] + (
    "\n## core\n\n| file | holds |\n|---|---|\n| `a.c` | Adds up |\n")
LDS = "arch/arm64/boot/vmm.lds.S"
LDS_TEXT = """#define REGISTRY(name) \\
\tregistry_##name : { KEEP(*(registry_##name)) }
\tREGISTRY(driver)
"""
ADD = "#define DRIVER(i) REGISTRY_ADD(driver, struct driver, i)\n"
PASTE = """#define ROW(n, name) \\
\t{ .read = get_##name }
int get_size(int n);
"""

INLINE = """static inline __must_check int %s(int n,
\t\t\t\t     int m)
{
\treturn n + m;
}
"""

PUBLIC = "core/include/core/a.h"
FAILS = "int __must_check %s(int n);\n"
DEFINITION = "int a_do(void)\n{\n\treturn 0;\n}\n"

# rule: what keeps it, what breaks it; a tree is {path: text}.
CASES = [
    ("layers", {"core/a.c": "#include <libs/list.h>\n"},
     {"libs/a.c": "#include <core/guest.h>\n"}),
    ("layers", {"libs/a.c": "#include <stdint.h>\n#include <libs/types.h>\n"},
     {"libs/a.c": "#include <arch/cpu.h>\n"}),
    ("layers", {"core/a.c": '#include "a_priv.h"\n'},
     {"core/x/a.c": '#include "../../drivers/uart_priv.h"\n'}),
    ("layers", {"commands/a.c": "#include <core/guest.h>\n"},
     {"core/a.c": '#include "emulators/serial/pl011_priv.h"\n'}),
    ("leaves", {"drivers/serial/a_priv.h": ""},
     {"drivers/include/drivers/a.h": ""}),
    ("arch", {"core/a.c": "#include <arch/cpu.h>\n"},
     {"core/a.c": "#include <arch_impl/cpu.h>\n"}),
    ("arch", {"drivers/a.c": "#include <arch_impl/gic.h>\n"},
     {"emulators/a.c": "#include <arch_impl/gic.h>\n"}),
    ("toplevel", {"core/a.c": "", ".ci/a": ""}, {"notes/a.c": ""}),
    ("spdx", {"core/a.c": SPDX_C, "core/b.py":
              '# SPDX-License-Identifier: GPL-2.0-or-later\n"""What for."""\n'},
     {"core/a.c": "/* What for. */\n"}),
    ("spdx", {"core/a.c": SPDX_C + "int a;\n"},
     {"core/a.c": SPDX_C.split("\n", maxsplit=1)[0] + "\nint a;\n"}),
    ("length", {"core/a.c": LONG}, {"core/a.c": LONG + "/* More. */\n"}),
    ("conditionals", {"core/a.c": "#if A\n" + OUTLINE % "" + "#endif\n"},
     {"core/a.c": OUTLINE % "#if A\n\ta = b;\n#endif\n"}),
    ("conditionals", {"core/a.c": "/* __weak */\nint f(void);\n"},
     {"core/a.c": "__weak int f(void);\n"}),
    ("marks", {"core/a.c": "/* TODOS */\n"}, {"core/a.c": "/* TODO: b */\n"}),
    ("comments", {PUBLIC: "/* What it does. Pure. */\nint a_do(int n);\n"
                  "int b_do(int n);\n"},
     {PUBLIC: "/* What it does. Pure. */\nint a_do(int n);\n\n"
      "int b_do(int n);\n"}),
    ("comments", {PUBLIC: "int a_do(int n); /* what; pure */\n"},
     {PUBLIC: "int a_do(int n,\n\t int m);\n"}),
    ("comments", {PUBLIC: "/* The sum. */\n" + INLINE % "a_do"},
     {PUBLIC: "/* The sum. */\n\n" + INLINE % "a_do"}),
    ("comments", {PUBLIC: "/* The sum. Pure. */\n#ifdef A\n"
                  "int a_do(int n, int m);\n#else\n\n" + INLINE % "a_do"},
     {PUBLIC: "/* The sum. Pure. */\n#ifdef A\n"
      "int a_do(int n, int m);\n#else\n\n" + INLINE % "b_do"}),
    ("comments", {PUBLIC: "/* Do it. -ERR_IO. Pure. */\n" + FAILS % "a_do"},
     {PUBLIC: "/* Do it. Pure. */\n" + FAILS % "a_do"}),
    ("comments", {PUBLIC: "/* Do it. -ERR_IO. Pure. */\n" + FAILS % "a_do" +
                  "/* Do more; as a_do(). */\n" + FAILS % "b_do"},
     {PUBLIC: "/* Do it. -ERR_IO. Pure. */\n" + FAILS % "a_do" +
      "/* Do more. */\n" + FAILS % "b_do"}),
    ("comments", {PUBLIC: "/* Do it; errors of\n * b_do(). Pure. */\n" +
                  FAILS % "a_do"},
     {PUBLIC: "/* Do it; no errors. Pure. */\n" + FAILS % "a_do"}),
    ("comments", {PUBLIC: SPDX_C.replace("for.", "for. Any\n * context.") +
                  "/* What it does. */\nint a_do(int n);\n"},
     {PUBLIC: SPDX_C + "/* What it does. */\nint a_do(int n);\n"}),
    ("comments", {PUBLIC: "/* What it does. Its lock is held. */\n"
                  "int a_do(int n);\n"},
     {PUBLIC: "/* What it does with the lock. */\nint a_do(int n);\n"}),
    ("comments", {"arch/arm64/include/arch_impl/a.h":
                  "/* What it does. */\nint a_do(int n);\n"},
     {"arch/include/arch/a.h": "/* What it does. */\nint a_do(int n);\n"}),
    ("kconfig", {"core/Kconfig": "config A\n\tbool \"a\"\n\thelp\n\t  A.\n"},
     {"core/Kconfig": "config A\n\tbool \"a\"\n\n"
      "config B\n\tbool \"b\"\n\thelp\n\t  B.\n"}),
    ("kconfig", {"docs/a.md": "    config A\n            help\n"},
     {"docs/a.md": "    config A\n            bool\n\nhelp\n"}),
    ("registries", {LDS: LDS_TEXT, "core/a.h": ADD},
     {LDS: LDS_TEXT, "core/a.h":
      ADD + "REGISTRY_DECLARE(filesystem);\n"}),
    ("registries", {LDS: LDS_TEXT, "core/a.h": ADD},
     {LDS: LDS_TEXT + "\tREGISTRY(command)\n", "core/a.h": ADD}),
    ("registries", {LDS: LDS_TEXT, "core/a.h": ADD, "arch/host/a.h":
                    "REGISTRY_DECLARE(of_the_host);\n"},
     {LDS: LDS_TEXT, "core/a.h": ADD, "arch/arm64/a.h":
      "REGISTRY_DECLARE(service);\n"}),
    ("stale", {FOREIGN: "a.c QEMU's\n", "core/b.c": "/* As a.c. */\n"},
     {FOREIGN: "a.c QEMU's\n", "core/b.c": "/* As aa.c. */\n"}),
    ("stale", {FOREIGN: "a_do() QEMU's\n", "core/b.c": "/* As a_do(). */\n"},
     {FOREIGN: "a_do()\n", "core/b.c": "/* As a_do(). */\n"}),
    ("stale", {SUPPRESSED: "what:core/*.c\nall\n", "core/a.c": ""},
     {SUPPRESSED: "what:core/*.c\nall\n", "core/a.h": ""}),
    ("files", {"docs/a.md": "`core/a.c` and `core/{a,b}.c`\n",
               "core/a.c": "", "core/b.c": ""},
     {"docs/a.md": "`core/{a,b}.c`\n", "core/a.c": ""}),
    ("files", {"core/a.c": "/* See core/b.c. */\n", "core/b.c": ""},
     {"core/a.c": "/* See core/b.c. */\n"}),
    ("files", {"core/a.c": "/* See b.c. */\n", "core/x/b.c": ""},
     {"core/a.c": "/* See b.c. */\n"}),
    ("files", {"docs/a.md": "In entry.o.\n", "core/entry.S": ""},
     {"docs/a.md": "In entry.o.\n", "core/entry.h": ""}),
    ("links", {"docs/a.md": "[b](b.md#part) [c](https://c)\n",
               "docs/b.md": ""},
     {"docs/a.md": "[b](../b.md)\n", "docs/b.md": ""}),
    ("index", {"docs/README.md": "[a](howto/a.md)\n", "docs/howto/a.md": "",
               "docs/howto/examples/b.md": ""},
     {"docs/README.md": "a.md\n", "docs/howto/a.md": ""}),
    ("index", {"docs/README.md": "`core/a/`\n", "core/a/b.c": ""},
     {"docs/README.md": "`core/ab/`\n", "core/a/b.c": ""}),
    ("layers", {"arch/include/arch/a.h": "#include <libs/b.h>\n"},
     {"arch/include/arch/a.h": "#include <core/b.h>\n"}),
    ("symbols", {"core/Kconfig": "config A\n", "daemons/Makefile":
                 "obj-$(CONFIG_A) += a.o\n", "core/a.c": "int a = CONFIG_A;\n"},
     {"daemons/Kconfig": "config A\n", "core/a.c": "int a = CONFIG_A;\n",
      "daemons/b.c": "int b = CONFIG_A;\n"}),
    ("columns", {"core/a.c": f"/*\n\t{'a' * 72}\n */\nint {'b' * 90};\n"
                 f'char c[] = "/*{"c" * 90}";\n/* c */\n'},
     {"core/a.c": f"/*\n\t{'a' * 73}\n */\n"}),
    ("heads", {"core/a.c": "/* SPDX */\n/* Adds. */\n", "core/a.h": ""},
     {"core/a.c": "/* SPDX */\nint a; /* Adds. */\n"}),
    ("heads", {"core/a.c": "#!\n/* SPDX */\n/*\n * Adds\n * up. So.\n */\n",
               FILES: FILES_PAGE},
     {"core/a.c": "/* SPDX */\n/* Adds down. */\n", FILES: FILES_PAGE}),
    ("functions", {"docs/a.md": "`a_do()`\n", "core/a.c": "int a_do(void);\n"},
     {"docs/a.md": "`a_do()`\n", "core/a.c": "int b_do(void);\n"}),
    ("functions", {"core/a.c": "/* As a_do(). */\nint a_do(void);\n"},
     {"core/a.c": "/* As a_do(). */\nint b_do(void);\n"}),
    ("files", {"core/a.c": "/* See b.c. */\n", FOREIGN: "b.c QEMU's\n"},
     {"core/a.c": "/* See b.c. */\n", FOREIGN: "bb.c QEMU's\n"}),
    ("functions", {"core/a.c": "/* As a_do(). */\n", FOREIGN: "a_do() QEMU's\n"},
     {"core/a.c": "/* As a_do(). */\n", FOREIGN: "b_do() QEMU's\n"}),
    ("functions", {"docs/a.md": "LOCK_A\n", "core/a.h": "enum { LOCK_A };\n"},
     {"docs/a.md": "LOCK_A\n", "core/a.h": "enum { LOCK_B };\n"}),
    ("locks", {SPINLOCK: LOCKS, LOCKING: TABLE, "core/a.c": USERS},
     {SPINLOCK: LOCKS, LOCKING: TABLE, "core/a.c": "int a = LOCK_GUEST;\n"}),
    ("locks", {SPINLOCK: LOCKS, LOCKING: TABLE, "core/a.c": USERS},
     {SPINLOCK: LOCKS, LOCKING: TABLE.replace("| `GUEST` |\n", ""),
      "core/a.c": USERS}),
    ("locks", {SPINLOCK: LOCKS, LOCKING: TABLE, "core/a.c": USERS},
     {SPINLOCK: LOCKS, LOCKING: TABLE + "| `OTHER` |\n", "core/a.c": USERS}),
    ("locks", {SPINLOCK: LOCKS, LOCKING: TABLE, "core/a.c": USERS},
     {SPINLOCK: LOCKS, LOCKING:
      "| `GUEST` |\n| `GUEST_LIST` |\n", "core/a.c": USERS}),
    ("budgets", {BUDGETS: "# a\nhvc  1084  1084\nsgi 5 6\n", PATHS:
                 "Budget: `hvc` 1,084,\n`sgi` 5 / 6\n\n5, 7\n"},
     {BUDGETS: "hvc  1084  1084\nsgi 5 6\n", PATHS:
      "Budget: `hvc` 1,084, `sgi` 5\n"}),
    ("budgets", {BUDGETS: "hvc 84 84\n", PATHS: "Budget: `hvc` 84\n"},
     {BUDGETS: "hvc 84 84\n", PATHS: "Budget: `hv` 84\n"}),
    ("neutral", {"core/a.c": "/* Digital, waits, SPIN, gicleur */\n",
                 "arch/arm64/a.c": "/* WFI */\n"},
     {"core/a.c": "/* A guest in WFI waits. */\n"}),
    ("neutral", {"tools/bench/a.py": "CPU = MACHINE.CPU\n",
                 "tests/plugins/arm64/a.h": "/* A64 */\n",
                 "tools/include/dt-bindings/a.h": "#define GIC_SPI 0\n"},
     {"tools/bench/a.py": 'QEMU = "qemu-system-aarch64"\n'}),
    ("neutral", {"tools/build/help.txt": "  V=1  show commands\n"},
     {"tools/build/help.txt": "  GIC=2|3  the machine\n"}),
    ("neutral", {"tests/plugins/a.c": "/* digits */\n"},
     {"tests/plugins/a.c": "/* A64 */\n"}),
    ("neutral", {"libs/a.c": "/* until it is seen by all CPUs */\n"},
     {"libs/a.c": "/* to the point of coherency */\n"}),
    ("neutral", {"commands/a.c": "/* EL22 PL1 SPIs0 */\n"},
     {"arch/include/arch/a.h": "/* at EL2 */\n"}),
    ("neutral", {"core/a.c": "/* GICv3 */\n", ARM_WORDS:
                 "core/a.c:GICv3 a binding's name\n"},
     {"core/a.c": "/* GICv2 */\n", ARM_WORDS: "core/a.c:GICv2\n"}),
    ("neutral", {"daemons/a.c": ""},
     {"daemons/a.c": "", ARM_WORDS: "core/a.c:GICv2 a binding's name\n"}),
    ("unused", {"core/include/core/a.h": "int a_do(void);\n",
                "core/a.c": DEFINITION,
                "core/b.c": "int b = a_do();\n"},
     {"core/include/core/a.h": "int a_do(void);\n",
      "core/a.c": DEFINITION,
      "tests/unit/b.c": "int b = a_do();\n"}),
    ("unused", {"core/include/core/a.h": "int a_do(void);\n",
                "tools/lint/kept": "a_do what comes next calls it\n"},
     {"core/include/core/a.h": "int a_do(void);\n", "tools/lint/kept":
      "a_do\n"}),
    ("unused", {"core/include/core/a.h": "int a_do(void);\n",
                "core/b.c": "int b = a_do();\n"},
     {"core/include/core/a.h": "int a_do(void);\n",
      "core/b.c": "int b = a_do();\n",
      "tools/lint/kept": "a_do what comes next calls it\n"}),
    ("unused", {"core/include/core/a.h": "int a_do(void);\n",
                "daemons/b.c": "int b = a_do();\n"},
     {"core/include/core/a.h": "int a_do(void);\n",
      "tests/wbox/b.c": "int b = a_do();\n"}),
    ("unused", {"arch/include/arch/a.h": INLINE % "a_do",
                "arch/arm64/include/arch_impl/a.h": INLINE % "b_do",
                "core/b.c": "int b = a_do(1) + b_do(\n\t2);\n"},
     {"arch/include/arch/a.h": INLINE % "a_do",
      "arch/arm64/include/arch_impl/a.h": INLINE % "b_do",
      "core/b.c": "int b = a_do(1);\n"}),
    ("unused", {"libs/include/libs/a.h": INLINE % "a_do" + INLINE % "b_do",
                "libs/b.c": "int b = a_do(b_do(1));\n"},
     {"libs/include/libs/a.h": INLINE % "a_do" + INLINE % "b_do",
      "libs/b.c": "int b = a_do(1);\n",
      "tests/wbox/b.c": "int b = b_do(1);\n"}),
    ("unused", {"core/regs.h": PASTE, "core/a.c": "x = ROW(1, size);\n"},
     {"core/regs.h": PASTE, "core/a.c": "x = ROW(1, length);\n"}),
    ("unused", {"arch/arm64/a.h": "int a_do(void);\n", "arch/arm64/a.S":
                ".globl a_do\na_do:\n\tret\n",
                "arch/arm64/b.S": "b:\n\tbl a_do\n"},
     {"arch/arm64/a.h": "int a_do(void);\n", "arch/arm64/a.S":
      ".globl a_do\na_do:\n\tret\nb:\n\tbl a_do\n"}),
    ("unused", {"core/a_priv.h": "int a_do(void);\n",
                "core/a.c": DEFINITION, "core/b.c": "int b = a_do();\n"},
     {"core/a_priv.h": "int a_do(void);\n",
      "core/a.c": DEFINITION + "int b = a_do();\n"}),
    ("unused", {"core/a_priv.h": "int a_do(void);\n#define A (a_do() + 1)\n",
                "core/a.c": DEFINITION},
     {"core/a_priv.h": "int a_do(void);\n#define A (a_to() + 1)\n",
      "core/a.c": DEFINITION}),
    ("unused", {"arch/include/arch/a.h": "int a_do(void);\n",
                "arch/arm64/b.c": "int b = a_do();\n"},
     {"arch/include/arch/a.h": "int a_do(void);\n",
      "arch/host/b.c": "int b = a_do();\n"}),
]
# The same for rules that read objects; all sources are compiled.
LINKED = [
    ("calls", {"core/a.c": "void b(void);\nvoid a(void) { b(); }\n",
               "libs/b.c": "void b(void) {}\n"},
     {"libs/a.c": "void b(void);\nvoid a(void) { b(); }\n",
      "core/b.c": "void b(void) {}\n"}),
    ("calls", {"drivers/a.c": "void b(void);\nvoid a(void) { b(); }\n",
               "core/b.c": "void b(void) {}\n"},
     {"core/a.c": "void b(void);\nvoid a(void) { b(); }\n",
      "drivers/b.c": "void b(void) {}\n"}),
    ("calls", {"commands/a.c": "void b(void);\nvoid a(void) { b(); }\n",
               "core/b.c": "void b(void) {}\n"},
     {"core/a.c": "void b(void);\nvoid a(void) { b(); }\n",
      "commands/b.c": "void b(void) {}\n"}),
    ("calls", {"emulators/a.c": "void b(void);\nvoid a(void) { b(); }\n",
               "core/b.c": "void b(void) {}\n"},
     {"emulators/a.c": "void b(void);\nvoid a(void) { b(); }\n",
      "drivers/b.c": "void b(void) {}\n"}),
    ("calls", {"core/a.c": "void heap_alloc(void);\n"
               "void a(void) { heap_alloc(); }\n"},
     {"libs/a.c": "void heap_alloc(void);\nvoid a(void) { heap_alloc(); }\n"}),
    ("contracts", {"core/a.c": "void b(void);\nvoid a(void) { b(); }\n",
                   "arch/arm64/b.c": "void b(void) {}\n",
                   "arch/include/arch/b.h": "void b(void);\n"},
     {"core/a.c": "void b(void);\nvoid a(void) { b(); }\n",
      "arch/arm64/b.c": "void b(void) {}\n",
      "arch/arm64/include/arch_impl/b.h": "void b(void);\n"}),
    ("static", {"core/a.c": "void a_do(void) {}\n",
                "core/a.h": "void a_do(void);\n"},
     {"core/a.c": "void a_do(void);\nvoid a_do(void) {}\n"}),
]


# .clang-tidy: the same; the last needs clang's analyzer.
WHOLE = "int f(int a);\nint f(int a)\n{\n%s}\n"
EIGHT = "int f(%s%%(more)s)" % ", ".join(f"int {c}" for c in "abcdefgh")
PARAMETERS = (f"{EIGHT};\n{EIGHT}\n{{\n\treturn "
              "a + b + c + d + e + f + g + h%(used)s;\n}\n")
TIDY = [
    ("bugprone-infinite-loop",
     WHOLE % "\twhile (a > 0) {\n\t\ta--;\n\t}\n\treturn a;\n",
     WHOLE % "\tint n = a;\n\n\twhile (a > 0) {\n\t\tn--;\n\t}\n\treturn n;\n"),
    ("cert-str34-c",
     WHOLE % "\tconst unsigned char c = 1;\n\n\ta = c;\n\treturn a;\n",
     WHOLE % "\tsigned char c = 1;\n\n\ta = c;\n\treturn a;\n"),
    ("misc-no-recursion", WHOLE % "\treturn a;\n",
     WHOLE % "\treturn a ? f(a - 1) : 0;\n"),
    ("readability-braces-around-statements",
     WHOLE % "\tif (a) {\n\t\treturn 1;\n\t}\n\treturn a;\n",
     WHOLE % "\tif (a)\n\t\treturn 1;\n\treturn a;\n"),
    ("performance-type-promotion-in-math-fn",
     "double sin(double x);\n" + WHOLE % "\treturn (int)sin((double)a);\n",
     "double sin(double x);\n" + WHOLE % "\treturn (int)sin((float)a);\n"),
    ("readability-function-size",
     WHOLE % ("\ta++;\n" * 68 + "\treturn a;\n"),
     WHOLE % ("\ta++;\n" * 69 + "\treturn a;\n")),
    ("readability-function-size", PARAMETERS % {"more": "", "used": ""},
     PARAMETERS % {"more": ", int i", "used": " + i"}),
    ("readability-function-size",
     WHOLE % "\tfor (;;) {\n\t\tfor (;;) {\n\t\t\tif (a) {\n"
     "\t\t\t\treturn a;\n\t\t\t}\n\t\t}\n\t}\n",
     WHOLE % "\tfor (;;) {\n\t\tfor (;;) {\n\t\t\tfor (;;) {\n"
     "\t\t\t\tif (a) {\n\t\t\t\t\treturn a;\n"
     "\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n"),
    ("clang-diagnostic-error", WHOLE % "\treturn a;\n",
     WHOLE % "\treturn a + b;\n"),
    ("clang-analyzer-core.DivideZero", WHOLE % "\treturn a ? 1 / a : 0;\n",
     WHOLE % "\treturn a ? 0 : 1 / a;\n"),
]


def tidy(top, text, *options):
    """tools/lint/tidy.py over one file, by our .clang-tidy."""
    top.mkdir()
    shutil.copy(TOP / ".clang-tidy", top)
    (top / "a.c").write_text(text)
    (top / "compile_commands.json").write_text(json.dumps([
        {"directory": str(top), "file": "a.c",
         "arguments": ["clang", "-Wall", "-c", "a.c"]}]))
    done = subprocess.run(
        [sys.executable, "-B", str(LINT / "tidy.py"), "-p", ".", *options],
        cwd=top, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    return done.returncode, done.stdout


@pytest.mark.skipif(not shutil.which("clang-tidy"), reason="no clang-tidy")
@pytest.mark.parametrize("check,kept,broken", TIDY,
                         ids=[case[0] for case in TIDY])
def test_clang_tidy_finds_what_our_list_names(tmp_path, check, kept, broken):
    good = tidy(tmp_path / "kept", kept)
    assert good == (0, "ok clang-tidy: no findings\n")
    code, out = tidy(tmp_path / "broken", broken)
    assert code == 1
    assert re.search(rf"^clang-tidy: a\.c:\d+:\d+: error: .*\["
                     rf"(?:\S*,)?{check}[,\]]",
                     out, re.M), out
    assert out.endswith("over clang-tidy: 1 findings\n")


@pytest.mark.skipif(not shutil.which("clang-tidy"), reason="no clang-tidy")
def test_clang_tidy_without_the_analyzer(tmp_path):
    assert tidy(tmp_path / "quick", TIDY[-1][2],
                "--checks=-clang-analyzer-*")[0] == 0


@pytest.mark.skipif(not shutil.which("clang-tidy"), reason="no clang-tidy")
def test_a_finding_of_several_lines_is_told_in_one(tmp_path):
    fields = "".join(f"\tchar c{n};\n\tlong l{n};\n" for n in range(6))
    code, out = tidy(tmp_path / "top", f"struct s {{\n{fields}}};\n",
                     "--checks=-*,clang-analyzer-optin.performance.Padding")
    assert code == 1
    assert re.fullmatch(r"clang-tidy: a\.c:1:8: error: Excessive padding in "
                        r".*\[clang-analyzer-\S+\]\n"
                        r"over clang-tidy: 1 findings\n", out), out


def test_a_clang_tidy_that_fails_is_a_finding(tmp_path):
    bad = tmp_path / "bad"
    bad.write_text("#!/bin/sh\necho it broke >&2\nexit 3\n")
    bad.chmod(0o755)
    code, out = tidy(tmp_path / "top", "", "--program", str(bad))
    assert code == 1 and "ended with 3: it broke" in out


def lint(top, *rules):
    done = subprocess.run(
        [sys.executable, "-B", str(LINT), "--top", str(top), *rules],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    return done.returncode, done.stdout


def write(top, tree):
    for name, text in tree.items():
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def build(top, tree):
    for name in tree:
        if name.endswith(".c"):
            out = (top / "build" / name).with_suffix(".o")
            out.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["gcc", "-c", "-o", str(out), str(top / name)],
                           check=True)


@pytest.fixture(name="rules", scope="module")
def fixture_rules():
    """The program's rules, each to be given a tree's top."""
    sys.path.insert(0, str(LINT))
    try:
        spec = importlib.util.spec_from_file_location(
            "lint_main", LINT / "__main__.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(LINT))
    return {name: lambda top, rule=rule: list(rule(module.Tree(top)))
            for name, rule in module.RULES.items()}


@pytest.mark.parametrize("rule,kept,broken", CASES + LINKED)
def test_a_rule_fires_where_it_is_broken(rules, tmp_path, rule, kept, broken):
    linked = (rule, kept, broken) in LINKED
    if linked and not shutil.which("gcc"):
        pytest.skip("no gcc")
    for name, tree in ("kept", kept), ("broken", broken):
        write(tmp_path / name, tree)
        if linked:
            build(tmp_path / name, tree)
    assert rules[rule](tmp_path / "kept") == []
    assert len(rules[rule](tmp_path / "broken")) == 1


def test_every_rule_is_seen_to_fire(rules):
    assert set(rules) == {case[0] for case in CASES + LINKED}


def test_rules_that_read_objects_want_them(rules, tmp_path):
    write(tmp_path, {"core/a.c": ""})
    for rule in "calls", "contracts", "static":
        (_, what), = rules[rule](tmp_path)
        assert "make image first" in what


def test_findings_are_lines_and_the_status(tmp_path):
    for name, marks in ("kept", ""), ("broken", "/* TODO */\n"):
        write(tmp_path / name, {"core/a.c": SPDX_C + marks})
    assert lint(tmp_path / "kept", "marks", "spdx") == (
        0, "ok marks: no findings\nok spdx: no findings\n")
    assert lint(tmp_path / "broken", "marks", "spdx") == (
        1, "marks: core/a.c:3: TODO is no plan\n"
        "over marks: 1 findings\nok spdx: no findings\n")


def test_an_unknown_rule_is_an_error(tmp_path):
    code, out = lint(tmp_path, "nonsense")
    assert code == 2 and "no rule nonsense" in out
