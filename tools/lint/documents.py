# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about the documents: what they name exists."""

import fnmatch
import posixpath
import re

from tree import line_of

# Files and functions() that the tree does not have: generated, Linux's, QEMU's,
# a reader's own. A line each: the name, then whose it is.
FOREIGN = "tools/lint/foreign"
CPPCHECK = "tools/lint/cppcheck"
BARE = re.compile(r"(?<![\w./<-])([\w-]+\.(?:c|h|S|o|py|sh|mk|md|dts))\b"
                  r"(?![.(]\w)")
CALL = re.compile(r"(?<![\w.>-])([a-z_]\w{2,})\(\)")
FOLDERS = ("arch/", "core/", "drivers/", "emulators/", "commands/",
           "daemons/", "libs/", "tests/", "tools/", "docs/")


def listed(tree, name):
    """{first word: rest} of each line of a list in tools/lint."""
    if name not in tree.files:
        return {}
    lines = [line for line in tree.lines(name)
             if line and not line.startswith("#")]
    return {line.split(" ", 1)[0]: line.partition(" ")[2].strip()
            for line in lines}


def quoted(text):
    for match in re.finditer(r"`([^`\n]+)`", text):
        yield match.start(), match.group(1)


def expand(word):
    """The names that `a/{b,c}.d` stands for."""
    match = re.match(r"^(.*)\{([^}]*)\}(.*)$", word)
    if not match:
        return [word]
    return [match[1] + part.strip() + match[3]
            for part in match[2].split(",")]


def exists(tree, word):
    word = word.rstrip("/")
    if "*" in word or "NAME" in word or "<" in word:
        return True
    # A public header may be named as it is included.
    return any((tree.top / place / word).exists()
               for place in ("", "core/include", "arch/include"))


def texts(tree):
    """(file, offset, text): documents, and comments of everything else."""
    c_comment = re.compile(r"/\*.*?\*/", re.S)
    hash_comment = re.compile(r"^[ \t]*#(?!include).*$", re.M)
    for name in tree.files:
        if name.startswith("tests/unit/test_lint"):
            continue
        if name.endswith(".md"):
            yield name, 0, tree.text(name)
            continue
        kind = c_comment if name.endswith((".c", ".h", ".S")) else \
            hash_comment if name.endswith((".mk", ".py", ".sh")) or \
            posixpath.basename(name) in ("Makefile", "Kconfig") else None
        for match in kind.finditer(tree.text(name)) if kind else ():
            yield name, match.start(), match.group()


def bare_names(tree):
    """The last parts of paths; an object's is its source's."""
    names = {posixpath.basename(name) for name in tree.files}
    return names | {f"{name.rpartition('.')[0]}.o" for name in names
                    if name.endswith((".c", ".S"))} | set(listed(tree, FOREIGN))


def rule_files(tree):
    """Files and folders that documents and comments name exist."""
    for name in tree.matching(".md"):
        text = tree.text(name)
        for offset, word in quoted(text):
            for part in expand(word.split(" ")[0].split(":")[0]):
                if part.startswith(FOLDERS) and not exists(tree, part):
                    yield (f"{name}:{line_of(text, offset)}",
                           f"there is no {part}")
    comment = re.compile(r"\b((?:arch|core|drivers|emulators|commands|daemons|"
                         r"libs|tests|tools|docs)/[\w./-]*\w\.(?:c|h|S|py|md|"
                         r"mk|sh))\b")
    for name in tree.matching(".c", ".h", ".S", ".mk", "Makefile"):
        text = tree.text(name)
        for match in comment.finditer(text):
            word = match.group(1)
            line_begin = text.rfind("\n", 0, match.start()) + 1
            if text[line_begin:].lstrip().startswith(("#include", "obj-")) or \
                    text[match.start() - 1] in "/<$":
                continue
            if not exists(tree, word):
                yield (f"{name}:{line_of(text, match.start())}",
                       f"there is no {word}")
    names = bare_names(tree)
    for name, offset, text in texts(tree):
        for match in BARE.finditer(text):
            if match.group(1) not in names:
                line = line_of(tree.text(name), offset + match.start())
                yield f"{name}:{line}", f"there is no {match.group(1)}"


