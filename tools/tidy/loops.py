# SPDX-License-Identifier: BSD-2-Clause
"""Loops in src/: bounded, a marked retry, or the one wait.

    for (...; i < n; i++)               bounded by a comparison
    for (...; w != 0; w &= w - 1)       bounded by the bits of a word
    /* retry: who made us lose */       in or above a loop with a compare-and-swap
    /* wait: what ends it */            in or above a loop of src/wait.c, once
"""
import re

WAIT_FILE = "src/wait.c"
LOOP = re.compile(r"\b(for|while|do)\b")
BITS = re.compile(r"(\w+) &= \1 - 1")
ONCE = re.compile(r"while\s*\(0\)")		# a macro of several statements
COMPARED = re.compile(r"[^<>-][<>]=?[^<>]")


def check(tree):
    waits = []
    for source in tree.c_files("src"):
        do_whiles = set()
        for match in LOOP.finditer(source.code):
            if match[1] == "do":
                do_whiles.add(end_of_body(source, match.end()))
            elif match[1] == "while" and match.start() in do_whiles:
                continue	# judged at its `do`
            yield from judge(source, match, waits)
    for source, line in waits[1:]:
        yield source.path, line, "a second wait (there is one wait routine: call it)"


def judge(source, match, waits):
    line = source.line_of(match.start())
    if match[1] == "for" and is_bounded(source, match.end()):
        return
    if match[1] == "do" and ONCE.match(source.code, end_of_body(source, match.end())):
        return
    end = loop_end(source, match)
    near = [c.words for c in source.comments
            if c.last >= line - 1 and c.first <= source.line_of(end - 1)]
    words = " ".join(near)
    if re.search(r"\bretry: \S", words):
        if "xcpu_cas_" not in source.code[match.start():end]:
            yield (source.path, line, "a retry without a compare-and-swap "
                   "(a loop that waits belongs to src/wait.c)")
    elif re.search(r"\bwait: \S", words) and source.path == WAIT_FILE:
        waits.append((source, line))
    else:
        yield (source.path, line, f"`{match[1]}` of no known kind (bound it: "
               "for (...; i < n; ...); or /* retry: ... */ around a "
               "compare-and-swap; waiting is src/wait.c's)")


def parenthesis(source, offset):
    """(start, end) of the text inside the next pair of parentheses."""
    start = source.code.index("(", offset) + 1
    depth, end = 1, start
    while depth and end < len(source.code):
        depth += (source.code[end] == "(") - (source.code[end] == ")")
        end += 1
    return start, end - 1


def is_bounded(source, offset):
    start, end = parenthesis(source, offset)
    parts = source.code[start:end].split(";")
    if len(parts) != 3:
        return False
    return bool(COMPARED.search(parts[1]) or BITS.search(parts[2]))


def end_of_body(source, offset):
    """Where the `while` of a do-loop stands."""
    place = block_end(source.code, offset)
    return place + len(source.code[place:]) - len(source.code[place:].lstrip())


def block_end(code, offset):
    """Where the next block is over, behind its brace."""
    depth, place = 0, code.index("{", offset)
    while place < len(code):
        depth += (code[place] == "{") - (code[place] == "}")
        place += 1
        if depth == 0:
            break
    return place


def loop_end(source, match):
    """Where a loop, head and body, is over."""
    code = source.code
    if match[1] == "do":
        return parenthesis(source, end_of_body(source, match.end()))[1]
    _, head = parenthesis(source, match.end())
    if not code[head + 1:].lstrip().startswith("{"):
        return code.index(";", head) + 1
    return block_end(code, head)
