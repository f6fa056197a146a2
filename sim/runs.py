#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The simulated machine in a test run, within its share of seconds; prints TAP.

First the machine itself: one seed is one run, seeds are different runs, its own
defects (--bug) are found, and a failure is reported so that it can be repeated.
Then the library on it: seeds without faults, with each fault alone, with all.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import libtap		# noqa: E402 (needs the line above)

RUN_SECONDS = 120
SHOW_LINES = 20		# of a failing run's output
SAME_SEEDS = "1..200"
DIFFERENT = 190		# of these, at least

# Defect of the machine, the report that finds it, words of the run.
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
    ("late-ack", "lost kick", "", "INV-E4"),
    ("halt-gap", "hang", "", "BUG-04"),
]
BUG_SEEDS = "1..6000"

# Scenarios of which the seeds are run; those of single bugs have their own test.
GENERAL = ("basic", "calls", "events", "life", "memory", "storm")


def run(program, words):
    """(exit status, output)"""
    done = subprocess.run([program, *words.split()], timeout=RUN_SECONDS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def tail(output):
    return "\n".join(output.splitlines()[-SHOW_LINES:])


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


def test_bug(tap, program, bug, report, words, ids):
    """Found soon, under the right name, and found again by the line `minimal`."""
    status, output = run(program, f"--seed {BUG_SEEDS} --first --quiet "
                         f"--bug {bug} {words}")
    found = re.search(rf"^  what     {report}: ", output, re.MULTILINE)
    again = re.search(r"^  minimal  xcpu-sim\S* (.*)$", output, re.MULTILINE) or \
        re.search(r"^  repeat   xcpu-sim\S* (.*)$", output, re.MULTILINE)
    repeated = run(program, again[1] if again else "--help")
    ok = bool(status == 1 and found and again and repeated[0] == 1 and
              f"  what     {report}: " in repeated[1])
    tap.test(f"the machine's own defect {bug} is found and repeats", ok,
             tail(output) + "\n" + tail(repeated[1]), ids)


def test_nth(tap, program, fault, ids):
    status, output = run(program, "--seed 3 --cpus 2 --ops 6 --quiet "
                         f"--nth {fault}")
    tap.test(f"{fault} at every opportunity of one run, until there is none",
             status == 0 and "no more such opportunity" in output, tail(output),
             ids)


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


def test_seeds(tap, program, words, ids, seconds):
    """As many hundreds of seeds as fit; every one must be right."""
    begun, first, failed = time.monotonic(), 1, ""
    while time.monotonic() - begun < seconds and not failed:
        status, output = run(program, f"--seed {first}..{first + 99} --quiet "
                             f"{words}")
        failed = output if status else ""
        first += 100
    tap.test(f"{words}: {first - 1} seeds", not failed, tail(failed), ids)
    return first - 1


def test_misuse(tap, program):
    for words in ("--seed x", "--seed 9..1", "--cpus 1000", "--faults nothing",
                  "--inject lose", "--scenario no-such", "word"):
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
        for bug, report, words, ids in BUGS:
            test_bug(tap, program, bug, report, words, ids)
        for fault in ("lose", "delay", "duplicate", "nmi:3", "unplug:5"):
            test_nth(tap, program, fault, "F-P5")
        test_trace(tap, program)
    scenarios = [s for s in listed(program, "scenarios:", 0) if s in GENERAL]
    faults = listed(program, "faults (", 1)
    share = args.seconds / (2 * len(scenarios) + len(faults))
    for scenario in scenarios:
        for words in ("none", "all"):
            test_seeds(tap, program, f"--scenario {scenario} --faults {words}",
                       "F-P5", share)
    for number, fault in enumerate(faults):
        scenario = scenarios[number % len(scenarios)]
        test_seeds(tap, program, f"--scenario {scenario} --faults {fault}",
                   "F-P5", share)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
