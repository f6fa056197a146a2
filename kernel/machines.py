#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the kernel on each architecture, number of CPUs and back end.

A cell is one boot: the self-test, the storm, a replay of a recording, or a
planted defect that must be caught.  --share runs of it what a test run has time
for: 4 CPUs in full, 1 and 8 with the self-test, the largest machine once, one
replay, three plants.  Which CPUs and back ends an architecture has stands in
its kernel/arch/ARCH/qemu.py, which plants in tests/plants/.
"""
import argparse
import concurrent.futures
import fnmatch
import importlib.util
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

import libpatch         # noqa: E402 (found only after the lines above)

SHOW_LINES = 30		# of a failing cell's output
FULL_CPUS = 4
STORM_OPS = {1: 1000, 2: 1000, 4: 1000, 8: 500}		# 100 with more
PASSED = r"stale reads 0: PASS"


class Cell:
    """One boot, or one planted defect."""

    def __init__(self, arch, cpus, name, command, pattern=None):
        self.name = f"{arch}/{cpus}/{name}"
        self.command = [str(word) for word in command]
        self.pattern = pattern

    def run(self):
        """(what is wrong, or None; output; seconds)"""
        begun = time.monotonic()
        done = subprocess.run(self.command, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, errors="replace",
                              stdin=subprocess.DEVNULL, check=False)
        wrong = None
        if done.returncode != 0:
            wrong = f"exit status {done.returncode}"
        elif self.pattern and not re.search(self.pattern, done.stdout):
            wrong = f"nothing like {self.pattern!r}"
        return wrong, done.stdout, time.monotonic() - begun


class Arch:
    """One folder of kernel/arch/, and the kernel that was built for it."""

    def __init__(self, folder, out):
        spec = importlib.util.spec_from_file_location(
            folder.name, folder / "qemu.py")
        self.machine = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.machine)
        self.name, self.out = folder.name, out
        self.kernel = out / f"kernel-{folder.name}.elf"

    def boot(self, cpus, name, words, pattern=None, module=None):
        mode = self.machine.modes_for(cpus)[0]
        return Cell(self.name, cpus, name, [
            sys.executable, ROOT / "tools" / "run-qemu",
            "--kernel", self.kernel, "--cpus", cpus,
            *(["--module", module] if module else []),
            "--", f"mode={mode}", *words], pattern)

    def selftest(self, cpus, end, words):
        return self.boot(cpus, f"{end}/selftest", ["work=selftest", *words])

    def storm(self, cpus, end, words):
        ops = STORM_OPS.get(cpus, 100)
        return self.boot(cpus, f"{end}/storm",
                         ["work=storm", f"ops={ops}", *words], PASSED)

    def replay(self, cpus, end, words, trace):
        place = "recorded" if cpus < FULL_CPUS else "spread"
        return self.boot(cpus, f"{end}/replay-{trace.stem}",
                         ["work=replay", f"place={place}", "order=strict",
                          *words], PASSED, trace)

    def largest(self):
        return self.storm(self.machine.LARGEST, "any", [])

    def plant(self, name):
        return Cell(self.name, FULL_CPUS, "plant-" + name, [
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
        for end, (words, most) in self.machine.BACK_ENDS.items():
            if cpus > most:
                continue
            yield self.selftest(cpus, end, words)
            yield self.storm(cpus, end, words)
            for trace in traces if cpus > 1 else []:
                yield self.replay(cpus, end, words, trace)

    def cells(self, traces):
        for cpus in self.machine.MATRIX_CPUS:
            yield from self.in_full(cpus, traces)
        yield self.largest()
        for name in self.plants():
            yield self.plant(name)

    def share(self, traces):
        yield from self.in_full(FULL_CPUS, traces[:1])
        for cpus in (1, 8):
            yield self.selftest(cpus, "any", [])
        yield self.largest()
        for name in self.plants()[:3]:
            yield self.plant(name)


def report(number, cell, wrong, output, seconds):
    print(f"{'not ok' if wrong else 'ok'} {number} - machine_{cell.name}"
          f" ({seconds:.1f} s)", flush=True)
    if wrong:
        print(f"# {wrong}: " + " ".join(cell.command))
        for line in output.splitlines()[-SHOW_LINES:]:
            print("#   " + line)


def run_all(cells, jobs):
    """How many failed; plants share a tree, so they go one by one, at the end."""
    boots = [c for c in cells if "/plant-" not in c.name]
    plants = [c for c in cells if "/plant-" in c.name]
    failed = number = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for part in (pool.map(Cell.run, boots), map(Cell.run, plants)):
            for result in part:
                cell = (boots + plants)[number]
                number += 1
                failed += result[0] is not None
                report(number, cell, *result)
    return failed


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build",
                        help="where the kernels and recordings are built")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--share", action="store_true",
                        help="what a test run has time for")
    parser.add_argument("--list", action="store_true", help="print the cells")
    parser.add_argument("only", nargs="*", metavar="CELL",
                        help="of these names, * and ? as in file names")
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    traces = sorted((options.out / "traces").glob("*.bin"),
                    key=lambda path: path.stat().st_size)
    cells = []
    for path in sorted((ROOT / "kernel" / "arch").glob("*/qemu.py")):
        arch = Arch(path.parent, options.out)
        cells += arch.share(traces) if options.share else arch.cells(traces)
    if options.only:
        cells = [c for c in cells if any(fnmatch.fnmatch(c.name, pattern)
                                         for pattern in options.only)]
    if options.list or not cells:
        print("\n".join(c.name for c in cells) or "machines: no such cell")
        return 0 if cells else 2
    print(f"1..{len(cells)}", flush=True)
    begun = time.monotonic()
    failed = run_all(cells, options.jobs)
    print(f"# {time.monotonic() - begun:.0f} s")
    print(f"{len(cells) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
