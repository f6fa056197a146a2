# SPDX-License-Identifier: BSD-2-Clause
"""Mutants: what each one breaks, how it is run, and what killed it last.

A barrier mutant lowers one ordered access at run time (tools/tags lists them).
A logic mutant is tests/mutants/NAME.patch: lines that describe it, then a diff.

    What: one line: what it breaks
    Killed-by: ENGINE WORDS...   the run that must find it; more than one such
                                 line are tried in turn
    Ids: INV-E1 BUG-20           (optional) what it shows
"""
import csv
import pathlib
import re
import shutil
import subprocess

import accesses
import libpatch
import libproc
from libpatch import ROOT, Failure

FOLDER = ROOT / "tests" / "mutants"
KILLERS = FOLDER / "killers.tsv"
EXCUSES = FOLDER / "excuses.tsv"
EXCUSES_PER_TAG = 0.05
BUILD_SECONDS = 300

# Engine: its program under O, and the words before those of the run.
ENGINES = {"explore": ("xcpu-explore", ["run"]),
           "explore8": ("xcpu-explore8", ["run"]),
           "sim": ("xcpu-sim", [])}
WEAKENING = ("explore", "explore8")	# those that know --weaken
# The explorer's programs about a file: how their names begin.
ABOUT = {"msg": ("msg",), "ring": ("msg",), "inbox": ("msg",),
         "async": ("async", "defer"), "collect": ("async", "defer"),
         "batch": ("batch",), "quiesce": ("quiesce",),
         "early": ("early",),
         "icache": ("icache",), "notifier": ("notifier",),
         "gather": ("sync",), "park": ("sync",), "room": ("sync",),
         "sync": ("sync",),
         "asid": ("asid",), "asid_global": ("asid",), "asid_per_cpu": ("asid",),
         "stop": ("stop", "panic"), "panic": ("panic",),
         "nmi": ("stop", "panic")}
FOUND = 1		# an engine's exit status when it found a violation

# Seconds are kept as steps, or the file would differ after every run.
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Mutant:
    """One mutant; `runs` are those that its author expects to kill it."""

    def __init__(self, name, what, runs=(), ids="", patch=None, weaken=None):
        self.name = name
        self.what = what
        self.runs = list(runs)
        self.ids = ids
        self.patch = patch
        self.weaken = weaken


def barriers(out):
    """One for each way to lower each ordered access."""
    explorer = program_of(WEAKENING[0], out)
    rows = accesses.locate(accesses.in_source(), accesses.sites_of(explorer))
    return [Mutant(f"{row.id}:{weaker}", f"{row.place} [{','.join(row.tags)}]",
                   ids="F-P4", weaken=f"{row.place}:{weaker}")
            for row in rows for weaker in accesses.WEAKER[row.order]]


def kinship(one, other):
    """How much two barriers' names have in common: the tag, the file, ..."""
    pairs = list(zip(one.split("/"), other.split("/")))
    return sum(a == b for a, b in pairs) if len(pairs) > 1 else 0


def is_about(run, mutant):
    """Whether the run is an explorer's program about a file that is changed."""
    text = mutant.weaken or mutant.patch.read_text()
    files = re.findall(r"^(?:\+\+\+ b/)?src/(\w+)\.[ch]\b", text, re.MULTILINE)
    starts = tuple(start for file in files for start in ABOUT.get(file, ()))
    return run.split()[1].startswith(starts)


def logic():
    return [from_patch(path) for path in sorted(FOLDER.glob("*.patch"))]


def from_patch(path):
    fields = libpatch.header(path)
    one = dict(fields)
    runs = [value for key, value in fields if key == "Killed-by"]
    if not one.get("What") or not runs:
        raise Failure(f"{path.name}: has no `What:` or no `Killed-by:` line")
    for run in runs:
        if run.split()[0] not in ENGINES:
            raise Failure(f"{path.name}: `Killed-by:` begins with one of "
                          + ", ".join(ENGINES))
    return Mutant(path.stem, one["What"], runs, one.get("Ids", ""), patch=path)


