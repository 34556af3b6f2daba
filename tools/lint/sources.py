# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about the text of source files."""

import posixpath
import re

from tree import MAY_USE, line_of, part_of

TOP_LEVEL = {"arch", "core", "drivers", "emulators", "commands", "daemons",
             "libs", "tests", "tools", "docs", "Makefile", "Kconfig",
             "README.md", "COPYING"}
LINES_MAX = 800
COLUMNS = 80
CONTRACTS = "arch/include/"
# The standard headers that libs/include/std supplies.
STANDARD = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h",
            "stdlib.h", "string.h", "limits.h", "inttypes.h", "stdnoreturn.h"}


def include_target(line):
    match = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
    return match and match.group(1)


def include_part(name, target):
    """The part that an include leads to: None for the standard's."""
    first = target.split("/")[0]
    if first in ("arch", "arch_impl"):
        return "arch"
    if first in MAY_USE:
        return first
    if target in STANDARD or first in ("generated", "libfdt.h", "sys"):
        return None
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if "/" not in target or target.startswith("."):
        return part_of(beside)
    return None


def rule_layers(tree):
    """libs <- arch <- core <- drivers, emulators <- commands, daemons."""
    for name in tree.matching(".c", ".h", ".S"):
        part = part_of(name)
        if not part:
            continue
        for number, line in enumerate(tree.lines(name), 1):
            target = include_target(line)
            used = target and include_part(name, target)
            if used == "core" and name.startswith(CONTRACTS):
                yield (f"{name}:{number}",
                       f"a contract of core with arch may not include {target}")
            if not used or used == part or used in MAY_USE[part]:
                continue
            yield f"{name}:{number}", f"{part} may not include {target}"


def rule_symbols(tree):
    """Kconfig symbols are used by the part that has them, and parts above."""
    owner = {}
    for name in tree.matching("Kconfig"):
        for match in re.finditer(r"^config (\w+)", tree.text(name), re.M):
            owner.setdefault(match.group(1), set()).add(name.split("/")[0])
    for name in tree.matching(".c", ".h", ".S", "Makefile"):
        part = part_of(name)
        if not part:
            continue
        text = tree.code(name)
        for match in re.finditer(r"\bCONFIG_(\w+)", text):
            owners = owner.get(match.group(1), {part})
            if not owners & {part, "Kconfig", *MAY_USE[part]}:
                yield (f"{name}:{line_of(text, match.start())}",
                       f"{match.group()} is an option of "
                       f"{' and '.join(sorted(owners))}")


def rule_leaves(tree):
    """Drivers, emulators, commands, daemons export no header."""
    for name in tree.matching(".h"):
        part = part_of(name)
        if part in ("drivers", "emulators", "commands", "daemons") and \
                "/include/" in name:
            yield name, "what plugs in exports nothing: make it private"


def rule_arch(tree):
    """Core and all above it use <arch/...>, never an architecture's own."""
    for name in tree.matching(".c", ".h"):
        part = part_of(name)
        if part not in ("core", "emulators", "commands", "daemons", "libs"):
            continue
        for number, line in enumerate(tree.lines(name), 1):
            target = include_target(line)
            if target and target.startswith("arch_impl/"):
                yield f"{name}:{number}", f"{target} is one architecture's"


def rule_toplevel(tree):
    """Only what belongs there lies at the top."""
    for first in sorted({name.split("/")[0] for name in tree.files}):
        if first not in TOP_LEVEL and not first.startswith("."):
            yield first, "does not belong at the top"


def rule_spdx(tree):
    """Every source begins with its licence, and says what it is for."""
    for name in tree.matching(".c", ".h", ".S", ".py", ".mk"):
        head = "\n".join(tree.lines(name)[:3])
        match = re.search(r"SPDX-License-Identifier: (GPL-2.0-or-later|BSD).*",
                          head)
        if not match:
            yield name, "no SPDX line"
            continue
        rest = tree.text(name).split(match.group(), 1)[1]
        if not re.match(r'\s*(#?/\*|//|#(?!include|define|if)|r?"""|include )',
                        rest):
            yield name, "does not begin with what it is for"


def rule_length(tree):
    """No source file is longer than 800 lines."""
    for name in tree.matching(".c", ".h", ".S", ".py"):
        count = len(tree.lines(name)) - 1
        if count > LINES_MAX:
            yield name, f"{count} lines: is it still one idea?"


