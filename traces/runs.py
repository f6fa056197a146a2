#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Replay the recorded traces, on threads or in the kernel; print TAP.

A replay is right when its report has the numbers that the reader of the text
foresees: lines by class, requests and kicks by cause, what other rules would
have sent.  The reader never saw xcpu, and xcpu never saw the text.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

from tracelib import binary, counts, rules              # noqa: E402

RUN_SECONDS = 60
SHOW_LINES = 60         # of a failing run's output
SLACK = 3               # kicks beyond the recorded ones
ARMED_PERCENT = 90
SPREAD_CPUS = 4

# How the report names the causes.
CAUSES = {"copy on write": "cow", "hidden unmap": "hidden",
          "mmap fixed": "mmap", "munmap": "munmap", "madvise": "madvise",
          "mprotect": "mprotect", "fork": "fork", "exec": "exec",
          "exit": "exit", "other": "other"}

# Name, CPUs, words.
REPLAYS = [
    ("recorded_2_cpus", 2, "place=recorded order=strict"),
    ("recorded_4_cpus", 4, "place=recorded order=strict"),
    ("spread_4_cpus", SPREAD_CPUS, "place=spread order=strict"),
    ("free_2_cpus", 2, "place=recorded order=free"),
    ("free_spread_4_cpus", SPREAD_CPUS, "place=spread order=free"),
]
# In the kernel each takes seconds: the placements, and one that is for stress.
KERNEL_REPLAYS = [r for r in REPLAYS if r[0] not in ("recorded_2_cpus",
                                                     "free_2_cpus")]


class World:
    """A program that replays: on threads, or the kernel in QEMU."""

    def __init__(self, options):
        self.kernel, self.threads = options.kernel, options.threads
        self.name = "kernel" if self.kernel else "threads"

    def command(self, cpus, words, file, memory):
        if self.kernel:
            return [sys.executable, str(ROOT / "tools" / "run-qemu"),
                    "--kernel", self.kernel, "--cpus", str(cpus),
                    "--timeout", str(RUN_SECONDS)] \
                + (["--memory", str(memory)] if memory else []) \
                + (["--module", file] if file else []) \
                + ["--", "work=replay", "mode=single", *words.split()]
        return [self.threads, "work=replay", "cpus=%d" % cpus, *words.split()] \
            + (["memory=%d" % memory] if memory else []) \
            + (["trace=" + file] if file else [])

    def run(self, cpus, words, file, memory=None):
        """(exit status or None, output)"""
        try:
            done = subprocess.run(
                self.command(cpus, words, file, memory), text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, timeout=RUN_SECONDS + 30,
                errors="replace", check=False)
        except subprocess.TimeoutExpired as late:
            return None, (late.stdout or b"").decode(errors="replace")
        return done.returncode, done.stdout.replace("\r", "")


def number(pattern, output):
    """The numbers of the first match of a pattern, or an empty tuple."""
    found = re.search(pattern, output, re.MULTILINE)
    return tuple(int(x) for x in found.groups()) if found else ()


def cause_rows(output):
    """{cause: (requests, recorded, kicks, recorded)}; None where a dash is."""
    rows = {}
    for name, *cells in re.findall(
            r"^    (\S[a-z -]*?) +(\d+) +(\d+|-) +(\d+) +(\d+|-)$", output,
            re.MULTILINE):
        rows[name] = tuple(None if c == "-" else int(c) for c in cells)
    return rows


def wrong_causes(reading, output, strict, spread):
    """Requests and kicks by cause, beside what is foreseen."""
    place = rules.spread(SPREAD_CPUS) if spread else rules.recorded
    need = rules.kicks(reading.world.records,
                       SPREAD_CPUS if spread else reading.ncpu, place)["need"]
    rows = cause_rows(output)
    wrong = []
    for name, cause in CAUSES.items():
        requests, kicks = reading.world.requests[cause], need[cause]
        recorded = reading.reference.requests[cause]
        sent = reading.reference.kicks[cause]
        got = rows.get(name, (0, 0, 0, 0))
        if strict and (got[0], got[2]) != (requests, kicks):
            wrong.append("%s: %s requests and kicks, foreseen %s"
                         % (name, (got[0], got[2]), (requests, kicks)))
        if strict and not spread and (got[1], got[3]) != (recorded, sent):
            wrong.append("%s: recorded are %s" % (name, (recorded, sent)))
    total = rows.get("sum", (0, 0, None, 0))[2]
    if total is None:
        wrong.append("no sum of kicks")
    elif strict and not spread \
            and total > reading.reference.ipis["flush"] + SLACK:
        wrong.append("%d kicks, recorded %d"
                     % (total, reading.reference.ipis["flush"]))
    return wrong


