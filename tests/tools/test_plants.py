#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/plants believes only the report that a plant names.

The tree is a fake one: its "program" prints src/report, which patches change.
"""
import pathlib
import shutil

from harness import TOOLS, Tap, run, tree

MAKEFILE = """
kernel threads:
	@test ! -e src/broken
run run-threads:
	@echo world $@ seed=$(seed) CPUS=$(CPUS); \\
	    sed 's/^seed $(seed): //' src/report; \\
	    ! grep -q hangs src/report || sleep 100; ! grep -q REPORT src/report
"""

DIFF = """--- a/src/report
+++ b/src/report
@@ -1 +1 @@
-fine
+{line}
"""


def patch(line, report="stale read", world="threads", old="fine"):
    return (f"What: breaks it\nReport: {report}\nWorld: {world}\n"
            f"Run: seed=3 cpus=2\nIds: BUG-20\n\n"
            + DIFF.format(line=line).replace("-fine", "-" + old))


def fake(**patches):
    files = {f"tests/plants/{name}.patch": text for name, text in patches.items()}
    files |= {"Makefile": MAKEFILE, "src/report": "fine\n", "port/a": "",
              "include/a": ""}
    folder = tree(files)
    pathlib.Path(folder.name, "tools").mkdir()
    for name in ("plants", "libpatch.py", "libproc.py", "libtap.py"):
        shutil.copy(TOOLS / name, f"{folder.name}/tools/{name}")
    return folder


def plants(folder, *words):
    return run("python3", f"{folder}/tools/plants", "--out", f"{folder}/build", *words)


def judged(tap, what, text, caught, word):
    with fake(one=text) as folder:
        status, output = plants(folder, "test")
        line = "ok 1 - plant one: " if caught else "not ok 1 - plant one: "
        tap.test(f"plants: {what}",
                 any(l.startswith(line) for l in output.splitlines())
                 and status == (0 if caught else 1) and word in output, output)


def shared(tap):
    """Two trees build in one place: the second finds what is of the first."""
    with fake(one=patch("REPORT stale read: x")) as first, \
            fake(one=patch("REPORT stale read: x")) as second:
        makefile = pathlib.Path(second, "Makefile")
        makefile.write_text(MAKEFILE.replace("echo world", "echo second world"))
        pathlib.Path(first, "gone").write_text("")
        run("python3", f"{first}/tools/plants", "--out", f"{first}/build", "one")
        home = pathlib.Path(first, "build", "plants", "x86_64")
        built = home / "build" / "newer.o"
        built.parent.mkdir(exist_ok=True)
        built.write_text("")
        status, output = run("python3", f"{second}/tools/plants", "--out",
                             f"{first}/build", "one")
        tap.test("plants: the tree of another clone is not used", status == 0
                 and "second world" in output and not built.exists()
                 and not (home / "tree" / "gone").is_symlink(), output)
        built.parent.mkdir(exist_ok=True)
        built.write_text("")
        run("python3", f"{second}/tools/plants", "--out", f"{first}/build", "one")
        tap.test("plants: what was built of the same tree stays", built.exists())


def architectures(tap):
    """`--arch all` tries one plant wherever it breaks something."""
    caught = "REPORT stale read: x"
    with fake(some=patch(caught, world="qemu").replace("Run:", "Arch: b c\nRun:"),
              every=patch(caught, world="qemu"), one=patch(caught)) as folder:
        for arch in "abc":
            home = pathlib.Path(folder, "kernel", "arch", arch)
            home.mkdir(parents=True)
            (home / "qemu.py").write_text("")
        for name, archs in (("some", "bc"), ("every", "abc"), ("one", None)):
            status, output = plants(folder, "--arch", "all", name)
            lines = [f"plant {name}, {arch}: caught: {caught}" for arch in
                     archs or ["x86_64"]]
            tap.test(f"plants: {name} of all architectures", status == 0 and
                     [l for l in output.splitlines() if "caught" in l] == lines,
                     output)
        status, output = plants(folder, "--arch", "a", "some")
        tap.test("plants: where it breaks something, whatever is asked for",
                 status == 0 and "some, b: caught" in output, output)


def main():
    tap = Tap()
    stale = "REPORT stale read: cpu 2"
    judged(tap, "its own report", patch(stale), True, "# BUG-20")
    judged(tap, "the words of its run", patch(stale, world="qemu"), True,
           "#   " + stale)
    judged(tap, "its own report, and then no end",
           patch("REPORT stall: it hangs", "stall"), True, "it hangs")
    late = patch("seed 3: " + stale)
    judged(tap, "its own report, at a seed that it does not name",
           late.replace("seed=3 ", ""), True, "#   " + stale)
    judged(tap, "not at other seeds than the one that it names",
           late.replace("seed=3", "seed=1"), False, "no report at all")
    judged(tap, "another report", patch("REPORT stall: cpu 1"), False,
           "but stall")
    judged(tap, "no report", patch("all well"), False, "no report at all")
    judged(tap, "a report in the middle of a line", patch("a " + stale), False,
           "no report at all")
    judged(tap, "a patch that does not apply", patch(stale, old="other"), False,
           "no longer applies")
    judged(tap, "an unknown report", patch(stale, report="panic"), False,
           "`Report:` is one of")
    judged(tap, "an unknown world", patch(stale, world="xen"), False,
           "`World:` is one of")
    judged(tap, "no run", patch(stale).replace("Run:", "Walk:"), False, "no `Run:`")

    with fake(one=patch(stale), two=patch("REPORT stall: x", "stall")) as folder:
        status, output = plants(folder, "help")
        tap.test("plants: help is a line per plant, nothing else",
                 output == "one  breaks it\ntwo  breaks it\n", output)
        status, output = plants(folder, "one")
        tap.test("plants: one by name", status == 0
                 and "world run-threads seed=3 CPUS=2" in output
                 and output.endswith(f"plant one, x86_64: caught: {stale}\n"),
                 output)
        status, output = plants(folder, "none")
        tap.test("plants: an unknown name", status == 2
                 and "there are:\none  breaks it" in output, output)
        status, output = plants(folder, "test")
        tap.test("plants: one after the other, each alone, then none", status == 0
                 and "ok 3 - without a plant: threads seed=3 cpus=2" in output
                 and output.endswith("1..3\n"), output)
        real = pathlib.Path(folder, "src/report")
        tap.test("plants: the real tree stays as it was",
                 real.read_text() == "fine\n")
        real.write_text("REPORT order: always\n")
        pathlib.Path(folder, "tests/plants/one.patch").unlink()
        pathlib.Path(folder, "tests/plants/two.patch").write_text(
            patch("REPORT stall: x", "stall", old="REPORT order: always"))
        status, output = plants(folder, "test")
        tap.test("plants: a run that reports without a plant fails", status == 1
                 and "not ok 2 - without a plant" in output, output)
    shared(tap)
    architectures(tap)
    tap.end()


if __name__ == "__main__":
    main()