def function_bodies(code):
    """(begin, end) of each function's body in C code without comments."""
    # The parameters' last line may be indented; a body's brace is not.
    for match in re.finditer(r"\)[ \w]*\n\{\n", code):
        end = code.find("\n}", match.end() - 1)
        if end > 0:
            yield match.end(), end


def rule_conditionals(tree):
    """No #if inside a function, no weak symbols."""
    for name in tree.matching(".c", ".h"):
        if name.startswith("tests/"):
            continue
        code = tree.code(name)
        for begin, end in function_bodies(code):
            for match in re.finditer(r"^#\s*(?:if|ifdef|ifndef)\b",
                                     code[begin:end], re.M):
                yield (f"{name}:{line_of(code, begin + match.start())}",
                       "#if inside a function")
        for match in re.finditer(r"\b__weak\b|\bweak\)\)", code):
            yield f"{name}:{line_of(code, match.start())}", "a weak symbol"


def rule_marks(tree):
    """No TODO, FIXME, XXX or HACK."""
    for name in tree.matching(".c", ".h", ".S", ".py", ".mk", "Makefile"):
        if name.startswith(("tools/lint/", "tests/unit/test_lint")):
            continue
        for number, line in enumerate(tree.lines(name), 1):
            match = re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)
            if match:
                yield f"{name}:{number}", f"{match.group()} is no plan"


PROTOTYPE = re.compile(
    r"^(?!static|typedef|extern|struct \w+ \{|enum|union|#|\})"
    r"[A-Za-z_][\w \t\*]*?[ \*](\w+)\([^;{]*\)[^;{]*;", re.M)
INLINE = re.compile(r"^static inline [^;{()]*?(\w+)\([^;{]*\)\s*\{", re.M)
PUBLIC = re.compile(r"^(?:core|libs|arch)/include/(?!std/)")
# A function that gives an error code, which has to be looked at.
FAILS = re.compile(r"^(?:int __must_check|__must_check int)\b")
# Which errors: their names, whose they are, or "as f()".
ERRORS = re.compile(r"\bERR_[A-Z]+|(?i:\berrors? (?:of|as)\b|'s errors?\b)|"
                    r"\b[Aa]s (?:for )?\w+\(\)")
# In which context: one of these words.
CONTEXT = re.compile(
    r"\b(?:any|thread|boot|trap|interrupt) context|\bcontext (?:as|of)\b|"
    r"\bcontext: any\b|\bpure\b|\bstart-up\b|\bserialises?\b|"
    r"\binterrupts (?:are |already )?(?:masked|enabled)|"
    r"\b(?:is|are|be|queue|it) (?:locked|held)|\block (?:is )?(?:held|taken)|"
    r"\bcaller holds\b|"
    r"\bat boot\b|\bduring the boot\b|"
    r"(?:^\W*|[.;:] )boot[:,.]", re.I)


def introduction(text):
    """A header's first comment that is not its licence."""
    match = re.search(r"/\*(?! SPDX).*?\*/", text, re.S)
    return match.group() if match else ""


def words(comment):
    """A comment's text without the marks at its lines' beginnings."""
    return re.sub(r"[ \t]*\n[ \t]*\*?[ \t]*", " ", comment)


def paragraph(text, match):
    """The comments that a prototype or inline function stands under."""
    begin = text.rfind("\n\n", 0, match.start())
    line_end = text.find("\n", match.end())
    part = text[max(begin, 0):line_end if line_end > 0 else len(text)]
    return " ".join(re.findall(r"/\*.*?\*/", part, re.S))


def closest(text, match):
    """The comment behind a prototype, or else the last before it."""
    line_end = text.find("\n", match.end())
    behind = re.search(r"/\*.*?\*/", text[match.end():line_end])
    if behind:
        return behind.group()
    before = text[max(text.rfind("\n\n", 0, match.start()), 0):match.start()]
    found = re.findall(r"^/\*.*?\*/", before, re.S | re.M)
    return found[-1] if found else ""


def missing(text, match, context):
    """What the comments of a public prototype do not say."""
    comment = words(paragraph(text, match))
    if not comment:
        yield "has no comment"
        return
    if FAILS.match(match.group()) and \
            not ERRORS.search(words(closest(text, match))):
        yield "has a comment that names no error"
    if not context and not CONTEXT.search(comment):
        yield "has a comment that names no context"


