#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each planted defect of tests/plants/, found by the simulator too.

The patch goes into a copy of the tree, xcpu-sim is built there, and seeds are run
(plants.tsv says which) until one fails under the name that it must have.  The
same seed passes without the patch.  What is planted into a port, which the
simulator has not, is a --bug of its machine; one planted into a host's own code
is left to the runs of that (tools/plants).  Prints TAP, and the run that found
each.
"""
import argparse
import pathlib
import re
import sys

import libsim
from libsim import ROOT

import libpatch		# these are from tools/, which libsim puts into the path
import libtap
from libpatch import Failure

TABLE = ROOT / "sim/plants.tsv"
PLANTS = ROOT / "tests/plants"
BUILD_SECONDS = 300
SEEDS = "1..20000"


def rows():
    """{plant: (verdict, words)}"""
    lines = [line for line in TABLE.read_text().splitlines()
             if line and not line.startswith("#")]
    return {plant: (verdict, words)
            for plant, verdict, words in (line.split("\t") for line in lines[1:])}


def build(tree, patch):
    tree.restore()
    tree.apply(patch)
    program = tree.build / "xcpu-sim"
    status, output = tree.make(BUILD_SECONDS, [str(program), "-j2"])
    if status != 0:
        raise Failure(f"it does not build:\n{output[-3000:]}")
    return program


def find(program, verdict, words):
    """(seed, what the failing run says)"""
    status, output = libsim.run(program, f"--seed {SEEDS} --first --quiet --whole "
                                + words)
    seed = re.search(r"^FAILED seed +(\d+) ", output, re.MULTILINE)
    if status != 1 or not seed or not libsim.found(output, verdict):
        raise Failure(f"not found as {verdict}:\n{libsim.tail(output)}")
    what = re.search(r"^  what +(.*)$", output, re.MULTILINE)
    return seed[1], what[1]


def passes(program, seed, words):
    status, output = libsim.run(program, f"--seed {seed} --quiet {words}")
    if status != 0:
        raise Failure("the same seed fails without it:\n" + libsim.tail(output))


def try_plant(sound, tree, plant, row):
    """(seed, words of the run, what it found)"""
    verdict, words = row
    machine = re.search(r"--bug \S+", words)
    program = sound if machine else build(tree, PLANTS / f"{plant}.patch")
    seed, what = find(program, verdict, words)
    passes(sound, seed, words.replace(machine[0], "") if machine else words)
    return seed, words, what


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sim", required=True, help="the program xcpu-sim")
    parser.add_argument("--out", required=True, help="where copies are built")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="only these plants")
    options = parser.parse_args()
    tap, table = libtap.Writer(), rows()
    tree = libpatch.Tree(pathlib.Path(options.out, "plants", "sim"))
    plants = {path.stem: dict(libpatch.header(path)).get("Ids", "")
              for path in sorted(PLANTS.glob("*.patch"))}
    for plant in options.names or plants:
        if table.get(plant, ("",))[0] == "host":
            continue
        try:
            seed, words, what = try_plant(options.sim, tree, plant, table[plant])
            tap.test(f"plant {plant}: {table[plant][0]} at seed {seed}", True,
                     ids=plants[plant])
            tap.note(f"--seed {seed} {words}\n{what}")
        except (Failure, KeyError) as reason:
            tap.test(f"plant {plant}: found", False, reason, plants.get(plant, ""))
    tap.test("plants.tsv has each plant once, and no other",
             list(table) == list(plants), set(table) ^ set(plants))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
