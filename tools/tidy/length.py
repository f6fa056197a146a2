# SPDX-License-Identifier: BSD-2-Clause
"""Length of files and functions.

More is allowed where a comment says `tidy: long because ...`: for a file in
its first comment, for a function inside it or directly above it.
"""
import ast
import re

FILE_WARN = 400
FILE_MAX = 600
FUNCTION_MAX = 70
TOP_LINES = 60		# where the first comment of a file has ended

REASON = re.compile(r"tidy: long because \S+")


def check(tree):
    for source in tree.sources:
        if source.is_c or source.suffix in ("S", "py") or is_script(source):
            yield from file_length(source)
        if source.is_c:
            yield from c_functions(source)
        elif source.suffix == "py" or "python" in source.lines[0]:
            yield from python_functions(source)


def is_script(source):
    return source.text.startswith("#!") or source.path in ("Makefile",)


def file_length(source):
    count = source.text.count("\n")
    if count <= FILE_WARN or REASON.search("\n".join(source.lines[:TOP_LINES])):
        return
    if count > FILE_MAX:
        yield (source.path, 1, f"{count} lines (split it; at most {FILE_MAX})")
    else:
        yield (source.path, 1, f"warning: {count} lines (would two files be "
               f"clearer? {FILE_WARN} is the aim)")


def too_long(source, name, first, last, name_line):
    length = last - first + 1
    if length <= FUNCTION_MAX:
        return
    if REASON.search("\n".join(source.lines[max(0, first - 15):last])):
        return
    yield (source.path, name_line, f"{name}() has {length} lines (split it; at "
           f"most {FUNCTION_MAX}, or say why: /* tidy: long because ... */)")


def c_functions(source):
    for function in source.functions:
        yield from too_long(source, function.name, function.first,
                            function.last, function.first)


def python_functions(source):
    try:
        tree = ast.parse(source.text)
    except SyntaxError as error:
        yield source.path, error.lineno or 1, f"no Python: {error.msg} (mend it)"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from too_long(source, node.name, node.lineno,
                                node.end_lineno, node.lineno)
