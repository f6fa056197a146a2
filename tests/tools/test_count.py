#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""sim/count.py and xcpu-count: what they refuse, and what they write.

Arguments: the programs, one for each number of lanes.
"""
import csv
import io
import json
import pathlib
import shutil
import sys
import tempfile

from harness import ROOT, Tap, run

MACHINE = ROOT / "sim/machines/2x8.conf"
MISUSES = [
    ("unknown operation", ["--op", "nothing"], "no such operation"),
    ("no targets", ["-n", "0"], "no such number"),
    ("too many targets", ["-n", "4096"], "no such number"),
    ("a trace of everything", ["--trace", "x.json"], "give --machine"),
    ("a machine that is not there", ["--machine", "no/such"], "no/such"),
]


def rows(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def check_misuse(tap, program):
    for name, words, says in MISUSES:
        status, out = run(program, *words)
        tap.test(f"count_refuses_{name.replace(' ', '_')}",
                 status == 2 and says in out, out)


def check_golden(tap, programs):
    """One changed number of the golden file is one failing test."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("count.py", "count.tsv", "rivals.py"):
            shutil.copy(ROOT / "sim" / name, folder)
        golden = pathlib.Path(folder, "count.tsv")
        lines = golden.read_text().splitlines(keepends=True)
        fields = lines[1].split("\t")
        fields[5] = str(int(fields[5]) - 1)
        golden.write_text("".join([lines[0], "\t".join(fields), *lines[2:]]))
        status, out = run("python3", f"{folder}/count.py", "--check", *programs)
    tap.test("count_finds_a_changed_count",
             status == 1 and out.count("\nnot ok") + out.startswith("not ok") == 1,
             out[-1500:], "F-P9")


def check_rivals(tap, programs):
    """Too much with few targets is a failing test, and says of whom."""
    status, out = run("python3", ROOT / "sim/count.py", "--rivals", *programs)
    tap.test("count_shows_rivals", status == 0 and "Theseus" in out and
             "xcpu, shoot-range" in out, out, "F-P9")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("count.py", "rivals.py"):
            shutil.copy(ROOT / "sim" / name, folder)
        better = pathlib.Path(folder, "rivals.py")
        better.write_text(better.read_text().replace("lambda n: n + 2",
                                                     "lambda n: n - 2"))
        status, out = run("python3", f"{folder}/count.py", "--rivals", *programs)
    tap.test("count_finds_a_better_rival", status == 1 and
             out.count("needs too much: 2 with 1, and one line for all -1") == 2,
             out, "F-P9")


def check_times(tap, program):
    """The same run twice is the same, and another machine another one."""
    words = ["--machine", MACHINE, "--op", "shoot-range", "-n", "15"]
    first, again = run(program, *words)[1], run(program, *words)[1]
    tap.test("count_times_repeat", first == again and len(rows(first)) == 4, first)
    slow = rows(run(program, *words, "--virtual")[1])
    bare = rows(first)
    tap.test("count_times_virtual_kicks_cost_more", all(
        int(s["cycles"]) > int(b["cycles"]) if int(b["kicks"]) else
        s["cycles"] == b["cycles"] for s, b in zip(slow, bare)), slow)


def faults_of(events, kicks):
    """What is wrong with the events of a trace."""
    slices = [e for e in events if e["ph"] == "X"]

    def inside(e):
        return any(s["tid"] == e["tid"] and s["ts"] <= e["ts"] <=
                   s["ts"] + s["dur"] for s in slices)

    for start, end, number in (("s", "f", kicks), ("b", "e", 1)):
        begun = {e["id"]: e for e in events if e["ph"] == start}
        ended = {e["id"]: e for e in events if e["ph"] == end}
        if len(begun) != number or begun.keys() != ended.keys():
            yield f"{len(begun)} of {start}, {len(ended)} of {end}, not {number}"
        for n in begun.keys() & ended.keys():
            if begun[n]["ts"] > ended[n]["ts"]:
                yield f"{start} {n} ends before it begins"
    for e in events:
        if e["ph"] in "sf" and not inside(e):
            yield f"an arrow without a slice at its end: {e}"


def check_trace(tap, program):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "out.json")
        status, out = run(program, "--machine", MACHINE, "--op", "shoot-range",
                          "--receivers", "ipi", "-n", "15", "--trace", path)
        trace = json.loads(path.read_text()) if status == 0 else {"traceEvents": []}
    faults = list(faults_of(trace["traceEvents"], 15))
    tap.test("count_trace_has_arrows_and_waits", status == 0 and not faults,
             out + "\n".join(faults), "F-P5")


def main():
    programs = sys.argv[1:]
    tap = Tap()
    check_misuse(tap, programs[-1])
    check_golden(tap, programs)
    check_rivals(tap, programs)
    check_times(tap, programs[-1])
    check_trace(tap, programs[-1])
    tap.end()


if __name__ == "__main__":
    main()
