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

from tracelib import binary, cost, counts, rules              # noqa: E402

RUN_SECONDS = 240        # for hangs, on a host that is busy with others
SHOW_LINES = 60         # of a failing run's output
SLACK = 3               # kicks beyond the recorded ones
ARMED_PERCENT = 90

# How the report names the causes.
CAUSES = {"copy on write": "cow", "hidden unmap": "hidden",
          "mmap fixed": "mmap", "munmap": "munmap", "madvise": "madvise",
          "mprotect": "mprotect", "fork": "fork", "exec": "exec",
          "exit": "exit", "other": "other"}

# Name, CPUs, words.
REPLAYS = [
    ("recorded_2_cpus", 2, "place=recorded order=strict"),
    ("recorded_4_cpus", 4, "place=recorded order=strict"),
    ("spread_4_cpus", 4, "place=spread order=strict"),
    ("free_2_cpus", 2, "place=recorded order=free"),
    ("free_spread_4_cpus", 4, "place=spread order=free"),
    ("forms_2_cpus", 2, "place=recorded order=strict form=all"),
    ("forms_spread_4_cpus", 4, "place=spread order=strict form=all"),
    ("forms_spread_8_cpus", 8, "place=spread order=strict form=all"),
    ("forms_spread_64_cpus", 64, "place=spread order=strict form=all"),
    ("forms_eager_2_cpus", 2, "place=recorded order=strict form=all lazy=off"),
    ("forms_entries_2_cpus", 2, "place=recorded order=strict form=all "
     "entry=off"),
    ("forms_bound_2_cpus", 2, "place=recorded order=strict form=all "
     "bound=100"),
]
# In the kernel each takes seconds: the placements, and one that is for stress.
KERNEL_REPLAYS = [r for r in REPLAYS if r[0] not in (
    "recorded_2_cpus", "spread_4_cpus", "free_2_cpus", "forms_entries_2_cpus",
    "forms_bound_2_cpus")]

# On threads each turn wakes another thread: fewer of the placements.
THREADS_REPLAYS = [r for r in REPLAYS if r[0] not in (
    "forms_spread_4_cpus", "forms_spread_64_cpus")]

# The forms of form=all that wait, or kick, at once; and the one that defers.
PROMPT, DEFER = ("sync", "gather", "async"), "defer"
STRICT_FACTOR, STRICT_MORE = 1.02, 3    # of OPT
LATE_FACTOR, LATE_MORE = 1.3, 2         # of OPT(D)
LIMITS = {"opt": "1.02 OPT + 3", "late": "1.3 OPT(D) + 2, deferred",
          "linux": "Linux's rule", "recorded": "recorded"}


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
                + ["--", "work=replay", "mode=single", "tlb=kick",
                   *words.split()]
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


def placement(reading, cpus, words):
    """(CPUs, place) as the rules take them."""
    return (cpus, rules.spread(cpus)) if "place=spread" in words \
        else (reading.ncpu, rules.recorded)


