#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/guide does what the guide says, and believes only a whole self-test.

The tree is a fake one: "booting" its mini-kernel prints its main.c.
"""
import pathlib
import shutil

from harness import TOOLS, Tap, run, tree

GUIDE = """# Guide
Lines that name nothing:

```c
none
```

## Level 0
```c file=new.c
first
```

```diff file=main.c
 ok 1 - one
+ok 2 - two
@@
-minnow: counted 0
+minnow: counted 4
```

## Level 3
```c file=new.c selftest
second
```
"""
MAIN = "1..2\nok 1 - one\nminnow: counted 0\n"
MAKEFILE = "run:\n\t@cat main.c; ! grep -q fails main.c\n"
README = ("a\n<!-- port: written by `make guide` -->\nold\n"
          "<!-- end of port -->\nz\n")


def fake(guide=GUIDE, main=MAIN):
    folder = tree({"doc/guide/port-in-an-hour.md": guide, "README.md": README,
                   "examples/minnow/main.c": main,
                   "examples/minnow/Makefile": MAKEFILE})
    pathlib.Path(folder.name, "tools").mkdir()
    for name in ("guide", "libtap.py"):
        shutil.copy(TOOLS / name, f"{folder.name}/tools/{name}")
    return folder


def guide(folder, *words):
    return run("python3", f"{folder}/tools/guide", *words)


def applies(tap):
    with fake() as folder:
        status, output = guide(folder, "apply", f"{folder}/copy", "3")
        new = pathlib.Path(folder, "copy/new.c").read_text()
        main = pathlib.Path(folder, "copy/main.c").read_text()
        tap.test("guide: applies all blocks up to a level", status == 0 and
                 new == "first\nsecond\n" and "ok 2 - two" in main and
                 "counted 4" in main, output + new + main)
        status, output = guide(folder, "apply", f"{folder}/copy")
        tap.test("guide: overwrites nothing", status == 2, output)
        guide(folder, "apply", f"{folder}/low", "2")
        new = pathlib.Path(folder, "low/new.c").read_text()
        tap.test("guide: nothing of higher levels", new == "first\n", new)


def refuses(tap, what, main, times):
    with fake(main=main) as folder:
        status, output = guide(folder, "apply", f"{folder}/copy")
        tap.test(f"guide: {what}", status == 1 and f"{times} times" in output,
                 output)


def counts(tap):
    with fake() as folder:
        status, output = guide(folder, "write")
        readme = pathlib.Path(folder, "README.md").read_text()
        tap.test("guide: counts added lines, those of the self-test apart",
                 status == 0 and "**3 lines**" in readme and
                 "takes 1 more" in readme and "old" not in readme and
                 readme.startswith("a\n") and readme.endswith("z\n"), readme)


def checks(tap, what, good, text=GUIDE, main=MAIN):
    with fake(text, main) as folder:
        guide(folder, "write")
        status, output = guide(folder, "--out", f"{folder}/build", "check")
        tap.test(f"guide: check: {what}", (status == 0) == good, output)


def main():
    tap = Tap()
    applies(tap)
    refuses(tap, "a line that is not there", "1..2\n", 0)
    refuses(tap, "a line that is there twice", MAIN + "ok 1 - one\n", 2)
    refuses(tap, "a piece of a longer line", "xok 1 - one\n", 0)
    counts(tap)
    checks(tap, "a self-test that passes", True)
    checks(tap, "a test that fails", False, GUIDE.replace("+ok 2", "+not ok 2"))
    checks(tap, "a plan that is not met", False, main=MAIN.replace("1..2", "1..3"))
    checks(tap, "work that is not done", False,
           GUIDE.replace("+minnow: counted 4", "+minnow: counted 0"))
    checks(tap, "a port that is too long", False,
           GUIDE.replace("first\n", "first\n" * 70))
    checks(tap, "a line that is too wide", False,
           GUIDE.replace("first\n", "first" * 30 + "\n"))
    tap.end()


if __name__ == "__main__":
    main()
