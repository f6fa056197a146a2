#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each operation with a fault at its 1st, 2nd, ... place, until there is none.

For each operation a small run is repeated: the first kick lost, then the second,
and so on, until a run has no n-th kick; the same with kicks late and doubled,
with an NMI at every step, and with a CPU unplugged at every step.

Prints TAP.  --step N takes every N-th place only, for a test that is in a hurry.
"""
import argparse
import concurrent.futures
import re
import subprocess
import sys

OPERATIONS = ["call", "deadline", "start", "event", "unregister", "flush",
              "tables", "kernel", "spaces", "lazy", "idle", "poll", "replug"]
# Faults, and how many times --step their places are apart: a run has a few kicks
# and thousands of steps.
FAULTS = {"lose": 0, "delay": 0, "duplicate": 0, "consume": 0, "nmi": 1,
          "unplug": 1, "preempt": 1, "spurious": 1}
CLOSING = re.compile(r"^(\d+) runs, (\d+) failed", re.MULTILINE)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sim", required=True, help="the program xcpu-sim")
    parser.add_argument("--seeds", default="1..3", help="A..B (1..3)")
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--ops", type=int, default=4, help="per CPU (4)")
    parser.add_argument("--cpus", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def run(options, operation, fault):
    step = options.step if FAULTS[fault] else 1
    command = [options.sim, "--scenario", f"only_{operation}", "--quiet",
               "--seed", options.seeds, "--ops", str(options.ops),
               "--cpus", str(options.cpus), "--nth", f"{fault}:{step}"]
    done = subprocess.run(command, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    closing = CLOSING.search(done.stdout)
    runs = int(closing[1]) if closing else 0
    ok = done.returncode == 0 and closing is not None and runs > 0
    return operation, fault, ok, runs, done.stdout


def main():
    options = parse_arguments()
    pairs = [(o, f) for o in OPERATIONS for f in FAULTS]
    total = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda pair: run(options, *pair), pairs)
        for number, result in enumerate(results, 1):
            operation, fault, ok, runs, output = result
            total += runs
            failed += not ok
            print(f"{'' if ok else 'not '}ok {number} - {operation}: {fault} "
                  f"at each place, {runs} runs # F-P5", flush=True)
            if not ok:
                print("".join(f"#   {line}\n"
                              for line in output.splitlines()[:12]), end="")
    print(f"1..{len(pairs)}")
    print(f"# {len(pairs) - failed} passed, {failed} failed; {total} runs")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
