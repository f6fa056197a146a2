#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""All the explorer's programs, one table: what was visited, and what failed.

    ./x explore              litmus tests, then each program of both builds, to
                             the limit of a test run; of the larger ones the
                             table says what the last complete run found
    ./x explore --full       the complete form: no limit; hours
    ./x explore WORD...      anything else is for the explorer itself:

Extents: `all` is every execution, `N preemptions` every one with at most so
many; of `the first`, as many as the limit, in depth, and some more by chance.
The complete form leaves its table in OUT/explore/result.txt, with the commit;
--write puts what it found into explore/full.tsv.
"""
import argparse
import datetime
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tools"))

import libproc		# noqa: E402 (found only after the line above)

BUILDS = "xcpu-explore", "xcpu-explore8"
LIMIT = 60000			# as in rules.mk: a test run's
RUN_SECONDS = 4 * 3600		# of one program, in the complete form
SHOWN = 3			# executions in full; the others by their command
FULL = HERE / "full.tsv"
GOLDEN = HERE / "golden.tsv"
FULL_HEAD = """\
# build	program	extent	executions	states
#
# What golden.tsv has only the first executions of: the complete form's extent,
# `all` or at most so many preemptions, and what was found last (0: not run yet).
"""
LINE = re.compile(r"^(?P<program>\S+) +(?P<executions>\d+) +\d+ +(?P<states>\d+) "
                  r"+\d+ (?P<extent>.{12}) +[\d.]+ s", re.MULTILINE)


def read_table(path):
    """{(build, program): (extent, executions, states)}"""
    rows = (line.split("\t") for line in path.read_text().splitlines()
            if line and not line.startswith("#"))
    return {(build, program): (extent, int(executions), int(states))
            for build, program, extent, executions, states in rows}


class Outcome:
    """What one run of one program said."""

    def __init__(self, build, output):
        found = LINE.search(output)
        self.build = build
        self.program = found["program"] if found else "?"
        self.executions = int(found["executions"]) if found else 0
        self.states = int(found["states"]) if found else 0
        self.extent = self._words(found["extent"].strip()) if found else "-"
        self.output = output
        self.command = ""
        self.remark = ""
        self.violated = not found or self.extent in ("-", "NOT FINISHED")
        self.failed = self.violated

    @staticmethod
    def _words(extent):
        bound = re.fullmatch(r"bound (\d+)", extent)
        return f"{int(bound[1]) - 1} preemptions" if bound else extent

    def compare(self, expected, name):
        """With a golden line: fewer states, or a change that nobody wrote down."""
        extent, executions, states = expected
        if extent == "first":
            extent = "the first"
        if (extent, executions, states) != (self.extent, self.executions,
                                            self.states):
            self.remark = f"{name}: {extent}, {executions:,}, {states}"
            self.failed = True

    def line(self):
        return (f"{self.build:14} {self.program:24} {self.extent:14} "
                f"{self.executions:>12,} {self.states:>5}  "
                f"{'FAILED  ' if self.failed else ''}{self.remark}").rstrip()


class Report:
    """The table as it grows: on the screen, and kept."""

    def __init__(self):
        self.lines = []
        self.outcomes = []
        self.shown = SHOWN

    def say(self, text):
        self.lines.append(text)
        print(text, flush=True)

    def add(self, outcome):
        self.outcomes.append(outcome)
        self.say(outcome.line())
        if outcome.violated and self.shown > 0:
            self.say(outcome.output.rstrip())
            self.shown -= 1
        if outcome.violated:
            self.say(f"to see it: {outcome.command}")

    def closing(self):
        """The last lines; the number of failures."""
        extents = [outcome.extent for outcome in self.outcomes]
        failed = sum(outcome.failed for outcome in self.outcomes)
        first = extents.count("the first")
        bounded = sum("preemptions" in extent for extent in extents)
        total = sum(outcome.executions for outcome in self.outcomes)
        self.say(f"{len(extents)} programs, {total:,} executions: "
                 f"{extents.count('all')} exhausted, {bounded} to their bound, "
                 f"{first} to the limit")
        self.say(f"{len(extents) - failed} passed, {failed} failed")
        return failed


def litmus(report, program):
    status, output = libproc.execute([program, "litmus"], 60)
    lines = [line for line in output.splitlines() if "ok " in line]
    bad = [line for line in lines if line.startswith("not ok")]
    for line in bad or ([] if status == 0 else [output]):
        report.say(line)
    report.say(f"litmus: {len(lines) - len(bad)} of {len(lines)} as they should be")
    return status == 0


def names(program):
    output = subprocess.run([program, "list"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return [line.split()[0] for line in output.splitlines()]


def words_for(key, complete, full):
    """How much of a program is run."""
    if not full:
        return ["--bound", "0", "--limit", str(LIMIT)]
    extent = complete.get(key, ("all", 0, 0))[0]
    count = re.match(r"(\d+) preemptions", extent)
    return ["--bound", str(int(count[1]) + 1) if count else "0"]


def expect(outcome, options, golden, complete):
    key = outcome.build, outcome.program
    if not options.full:
        outcome.compare(golden.get(key, ("nothing", 0, 0)), "golden.tsv")
        if outcome.extent == "the first" and key in complete and \
                not outcome.failed:
            extent, executions, states = complete[key]
            outcome.remark = f"--full: {extent}, " + (
                f"{executions:,}, {states}" if executions else "not run yet")
    elif not options.write:
        expected = complete.get(key) or golden.get(key, ("nothing", 0, 0))
        if expected[1] != 0 or expected[0] == "nothing":
            outcome.compare(expected, "as recorded")


def write_full(report, golden):
    rows = [f"{o.build}\t{o.program}\t{o.extent}\t{o.executions}\t{o.states}\n"
            for o in report.outcomes if not o.failed and
            golden.get((o.build, o.program), ("",))[0] == "first"]
    FULL.write_text(FULL_HEAD + "".join(rows))


def commit():
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty",
             "--abbrev=40", "--exclude=*"]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False,
                          stderr=subprocess.DEVNULL)
    return done.stdout.strip() or "not known"


def keep(out, report):
    path = out / "explore" / "result.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([
        f"commit {commit()}", f"date {datetime.datetime.now():%Y-%m-%d %H:%M}",
        *report.lines]) + "\n")
    print(f"all of it: {path}")


def run_all(options):
    golden, complete = read_table(GOLDEN), read_table(FULL)
    report = Report()
    fine = litmus(report, options.out / BUILDS[0])
    report.say(f"{'build':14} {'program':24} {'extent':14} {'executions':>12} states")
    for build in BUILDS:
        for name in names(options.out / build):
            words = words_for((build, name), complete, options.full)
            _, output = libproc.execute(
                [options.out / build, *words, "run", name], RUN_SECONDS)
            outcome = Outcome(build, output)
            outcome.program = name
            outcome.command = f"{options.out / build} {' '.join(words)} run {name}"
            expect(outcome, options, golden, complete)
            report.add(outcome)
    failed = report.closing() + (not fine)
    if options.full:
        keep(options.out, report)
    if options.write:
        write_full(report, golden)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter,
        add_help=False)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--all", action="store_true")
    options, words = parser.parse_known_args()
    program = options.out / BUILDS[-1]
    if not words:
        return run_all(options)
    if words[0] in ("-h", "--help"):
        print(__doc__, flush=True)
    full = ["--full"] if options.full else []
    every = ["--all"] if options.all else []
    os.execv(program, [str(program), "--bound", "0", *full, *every, *words])
    return 2


if __name__ == "__main__":
    sys.exit(main())
