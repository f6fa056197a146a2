#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the kernel on each architecture, number of CPUs and back end; print TAP.

A cell is one boot: the self-test, the storm, all that a run does, a replay of a
recording, or a planted defect that must be caught.  --share runs of it what a test run has time
for: 4 CPUs in full, with one replay, the self-test on other numbers of CPUs, the
largest machine once, three plants.  Which CPUs and back ends an architecture has
stands in its kernel/arch/ARCH/qemu.py, which plants in tests/plants/.

At the end comes a table for each architecture: seconds by cell and CPUs.
"""
import argparse
import concurrent.futures
import fnmatch
import importlib.util
import itertools
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

import libpatch         # noqa: E402 (found only after the lines above)
import libtap           # noqa: E402

SHOW_LINES = 20		# of a failing cell: that tell most, and its end
LIMIT_SECONDS = 900	# of a boot: for hangs, on a host that is busy with others
FULL_CPUS = 4
# 100 with others; hundreds of CPUs take long for each.
STORM_OPS = {1: 1000, 2: 1000, 4: 1000, 8: 500, 128: 40, 255: 20, 512: 10}
STORM_OPS_MULTI = 200	# real threads of emulation are slow
PASSED = r"stale reads 0: PASS"
TELLING = re.compile(r"not ok|FAIL|REPORT|panic")


class Cell:
    """One boot, or one planted defect."""

    def __init__(self, arch, cpus, kind, command, shows=(), ids=""):
        self.arch, self.cpus, self.kind = arch, cpus, kind
        self.name = f"{arch}/{cpus}/{kind}"
        self.command = [str(word) for word in command]
        self.shows, self.ids = shows, ids
        self.wrong = self.output = self.seconds = None

    def run(self):
        begun = time.monotonic()
        done = subprocess.run(self.command, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, errors="replace",
                              stdin=subprocess.DEVNULL, check=False)
        self.seconds = time.monotonic() - begun
        self.output = done.stdout
        self.wrong = self.judge(done.returncode)
        return self

    def judge(self, status):
        """What is wrong, or None."""
        if status != 0:
            return f"exit status {status}"
        missing = [p for p in self.shows if not re.search(p, self.output)]
        return f"nothing like {missing[0]!r}" if missing else None

    def row(self):
        """Of the table: all recordings together, and all plants."""
        return re.sub(r"\b(replay|plant)-.*", r"\1s", self.kind)

    def report(self, number, ids):
        print(f"{'not ok' if self.wrong else 'ok'} {number} - "
              f"machine_{self.name} ({self.seconds:.1f} s)"
              + (f" # {self.ids}" if ids and self.ids else ""), flush=True)
        if self.wrong:
            print(f"# {self.wrong}: " + " ".join(self.command))
            lines = self.output.splitlines()
            telling = [line for line in lines if TELLING.match(line)]
            for line in telling[:SHOW_LINES] + lines[-SHOW_LINES:]:
                print("#   " + line)


class Selftest(Cell):
    """Prints TAP itself, whose ids are the cell's."""

    def judge(self, status):
        report = libtap.Report(self.output)
        ids = {word: None for r in report.results if r.passed for word in r.ids}
        self.ids = " ".join(ids)
        return super().judge(status) or report.fault()


