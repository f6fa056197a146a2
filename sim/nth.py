#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each operation with a fault at its 1st, 2nd, ... place, until there is none.

For each operation a small run is repeated: the first kick lost, then the second,
and so on, until a run has no n-th kick; the same with kicks late and doubled,
with an NMI at every step, with a CPU unplugged, off its core or dead at every
step, and so on.

Prints TAP.  --step N takes every N-th step only, for who is in a hurry.
"""
import argparse
import concurrent.futures
import sys

import libsim

import libtap		# from tools/, which libsim puts into the path

OPERATIONS = ["call", "deadline", "start", "event", "unregister", "msg", "flush",
              "tables", "kernel", "spaces", "lazy", "idle", "poll", "replug",
              "sync", "stop", "user"]
# Of those that are counted in steps a run has thousands of places.
FAULTS = ["lose", "delay", "duplicate", "broadcast", "busy", "consume", "halt",
          "linger", "trap", "overrun", "clock"]
STEP_FAULTS = ["nmi", "unplug", "suspend", "preempt", "stuck", "die", "spurious",
               "storm", "walk"]


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
    """(whether all is well, how many runs it was, what they printed)"""
    step = options.step if fault in STEP_FAULTS else 1
    status, output = libsim.run(
        options.sim, f"--scenario only_{operation} --quiet "
        f"--seed {options.seeds} --ops {options.ops} --cpus {options.cpus} "
        f"--nth {fault}:{step}")
    closing = libsim.CLOSING.search(output)
    runs = int(closing[1]) if closing else 0
    return status == 0 and runs > 0, runs, output


def main():
    options = parse_arguments()
    pairs = [(o, f) for o in OPERATIONS for f in FAULTS + STEP_FAULTS]
    tap, total = libtap.Writer(), 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda pair: run(options, *pair), pairs)
        for (operation, fault), (ok, runs, output) in zip(pairs, results):
            total += runs
            tap.test(f"{operation}: {fault} at each place, {runs} runs", ok,
                     libsim.tail(output), "F-P5")
    tap.note(f"{total} runs")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