def rule_comments(tree):
    """Public functions say what, which errors, and in which context.

    Each prototype and inline function of a public header stands in a
    paragraph (up to a blank line) with a comment. In core, libs and the
    contracts, the comment behind a function that may fail, or the last before
    it, names errors: ERR_..., "errors of f()", "f()'s errors" or "as f()". And
    the paragraph, or for all of a header its first comment, names a context:
    "any context", "thread context", "boot context" or "start-up", "interrupt
    context", "interrupts masked", "pure", or which lock is held, or who
    serialises calls.
    """
    for name in tree.matching(".h"):
        if part_of(name) is None or "/include/" not in name or \
                "/include/std/" in name:
            continue
        text = tree.text(name)
        public = PUBLIC.match(name)
        context = not public or CONTEXT.search(words(introduction(text)))
        declared = set()
        for match in PROTOTYPE.finditer(text):
            declared.add(match.group(1))
            for what in missing(text, match, context) if public else \
                    [] if paragraph(text, match) else ["has no comment"]:
                yield (f"{name}:{line_of(text, match.start())}",
                       f"{match.group(1)}() {what}")
        # An option's empty body stands beside the prototype that has it.
        for match in INLINE.finditer(text) if public else ():
            if match.group(1) not in declared and not paragraph(text, match):
                yield (f"{name}:{line_of(text, match.start())}",
                       f"{match.group(1)}() has no comment")


# A string, in which no comment begins, or a comment.
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/', re.S)


def rule_columns(tree):
    """Comments of C end at column 80, tabs of 8 (clang-format does the code)."""
    for name in tree.matching(".c", ".h"):
        text = tree.text(name)
        wide = {number for number, line in enumerate(tree.lines(name), 1)
                if len(line.expandtabs(8)) > COLUMNS}
        for match in COMMENT.finditer(text) if wide else ():
            if not match.group().startswith("/*"):
                continue
            first = line_of(text, match.start())
            last = first + match.group().count("\n")
            for number in sorted(wide & set(range(first, last + 1))):
                yield f"{name}:{number}", f"more than {COLUMNS} columns"


def rule_kconfig(tree):
    """Every Kconfig symbol has a help text, those of a document's example too."""
    for name in tree.files:
        if not name.endswith(("Kconfig", ".md")):
            continue
        text = tree.text(name)
        if name.endswith(".md"):
            # Examples are indented; what is not is the page's own text.
            text = "\n".join(re.findall(r"^ {4}(.*)|^\S.*", text, re.M))
        blocks = re.split(r"^(?=config |menuconfig |choice|menu|endmenu|source)",
                          text, flags=re.M)
        for block in blocks:
            match = re.match(r"(?:menu)?config (\w+)", block)
            if match and not re.search(r"^\s+help\b", block, re.M):
                yield name, f"{match.group(1)} has no help"


# A registry's section: REGISTRY_ADD(name, type, entry) in C, and in a linker
# script REGISTRY(name).
REGISTRY = re.compile(r"\bREGISTRY_(?:ADD|DECLARE|DEFINE)\((\w+)\s*[,)]")
SECTION = re.compile(r"^\s*REGISTRY\((\w+)\)", re.M)


def rule_registries(tree):
    """Each registry of the image is in the linker scripts, and no other is."""
    used = {}
    for name in tree.matching(".c", ".h"):
        if part_of(name) is None or name == "libs/include/libs/registry.h":
            continue
        code = tree.code(name)
        for match in REGISTRY.finditer(code):
            # An architecture's own registry is in its own script alone.
            arch = name.split("/")[1] if name.startswith("arch/") and \
                not name.startswith("arch/include/") else None
            used.setdefault(match.group(1), (
                arch, f"{name}:{line_of(code, match.start())}"))
    for script in tree.files:
        match = re.fullmatch(r"arch/(\w+)/boot/vmm\.lds(?:\.S)?", script)
        if not match:
            continue
        text = tree.text(script)
        there = set(SECTION.findall(text))
        for name, (arch, where) in used.items():
            if arch in (None, match.group(1)) and name not in there:
                yield where, f"{script} does not name registry {name}"
        for name in sorted(there - set(used)):
            line = line_of(text, text.index(f"REGISTRY({name})"))
            yield f"{script}:{line}", f"nothing uses registry {name}"


RULES = {
    "layers": rule_layers,
    "leaves": rule_leaves,
    "arch": rule_arch,
    "toplevel": rule_toplevel,
    "spdx": rule_spdx,
    "length": rule_length,
    "conditionals": rule_conditionals,
    "marks": rule_marks,
    "comments": rule_comments,
    "columns": rule_columns,
    "kconfig": rule_kconfig,
    "symbols": rule_symbols,
    "registries": rule_registries,
}
