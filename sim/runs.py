#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The simulated machine in a test run, within its share of seconds; prints TAP.

First the machine itself: one seed is one run, seeds are different runs, its own
defects (--bug) are found, and a failure is reported so that it can be repeated.
Then the library on it: seeds without faults, with each fault alone, with all.
"""
import argparse
import json
import os
import pathlib
import re
import sys
import tempfile
import time

import libsim
from libsim import again, found, run, tail

import libtap		# from tools/, which libsim puts into the path

SAME_SEEDS = "1..200"
DIFFERENT = 190		# of these, at least
ALL_FAULTS_SEEDS = 10000	# of all scenarios together, at least

# Defect of the machine, the reports that find it, words of the run.
BUGS = [
    ("flush-nothing", "stale", "--faults all", "INV-S1"),
    ("flush-leaf", "stale", "--faults walk", "INV-S8 BUG-92"),
    ("flush-nonglobal", "stale", "--faults all", "INV-S8 BUG-67"),
    ("flush-first", "stale", "--faults all", "INV-S8"),
    ("flush-no-drain", "stale", "--faults linger", "INV-S1 BUG-30"),
    ("root-no-flush", "stale", "--faults walk", "INV-S3"),
    ("one-flush", "stale", "--faults erratum,linger", "BUG-30"),
    ("kick-logical", "lost kick", "--faults permute", "BUG-19"),
    ("kick-first", "lost kick", "", "INV-E1"),
    ("kick-second", "lost kick", "", "INV-E1"),
    ("kick-same", "lost kick", "", "INV-E1 BUG-19"),
    ("late-ack", "lost kick", "", "INV-E4"),
    ("halt-gap", "hang|lost kick", "", "BUG-04"),
    ("tag-kept", "stale", "--tlb own --faults walk", "INV-S7 BUG-98"),
    ("tags-kept", "stale", "--tlb broadcast --scenario memory --faults walk",
     "INV-S7 BUG-98"),
    ("user-half", "stale", "--tlb split --faults walk", "INV-S8"),
    ("broadcast-late", "stale", "--tlb broadcast", "INV-S1"),
    ("broadcast-loaded", "stale", "--tlb broadcast", "INV-S4 BUG-95"),
    ("broadcast-lies", "stale", "--tlb flaky --faults walk", "INV-S2"),
    ("guest-torn", "stale", "--tlb guest --scenario memory "
     "--faults walk,preempt", "INV-S4 BUG-104"),
    ("exit-early", "stale", "--scenario user --faults all",
     "F-X7 INV-S4"),
    ("enter-late", "stale", "--scenario user", "F-X7 INV-S4"),
    ("enter-untold", "stale", "--scenario user", "F-X7 INV-S4"),
    ("open-call", "panic", "--scenario calls", ""),
    ("open-event", "panic", "--scenario events", ""),
    ("open-message", "panic", "--scenario messages", ""),
]
BUG_SEEDS = "1..6000"

# Scenarios of which the seeds are run; those of single bugs have their own test.
GENERAL = ("basic", "calls", "deaths", "early", "events", "late", "life", "memory",
           "messages", "standing", "storm", "user")


def listed(program, title, column):
    """Names of one section of --list."""
    section = run(program, "--list")[1].split(title, 1)[1]
    names = []
    for line in section.splitlines()[1:]:
        if not line.startswith("  "):
            break
        names.append(line.split()[column])
    return names


def test_same(tap, program):
    words = f"--seed {SAME_SEEDS} --faults all --log"
    first, second = run(program, words)[1], run(program, words)[1]
    tap.test(f"seeds {SAME_SEEDS} are the same runs again, byte for byte",
             first == second, "two logs differ", "F-P5")
    digests = set(re.findall(r"^ok .* ([0-9a-f]{16})$", first, re.MULTILINE))
    tap.test(f"at least {DIFFERENT} of them are different runs",
             len(digests) >= DIFFERENT, f"{len(digests)} digests", "F-P5")
    tap.test("no address is in a log", not re.search(r"0x[0-9a-f]{6}", first))


def test_bug(tap, program, bug, reports, words, ids):
    """Found soon, under a right name, and found again by the line `minimal`."""
    def is_told(text):
        return any(found(text, report) for report in reports.split("|"))

    status, output = run(program, f"--seed {BUG_SEEDS} --first --quiet "
                         f"--bug {bug} {words}")
    repeated = run(program, again(output) or "--help")
    tap.test(f"the machine's own defect {bug} is found and repeats",
             status == 1 and is_told(output) and repeated[0] == 1 and
             is_told(repeated[1]), tail(output) + "\n" + tail(repeated[1]), ids)


def digest(output):
    match = re.search(r" ([0-9a-f]{16})$", output, re.MULTILINE)
    return match and match[1]


def test_report(tap, program):
    """A failure that wants one fault of many: what is said of it is true."""
    os.environ["XCPU_COMMIT"] = "c0ffee-of-test"
    status, output = run(program, "--seed 1..1000 --first --quiet --faults all "
                         "--bug kick-logical")
    del os.environ["XCPU_COMMIT"]
    seed = re.search(r"^FAILED seed +(\d+) ", output, re.MULTILINE)
    tap.test("a failure names seed, commit, time and verdict", status == 1 and
             seed and "\n  commit   c0ffee-of-test\n" in output and
             re.search(r"^  when     step \d+, \d+ us, ", output, re.MULTILINE)
             and found(output, "lost kick"), tail(output), "F-P5")
    repeat = libsim.REPEAT.search(output)
    second = run(program, repeat[1] + " --whole" if repeat else "--help")[1]
    tap.test("its line `repeat` is the same run", repeat is not None and
             f"--seed {seed and seed[1]} " in repeat[1] + " " and
             digest(output) == digest(second), tail(second), "F-P5")
    fewer = re.search(r"^ +\((\d+) of (\d+) faults\)$", output, re.MULTILINE)
    tap.test("its line `minimal` has the one fault that it needs",
             fewer and fewer[1] == "1" and int(fewer[2]) > 1 and
             again(output).endswith("--inject permute@1"), tail(output), "F-P5")


def test_trace(tap, program):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trace.json"
        status, output = run(program, f"--seed 5 --trace {path}")
        events = json.loads(path.read_text()) if path.exists() else []
        if isinstance(events, dict):
            events = events["traceEvents"]
    phases = {event["ph"] for event in events}
    tap.test("a trace has slices, arrows and spans",
             status == 0 and {"X", "s", "f", "b", "e"} <= phases,
             f"{phases}\n{output}")


def test_seeds(tap, program, words, seconds, least=0):
    """As many hundreds of seeds as fit; every one must be right."""
    begun, first, failed = time.monotonic(), 1, ""
    while not failed and (first <= least or
                          time.monotonic() - begun < seconds):
        status, output = run(program, f"--seed {first}..{first + 99} --quiet "
                             f"{words}")
        failed = output if status else ""
        first += 100
    ids = "F-P5" + " F-B10 F-B11" * ("--tlb" in words) + \
        " F-T1 F-T7" * ("--flush-kick" in words)
    tap.test(f"{words}: {first - 1} seeds", not failed, tail(failed), ids)
    return 0 if failed else first - 1


def test_all_seeds(tap, program, seconds, least):
    """Without faults, with all of them, with each alone."""
    scenarios = [s for s in listed(program, "scenarios:", 0) if s in GENERAL]
    faults = listed(program, "faults (", 1)
    share = seconds / (2 * len(scenarios) + len(faults))
    together = 0
    for scenario in scenarios:
        test_seeds(tap, program, f"--scenario {scenario} --faults none", share)
        together += test_seeds(tap, program, f"--scenario {scenario} "
                               "--faults all", share, least / len(scenarios))
    tap.test(f"{together} seeds with all faults", together >= least,
             f"not {least}", "F-P5")
    for number, fault in enumerate(faults):
        scenario = scenarios[number % len(scenarios)]
        test_seeds(tap, program, f"--scenario {scenario} --faults {fault}", share)


def test_tlbs(tap, program, seconds):
    """Each way to have ASIDs, and each back end, with and without faults."""
    tlbs = listed(program, "TLBs:", 0)[1:]
    for tlb in tlbs:
        for words in ("memory --faults none", "memory --faults all",
                      "basic --faults all"):
            test_seeds(tap, program, f"--tlb {tlb} --scenario {words}",
                       seconds / (3 * len(tlbs)))


def test_flush_nmi(tap, program, seconds):
    """Shootdowns that ring by NMI, among everything else."""
    scenarios = ("early", "late", "memory", "standing", "storm")
    for scenario in scenarios:
        for faults in ("none", "all"):
            test_seeds(tap, program, f"--flush-kick nmi --scenario {scenario} "
                       f"--faults {faults}", seconds / (2 * len(scenarios)))


def test_misuse(tap, program):
    for words in ("--seed x", "--seed 9..1", "--cpus 1000", "--faults nothing",
                  "--inject lose", "--flush-kick x",
                  "--scenario no-such", "--tlb no-such", "word"):
        status, output = run(program, words)
        tap.test(f"misuse: {words}", status == 2 and "--" in output, output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40,
                        help="for the seeds of one program (40)")
    parser.add_argument("--short", action="store_true",
                        help="the seeds alone, not the machine itself")
    parser.add_argument("program")
    args = parser.parse_args()
    tap, program = libtap.Writer(), args.program
    if not args.short:
        test_misuse(tap, program)
        test_same(tap, program)
        test_report(tap, program)
        for bug, report, words, ids in BUGS:
            test_bug(tap, program, bug, report, words, ids)
        test_trace(tap, program)
        status, output = run(program, "--scenario all --faults all --quiet "
                             "--seed 1..10")
        tap.test("every scenario runs with all the faults that it knows",
                 status == 0, tail(output), "F-P5")
    test_all_seeds(tap, program, args.seconds,
                   0 if args.short else ALL_FAULTS_SEEDS)
    test_tlbs(tap, program, args.seconds / 4)
    test_flush_nmi(tap, program, args.seconds / 10)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