def rule_links(tree):
    """Links between documents lead somewhere."""
    for name in tree.matching(".md"):
        text = tree.text(name)
        for match in re.finditer(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            target = match.group(1)
            if "://" in target:
                continue
            where = posixpath.normpath(posixpath.join(
                posixpath.dirname(name), target))
            if not (tree.top / where).exists():
                yield (f"{name}:{line_of(text, match.start())}",
                       f"the link to {target} leads nowhere")


INDEX = "docs/README.md"


def rule_index(tree):
    """docs/README.md links every page, and names every folder of core."""
    index = tree.text(INDEX) if INDEX in tree.files else ""
    for name in tree.files:
        if re.fullmatch(r"docs/\w+/[^/]+\.md", name) and \
                f"({name.removeprefix('docs/')})" not in index:
            yield name, f"{INDEX} has no link to it"
    folders = {name.rpartition("/")[0] for name in tree.files
               if re.fullmatch(r"core/\w+/\w+\.c", name)}
    for folder in folders:
        if f"`{folder}/`" not in index:
            yield folder, f"{INDEX} names no page for it"


def known_words(tree):
    words = set()
    for name in tree.matching(".c", ".h", ".S"):
        words.update(re.findall(r"\b\w+\b", tree.code(name)))
    for name in tree.matching(".py", ".mk"):
        words.update(re.findall(r"\b\w+\b", tree.text(name)))
    return words


def rule_functions(tree):
    """Functions and locks that documents and comments name exist."""
    words = known_words(tree) | {name.removesuffix("()") for name in
                                 listed(tree, FOREIGN)}
    for name, offset, text in texts(tree):
        for match in CALL.finditer(text):
            if match.group(1) not in words:
                line = line_of(tree.text(name), offset + match.start())
                yield f"{name}:{line}", f"there is no {match.group()}"
    for name in tree.matching(".md"):
        text = tree.text(name)
        for match in re.finditer(r"\bLOCK_[A-Z_]+\b", text):
            if match.group() not in words:
                yield (f"{name}:{line_of(text, match.start())}",
                       f"there is no {match.group()}")


def rule_locks(tree):
    """Every lock class is used, and in docs/design/locking.md."""
    header, page = "core/include/core/spinlock.h", "docs/design/locking.md"
    if header not in tree.files:
        return
    text = tree.text(header)
    users = "".join(tree.code(name) for name in tree.matching(".c", ".h")
                    if name != header and not name.startswith("tests/"))
    for match in re.finditer(r"^\tLOCK_(\w+),", text, re.M):
        lock = "LOCK_" + match.group(1)
        where = f"{header}:{line_of(text, match.start())}"
        if lock == "LOCK_COUNT":
            continue
        if not re.search(rf"\b{lock}\b", users):
            yield where, f"nothing uses {lock}"
        # As a word: GUEST is not in GUEST_LIST.
        if not re.search(rf"\b{match.group(1)}\b", tree.text(page)):
            yield where, f"{page} does not name {match.group(1)}"
    order = re.findall(r"^\| `([A-Z_]+)` \|", tree.text(page), re.M)
    classes = [name for name in re.findall(r"^\tLOCK_(\w+),", text, re.M)
               if name in order]
    for name in order:
        if name not in classes:
            yield page, f"there is no LOCK_{name}"
    if [name for name in order if name in classes] != classes:
        yield page, f"the table's order is not that of {header}"


def rule_stale(tree):
    """What the lists of tools/lint name is named elsewhere, or exists."""
    named = "\n".join(text for _, _, text in texts(tree))
    for name, whose in listed(tree, FOREIGN).items():
        word = re.escape(name.removesuffix("()"))
        if not re.search(rf"(?<![\w./-]){word}\b", named):
            yield FOREIGN, f"nothing names {name}: remove its line"
        if not whose:
            yield FOREIGN, f"{name}: it does not say whose"
    for line in listed(tree, CPPCHECK):
        _, _, pattern = line.partition(":")
        if pattern and not fnmatch.filter(tree.files, pattern):
            yield CPPCHECK, f"there is no {pattern}: remove its line"


PATHS, BUDGETS = "docs/design/hot-paths.md", "tests/bench/arm64/budget"


def budgets(tree):
    """{figure: "GICv2 / GICv3", or one number if they are equal}."""
    found = {}
    for line in tree.lines(BUDGETS) if BUDGETS in tree.files else ():
        match = re.fullmatch(r"([\w-]+)\s+(\d+)\s+(\d+)", line)
        if match:
            pair = dict.fromkeys(f"{int(n):,}" for n in match.groups()[1:])
            found[match.group(1)] = " / ".join(pair)
    return found


def rule_budgets(tree):
    """The figures of docs/design/hot-paths.md are the budgets."""
    known = budgets(tree)
    text = tree.text(PATHS) if PATHS in tree.files else ""
    for match in re.finditer(r"^Budget: ((?:.+\n)+)", text, re.M):
        where = f"{PATHS}:{line_of(text, match.start())}"
        for part in re.split(r",\s", match.group(1).strip()):
            name, _, value = part.replace("`", "").partition(" ")
            if known.get(name) != value:
                yield where, (f"{name} {value}: the budget is "
                              f"{known.get(name, 'not there')}")


# What only one architecture has, or calls so: what is for all of them has words
# that all can read. A line `FILE:WORD why` in ARM_WORDS allows one.
ARM = re.compile(
    r"(?<![A-Za-z0-9])(?:GIC(?:[A-Zv]\w*)?|gic_?v?[23]?|PSCI|psci|SMCCC|smccc|HVC|"
    r"hvc|SMC|WFI|WFE|wfi|wfe|[SPL]PIs?|SGIs?|INTIDs?|ITS|EL[0-3]|A?ESR|HCR|MPIDR|"
    r"TTBR\w*|ttyAMA\d|[Aa]64|AA64|grubaa64|PL[01]\d\d|SP80\d|nGnRn?E|DC ZVA|(?:DMB|DSB|ISB|TLBI)(?=[ .,;:)])|"
    r"ARM|Arm|DDI0487|IHI\d+|DEN\d+|arm64|[Aa][Aa]rch64|Armv8|armv8|"
    r"external abort|point of coherency|inner shareable)(?![A-Za-z0-9])")
ARM_WORDS = "tools/lint/arm-words"
FOR_ALL = ("libs/", "arch/include/", "core/", "commands/", "daemons/", "tools/",
           "tests/plugins/")
# What has its words: this list, other lists, headers of device trees' bindings, and
# the architectures' folders.
OF_ARM = re.compile(r"tools/lint/(?:documents\.py|arm-words|cppcheck|foreign)|"
                    r"tools/include/dt-bindings/.*|tests/plugins/\w+/.*")


def rule_neutral(tree):
    """What is for all architectures is not told in the words of Arm."""
    allowed = listed(tree, ARM_WORDS)
    met = set()
    for name in tree.files:
        if not name.startswith(FOR_ALL) or OF_ARM.fullmatch(name):
            continue
        for match in ARM.finditer(tree.text(name)):
            key = f"{name}:{match.group().replace(' ', '_')}"
            met.add(key)
            if key not in allowed:
                yield (f"{name}:{line_of(tree.text(name), match.start())}",
                       f"{match.group()} is a word of Arm's")
    for key, why in allowed.items():
        if key not in met:
            yield ARM_WORDS, f"{key} is not there: remove its line"
        elif not why:
            yield ARM_WORDS, f"{key}: it does not say why"


RULES = {
    "files": rule_files,
    "links": rule_links,
    "index": rule_index,
    "functions": rule_functions,
    "locks": rule_locks,
    "stale": rule_stale,
    "budgets": rule_budgets,
    "neutral": rule_neutral,
}
