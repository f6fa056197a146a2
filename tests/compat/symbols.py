#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the interfaces of other systems ask of a kernel: xcpu, and no more.

Arguments: the objects, in folders compat-ARCH-NAME.  Prints TAP.
"""
import collections
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import libsyms  # noqa: E402
import libtap  # noqa: E402

ALLOWED = re.compile(r"xcpu_\w+|mem(cpy|move|set|cmp)")
IDS = {"netbsd": "F-N12", "dragonfly": "F-D20", "xnu": "F-X14",
       "theseus": "F-T7 F-T8"}


def main():
    worlds = collections.defaultdict(list)
    for path in map(pathlib.Path, sys.argv[1:]):
        world = next(p for p in path.parts if p.startswith("compat-"))
        worlds[world].append(path)
    tap = libtap.Writer()
    for world, objects in sorted(worlds.items()):
        _, arch, name = world.split("-", 2)
        foreign = {symbol for symbol in libsyms.Symbols(objects).undefined
                   if not ALLOWED.fullmatch(symbol)}
        tap.test(f"{name} in a kernel for {arch} wants xcpu alone", not foreign,
                 f"also: {' '.join(sorted(foreign))}",
                 IDS[name])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
