#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the storm in each mode, and hold its counts against modes.tsv; print TAP.

Every mode must be right (no stale read, all books equal); and each must do what
it is there for, which shows in the counts of one mode beside those of another.
"""
import argparse
import operator
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

from tracelib import cost                               # noqa: E402

TABLE = pathlib.Path(__file__).with_name("modes.tsv")
RUN_SECONDS = 240       # for hangs, on a host that is busy with others
SHOW_LINES = 40         # of a failing run's output

MODES = {
    "sync": "form=sync",
    "gather": "form=gather",
    "async": "form=async",
    "defer": "form=defer",
    "defer-entries": "form=defer entry=off",
    "sync-eager": "form=sync lazy=off",
    "sync-entries": "form=sync entry=off",
    "defer-eager": "form=defer lazy=off",
}
IDS = {"sync": "F-B7", "gather": "F-B7 F-B5", "async": "F-B9 F-P7",
       "defer": "F-B8 F-B12 F-P7", "defer-entries": "F-B8",
       "sync-eager": "F-B2", "sync-entries": "F-X7 F-B12", "defer-eager": "F-B8 F-B2"}
RELATIONS = {"<": operator.lt, ">": operator.gt, "=": operator.eq}

# The cells of the table that are compared, and what a storm is made of.
CELLS = ("shootdowns", "flush", "call", "lazy", "pending", "polling",
         "in user mode")
KINDS = ("processes", "lazy threads", "kernel unmaps", "page tables",
         "reclaims")


class Malformed(Exception):
    """A line of modes.tsv that says nothing."""


def expectations(path=TABLE):
    """[(metric, left, relation, factor, right or None)]"""
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("#") or not line:
            continue
        cells = line.split("\t")
        if len(cells) != 5 or cells[2] not in RELATIONS \
                or cells[1] not in MODES \
                or cells[4] not in (*MODES, "-"):
            raise Malformed("%s:%d: %r" % (path.name, number, line))
        rows.append((cells[0], cells[1], cells[2], float(cells[3]),
                     None if cells[4] == "-" else cells[4]))
    return rows


def counts(output):
    """{metric: count per shootdown} of a run's table, or None."""
    found = {name: int(n.replace(",", "")) for name, n in re.findall(
        r"  (%s) +([\d,]+)(?=  |$)" % "|".join(CELLS), output, re.MULTILINE)}
    form = re.search(r"^form .*: (\d+) requests, (\d+) of them not waited for ",
                     output, re.MULTILINE)
    if not form or set(found) != set(CELLS) or found["shootdowns"] == 0:
        return None
    found["requests"], found["late"] = int(form[1]), int(form[2])
    found["kicks"] = found["flush"] + found["call"]
    found["asked"] = found["kicks"] + found["pending"] + found["polling"]
    for kind in KINDS:
        made = re.search(r"(\d+) %s" % kind, output)
        found[kind] = int(made[1]) if made else 0
    return {name: n / found["shootdowns"] for name, n in found.items()}


def add_transactions(seen):
    """By the model of tracelib/cost.py, from the counts of each mode.

    A request goes to as many CPUs as one is asked on average; where nobody waits
    for it, and some are never asked, to as many as in the mode `sync`.
    """
    for name, mode in seen.items():
        if mode is None or seen["sync"] is None:
            continue
        form = MODES[name].split()[0].removeprefix("form=")
        waited = seen["sync"] if form in ("async", "defer") else mode
        n = waited["asked"] / waited["requests"]
        mode["transactions"] = \
            (mode["requests"] - mode["late"]) * cost.transactions("sync", n) \
            + mode["late"] * cost.transactions(form, n)


def table(seen):
    """The modes side by side: per shootdown."""
    columns = ("requests", "late", "asked", "kicks", "lazy", "in user mode",
               "transactions")
    yield "%-14s" % "mode" + "".join("%13s" % c for c in columns)
    for name, mode in seen.items():
        yield "%-14s" % name + "".join(
            "%13s" % ("%.3f" % mode[c] if mode and c in mode else "-")
            for c in columns)
    yield "transactions are modelled (tools/tracelib/cost.py), not measured"


def verdict(row, seen):
    """(what was found, is it as expected)"""
    metric, left, relation, factor, right = row
    if seen.get(left) is None or (right and seen.get(right) is None):
        return "no counts", False
    limit = factor * (seen[right][metric] if right else 1)
    text = "%.3f, and %.3f" % (seen[left][metric], limit)
    return text, RELATIONS[relation](seen[left][metric], limit)


def command(options, words):
    words = ["work=storm", "ops=%d" % options.ops, *words.split()]
    if options.threads:
        return [options.threads, "cpus=%d" % options.cpus, *words]
    return [sys.executable, str(ROOT / "tools" / "run-qemu"), "--kernel",
            options.kernel, "--cpus", str(options.cpus), "--timeout",
            str(RUN_SECONDS), "--", "mode=single", "tlb=kick", *words]


def run(options, words):
    """(exit status, None if it did not end; output)"""
    try:
        done = subprocess.run(
            command(options, words), timeout=RUN_SECONDS + 30, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--threads", metavar="PROGRAM")
    which.add_argument("--kernel", metavar="ELF")
    parser.add_argument("--cpus", type=int, default=4)
    parser.add_argument("--ops", type=int, default=5000)
    options = parser.parse_args()
    world = "threads" if options.threads else "kernel"
    rows, seen, failed = expectations(), {}, 0
    print("1..%d" % (len(MODES) + len(rows)), flush=True)
    for number, (name, words) in enumerate(MODES.items(), 1):
        status, output = run(options, words)
        good = status == 0 and "REPORT" not in output
        seen[name] = counts(output)
        failed += not good
        print("%sok %d - modes_%s_%s # %s" % (
            "" if good else "not ", number, world, name.replace("-", "_"),
            IDS[name]), flush=True)
        if not good:
            print("# exit status %s" % status)
            for line in output.splitlines()[-SHOW_LINES:]:
                print("#   " + line)
    add_transactions(seen)
    for line in table(seen):
        print("# " + line)
    for number, row in enumerate(rows, len(MODES) + 1):
        text, good = verdict(row, seen)
        failed += not good
        metric, left, relation, factor, right = row
        print("%sok %d - modes_%s: %s of %s %s %g%s" % (
            "" if good else "not ", number, world, metric, left, relation,
            factor, " of " + right if right else ""))
        print("# " + text, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
