#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The matrix fault x operation x state: print it, or test it.

Runs `xcpu-sim --matrix`, which goes on until each fault has struck ten times in
each operation and state that can be, and leaves the table with the commit in a
file.  --tap prints a test per fault instead.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

CLOSING = re.compile(
    r"^(\d+) cells, (\d+) reached \d+ times, (\d+) not; (\d+) reached that cannot "
    r"be; (\d+) runs, (\d+) failed$", re.MULTILINE)
HEAD = re.compile(r"^(\S+) +off +leaving", re.MULTILINE)


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], text=True,
                          check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return done.stdout.strip() or os.environ.get("XCPU_COMMIT", "unknown")


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
    """True when all is well."""
    failed = 0
    parts = blocks(output)
    for number, (fault, part) in enumerate(parts, 1):
        ok = "!" not in part and "WRONG" not in part
        failed += not ok
        print(f"{'' if ok else 'not '}ok {number} - {fault} in each operation "
              f"and state # F-P5")
        if not ok:
            print("".join(f"#   {line}\n" for line in part.splitlines()), end="")
    ok = closing is not None and int(closing[6]) == 0 and int(closing[5]) > 0
    failed += not ok
    print(f"{'' if ok else 'not '}ok {len(parts) + 1} - no run of the matrix "
          f"fails # F-P5")
    for line in output.splitlines():
        if line.startswith("# "):
            print("#   " + line[2:])
    print(f"1..{len(parts) + 1}")
    return failed == 0


def main():
    options = parse_arguments()
    done = subprocess.run([options.sim, "--matrix"], text=True, check=False,
                          stdout=subprocess.PIPE)
    closing = CLOSING.search(done.stdout)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(f"commit {commit()}\n{done.stdout}")
    if options.tap:
        ok = print_tap(done.stdout, closing)
    else:
        print(done.stdout, end="")
        ok = done.returncode == 0
        passed, missed = (int(closing[2]), int(closing[3]) + int(closing[4])) \
            if closing else (0, 1)
        print(f"{passed} passed, {missed} failed")
    return 0 if ok and closing else 1


if __name__ == "__main__":
    sys.exit(main())
