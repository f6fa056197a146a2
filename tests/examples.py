#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run every example, and see that README.md shows hello.c as it is.

usage: examples.py FOLDER    FOLDER holds the built examples; prints TAP
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPECTED = {"hello": sorted([f"CPU {cpu}: hello from CPU 0" for cpu in range(4)]
                            + ["all have answered"])}
README_LINES = 30


def run(path):
    done = subprocess.run([path], capture_output=True, text=True, timeout=30)
    return done.returncode, sorted(done.stdout.splitlines())


def checks(folder):
    for path in sorted(pathlib.Path(folder).iterdir()):
        status, lines = run(path)
        wanted = EXPECTED.get(path.name)
        yield (f"example_{path.name}", status == 0 and lines == wanted,
               f"status {status}, printed {lines}, expected {wanted}")
    source = (ROOT / "examples/hello.c").read_text()
    readme = (ROOT / "README.md").read_text()
    yield ("readme_shows_hello", f"```c\n{source}```\n" in readme,
           "README.md: the first program differs from examples/hello.c")
    yield ("readme_program_is_short", source.count("\n") <= README_LINES,
           f"examples/hello.c has more than {README_LINES} lines")


def main():
    if len(sys.argv) != 2 or sys.argv[1] == "--help":
        print(__doc__.strip())
        return 2
    number = failures = 0
    for number, (name, good, why) in enumerate(checks(sys.argv[1]), 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            failures += 1
            print(f"# {why}")
    print(f"1..{number}")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
