#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the workloads on threads, with and without faults; print TAP.

A run is right when it ends with the expected status and prints what it must.
A replay must not kick much more often than the recorded kernel did.
"""
import argparse
import pathlib
import re
import subprocess
import sys

RUN_SECONDS = 120
SHOW_LINES = 40		# of a failing run's output
KICKS_MORE = 3		# than recorded
# All that was sent came; at saturation hardly anybody is kicked.
FLOOD = r"saturation( +[\d,]+){2} +1?\d .* (\d+) sent, \2 came\n.*PASS"
SYNC = r"[1-9][\d,]* rendezvous in.*[1-9][\d,]* stops in.*PASS"
SYNC_IDS = "F-B18 F-B19 F-B20 INV-R1 INV-R5 INV-R8 INV-C12"

# Each program runs the self-test by itself, too.
NO_SELFTEST = r"\A(?!.*selftest).*PASS"

# Name, ids, words, exit status, what the output must match.
FULL = [
    ("storms_1_cpu", "F-B27", "cpus=1 ops=1000", 0, "PASS"),
    ("storms_2_cpus", "F-B3 F-T4 F-B27", "cpus=2 ops=2000", 0, "selftest.*PASS"),
    ("storms_8_cpus", "F-B1 F-T4 F-B27", "cpus=8 ops=2000 selftest=off", 0,
     NO_SELFTEST),
    ("storms_64_cpus", "F-B1 F-T4", "cpus=64 ops=500 selftest=off", 0, "PASS"),
    ("storm_200_cpus", "F-B22", "cpus=200 work=storm ops=50", 0, "PASS"),
    ("messages_200_cpus", "F-B22 F-P8", "cpus=200 work=messages ops=20000", 0,
     r" (\d+) sent, \1 came\n.*PASS"),
    ("messages_flood", "F-D1 F-B25 INV-Q1 INV-Q2", "cpus=4 work=messages "
     "ops=500000", 0, FLOOD),
    ("sync_2_cpus", SYNC_IDS, "cpus=2 work=sync ops=20000", 0, SYNC),
    ("sync_8_cpus", SYNC_IDS, "cpus=8 work=sync ops=20000", 0, SYNC),
    ("sync_64_cpus", SYNC_IDS, "cpus=64 work=sync ops=1000", 0, SYNC),
    ("kicks_lost", "", "cpus=4 ops=2000 faults=drop:20", 0,
     r"lost kicks +[1-9].*PASS\n.*[1-9]\d* lost"),
    ("kicks_doubled", "INV-E5", "cpus=4 ops=2000 faults=dup:5", 0,
     r"PASS\n.*[1-9]\d* doubled"),
    ("kicks_late", "INV-E5", "cpus=4 ops=2000 faults=delay:10", 0,
     r"PASS\n.*[1-9]\d* held"),
    ("cpu_frozen", "F-P1", "cpus=4 ops=2000 faults=freeze work=calls", 0,
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
# The storm in every mode; four CPUs are work/modes.py's.
FULL += [("storm_%s_%d_cpus" % (form, cpus), "F-B7 F-B8 F-B9 F-P7",
          "cpus=%d work=storm form=%s ops=%d" % (cpus, form,
                                                 200 if cpus == 64 else 1000),
          0, r"form %s.*PASS" % form)
         for form in ("gather", "async", "defer") for cpus in (1, 2, 8, 64)]
FULL += [("storm_kick_nmi", "F-T1 F-T7", "cpus=4 kick=nmi ops=1000", 0,
          r"kick nmi: [1-9]\d* NMIs sent, [1-9]\d* taken.*PASS")]
SHORT = [
    ("storm_kick_nmi", "F-T7", "cpus=4 work=storm kick=nmi ops=500", 0,
     "kick nmi.*PASS"),
    ("storms_2_cpus", "", "cpus=2 ops=500 selftest=off", 0, "PASS"),
    ("storms_8_cpus", "", "cpus=8 ops=500 selftest=off", 0, "PASS"),
    ("storm_async", "INV-S1", "cpus=4 work=storm ops=500 form=async", 0, "PASS"),
    ("storm_defer", "INV-S1", "cpus=4 work=storm ops=500 form=defer", 0, "PASS"),
    ("messages_flood", "INV-Q2", "cpus=4 work=messages ops=20000", 0,
     r" (\d+) sent, \1 came\n.*PASS"),
    ("sync_2_cpus", "INV-R1 INV-R5", "cpus=2 work=sync ops=3000", 0, SYNC),
    ("sync_8_cpus", "INV-R1 INV-R5", "cpus=8 work=sync ops=3000", 0, SYNC),
    ("kicks_lost", "", "cpus=4 ops=500 faults=drop:20", 0, "PASS"),
    ("cpu_frozen", "", "cpus=4 ops=2000 faults=freeze work=calls", 0,
     "REPORT stall.*PASS"),
]


def execute(program, words):
    """(exit status, None if it did not end; output)."""
    try:
        done = subprocess.run([program, *words], timeout=RUN_SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout


def complaint(status, output, wanted, pattern):
    """What is wrong, or None."""
    if status is None:
        return f"no end after {RUN_SECONDS} s"
    if status != wanted:
        return f"exit status {status}, not {wanted}"
    if not re.search(pattern, output, re.DOTALL):
        return f"nothing like {pattern!r}"
    return None


def replay_complaint(status, output):
    wrong = complaint(status, output, 0, r"replay: ok.*PASS")
    if wrong:
        return wrong
    kicks = re.search(r"^ *sum +\d+ +\d+ +(\d+) +(\d+)$", output, re.MULTILINE)
    if not kicks:
        return "no line with the sum of the kicks"
    if int(kicks[1]) > int(kicks[2]) + KICKS_MORE:
        return f"{kicks[1]} kicks, recorded were {kicks[2]}"
    return None


def runs(program, cases):
    """Yields name, ids, words, complaint, output."""
    for name, ids, words, wanted, pattern in cases:
        status, output = execute(program, words.split())
        yield name, ids, words, complaint(status, output, wanted, pattern), output


def replays(program, files):
    for path in files:
        words = ["work=replay", "cpus=2", f"trace={path}"]
        status, output = execute(program, words)
        name = "replay_" + path.stem.replace("-", "_")
        yield name, "F-P10", " ".join(words), replay_complaint(status, output), output


def report(number, name, ids, wrong, output):
    print(f"{'not ' if wrong else ''}ok {number} - {name}"
          + (f" # {ids}" if ids else ""), flush=True)
    if wrong:
        print(f"# {wrong}")
        for line in output.splitlines()[-SHOW_LINES:]:
            print(f"#   {line}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true",
                        help="the few runs that a sanitizer has time for")
    parser.add_argument("program", help="xcpu-threads, or a variant of it")
    parser.add_argument("trace", nargs="*", type=pathlib.Path,
                        help="compiled traces: replay these, and no more")
    options = parser.parse_args()

    cases = SHORT if options.short else FULL
    suffix = options.program.rsplit("xcpu-threads", 1)[-1].replace("-", "_")
    done = replays(options.program, options.trace) if options.trace else \
        runs(options.program, cases)
    failed = 0
    print(f"1..{len(options.trace or cases)}", flush=True)
    for number, (name, ids, words, wrong, output) in enumerate(done, 1):
        failed += wrong is not None
        report(number, name + suffix, ids, wrong and f"{words}: {wrong}", output)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
