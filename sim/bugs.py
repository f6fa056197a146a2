#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The bug catalogue as a test: its programs, and that bugs.tsv tells the truth.

Each bug that the simulator shows has a program (`xcpu-sim --bug-test`) and a
mutant that the program must fail for (tests/mutants/bug-NN.patch, which
`./x mutants` tries).  A bug of a port is shown by a unit test of that port, one
of memory order by the explorer, one of plain accesses by the compiler.  Prints
TAP.
"""
import argparse
import re
import subprocess
import sys

import libsim
from libsim import ROOT

import libtap		# from tools/, which libsim puts into the path

TABLE = ROOT / "sim/bugs.tsv"
MUTANTS = ROOT / "tests/mutants"
RESULT = re.compile(r"^((?:not )?ok) \d+ - (.*?) # (.*)$")
# Where a bug can be shown.
PLACES = ("sim", "explore", "unit", "compile", "none")
BUGS = [n for n in range(1, 126) if n != 107]	# the catalogue skips one number


# Bug 26: a look at a shared word, as an expression that may compile or not.
LOOK = """#include <xcpu/atomic.h>
uint64_t look(struct xcpu_au64 *w);
uint64_t look(struct xcpu_au64 *w) { return %s; }
"""


def rows():
    lines = [line for line in TABLE.read_text().splitlines()
             if line and not line.startswith("#")]
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


def programs(output):
    """Name, whether it is right, ids, and what it says of a failure, in turn."""
    tests = []
    for line in output.splitlines():
        if match := RESULT.match(line):
            tests.append([match[2], match[1] == "ok", match[3], ""])
        elif line.startswith("#") and tests:
            tests[-1][3] += line[1:].strip() + "\n"
    return tests


def problems_of_row(row, claimed):
    """What is wrong with one bug; `claimed`: {program: ids}."""
    bug, name, where = row["id"], row["id"].lower(), row["where"]
    if where not in PLACES:
        yield f"nothing runs in {where}"
    if (where == "sim") != (name in claimed):
        yield "a program there should be, or should not"
    if where == "sim" and bug not in claimed.get(name, "").split():
        yield f"its program claims {claimed.get(name)}"
    if (row["kill"] == "patch") != (MUTANTS / f"{name}.patch").exists():
        yield "a patch there should be, or should not"
    if not row.get("what") or not row["inv"]:
        yield "a column is empty"
    # A test elsewhere is named in `what`; it claims the bug in its own line.
    if where == "unit" and not claims_in(ROOT / "tests/unit", bug):
        yield "no unit test claims it"
    if where == "explore" and not claims_in(ROOT / "explore/programs", bug):
        yield "no program of the explorer claims it"


def compiles(expression):
    words = ["gcc", "-std=gnu11", "-Iinclude", "-Iport/template", "-x", "c",
             "-fsyntax-only", "-"]
    return subprocess.run(words, cwd=ROOT, text=True, input=LOOK % expression,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def test_plain(tap):
    wrong = [text for text in ("*w", "(*w)++", "*w | 1", "w[0] + 0")
             if compiles(text)]
    tap.test("bug-26: a plain access to a shared word does not compile",
             compiles("xcpu_load_rlx(w)") and not wrong, "\n".join(wrong),
             "BUG-26 INV-C2")


def claims_in(folder, bug):
    word = re.compile(rf"\b{bug}\b")
    return any(word.search(path.read_text()) for path in folder.glob("*.c"))


def problems(table, claimed):
    """(id, what is wrong)"""
    ids = [row["id"] for row in table]
    wanted = [f"BUG-{n:02}" for n in BUGS]
    for bug in sorted(set(ids) ^ set(wanted)):
        yield bug, "bugs.tsv lacks it, or should not have it"
    for bug in sorted({bug for bug in ids if ids.count(bug) > 1}):
        yield bug, "it is there twice"
    for row in table:
        for what in problems_of_row(row, claimed):
            yield row["id"], what


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sim", help="the program xcpu-sim")
    options = parser.parse_args()
    tap = libtap.Writer()
    status, output = libsim.run(options.sim, "--bug-test all")
    tests = programs(output)
    for name, ok, ids, detail in tests:
        tap.test(name, ok, detail, ids)
    tap.test("the programs came to their end", status in (0, 1) and
             re.search(rf"^1\.\.{len(tests)}$", output, re.MULTILINE) is not None,
             f"exit status {status}\n{libsim.tail(output)}")
    test_plain(tap)
    claimed = {name.split(":")[0]: ids for name, _, ids, _ in tests}
    table = rows()
    wrong = [f"{bug}: {what}" for bug, what in problems(table, claimed)]
    tap.test(f"bugs.tsv says of all {len(table)} bugs where each is shown",
             not wrong, "\n".join(wrong))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
