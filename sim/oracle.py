#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Look for stale accesses on the simulated machine, with all faults on, for long.

Walkers fill by themselves, cache pointers to tables, keep entries under tags and
global ones; stores stay in flight.  Runs seeds of each world in turn until all
goals are met: so many steps, shootdowns that are over, and speculative fills of
entries that were outdated when a flush removed them.  Exit status 1 if any access
is stale, or anything else fails.
"""
import argparse
import re
import sys

import libsim

import libtap		# from tools/, which libsim puts into the path

GOALS = (("steps", 10**8), ("shootdowns", 10**6), ("outdated", 10**5))
ORACLE = re.compile(r"^oracle: (\d+) shootdowns over, (\d+) accesses judged, "
                    r"(\d+) speculative fills, (\d+) removed by a flush, "
                    r"(\d+) of them outdated$", re.MULTILINE)
COLUMNS = ("steps", "shootdowns", "accesses", "fills", "removed", "outdated")
TLBS = ("plain", "own", "tagged", "split", "global", "broadcast", "flaky",
        "guest")
WORLDS = tuple(f"--scenario memory --tlb {tlb}" for tlb in TLBS) + (
    "--scenario memory --retain", "--scenario late", "--scenario storm",
    "--scenario basic", "--scenario life")
SEEDS = 200		# of one world at a time
IDS = "F-B1 F-B5 F-B10 F-B11 INV-S1 INV-S2 INV-S3 INV-S5 INV-S6 INV-S7 INV-S8"


def run(program, world, first):
    """({column: number}, what is wrong or "")."""
    status, output = libsim.run(program, f"{world} --faults all --quiet --oracle "
                                f"--seed {first}..{first + SEEDS - 1}")
    seen, closing = ORACLE.search(output), libsim.CLOSING.search(output)
    if status != 0 or seen is None or closing is None:
        return dict.fromkeys(COLUMNS, 0), libsim.tail(output) or f"exit {status}"
    return dict(zip(COLUMNS, map(int, (closing[3], *seen.groups())))), ""


def search(program, goals, say):
    """({world: {column: number}}, what is wrong or "")."""
    table = {world: dict.fromkeys(COLUMNS, 0) for world in WORLDS}
    first = 1

    def met():
        return all(sum(row[name] for row in table.values()) >= goal
                   for name, goal in goals)

    while not met():
        for world in WORLDS:
            row, wrong = run(program, world, first)
            if wrong:
                return table, f"{world}:\n{wrong}"
            for name in COLUMNS:
                table[world][name] += row[name]
        first += SEEDS
        say(f"{first - 1} seeds of each of {len(WORLDS)} worlds")
    return table, ""


def show(table):
    lines = [("", *COLUMNS)]
    lines += [(world, *(f"{row[name]:,}" for name in COLUMNS))
              for world, row in table.items()]
    lines.append(("together", *(f"{sum(row[name] for row in table.values()):,}"
                                for name in COLUMNS)))
    return "\n".join(f"{line[0]:32}" + "".join(f"{cell:>14}" for cell in line[1:])
                     for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=int, default=1, metavar="N",
                        help="one Nth of each goal (1)")
    parser.add_argument("--tap", action="store_true", help="print TAP")
    parser.add_argument("--sim", required=True, metavar="PROGRAM",
                        help="xcpu-sim, or one of its other builds")
    args = parser.parse_args()
    if args.share < 1:
        parser.error("--share is at least 1")
    goals = [(name, max(1, goal // args.share)) for name, goal in GOALS]
    quiet = args.tap or not sys.stderr.isatty()
    table, wrong = search(args.sim, goals, lambda text: quiet or print(
        f"\r{text}", end="", file=sys.stderr, flush=True))
    if args.tap:
        tap = libtap.Writer()
        tap.test("no access is stale: " + ", ".join(
            f"at least {goal:,} {name}" for name, goal in goals), not wrong,
            wrong, IDS)
        output = run(args.sim, "--scenario memory --first --bug flush-nothing", 1)[1]
        tap.test("a machine that does not flush is found",
                 libsim.found(output, "stale"), output, "INV-S1")
        return tap.end()
    print(("" if quiet else "\n") + show(table))
    print(wrong or "stale accesses: 0")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
