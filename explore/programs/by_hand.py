#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Take away each fence and each order of src/ by hand, and see the explorer fail.

Edits a copy of the source, one access at a time: a fence's line goes, `_ar`,
`_acq` and `_rel` become `_rlx`.  Then it builds an explorer of it and runs the
programs that rejected.tsv names for the place, and after them all, by chance.
Each line says who found it and what was seen; --verbose shows the execution.

Words choose places: `fence`, doorbell.c, src/slot.c:72.
"""
import argparse
import pathlib
import re
import sys

import rejected
from rejected import Failure

ORDERED = re.compile(r"\b(xcpu_\w+_)(acq|rel|ar)\(")
FENCE = re.compile(r"\bxcpu_fence_sc\(\);")
CALL_LINES = 3		# the compiler may name the last line of a longer call
QUICK = ["--random=2000", "--pct=3", "--all"]
PROGRAM = re.compile(r"^(\S+) +\d+ .* -  .*\n# (.*)", re.MULTILINE)


def sites(explorer):
    """(file, line, order) of each ordered access."""
    _, output = explorer.execute_words(["sites"])
    found = (rejected.SITE.match(line) for line in output.splitlines())
    return [(match[1], int(match[2]), match[3]) for match in found if match]


def known_programs():
    """{file:line: programs that reject a weaker order there}"""
    known = {}
    for row in rejected.rows():
        if row.kind != "weaken" or " + " in row.what:
            continue
        for word in rejected.weakened(row.what):
            place = re.sub(r"^--weaken=|:\w+$", "", word)
            known.setdefault(place, []).append(row.program)
    return known


def take_away(path, number):
    """Edit the access at this line, or just above; what the line was."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if number > len(lines):
        raise Failure(f"{path.name} is not what the explorer was built from")
    for at in range(number - 1, max(number - 1 - CALL_LINES, 0), -1):
        was = lines[at]
        lines[at] = FENCE.sub(";", ORDERED.sub(r"\1rlx(", was))
        if lines[at] != was:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            return was.strip()
    raise Failure(f"{path.name}:{number}: no ordered access there")


def find(explorer, binary, programs):
    """(program, what it saw, the execution), or None."""
    for program in dict.fromkeys(programs):
        status, output = explorer.run(program, [], binary)
        if status == 1:
            return program, rejected.first_remark(output), output
    status, output = explorer.execute_words(QUICK, binary)
    found = PROGRAM.search(output)
    return (found[1], found[2], output) if status == 1 and found else None


def judge(explorer, site, known):
    """(line to print, the execution or None)"""
    file, number, order = site
    copy = explorer.copy("by-hand")
    was = take_away(copy / file, number)
    binary = explorer.build(copy, [file[:-2]])
    found = find(explorer, binary, known.get(f"{file}:{number}", []))
    head = f"{file}:{number} {order:5}"
    if found is None:
        return f"NOT FOUND {head} {was}", None
    return f"found     {head} {found[0]}: {found[1]}", found[2]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", default="build", metavar="DIR",
                        help="where the explorer was built (default build)")
    parser.add_argument("--world", default="explore1",
                        choices=list(rejected.PROGRAMS),
                        help="explore1 (default) or explore8: lanes per line")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("words", nargs="*", metavar="WORD")
    options = parser.parse_args()
    explorer = rejected.Explorer(pathlib.Path(options.out).resolve(),
                                 options.world)
    known = known_programs()
    found = missed = 0
    for site in sites(explorer):
        text = f"{site[0]}:{site[1]} {site[2]}"
        if options.words and not any(word in text for word in options.words):
            continue
        try:
            line, execution = judge(explorer, site, known)
        except Failure as failure:
            line, execution = f"BROKEN    {text}: {failure}", None
        print(line, flush=True)
        if execution and options.verbose:
            print(execution, flush=True)
        found += execution is not None
        missed += execution is None
    print(f"{found} found, {missed} not")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
