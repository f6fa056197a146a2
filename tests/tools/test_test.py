#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/test believes a suite only when everything that it printed fits."""
import os
import pathlib
import re
import time

from harness import TOOLS, Tap, run, tree

# (what, the suite as a shell script, its limit, last line of the runner, a word)
CASES = [
    ("a passing suite", "echo 1..2; echo ok 1 - a; echo ok 2 - b", 9,
     "2 passed, 0 failed", ""),
    ("a skipped test", "echo 1..2; echo ok 1; echo 'ok 2 - b # SKIP no x'", 9,
     "1 passed, 0 failed, 1 skipped", ""),
    ("TAP inside a serial console", "printf 'boot\\r\\n1..1\\r\\nok 1 - a\\r\\n'", 9,
     "1 passed, 0 failed", ""),
    ("two plans of cmocka", "echo 1..1; echo ok 1; echo 1..1; echo ok 1", 9,
     "2 passed, 0 failed", ""),
    ("a failing test", "echo 1..2; echo ok 1; echo not ok 2 - b; exit 1", 9,
     "1 passed, 1 failed", "not ok 2 - b"),
    ("no plan", "echo ok 1", 9, "1 passed, 1 failed", "no plan"),
    ("a test too few", "echo 1..2; echo ok 1", 9, "1 passed, 1 failed",
     "2 tests planned, 1 reported"),
    ("a test too many", "echo 1..1; echo ok 1; echo ok 2", 9, "2 passed, 1 failed",
     "1 tests planned, 2 reported"),
    ("an exit status that no test explains", "echo 1..1; echo ok 1; exit 4", 9,
     "1 passed, 1 failed", "exit status 4"),
    ("a suite that bails out", "echo 1..1; echo ok 1; echo 'Bail out! x'", 9,
     "1 passed, 1 failed", "Bail out! x"),
    ("a suite without an end", "echo 1..1; echo ok 1; sleep 30", 0.5,
     "1 passed, 1 failed", "no end after 0.5 s"),
    ("a suite that is no program", "nonesuch-at-all", 9, "0 passed, 1 failed",
     "no plan"),
]


def suite(name, script, limit, tools=""):
    return ["--suite", f"{name}|{limit}|{tools}|{script}"]


def one_case(tap, folder, case):
    what, script, limit, last, word = case
    status, output = run("python3", TOOLS / "test", "--out", folder,
                         *suite("one", script, limit))
    good = ", 0 failed" in last
    tap.test(f"runner: {what}", output.splitlines()[-1] == last and word in output
             and status == (0 if good else 1)
             and (good or "make test" in output), output)


def missing_tool(tap, folder):
    for ci, last in (("", "1 passed, 0 failed, 1 skipped"),
                     ("true", "1 passed, 1 failed")):
        status, output = run(
            "python3", TOOLS / "test", "--out", folder,
            *suite("one", "echo 1..1; echo ok", 9),
            *suite("two", "echo 1..1; echo ok", 9, "sh nonesuch-tool"),
            env=dict(os.environ, CI=ci))
        tap.test(f"runner: a missing tool, CI={ci}", status == bool(ci)
                 and output.splitlines()[-1] == last
                 and ("nonesuch-tool" in output) == bool(ci), output)


def kept_output(tap, folder):
    out = pathlib.Path(folder, "tap")
    (out / "old.tap").write_text("1..1\nok 1 - old # F-N1\n")
    run("python3", TOOLS / "test", "--out", folder,
        *suite("new", "echo 1..1; echo 'ok 1 - a # F-N3'", 9))
    tap.test("runner: the output is kept, that of other suites too",
             (out / "new.tap").read_text() == "1..1\nok 1 - a # F-N3\n"
             and (out / "old.tap").exists())
    status, output = run("python3", TOOLS / "test", "--out", folder, "--features",
                         *suite("new", "echo 1..1; echo 'ok 1 - a # F-N3'", 9))
    tap.test("runner: a full run forgets old output and checks the features",
             not (out / "old.tap").exists() and status == 1
             and "not ok 1 - a test passed for F-N1" in output
             and "not ok 3 - " not in output, output)


def shares(tap, folder):
    status, output = run(
        "python3", TOOLS / "test", "--out", folder, "--begun", str(time.time() - 500),
        *suite("unit-a", "echo 1..1; echo ok; sleep 2", 9),
        *suite("sim-a", "echo 1..1; echo ok; sleep 2", 9),
        *suite("tool-a", "echo 1..1; echo ok", 9))
    lines = [line.split() for line in output.splitlines()]
    tap.test("runner: the shares, and what is over its seconds", status == 0
             and re.search(r"builds and tidy +50[0-7] s  of 180 s  \(over\)\n", output)
             and re.search(r"together +50[2-9] s\n", output), output)
    tap.test("runner: two suites at once have half a second each of every second",
             ["unit", "and", "tools", "1", "s", "of", "60", "s"] in lines
             and ["simulator", "1", "s", "of", "120", "s"] in lines, output)


def main():
    tap = Tap()
    with tree({}) as folder:
        for case in CASES:
            one_case(tap, folder, case)
        missing_tool(tap, folder)
        kept_output(tap, folder)
        shares(tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
