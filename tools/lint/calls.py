# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about who calls whom, from the symbols of the image's objects."""

import re
import subprocess

from tree import MAY_USE, part_of

# What the compiler calls by itself.
COMPILER = {"__stack_chk_fail", "__stack_chk_guard"}
# Heap functions, which libs may not know.
HEAP = re.compile(r"^(heap|pool|page)_(alloc|free|create)")


def symbols(tree):
    """{object: (defined, undefined)} of the image, names without .o."""
    found = {}
    objects = [path for part in MAY_USE for path in
               sorted((tree.build / part).rglob("*.o"))
               if path.with_suffix("").relative_to(tree.build)]
    sources = {name.rsplit(".", 1)[0] for name in tree.files
               if name.endswith((".c", ".S"))}
    objects = [path for path in objects if str(
        path.relative_to(tree.build).with_suffix("")) in sources]
    if not objects:
        return found
    out = subprocess.run(["nm", "-A", "-P", *map(str, objects)],
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        where, _, rest = line.partition(": ")
        fields = rest.split()
        if len(fields) < 2:
            continue
        name, kind = fields[:2]
        key = where[len(str(tree.build)) + 1:].removesuffix(".o")
        defined, undefined = found.setdefault(key, (set(), set()))
        if kind in "Uw":
            undefined.add(name)
        elif kind.isupper():
            defined.add(name)
    return found


def objects_of(tree):
    """The symbols; it is a finding that there are none."""
    table = symbols(tree)
    if not table:
        yield tree.build.name, "no objects there: make image first"
    return table


def rule_calls(tree):
    """Calls go the way that includes may go; libs call no heap."""
    table = yield from objects_of(tree)
    owner = {name: key for key, (defined, _) in table.items()
             for name in defined}
    for key, (_, undefined) in table.items():
        part = part_of(key)
        for name in undefined:
            used = part_of(owner.get(name, ""))
            if name in COMPILER:
                continue
            if not used or used == part:
                if part == "libs" and HEAP.match(name):
                    yield key, f"libs may not call {name}()"
                continue
            if used not in MAY_USE[part]:
                yield key, f"{part} may not use {name} of {owner[name]}"


def rule_contracts(tree):
    """What core uses of an architecture is declared in arch/include."""
    contracts = "".join(tree.text(name) for name in tree.matching(".h")
                        if name.startswith(("arch/include/", "core/include/",
                                            "libs/include/")))
    table = yield from objects_of(tree)
    owner = {name: key for key, (defined, _) in table.items()
             for name in defined}
    for key, (_, undefined) in table.items():
        if part_of(key) in ("core", "emulators", "commands", "daemons"):
            for name in undefined:
                if part_of(owner.get(name, "")) == "arch" and \
                        not re.search(rf"\b{name}\b", contracts):
                    yield key, f"{name} of {owner[name]} is in no contract"


DECLARED = re.compile(r"^(?!static|typedef|#|\})[A-Za-z_][\w \t\*]*?[ \*](\w+)"
                      r"\([^;{]*\)[^;{]*;", re.M)
# Functions that a public header defines.
INLINE = re.compile(r"^static inline [^;{()]*?(\w+)\([^;{]*\)\s*\{", re.M)
PUBLIC = re.compile(r"^(?:core|libs|arch|arch/\w+)/include/")
KEPT = "tools/lint/kept"


def kept(tree):
    """{function: reason} of what stays although nothing uses it yet."""
    found = {}
    if KEPT in tree.files:
        for line in tree.lines(KEPT):
            if line and not line.startswith("#"):
                name, _, reason = line.partition(" ")
                found[name] = reason.strip()
    return found


def is_user(name):
    """Is what a file uses used? Tests, examples and arch/host do not count."""
    return not name.startswith(("tests/", "docs/", "arch/host/"))


MACRO = re.compile(r"^#define (\w+)\(([^)]*)\)((?:\\\n|[^\n])*)", re.M)


def pasted(code, macros):
    """The words that macros make with ## where they are used in `code`."""
    for name, (params, pastes) in macros.items():
        for match in re.finditer(rf"\b{name}\(([^()]*)\)", code):
            args = [arg.strip() for arg in match.group(1).split(",")]
            values = dict(zip(params, args))
            for paste in pastes:
                yield "".join(values.get(part, part)
                              for part in re.split(r"\s*##\s*", paste))


def pasting_macros(tree):
    """{macro: (parameters, what it pastes)} of the tree."""
    found = {}
    for name in tree.matching(".c", ".h"):
        for match in MACRO.finditer(tree.code(name)):
            pastes = re.findall(r"\w+(?:\s*##\s*\w+)+", match.group(3))
            if pastes:
                params = [p.strip() for p in match.group(2).split(",")]
                found[match.group(1)] = params, pastes
    return found


def used_words(tree):
    """{word: {file: how often}} of what the image's sources name."""
    macros = pasting_macros(tree)
    uses = {}
    for name in filter(is_user, tree.matching(".c", ".h", ".S")):
        code = tree.code(name)
        for word in [*re.findall(r"\b[a-z_]\w+\b", code),
                     *pasted(code, macros)]:
            files = uses.setdefault(word, {})
            files[name] = files.get(name, 0) + 1
    return uses


def defines(tree, name, word):
    """Does file `name`, .c or .S, define function `word`?"""
    return re.search(
        rf"\bglobl\s+{word}\b|^(?:\w+\()?{word}\)?:?[ \t]*$"
        if name.endswith(".S") else
        rf"^[A-Za-z_][^;\n]*\b{word}\([^;]*\)[^;{{]*\{{",
        tree.code(name), re.M)


def is_used(tree, word, files, declared):
    """Does another file than the one that defines it name it?

    In a header it is named beyond the declarations, or inline functions.
    """
    count = -declared
    for user, number in files.items():
        if user.endswith(".h"):
            count += number - len(re.findall(
                rf"^[A-Za-z_][^;\n]*\b{word}\([^;]*\)[^;{{]*\{{",
                tree.code(user), re.M))
        elif not defines(tree, user, word):
            count += number
    return count > 0


def exported(tree, name):
    """(function, how often a header only declares it) of header `name`."""
    for match in DECLARED.finditer(tree.code(name)):
        yield match.group(1), 1
    if PUBLIC.match(name):
        for match in INLINE.finditer(tree.code(name)):
            yield match.group(1), 0


def rule_unused(tree):
    """What a header exports, something uses, or tools/lint/kept says why not."""
    uses = used_words(tree)
    reasons = kept(tree)
    unused = set()
    for name in tree.matching(".h"):
        if part_of(name) is None or "/include/std/" in name or \
                name.startswith("arch/host/"):
            continue
        for word, declared in exported(tree, name):
            if not is_used(tree, word, uses.get(word, {}), declared):
                unused.add(word)
                if word not in reasons:
                    yield name, f"nothing uses {word}()"
    for word in sorted(set(reasons) - unused):
        yield KEPT, f"{word} is used, or gone: take its line away"
    for word in sorted(word for word in unused & set(reasons)
                       if not reasons[word]):
        yield KEPT, f"{word} is kept for no reason"


def rule_static(tree):
    """A function that only its own file names is static."""
    named = {}
    for name in tree.matching(".c", ".h", ".S"):
        for word in set(re.findall(r"\b[a-z_]\w+\b", tree.code(name))):
            named.setdefault(word, set()).add(name)
    table = yield from objects_of(tree)
    for key, (defined, _) in table.items():
        if f"{key}.c" not in tree.files:
            continue
        for word in defined:
            if named.get(word) == {f"{key}.c"}:
                yield f"{key}.c", f"only this file names {word}"


RULES = {
    "calls": rule_calls,
    "contracts": rule_contracts,
    "unused": rule_unused,
    "static": rule_static,
}
