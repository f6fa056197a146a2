#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""kernel/machines.py believes a cell only for what its console shows.

The tree is a fake one: an architecture of its own, whose "machine" prints what
a file says, by the work that it is asked for.
"""
import pathlib
import shutil

from harness import ROOT, TOOLS, Tap, run, tree

QEMU_PY = """
MATRIX_CPUS, LARGEST, SHARE_CPUS = [1, 2, 4, 64], 99, [1, 66]
BACK_ENDS = {
    "one": {"kicks": True, "words": "", "ids": "F-B3", "shows": "by one"},
    "two": {"kicks": False, "words": "--way=2 tlb=two mode=multi", "ids": "F-B11",
            "shows": "by two"},
}

def modes_for(cpus):
    return ["single", "multi"]
"""
# What it was asked for is in `log`; what it answers, in the file of that work.
RUN_QEMU = """#!/usr/bin/env python3
import pathlib, sys
home = pathlib.Path(__file__).parent
with open(home / "log", "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
work = next(w[5:] for w in sys.argv if w.startswith("work="))
text = (home / work).read_text()
print(text)
sys.exit("panic" in text)
"""
PLANTS = """#!/usr/bin/env python3
import sys
print(sys.argv)
sys.exit("missed" in sys.argv)
"""
PATCH = "What: x\nReport: stall\nWorld: {}\nRun: a=b\n{}\n--- a\n"
GOOD = {"selftest": "1..1\nok 1 - event # F-N3 INV-E1", "replay": "",
        "storm": "by one by two\nstale reads 0: PASS"}
GOOD["replay"] = GOOD["storm"]


def fake(**answers):
    files = {f"tools/{work}": text for work, text in {**GOOD, **answers}.items()}
    files |= {"kernel/arch/odd/qemu.py": QEMU_PY, "tools/run-qemu": RUN_QEMU,
              "tools/plants": PLANTS, "build/traces/t.bin": "x",
              "build/traces/longer.bin": "xx",
              "tests/plants/everywhere.patch": PATCH.format("qemu", ""),
              "tests/plants/own.patch": PATCH.format("qemu", "Arch: odd\n"),
              "tests/plants/foreign.patch": PATCH.format("qemu", "Arch: x\n"),
              "tests/plants/threads.patch": PATCH.format("threads", "")}
    folder = tree(files)
    shutil.copy(ROOT / "kernel/machines.py", f"{folder.name}/kernel/machines.py")
    for name in ("libpatch.py", "libproc.py", "libtap.py"):
        shutil.copy(TOOLS / name, f"{folder.name}/tools/{name}")
    return folder


def machines(folder, *words):
    return run("python3", f"{folder}/kernel/machines.py", *words)


def one(tap, what, cell, works, **answers):
    with fake(**answers) as folder:
        status, output = machines(folder, "--share", cell)
        last = "1 passed, 0 failed" if works else "0 passed, 1 failed"
        tap.test(f"machines: {what}", status == (0 if works else 1) and
                 output.splitlines()[-1] == last and
                 ("FAILED" in output) != works, output)
        return output, pathlib.Path(folder, "tools/log").read_text()


def verdicts(tap):
    output, log = one(tap, "a storm that passes", "odd/4/one/storm", True)
    tap.test("machines: its ids are the back end's", "# F-B3\n" in output, output)
    tap.test("machines: the first mode of the machine", "mode=single work=storm"
             in log, log)
    _, log = one(tap, "a back end with words", "odd/4/two/storm", True)
    tap.test("machines: words with a dash are run-qemu's", "--way=2 -- " in log
             and log.endswith("ops=200 tlb=two mode=multi\n"), log)
    output, _ = one(tap, "a self-test", "odd/1/any/selftest", True)
    tap.test("machines: its ids are the self-test's", "# F-N3 INV-E1" in output,
             output)
    one(tap, "a panic", "odd/4/one/storm", False,
        storm=GOOD["storm"] + "\npanic")
    one(tap, "no verdict", "odd/4/one/storm", False, storm="by one")
    one(tap, "another back end", "odd/4/two/storm", False,
        storm="by one\nstale reads 0: PASS")
    one(tap, "a self-test that ends early", "odd/1/any/selftest", False,
        selftest="1..2\nok 1 - event")
    one(tap, "a replay without its verdict", "odd/4/one/replay-t", False,
        replay="replay: ok")


def lists(tap):
    with fake() as folder:
        _, output = machines(folder, "--list")
        cells = output.split()
        tap.test("machines: each number of CPUs, back end and recording",
                 len(cells) == 28 and "odd/64/one/replay-longer" in cells and
                 "odd/64/two/storm" in cells, output)
        tap.test("machines: the largest, in brief and in full",
                 [c for c in cells if c.startswith("odd/99/")] ==
                 ["odd/99/any/storm", "odd/99/any/all"], output)
        tap.test("machines: the plants of this architecture, its own first",
                 cells[-2:] == ["odd/4/plant-own", "odd/4/plant-everywhere"],
                 output)
        _, output = machines(folder, "--list", "--share")
        tap.test("machines: the share of a test run", output.split() == [
            "odd/4/one/selftest", "odd/4/one/storm", "odd/4/one/replay-t",
            "odd/4/two/storm", "odd/4/two/replay-t",
            "odd/1/any/selftest", "odd/66/any/selftest", "odd/99/any/storm",
            "odd/4/plant-own", "odd/4/plant-everywhere"], output)
        status, output = machines(folder, "even/*")
        tap.test("machines: no such cell", status == 2, output)
        status, output = machines(folder, "--share")
        lines = output.splitlines()
        tap.test("machines: all of them, and a table", status == 0 and
                 lines[0] == "1..10" and lines[-1] == "10 passed, 0 failed" and
                 any(l.split() == ["odd", "1", "4", "66", "99", "CPUs"]
                     for l in lines) and
                 sum(l.startswith("  one/replays ") for l in lines) == 1, output)


def main():
    tap = Tap()
    verdicts(tap)
    lists(tap)
    tap.end()


if __name__ == "__main__":
    main()
