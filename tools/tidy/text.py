# SPDX-License-Identifier: BSD-2-Clause
"""Lines: licence tag, trailing white space, width, machine paths, // comments."""
import re

MAX_COLUMNS = 100

CODE_SUFFIXES = {"c", "h", "S", "lds", "py", "sh", "mk", "gp"}
CODE_NAMES = {"Makefile", "x", "run", "rules.mk", ".clang-format", ".editorconfig"}
FREE_FOLDERS = ("examples", "port/template")	# to be copied: 0BSD, but rules.mk

# Absolute paths of somebody's machine; ../work/ and $(O)/work/ are not.
MACHINE_PATH = re.compile(
    r"(?<![\w.)}\]*~-])/(?:work|home|root|Users|tmp)/[A-Za-z0-9_]")


def is_code(source):
    name = source.path.rsplit("/", 1)[-1]
    return (source.suffix in CODE_SUFFIXES or name in CODE_NAMES
            or source.text.startswith("#!"))


def check(tree):
    for source in tree.sources:
        if is_code(source):
            yield from licence(source)
            yield from width(source)
        if source.is_c:
            yield from slashes(source)
        if source.suffix != "patch":
            yield from white_space(source)
        yield from machine_paths(source)


def licence(source):
    if source.under(*FREE_FOLDERS):
        want = "(BSD-2-Clause|0BSD)" if source.suffix == "mk" else "0BSD"
    else:
        want = "BSD-2-Clause"
    first = 1 if source.text.startswith("#!") else 0
    head = source.lines[first] if first < len(source.lines) else ""
    if not re.search("SPDX-License-Identifier: " + want, head):
        yield (source.path, first + 1, "no licence tag in the first line "
               f"(SPDX-License-Identifier: {want})")


def white_space(source):
    for number, line in enumerate(source.lines, 1):
        if line != line.rstrip():
            yield source.path, number, "trailing white space (delete it)"
    if source.text and not source.text.endswith("\n"):
        yield (source.path, len(source.lines),
               "the last line has no newline (add it)")


def width(source):
    for number, line in enumerate(source.lines, 1):
        columns = len(line.expandtabs(8))
        if columns > MAX_COLUMNS:
            yield (source.path, number,
                   f"{columns} columns (break the line; at most {MAX_COLUMNS})")


def machine_paths(source):
    for number, line in enumerate(source.lines, 1):
        if found := MACHINE_PATH.search(line):
            yield (source.path, number, f"names a machine's path, "
                   f"{found[0]}... (use a relative path, $(O) or TMPDIR)")


def slashes(source):
    for comment in source.comments:
        if comment.text.startswith("//"):
            yield source.path, comment.first, "a // comment (write /* */)"
