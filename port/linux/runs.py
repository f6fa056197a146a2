#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the workloads on threads, with and without faults; print TAP.

A run is right when it ends with the expected status and prints what it must.
"""
import argparse
import re
import subprocess
import sys

RUN_SECONDS = 120
SHOW_LINES = 40		# of a failing run's output

# Name, ids, words, exit status, what the output must match.
FULL = [
    ("storms_1_cpu", "F-B27", "cpus=1 ops=1000", 0, "PASS"),
    ("storms_2_cpus", "F-B3 F-T4 F-B27", "cpus=2 ops=2000", 0, "PASS"),
    ("storms_8_cpus", "F-B1 F-T4 F-B27", "cpus=8 ops=2000", 0, "PASS"),
    ("storms_64_cpus", "F-B1 F-T4", "cpus=64 ops=500", 0, "PASS"),
    ("storms_200_cpus", "F-B22", "cpus=200 ops=50", 0, "PASS"),
    ("kicks_lost", "", "cpus=4 ops=2000 faults=drop:20", 0,
     r"lost kicks +[1-9].*PASS\n.*[1-9]\d* lost"),
    ("kicks_doubled", "INV-E5", "cpus=4 ops=2000 faults=dup:5", 0,
     r"PASS\n.*[1-9]\d* doubled"),
    ("kicks_late", "INV-E5", "cpus=4 ops=2000 faults=delay:10", 0,
     r"PASS\n.*[1-9]\d* held"),
    ("cpu_frozen", "F-P1", "cpus=4 ops=2000 faults=freeze work=storm", 0,
     r"CPU (\d+) is stuck.*REPORT stall: CPU \d+ has waited \d+ ms for CPU "
     r"[\d ]*\b\1\b.*CPU \1 goes on.*PASS"),
    ("signals_deaf", "F-P1", "cpus=4 faults=deaf", 3,
     r"faults: deaf.*REPORT stall: CPU \d+ has waited.*\npanic: "
     r".*\n  cpu 3:"),
    ("unknown_key", "", "cpus=4 colour=red", 2, "is not a key"),
    ("unknown_fault", "", "cpus=4 faults=drop:x", 2, "faults= takes"),
    ("too_many_cpus", "", "cpus=100000", 2, "not a value"),
    ("no_such_trace", "", "work=replay trace=no/such", 2, "no/such: "),
]
SHORT = [
    ("storms_2_cpus", "", "cpus=2 ops=500", 0, "PASS"),
    ("storms_8_cpus", "", "cpus=8 ops=500", 0, "PASS"),
    ("kicks_lost", "", "cpus=4 ops=500 faults=drop:20", 0, "PASS"),
    ("cpu_frozen", "", "cpus=4 ops=500 faults=freeze work=storm", 0,
     "REPORT stall.*PASS"),
]


def complaint(program, words, status, pattern):
    """(what is wrong, or None; the output)."""
    try:
        done = subprocess.run([program, *words.split()], timeout=RUN_SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace")
        return f"no end after {RUN_SECONDS} s", output
    if done.returncode != status:
        return f"exit status {done.returncode}, not {status}", done.stdout
    if not re.search(pattern, done.stdout, re.DOTALL):
        return f"nothing like {pattern!r}", done.stdout
    return None, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true",
                        help="the few runs that a sanitizer has time for")
    parser.add_argument("program", help="xcpu-threads, or a variant of it")
    options = parser.parse_args()

    cases = SHORT if options.short else FULL
    suffix = options.program.rsplit("xcpu-threads", 1)[-1].replace("-", "_")
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    for number, (name, ids, words, status, pattern) in enumerate(cases, 1):
        wrong, output = complaint(options.program, words, status, pattern)
        failed += wrong is not None
        print(f"{'not ' if wrong else ''}ok {number} - {name}{suffix}"
              + (f" # {ids}" if ids else ""), flush=True)
        if wrong:
            print(f"# {words}: {wrong}")
            for line in output.splitlines()[-SHOW_LINES:]:
                print(f"#   {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