# ---- Runs ------------------------------------------------------------------

def program_of(run, out):
    return pathlib.Path(out, ENGINES[run.split()[0]][0]).resolve()


def freeze(out):
    """Copy the engines: a long hunt must not meet a newer build midway."""
    copies = pathlib.Path(out, "mutants", "engines")
    copies.mkdir(parents=True, exist_ok=True)
    for program, _ in ENGINES.values():
        if pathlib.Path(out, program).exists():
            shutil.copy(pathlib.Path(out, program), copies)
    return copies


def command_of(run, out, weaken=None):
    """A run as it is written down, `ENGINE WORDS...`, as a command."""
    engine, *words = run.split()
    command = [str(program_of(run, out)), *ENGINES[engine][1], *words]
    return command + (["--weaken", weaken] if weaken else [])


def execute(run, out, limit, weaken=None):
    """True when it found a violation, None when it did not end; else False."""
    status, output = libproc.execute(command_of(run, out, weaken), limit)
    if status not in (0, FOUND, None):
        raise Failure(f"{run}: exit status {status}\n{output[-1500:]}")
    return None if status is None else status == FOUND


def programs(out):
    """The explorers' programs, as runs, but those for --full alone."""
    runs = []
    for engine in WEAKENING:
        listing = subprocess.run([program_of(engine, out), "list"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        runs += [f"{engine} {line.split()[0]}" for line in listing.splitlines()
                 if line and not line.endswith("(--full)")]
    return runs


def plant(tree, mutant):
    tree.restore()
    tree.apply(mutant.patch)


def build(tree, runs):
    """Build what these runs need in the copy; the folder where it is then."""
    goals = sorted({str(program_of(run, tree.build)) for run in runs})
    status, output = tree.make(BUILD_SECONDS, goals)
    if status != 0:
        raise Failure(f"it does not build:\n{output[-3000:]}")
    return tree.build


# ---- The committed files ---------------------------------------------------

def read_rows(path, columns):
    """Rows of a tab-separated file; # begins a comment."""
    if not path.exists():
        return []
    lines = [line for line in path.read_text().splitlines()
             if line and not line.startswith("#")]
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        if len(row) != columns or not all(row):
            raise Failure(f"{path.name}: not {columns} columns: {' '.join(row)}")
    return rows


def read_killers():
    """{mutant: (run, seconds)} of the last complete run."""
    return {name: (run, float(seconds))
            for name, seconds, run in read_rows(KILLERS, 3)}


def write_killers(killers):
    head = ("# What killed each mutant last, and within how many seconds; written"
            " by ./x mutants.\n")
    KILLERS.write_text(head + "".join(
        f"{name}\t{seconds:g}\t{run}\n"
        for name, (run, seconds) in sorted(killers.items())))


def step(seconds):
    return next((s for s in STEPS if seconds <= s), STEPS[-1])


def read_excuses(mutants):
    """{mutant: text of the hardware's manual that needs the barrier}."""
    excuses = dict(read_rows(EXCUSES, 2))
    tags = {m.name.split(":")[0] for m in mutants if m.weaken}
    strange = set(excuses) - {m.name for m in mutants if m.weaken}
    if strange:
        raise Failure(f"{EXCUSES.name}: no such barrier: {' '.join(sorted(strange))}")
    excused = {name.split(":")[0] for name in excuses}
    if len(excused) > EXCUSES_PER_TAG * len(tags):
        raise Failure(f"{EXCUSES.name}: {len(excused)} of {len(tags)} tagged "
                      f"accesses, more than {EXCUSES_PER_TAG:.0%}")
    for name, text in excuses.items():
        if not re.search(r"\w+ \w+ \w+", text):
            raise Failure(f"{EXCUSES.name}: {name}: quote the hardware's text")
    return excuses
