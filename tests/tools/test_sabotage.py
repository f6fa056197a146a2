#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/sabotage believes a self-test that names the sabotaged hook, and it alone.

The tree is a fake one: its "program" prints src/report, which patches change.
"""
import pathlib
import shutil

from harness import TOOLS, Tap, run, tree

MAKEFILE = """
sabotaged:
	@mkdir -p $(O)
	@sed "s|FLAGS|$(SABOTAGE)|; s|REPORT|$(CURDIR)/src/report|" \\
	    src/program >$(O)/xcpu-sabotage
	@chmod +x $(O)/xcpu-sabotage
"""
PROGRAM = """#!/bin/sh
echo flags "FLAGS"
cat REPORT
! grep -q "^not" REPORT
"""

DIFF = """--- a/src/report
+++ b/src/report
@@ -1 +1,3 @@
-ok 1 - all
+not ok 1 - all
+# {line}
+Bail out!
"""

KICK = "xcpu_port_kick is wrong; the contract: all of it"


def patch(line, hook="xcpu_port_kick", more=""):
    return f"What: a mistake\nHook: {hook}\nPort: linux\n{more}\n" + \
        DIFF.format(line=line)


def fake(text, machine="", hooks="xcpu_port_kick xcpu_port_panic"):
    folder = tree({"tests/sabotage/one.patch": text, "Makefile": MAKEFILE,
                   "tests/sabotage/machines/odd.patch": machine,
                   "src/report": "ok 1 - all\n",
                   "src/program": PROGRAM, "port/a": "", "include/xcpu/port.h": hooks,
                   "work/a": ""})
    pathlib.Path(folder.name, "tools").mkdir()
    for name in ("sabotage", "libpatch.py", "libproc.py", "libtap.py"):
        shutil.copy(TOOLS / name, f"{folder.name}/tools/{name}")
    return folder


def sabotage(folder):
    return run("python3", f"{folder}/tools/sabotage", "--out", f"{folder}/build",
               "test")


def judged(tap, what, text, right, word):
    with fake(text) as folder:
        status, output = sabotage(folder)
        line = ("" if right else "not ") + "ok 1 - sabotage one: "
        tap.test(f"sabotage: {what}",
                 any(l.startswith(line) for l in output.splitlines())
                 and status == (0 if right else 1) and word in output, output)


def fails_alone(tap):
    """A port that fails without any mistake: the named hook proves nothing."""
    machine = DIFF.format(line="broken").replace("Bail out!", "")
    text = patch(KICK, more="Machine: odd\n").replace(
        "@@ -1 +1,3 @@\n-ok 1 - all\n+not ok 1 - all\n",
        "@@ -1,3 +1,3 @@\n not ok 1 - all\n-# broken\n-\n")
    with fake(text, machine) as folder:
        status, output = sabotage(folder)
        tap.test("sabotage: a machine that fails by itself", status == 1 and
                 "not ok 2 - without sabotage: linux odd" in output and
                 "\nok 1 - sabotage one" in "\n" + output, output)


def untried(tap):
    """A hook that no sabotage is of."""
    for hooks, right in (("xcpu_port_kick", True),
                         ("xcpu_port_kick xcpu_port_near", False)):
        with fake(patch(KICK), hooks=hooks) as folder:
            status, output = sabotage(folder)
            tap.test(f"sabotage: of {hooks}", (status == 0) == right and
                     ("not ok 3" in output) != right, output)


def main():
    tap = Tap()
    judged(tap, "the hook that is wrong", patch(KICK), True, "#   " + KICK)
    judged(tap, "another hook", patch(KICK, "xcpu_port_relax"), False,
           "named: xcpu_port_kick, not xcpu_port_relax")
    judged(tap, "a hook that is fine besides",
           patch(KICK + "; see xcpu_port_relax"), False, "xcpu_port_relax")
    judged(tap, "a hint", patch("this leans on xcpu_port_kick"), False,
           "is hinted at only")
    judged(tap, "none", patch("all is lost"), False, "named: none")
    judged(tap, "a description without its hook", patch(KICK, "kick"), False,
           "`Hook:` names no hook")
    judged(tap, "flags reach the compiler", patch(KICK, more="Flags: -DX=1\n"),
           True, "without sabotage: linux -DX=1")
    fails_alone(tap)
    untried(tap)
    tap.end()


if __name__ == "__main__":
    main()
