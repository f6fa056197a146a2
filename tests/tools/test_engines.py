#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The engines run the library itself, not a model of it.

Arguments: libxcpu.a, then the engines' programs.  Each program has every global
function of the library, no other one of such a name, and each of them compiled
from a file of src/, as the debug information says.
"""
import pathlib
import re
import subprocess
import sys

from harness import Tap, run, tree

OURS = re.compile(r"xcpui?_(?!port_)")
LINE = re.compile(r"^\S* *[A-Z] (\w+)(?:\t(.*):\d+)?$", re.MULTILINE)


def functions(path):
    """{global symbol of the library: the source file that it is from}"""
    listing = subprocess.run(
        ["nm", "--defined-only", "--extern-only", "--line-numbers", path],
        check=True, text=True, stdout=subprocess.PIPE).stdout
    return {name: pathlib.PurePath(file or "-").parts[-2:]
            for name, file in LINE.findall(listing) if OURS.match(name)}


def differences(library, program):
    """What a program has instead of the library's functions, line by line."""
    wanted, found = functions(library), functions(program)
    lines = [f"{name} is missing" for name in wanted if name not in found]
    lines += [f"{name} is not of the library" for name in found if name not in wanted]
    lines += [f"{name} is from {'/'.join(file)}" for name, file in found.items()
              if file[0] != "src"]
    return sorted(lines)


FAKE = {
    "src/a.c": "void xcpu_a(void) {}\nvoid xcpui_b(void) {}\n",
    "src/c.c": "void xcpu_c(void) {}\n",
    "sim/model.c": "void xcpu_c(void) {}\n",
    "sim/more.c": "void xcpu_more(void) {}\n",
    "sim/main.c": "void xcpu_port_panic(void) {}\nint main(void) { return 0; }\n",
}


def fake(tap, what, files, lines):
    """A program of these files beside main.c, against a library of a.c and c.c."""
    with tree(FAKE) as folder:
        for output, sources in (("lib.o", ["-r", "-nostdlib", "src/a.c", "src/c.c"]),
                                ("prog", ["sim/main.c", *files])):
            run("gcc", "-g", "-o", output, *sources, cwd=folder)
        found = differences(f"{folder}/lib.o", f"{folder}/prog")
        tap.test(f"engines: {what}", found == lines, found)


def main():
    tap = Tap()
    fake(tap, "the library, and hooks", ["src/a.c", "src/c.c"], [])
    fake(tap, "a function that is missing", ["src/a.c"], ["xcpu_c is missing"])
    fake(tap, "a function that is replaced", ["src/a.c", "sim/model.c"],
         ["xcpu_c is from sim/model.c"])
    fake(tap, "a function that is not of the library",
         ["src/a.c", "src/c.c", "sim/more.c"],
         ["xcpu_more is from sim/more.c", "xcpu_more is not of the library"])
    for program in sys.argv[2:]:
        name = pathlib.Path(program).name
        wrong = differences(sys.argv[1], program)
        if len(functions(program)) < 40:
            wrong.append("hardly any function: is nm's format another one?")
        tap.test(f"{name} has the library's functions, from src/", not wrong,
                 "\n".join(wrong), "F-P4" if "explore" in name else "F-P5")
    tap.end()


if __name__ == "__main__":
    main()