class Arch:
    """One folder of kernel/arch/, and the kernel that was built for it.

    Its qemu.py says what is run here: MATRIX_CPUS, the numbers of CPUs; LARGEST,
    once; SHARE_CPUS, on which a test run has the self-test besides.  BACK_ENDS,
    of each by its name:
      words  what chooses it; those with a dash are run-qemu's
      kicks  whether it kicks in another way and flushes by kicks: the self-test
             sees that, and is run with it
      shows  what is printed by a storm on 4 CPUs when it was they
      ids    the features that such a storm shows
    """

    def __init__(self, folder, out):
        spec = importlib.util.spec_from_file_location(
            folder.name, folder / "qemu.py")
        self.machine = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.machine)
        self.name, self.out = folder.name, out
        self.kernel = out / f"kernel-{folder.name}.elf"

    def command(self, cpus, words, module=None):
        """Of words, those with a dash are run-qemu's."""
        options = [word for word in words if word.startswith("-")]
        mode = self.machine.modes_for(cpus)[0]
        return [sys.executable, ROOT / "tools" / "run-qemu",
                "--kernel", self.kernel, "--cpus", cpus,
                "--timeout", LIMIT_SECONDS, *options,
                *(["--module", module] if module else []), "--",
                f"mode={mode}", *[w for w in words if w not in options]]

    def selftest(self, cpus, name="any", words=()):
        return Selftest(self.name, cpus, f"{name}/selftest",
                        self.command(cpus, ["work=selftest", *words]))

    def storm(self, cpus, name, end):
        """By a back end, which can be seen to do it where there is much to do."""
        words = end["words"].split()
        ops = STORM_OPS_MULTI if "mode=multi" in words else \
            STORM_OPS.get(cpus, 100)
        shows = [PASSED, end["shows"]] if cpus == FULL_CPUS else [PASSED]
        return Cell(self.name, cpus, f"{name}/storm",
                    self.command(cpus, ["work=storm", f"ops={ops}", *words]),
                    shows, end["ids"])

    def largest(self):
        """All that there are: hardly more than that it comes up and works."""
        ops = STORM_OPS.get(self.machine.LARGEST, 100)
        words = ["work=storm", f"ops={ops}"]
        return Cell(self.name, self.machine.LARGEST, "any/storm",
                    self.command(self.machine.LARGEST, words), [PASSED],
                    "F-B22 F-B23 F-P12")

    def whole(self):
        """What a run does there when no word asks for less."""
        return Cell(self.name, self.machine.LARGEST, "any/all",
                    self.command(self.machine.LARGEST, []), [PASSED], "")

    def replay(self, cpus, name, words, trace):
        place = "recorded" if cpus < FULL_CPUS else "spread"
        words = ["work=replay", f"place={place}", "order=strict", *words]
        return Cell(self.name, cpus, f"{name}/replay-{trace.stem}",
                    self.command(cpus, words, trace), [PASSED], "F-P10")

    def plant(self, name):
        return Cell(self.name, FULL_CPUS, f"plant-{name}", [
            sys.executable, ROOT / "tools" / "plants", "--out", self.out,
            "--arch", self.name, name])

    def plants(self):
        """Those that QEMU shows here; what is broken here alone comes first."""
        found = []
        for path in sorted((ROOT / "tests" / "plants").glob("*.patch")):
            fields = dict(libpatch.header(path))
            archs = fields.get("Arch", "").split()
            if fields["World"] == "qemu" and (not archs or self.name in archs):
                found.append((archs != [self.name], path.stem))
        return [name for _, name in sorted(found)]

    def in_full(self, cpus, traces):
        for name, end in self.machine.BACK_ENDS.items():
            words = end["words"].split()
            if end["kicks"]:
                yield self.selftest(cpus, name, words)
            yield self.storm(cpus, name, end)
            for trace in traces if cpus > 1 else []:
                yield self.replay(cpus, name, words, trace)

    def cells(self, traces):
        for cpus in self.machine.MATRIX_CPUS:
            yield from self.in_full(cpus, traces)
        yield self.largest()
        yield self.whole()
        for name in self.plants():
            yield self.plant(name)

    def share(self, traces):
        yield from self.in_full(FULL_CPUS, traces[:1])
        for cpus in self.machine.SHARE_CPUS:
            yield self.selftest(cpus)
        yield self.largest()
        for name in self.plants()[:3]:
            yield self.plant(name)


def in_turn(plants):
    """Those of one architecture share a tree, where one waits for another."""
    archs = dict.fromkeys(cell.arch for cell in plants)
    columns = [[c for c in plants if c.arch == arch] for arch in archs]
    return [cell for row in itertools.zip_longest(*columns)
            for cell in row if cell]


def run_all(cells, jobs, ids):
    boots = [c for c in cells if not c.kind.startswith("plant-")]
    plants = [c for c in cells if c.kind.startswith("plant-")]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        done = pool.map(Cell.run, boots + in_turn(plants))
        for number, cell in enumerate(done, 1):
            cell.report(number, ids)


def table(arch, cells):
    """Lines: what each row took on each number of CPUs, and what failed."""
    columns = sorted({cell.cpus for cell in cells})
    rows = {}
    for cell in cells:
        rows.setdefault(cell.row(), {}).setdefault(cell.cpus, []).append(cell)
    yield f"{arch:24}" + "".join(f"{cpus:8}" for cpus in columns) + "  CPUs"
    for name, row in rows.items():
        yield f"  {name:22}" + "".join(
            f"{entry(row.get(cpus)):>8}" for cpus in columns)


def entry(cells):
    if not cells:
        return ""
    if any(cell.wrong for cell in cells):
        return "FAILED"
    return f"{sum(cell.seconds for cell in cells):.1f} s"


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build",
                        help="where the kernels and recordings are built")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--share", action="store_true",
                        help="what a test run has time for, and which features "
                        "it shows")
    parser.add_argument("--list", action="store_true", help="print the cells")
    parser.add_argument("only", nargs="*", metavar="CELL",
                        help="of these names, * and ? as in file names")
    return parser.parse_args(argv)


def choose(options):
    """The cells that were asked for."""
    traces = sorted((options.out / "traces").glob("*.bin"),
                    key=lambda path: path.stat().st_size)
    cells = []
    for path in sorted((ROOT / "kernel" / "arch").glob("*/qemu.py")):
        arch = Arch(path.parent, options.out)
        cells += arch.share(traces) if options.share else arch.cells(traces)
    return [cell for cell in cells if not options.only or
            any(fnmatch.fnmatch(cell.name, name) for name in options.only)]


def main(argv):
    options = parse(argv)
    cells = choose(options)
    if options.list or not cells:
        print("\n".join(c.name for c in cells) or "machines: no such cell")
        return 0 if cells else 2
    print(f"1..{len(cells)}", flush=True)
    begun = time.monotonic()
    run_all(cells, options.jobs, options.share)
    print()
    for arch in dict.fromkeys(cell.arch for cell in cells):
        print("\n".join(table(arch, [c for c in cells if c.arch == arch])))
    failed = sum(cell.wrong is not None for cell in cells)
    print(f"all of it: {time.monotonic() - begun:.0f} s")
    print(f"{len(cells) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