def wrong_rules(reading, output, cpus, spread):
    place = rules.spread(cpus) if spread else rules.recorded
    sent = rules.kicks(reading.world.records, cpus, place)
    wanted = sum(sent["linux"].values()), sum(sent["broadcast"].values())
    found = number(r"Linux's rule sends (\d+) kicks, a broadcast (\d+)$", output)
    return [] if found == wanted else ["rules: %s, foreseen %s"
                                       % (found, wanted)]


def wrong_probes(output):
    found = number(r"probes +(\d+) armed, (\d+) idle", output)
    if not found or found[0] == 0:
        return ["no armed probe"]
    if found[0] * 100 < sum(found) * ARMED_PERCENT:
        return ["too few probes are armed: %d of %d" % (found[0], sum(found))]
    return []


def complaints(reading, status, output, cpus, words):
    """What is wrong with a replay."""
    strict, spread = "order=strict" in words, "place=spread" in words
    wrong = [] if status == 0 else ["exit status %s" % status]
    if not re.search(r"^replay: ok$", output, re.MULTILINE):
        wrong.append("no 'replay: ok'")
    if number(r"^  stale reads +(\d+)$", output) != (0,):
        wrong.append("stale reads are not 0")
    if spread != ("synthetic" in output):
        wrong.append("'synthetic' belongs to place=spread, and only there")
    classes = reading.world.classes
    for name in ("applied", "implicit", "hidden", "ignored"):
        found = number(r"^    %s +(\d+)" % name, output)
        if strict and found != (classes[name],):
            wrong.append("%s: %s lines, foreseen %d"
                         % (name, found, classes[name]))
    if number(r"^    sum +(\d+)  = the events", output) \
            != (len(reading.events),):
        wrong.append("the lines do not add up to the events")
    wrong += wrong_causes(reading, output, strict, spread)
    if strict:
        wrong += wrong_rules(reading, output, cpus, spread)
        wrong += wrong_probes(output)
    return wrong


def bad_inputs(world, folder, good):
    """(name, CPUs, words, file, MiB, what the output must hold)"""
    files = {"cut": good[:len(good) // 2], "foreign": b"\x7fELF" + good,
             "damaged": good[:600] + bytes([good[600] ^ 1]) + good[601:]}
    for name, data in files.items():
        pathlib.Path(folder, name).write_bytes(data)
    cut, foreign, damaged = (str(pathlib.Path(folder, name)) for name in files)
    whole = str(pathlib.Path(folder, "redis.bin"))
    return [
        ("no_trace", 2, "", None, None, "needs a trace"),
        ("truncated", 2, "", cut, None, "bad trace: truncated"),
        ("foreign", 2, "", foreign, None, "bad trace: not a trace"),
        ("damaged", 2, "", damaged, None, "bad trace: damaged"),
        ("too_few_cpus", 1, "", whole, None, "recorded on 2 CPUs"),
        ("larger_than_memory", 2, "", whole, 10 if world.threads else 12,
         r"larger than memory: it wants 2589 frames"),
    ]


class Tap:
    def __init__(self, tests):
        self.done = self.failed = 0
        print("1..%d" % tests, flush=True)

    def test(self, name, wrong, output, ids=""):
        self.done += 1
        self.failed += bool(wrong)
        print("%sok %d - %s%s" % ("not " if wrong else "", self.done, name,
                                  " # " + ids if ids else ""), flush=True)
        if wrong:
            for line in wrong + output.splitlines()[-SHOW_LINES:]:
                print("#   " + line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--threads", metavar="PROGRAM")
    which.add_argument("--kernel", metavar="ELF")
    world = World(parser.parse_args())
    replays = KERNEL_REPLAYS if world.kernel else REPLAYS
    paths = sorted((ROOT / "traces").glob("*.trace.xz"))

    with tempfile.TemporaryDirectory() as folder:
        readings = {}
        for path in paths:
            name = path.name[:-len(".trace.xz")]
            readings[name] = counts.Reading(str(path))
            binary.write(str(pathlib.Path(folder, name + ".bin")),
                         binary.encode(readings[name], name))
        good = pathlib.Path(folder, "redis.bin").read_bytes()
        bad = bad_inputs(world, folder, good)
        tap = Tap(len(paths) * len(replays) + len(bad))
        for name, reading in readings.items():
            for kind, cpus, words in replays:
                status, output = world.run(
                    cpus, words, str(pathlib.Path(folder, name + ".bin")))
                tap.test("replay_%s_%s_%s" % (world.name, name, kind),
                         complaints(reading, status, output, cpus, words),
                         output, "F-P10")
        for kind, cpus, words, file, memory, pattern in bad:
            status, output = world.run(cpus, words, file, memory)
            wrong = [] if status == 1 else ["exit status %s" % status]
            if not re.search(pattern, output):
                wrong.append("nothing like %r" % pattern)
            tap.test("replay_%s_refused_%s" % (world.name, kind), wrong, output)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