def bound_ns(words):
    return int(value(words, "bound", rules.LATE_NS // 1000)) * 1000


def value(words, key, otherwise):
    found = [w[len(key) + 1:] for w in words.split() if w.startswith(key + "=")]
    return found[-1] if found else otherwise


def exact(words):
    """Whether the numbers are foreseen to the last: by these words they are."""
    return "order=strict" in words and "lazy=off" not in words \
        and "entry=off" not in words


def saved(output):
    """Kicks that one on its way already, such as a wake-up's, stood in for."""
    found = re.search(r"pending +([\d,]+)$", output, re.MULTILINE)
    return int(found[1].replace(",", "")) if found else 0


def wrong_causes(reading, output, cpus, words):
    """Requests and kicks by cause, beside what is foreseen."""
    spare = saved(output)
    strict, spread = exact(words), "place=spread" in words
    place = placement(reading, cpus, words)
    # The causes of all forms are the last one's, which defers.
    need = rules.late(reading.world.records, *place, bound_ns(words)) \
        if "form=all" in words \
        else rules.kicks(reading.world.records, *place)["need"]
    rows = cause_rows(output)
    wrong = []
    for name, cause in CAUSES.items():
        requests, kicks = reading.world.requests[cause], need[cause]
        recorded = reading.reference.requests[cause]
        sent = reading.reference.kicks[cause]
        got = rows.get(name, (0, 0, 0, 0))
        less = kicks - got[2] if got[2] is not None else 0
        if 0 < less <= spare:
            spare -= less
            kicks -= less
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
    wanted = tuple(sum(sent[rule].values())
                   for rule in ("need", "linux", "broadcast"))
    found = number(r"placement (\d+) kicks are needed, Linux's rule sends "
                   r"(\d+) kicks, a broadcast (\d+)$", output)
    return [] if found == wanted else ["rules: %s, foreseen %s"
                                       % (found, wanted)]


def form_rows(output):
    """{form: (kicks, those for what may be late)} of form=all."""
    return {name: (int(kicks), int(late)) for name, kicks, late in re.findall(
        r"^  (sync|gather|async|defer) +(\d+) +(\d+) ", output, re.MULTILINE)}


def wrong_model(reading, output, cpus, words):
    """The modelled transactions of each form and rule."""
    found = {name: int(n) for name, n in re.findall(
        r"^  (\S.*?) +\d+(?: +(?:\d+|-)){5} +(\d+)$", output, re.MULTILINE)}
    names = {"need": "needed", "linux": "Linux's rule"}
    foreseen = cost.modelled(reading.world.records,
                             *placement(reading, cpus, words))
    return ["%s: %s transactions modelled, foreseen %d"
            % (name, found.get(names.get(name, name)), n)
            for name, n in foreseen.items()
            if found.get(names.get(name, name)) != n]


def foreseen_late(reading, cpus, words):
    """(kicks that may not be late, least for those that may) with D = bound=."""
    place = placement(reading, cpus, words)
    at_once, late = rules.split(rules.late(reading.world.records, *place,
                                           bound_ns(words)))
    if "entry=off" in words:
        sent = rules.kicks(reading.world.records, *place)
        late = rules.split(sent["need"])[1]
    return at_once, late


def wrong_forms(reading, output, cpus, words):
    """The kicks of each form, beside those that are foreseen."""
    sent = rules.kicks(reading.world.records, *placement(reading, cpus, words))
    opt = sum(sent["need"].values())
    at_once, late = foreseen_late(reading, cpus, words)
    rows, wrong = form_rows(output), []
    if set(rows) != {*PROMPT, DEFER}:
        return ["no row for each form"]
    kicks, of_late = rows[DEFER]
    if "entry=off" in words and late > 100 and of_late * 10 < late:
        wrong.append("%d kicks deferred without entries, of %d at once"
                     % (of_late, late))
    if kicks - of_late != at_once:
        wrong.append("%d kicks for what may not be late, needed %d"
                     % (kicks - of_late, at_once))
    if exact(words) and any(rows[form][0] != opt for form in PROMPT):
        wrong.append("kicks at once %s, foreseen %d" % (rows, opt))
    if exact(words) and of_late != late:
        wrong.append("%d kicks deferred, foreseen %d" % (of_late, late))
    return wrong


def limits(words):
    """The names of the limits that a replay of all forms must keep."""
    if "form=all" not in words:
        return []
    return ["opt", "late", "linux"] \
        + (["recorded"] if "place=recorded" in words else [])


def over_limit(limit, reading, output, cpus, words):
    """Which forms send more kicks than one of limits() allows."""
    sent = rules.kicks(reading.world.records, *placement(reading, cpus, words))
    most = {"opt": STRICT_FACTOR * sum(sent["need"].values()) + STRICT_MORE,
            "late": LATE_FACTOR * foreseen_late(reading, cpus, words)[1]
            + LATE_MORE,
            "linux": sum(sent["linux"].values()),
            "recorded": reading.reference.ipis["flush"]}[limit]
    rows = form_rows(output)
    kicks = {DEFER: rows[DEFER][1]} if limit == "late" and DEFER in rows \
        else {form: kicks for form, (kicks, _) in rows.items()}
    return ["%s: %d kicks, at most %d" % (form, n, most)
            for form, n in kicks.items() if n > most] \
        + ([] if kicks else ["no row for each form"])


def remark(reading, output, cpus, words):
    """What the forms and the rules send, in one line."""
    place = placement(reading, cpus, words)
    sent = rules.kicks(reading.world.records, *place)
    late = rules.late(reading.world.records, *place, bound_ns(words))
    return ", ".join(
        ["%s %d" % (form, kicks) for form, (kicks, _)
         in form_rows(output).items()] +
        ["OPT %d" % sum(sent["need"].values()),
         "OPT(%g ms) %d" % (bound_ns(words) / 1e6, sum(late.values())),
         "Linux's rule %d" % sum(sent["linux"].values()),
         "broadcast %d" % sum(sent["broadcast"].values())] +
        (["recorded %d" % reading.reference.ipis["flush"]]
         if "place=recorded" in words else []))


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
    wrong += wrong_causes(reading, output, cpus, words)
    if strict:
        if "lazy=off" not in words:
            wrong += wrong_rules(reading, output, cpus, spread)
        if "form=all" in words:
            wrong += wrong_forms(reading, output, cpus, words)
            if exact(words):
                wrong += wrong_model(reading, output, cpus, words)
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
        ("free_form", 2, "order=free form=defer", whole, None,
         "needs order=strict"),
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
    replays = KERNEL_REPLAYS if world.kernel else THREADS_REPLAYS
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
        tap = Tap(1 + len(bad) + len(paths) * sum(
            1 + len(limits(words)) for _, _, words in replays))
        tap.test("replay_%s_model_is_as_counted" % world.name,
                 cost.check(ROOT / "sim" / "count.tsv"), "", "F-P7")
        for name, reading in readings.items():
            for kind, cpus, words in replays:
                status, output = world.run(
                    cpus, words, str(pathlib.Path(folder, name + ".bin")))
                title = "replay_%s_%s_%s" % (world.name, name, kind)
                tap.test(title, complaints(reading, status, output, cpus,
                                           words), output, "F-P10")
                for limit in limits(words):
                    tap.test("%s: at most %s" % (title, LIMITS[limit]),
                             over_limit(limit, reading, output, cpus, words),
                             output, "F-P10 F-P7")
                if "form=all" in words:
                    print("# " + remark(reading, output, cpus, words))
        for kind, cpus, words, file, memory, pattern in bad:
            status, output = world.run(cpus, words, file, memory)
            wrong = [] if status == 1 else ["exit status %s" % status]
            if not re.search(pattern, output):
                wrong.append("nothing like %r" % pattern)
            tap.test("replay_%s_refused_%s" % (world.name, kind), wrong, output)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
