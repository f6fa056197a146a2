#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/features counts passing tests, in the order of the check-list."""
import shutil

from harness import TOOLS, Tap, run, tree

RUN = {
    "tools/features.claimed": "# comment F-N7\nF-N3 F-X1\nF-B20\n",
    "tap/unit.tap": """1..7
ok 1 - post_one # F-N3 INV-E1
ok 2 - post_set # F-N3 F-N10 BUG-20
not ok 3 - flush # F-X1
ok 4 - skipped # SKIP F-X1
ok 5 - hoped # TODO F-X1
ok 6 - flaky # F-X4
ok 7 - names F-X1 outside its note
""",
    "tap/qemu.tap": "noise # F-X1\nok 1 - post_one # F-N3\nnot ok 2 - flaky # F-X4\n",
}

SHOWN = """F-N3  2  post_one post_set
F-N10  1  post_set
F-X1  0
F-X4  0
F-B20  0
BUG-20  1  post_set
INV-E1  1  post_one
"""


def features(folder, *options):
    for name in ("features", "libtap.py"):
        shutil.copy(TOOLS / name, f"{folder}/tools/{name}")
    return run("python3", f"{folder}/tools/features", *options, f"{folder}/tap")


def main():
    tap = Tap()
    with tree(RUN) as folder:
        status, output = features(folder)
        tap.test("features: ids, numbers, names, in order",
                 status == 0 and output == SHOWN, output)
        status, output = features(folder, "--check")
        tap.test("features: a claimed id without a passing test fails",
                 status == 1 and output == "1..3\nok 1 - a test passed for F-N3\n"
                 "not ok 2 - a test passed for F-X1\n"
                 "not ok 3 - a test passed for F-B20\n", output)
    with tree({"tools/features.claimed": "F-N3\n",
               "tap/a.tap": "1..1\nok 1 - a # F-N3\n"}) as folder:
        status, output = features(folder, "--check")
        tap.test("features: all claimed ids have one", status == 0, output)
    for least, right in ((2, True), (3, False)):
        with tree({"tools/features.claimed": f"F-P12*{least}\n",
                   "tap/a.tap": "1..2\nok 1 - a # F-P12\nok 2 - b # F-P12\n",
                   "tap/b.tap": "1..1\nok 1 - b # F-P12\n"}) as folder:
            status, output = features(folder, "--check")
            tap.test(f"features: an id with two tests, {least} claimed",
                     (status == 0) == right and f"{least} tests passed for F-P12"
                     in output, output)
    with tree({"tools/features.claimed": "F-N3\n"}) as folder:
        status, output = features(folder)
        tap.test("features: without a run it says so", output == "not run\n", output)
    tap.end()


if __name__ == "__main__":
    main()
