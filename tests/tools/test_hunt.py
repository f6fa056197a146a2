#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""sim/hunt.py runs each hundred of seeds once, in one shard, and keeps failures.

The simulator here is a script that writes down what it is asked to run, and that
fails where seed 777 is in the range.
"""
import re
import sys

from harness import ROOT, Tap, run, tree

FAKE = """#!/bin/sh
if [ "$1" = --list ]; then
	printf 'scenarios:\\n  storm  2 to 8 CPUs: x\\n  life  2 to 8 CPUs: x\\n'
	printf 'programs of one bug:\\n  bug-01  2 to 2 CPUs: x\\n'
	exit
fi
echo "$*" >>"$0.log"
if [ ${2%%.*} -gt 777 ] || [ ${2##*.} -lt 777 ]; then
	echo "100 runs, 0 failed, 5 steps"
	exit
fi
echo "FAILED seed 777"
exit 1
"""
MINUTES = "0.02"
ASKED = re.compile(r"^--seed (\d+)\.\.(\d+) --quiet --flush-kick (?:irq|nmi) "
                   r"--scenario (\S+) --faults (\S+)$")


def hunt(folder, *options):
    """(exit status, output, [(first, last, scenario, faults) in turn])"""
    log = f"{folder}/sim.log"
    open(log, "w", encoding="ascii").close()
    status, output = run("python3", ROOT / "sim/hunt.py", f"{folder}/sim",
                         "--minutes", MINUTES, "--jobs", "1", "--folder",
                         f"{folder}/kept", *options)
    with open(log, encoding="ascii") as file:
        asked = [ASKED.match(line.rstrip()).groups() for line in file]
    return status, output, [(int(a), int(b), *rest) for a, b, *rest in asked]


def shards(tap, folder):
    seen = []
    for shard in ("1/3", "2/3", "3/3"):
        status, output, asked = hunt(folder, "--from", "1001", "--shard", shard)
        first = [a for a, *_ in asked]
        seen.append(set(first))
        wanted = 1001 + 100 * (int(shard[0]) - 1)
        tap.test(f"hunt: shard {shard} takes every third hundred",
                 status == 0 and len(first) > 3 and
                 first == list(range(wanted, wanted + 300 * len(first), 300)) and
                 all(b == a + 99 for a, b, *_ in asked), (output, asked))
    tap.test("hunt: no hundred is in two shards, and none is left out",
             sum(map(len, seen)) == len(set.union(*seen)) and
             set(range(1001, 1901, 100)) <= set.union(*seen), seen)


def main():
    tap = Tap()
    with tree({"sim": FAKE}) as folder:
        run("chmod", "+x", f"{folder}/sim")
        status, output, asked = hunt(folder, "--from", "1001")
        tap.test("hunt: the general scenarios in turn, with all faults",
                 [(s, f) for *_, s, f in asked[:4]] ==
                 [("storm", "all"), ("life", "all")] * 2, asked)
        closing = f"{len(asked)} passed, 0 failed\n"
        tap.test("hunt: the last line counts, and is kept with the commit",
                 status == 0 and output.endswith(closing) and
                 re.match(rf"commit \S+\ndate .*\n{100 * len(asked)} seeds in .*\n"
                          + closing, open(f"{folder}/kept/result.txt",
                                          encoding="ascii").read()), output)
        shards(tap, folder)
        status, output, asked = hunt(folder, "--from", "601", "--faults", "lose")
        kept = run("cat", f"{folder}/kept/sim-life-701.txt")
        tap.test("hunt: a failure is kept and told, and the hunt goes on",
                 status == 1 and kept == (0, "FAILED seed 777\n") and
                 "FAILED seed 777" in output and len(asked) > 2 and
                 output.endswith(f"{len(asked) - 1} passed, 1 failed\n"), output)
        _, _, one = hunt(folder)
        _, _, two = hunt(folder)
        tap.test("hunt: without --from no two hunts are alike",
                 one[0][0] != two[0][0], (one[0], two[0]))
        for wrong in ("0/2", "3/2", "2", "a/b"):
            status, output, _ = hunt(folder, "--shard", wrong)
            tap.test(f"hunt: --shard {wrong} is misuse", status == 2
                     and "say i/n" in output, output)
    tap.end()


if __name__ == "__main__":
    sys.exit(main())
