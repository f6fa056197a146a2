#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the mutations that the models rejected, on the real source.

rejected.tsv has one mutation per line: protocol, words, how it is made, and the
program of the explorer that must fail under it.  An order is lowered at run
time; a patch goes into a copy of the source, of which only the changed files
are compiled and linked with the rest of the explorer's objects.

Prints TAP, one line per mutation.  Those that cannot be said in this design are
skipped, with the reason.
"""
import argparse
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import libtap		# noqa: E402 (found only after the line above)

TABLE = HERE / "rejected.tsv"
MUTANTS = ROOT / "tests" / "mutants"
RUN_SECONDS = 40
# What every execution would show after millions is often seen in the first few.
CHANCE = ["--random=100000", "--pct=4"]
PROGRAMS = {"explore1": "xcpu-explore", "explore8": "xcpu-explore8"}
SITE = re.compile(r"^(\S+):(\d+) (\w+)$")
ACCESS = re.compile(r"\bxcpu_(?:fetch_)?(load|store|xchg|cas|or|and|add|fence)_(\w+)\(")
WEAKEN = re.compile(r"^(?P<file>[\w/.]+):(?P<function>\w+)(?::(?P<op>\w+))?"
                    r"(?::(?P<n>\d+))? (?P<order>rlx|acq|rel|ar)$")
STRENGTH = {"rlx": set(), "acq": {"acq"}, "rel": {"rel"}, "ar": {"acq", "rel"},
            "sc": {"acq", "rel", "sc"}}
LEFT = {"rlx": "none", "acq": "acq", "rel": "rel", "ar": "ar"}	# as --weaken has it


class Failure(Exception):
    """Why a mutation counts as not rejected, for the person who reads it."""


class Row:
    """One line of the table."""

    def __init__(self, line, number):
        fields = line.rstrip("\n").split("\t")
        if len(fields) != 4:
            raise SystemExit(f"{TABLE.name}:{number}: four fields, please")
        self.protocol, self.mutation, self.how, self.program = fields
        self.kind, _, self.what = self.how.partition(" ")
        self.kind = self.kind.rstrip(":")

    def name(self):
        return f"{self.protocol}: {self.mutation}".replace("#", "")


def rows():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [Row(line, number) for number, line in enumerate(lines, 1)
            if line and not line.startswith(("#", "row\t"))]


class Explorer:
    """The program as it was built, and what it was built from."""

    def __init__(self, out, world):
        self.program = out / PROGRAMS[world]
        self.objects = out / world
        self.scratch = out / "rejected" / world
        if not self.program.exists():
            raise SystemExit(f"{self.program}: not built; make {self.program}")

    def run(self, program, words, binary=None):
        """Exit status and output: by chance first, then every execution."""
        status, output = self.execute(program, [*CHANCE, *words], binary)
        if status == 0:
            status, output = self.execute(program, words, binary)
        return status, output

    def execute(self, program, words, binary=None):
        return self.execute_words([*words, "run", program], binary)

    def execute_words(self, words, binary=None):
        command = [binary or self.program, *words]
        try:
            done = subprocess.run(command, text=True, check=False,
                                  timeout=RUN_SECONDS, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"no end after {RUN_SECONDS} s: "
                          + shlex.join(map(str, command))) from late
        return done.returncode, done.stdout

    def copy(self, name):
        """The library's source, to be edited."""
        copy = self.scratch / name
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir(parents=True)
        for folder in ("src", "include"):
            shutil.copytree(ROOT / folder, copy / folder)
        return copy

    def with_patch(self, name):
        """An explorer of its own, with the patch in the library."""
        copy = self.copy(name)
        patch = MUTANTS / f"{name}.patch"
        done = subprocess.run(
            ["patch", "-p1", "--fuzz=0", "--force", "--no-backup-if-mismatch",
             "-i", str(patch)], cwd=copy, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode or "fuzz" in done.stdout:
            raise Failure(f"the patch does not apply:\n{done.stdout}")
        changed = re.findall(r"^\+\+\+ b/(src/\w+)\.c$", patch.read_text(),
                             re.MULTILINE)
        return self.build(copy, changed)

    def build(self, copy, changed):
        """The explorer with these files of the copy."""
        binary = copy / "explorer"
        compile_ = shlex.split((self.objects / "flags").read_text())
        # The copy's headers, and the rest of the tree where they are.
        words = [word if not word.startswith("-I") or word == "-Iinclude"
                 else f"-I{ROOT}/{word[2:]}" for word in compile_]
        for stem in changed:
            run_tool([*words, "-c", "-o", f"{stem}.o", f"{stem}.c"], copy)
        others = [str(path) for path in sorted(self.objects.rglob("*.o"))
                  if str(path.relative_to(self.objects))[:-2] not in changed]
        run_tool([compile_[0], "-o", str(binary), *others,
                  *(f"{stem}.o" for stem in changed)], copy)
        return binary


def run_tool(command, folder):
    done = subprocess.run(command, cwd=folder, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure(done.stdout)


def function_lines(path, name):
    """First and last line of a function's body, by the style of the source."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    for first, line in enumerate(lines, 1):
        if line.startswith(f"{name}("):
            return first, lines.index("}", first) + 1
    raise Failure(f"{path} has no function {name}()")


def accesses(path, first, last):
    """(line, operation, order) of each, from the source itself."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return [(number, match[1], match[2])
            for number, line in enumerate(lines[first - 1:last], first)
            for match in ACCESS.finditer(line)]


def weakened(text):
    """The explorer's words for `FILE:FUNCTION[:OP[:N]] ORDER + ...`."""
    words = []
    for part in text.split(" + "):
        match = WEAKEN.match(part)
        if not match:
            raise Failure(f"not understood: {part}")
        found = [access for access in accesses(match["file"], *function_lines(
            match["file"], match["function"]))
                 if match["op"] in (None, access[1])]
        if match["n"]:
            found = found[int(match["n"]) - 1:int(match["n"])]
        left = match["order"]
        lower = [line for line, _, order in found
                 if not STRENGTH[order] <= STRENGTH[left]]
        if not lower:
            raise Failure(f"nothing there to lower: {part}")
        words += [f"--weaken={match['file']}:{line}:{LEFT[left]}"
                  for line in lower]
    return words


def first_remark(output):
    found = re.search(r"^# (.*)", output, re.MULTILINE)
    return found[1] if found else "failed"


def reject(explorer, row):
    """What the explorer said, in one line; Failure if it said nothing."""
    words, binary = [], None
    if row.kind == "weaken":
        words = weakened(row.what)
    elif row.kind == "patch":
        binary = explorer.with_patch(row.what)
    else:
        raise Failure(f"how? {row.how}")
    status, output = explorer.run(row.program, words, binary)
    if status != 1:
        raise Failure(f"{row.program} passes (exit status {status})\n"
                      f"{' '.join(words)}\n{output[-1000:]}")
    return first_remark(output)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", default="build", metavar="DIR",
                        help="where the explorer was built (default build)")
    parser.add_argument("--world", default="explore1", choices=list(PROGRAMS),
                        help="explore1 (default) or explore8: lanes per line")
    parser.add_argument("words", nargs="*", metavar="WORD",
                        help="only rows that contain it: P4, slot.c, a program")
    options = parser.parse_args()
    explorer = Explorer(pathlib.Path(options.out).resolve(), options.world)
    tap = libtap.Writer()
    for row in rows():
        if options.words and not any(
                word in f"{row.protocol} {row.how} {row.program}"
                for word in options.words):
            continue
        if row.kind == "none":
            tap.test(f"{row.name()} # SKIP {row.what}", True)
            continue
        began = time.monotonic()
        try:
            said = reject(explorer, row)
        except Failure as failure:
            tap.test(row.name(), False, failure)
            continue
        tap.test(row.name(), True)
        tap.note(f"{row.program}, {time.monotonic() - began:.2f} s: {said}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
