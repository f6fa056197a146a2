#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The matrix fault x operation x state: print it, or test it.

Runs `xcpu-sim --matrix`, which goes on until each fault has struck ten times in
each operation and state that can be.  The complete form leaves the table in a
file, with the commit that it was made on.  --tap prints a test per fault.
"""
import argparse
import pathlib
import re
import sys

import libsim

import libtap		# from tools/, which libsim puts into the path

CLOSING = re.compile(
    r"^(\d+) cells, (\d+) reached \d+ times, (\d+) not; (\d+) reached that cannot "
    r"be; (\d+) runs, (\d+) failed$", re.MULTILINE)
HEAD = re.compile(r"^(\S+) +off +leaving", re.MULTILINE)
SECONDS = 3600


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sim", required=True, help="the program xcpu-sim")
    parser.add_argument("--out", type=pathlib.Path, help="file for the table")
    parser.add_argument("--tap", action="store_true")
    return parser.parse_args()


def blocks(output):
    """(fault, its part of the table), in order."""
    heads = list(HEAD.finditer(output))
    ends = [head.start() for head in heads[1:]] + [output.find("cells that")]
    return [(head[1], output[head.start():end])
            for head, end in zip(heads, ends)]


def print_tap(output, closing):
    """The exit status."""
    tap = libtap.Writer()
    for fault, part in blocks(output):
        tap.test(f"{fault} in each operation and state",
                 "!" not in part and "WRONG" not in part, part, "F-P5")
    cells, _, missed, wrong, runs, failed = \
        map(int, closing.groups()) if closing else (0, 0, 1, 1, 0, 1)
    tap.test(f"all {cells} cells that can be were reached, and no other",
             cells > 0 and missed + wrong == 0, libsim.tail(output), "F-P5")
    tap.test(f"none of its {runs} runs failed", runs > 0 and failed == 0,
             "\n".join(line for line in output.splitlines()
                       if line.startswith("# ")), "F-P5")
    return tap.end()


def main():
    options = parse_arguments()
    status, output = libsim.run(options.sim, "--matrix", SECONDS)
    closing = CLOSING.search(output)
    if options.tap:
        return print_tap(output, closing)
    _, passed, missed, wrong, _, failed = \
        map(int, closing.groups()) if closing else (0, 0, 1, 0, 0, 0)
    output += f"{passed} passed, {missed + wrong + failed} failed\n"
    print(output, end="")
    if options.out:
        libsim.keep(options.out, output)
        print(output.splitlines()[-1])
    return 0 if closing and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
