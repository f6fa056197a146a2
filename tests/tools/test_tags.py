#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/tags lists each ordered access once, and only what is compiled.

With O/xcpu-explore as its argument it compares the real source with the compiled
library too.
"""
import pathlib
import sys

from harness import TOOLS, Tap, run, tree

RING = """/* SPDX-License-Identifier: BSD-2-Clause */
static void
push(void)
{
	/* [M1] release: slot before tail.  Pairs with [M1] in pop(). */
	xcpu_store_rel(&tail,
	    1);
	xcpu_store_rel(&tail, 2); /* [M1] as above */
}

static unsigned
pop(void)
{
	/* rlx: our own */
	xcpu_load_rlx(&head);
	/*
	 * [M1] acquire: tail before slot.  Pairs with [M1] in push().
	 * [M2] release: slot before head.  Pairs with [M2] in full().
	 */
	return xcpu_fetch_add_ar(&tail, 1);
}
"""
SITES = ["src/a.c:6 rel", "src/a.c:8 rel", "src/a.c:20 ar"]

LISTED = """id	place	tags	order	weaker
M1/a.c/push/rel	src/a.c:{0}	M1	rel	none
M1/a.c/push/rel2	src/a.c:{1}	M1	rel	none
M1/a.c/pop/ar	src/a.c:{2}	M1,M2	ar	acq,rel
"""


def listed(folder, source, sites=None):
    """Run it on a tree of one file, and a program that prints these sites."""
    pathlib.Path(folder, "src").mkdir(exist_ok=True)
    pathlib.Path(folder, "src/a.c").write_text(source)
    program = pathlib.Path(folder, "sites")
    program.write_text("#!/bin/sh\n[ $1 = sites ] || exit\n"
                       + "".join(f"echo {site}\n" for site in sites or []))
    program.chmod(0o755)
    return run("python3", TOOLS / "tags", "--root", folder,
               *(["--sites", program] if sites else []))


def one_file(tap, folder):
    status, output = listed(folder, RING)
    tap.test("tags: one row for each ordered access",
             status == 0 and output == LISTED.format(6, 8, 20), output)
    status, output = listed(folder, RING.replace("static", "\n\nstatic", 1))
    tap.test("tags: the ids stay when lines move",
             status == 0 and output == LISTED.format(8, 10, 22), output)
    status, output = listed(folder, RING, SITES + ["src/a.c:6 rel"])
    tap.test("tags: an inline function compiled twice is one access",
             status == 0 and output == LISTED.format(6, 8, 20), output)
    status, output = listed(folder, RING, ["src/a.c:7 rel"] + SITES[1:])
    tap.test("tags: the line of a longer call is the compiler's",
             status == 0 and output == LISTED.format(7, 8, 20), output)


def at_odds(tap, folder):
    cases = [
        ("an access that is not compiled", SITES[1:], "a.c:6: M1/a.c/push/rel: 0 s"),
        ("another order in the program", ["src/a.c:6 acq"] + SITES[1:], "0 sites"),
        ("two accesses on a line", ["src/a.c:6 rel", "src/a.c:7 rel"] + SITES[1:],
         "2 sites"),
        ("an ordered access that the source has not", SITES + ["src/a.c:30 acq"],
         "a.c:30: an ordered access of the program"),
    ]
    for what, sites, word in cases:
        status, output = listed(folder, RING, sites)
        tap.test(f"tags: {what} is an error", status == 1 and word in output, output)


def real(tap, program):
    status, output = run("python3", TOOLS / "tags", "--sites", program)
    tap.test("tags: source and compiled library agree, access for access",
             status == 0 and output.count("\n") > 40, output)
    ids = [line.split("\t")[0] for line in output.splitlines()]
    tap.test("tags: each has a tag, and an id of its own", len(set(ids)) == len(ids)
             and "untagged" not in output, output)


def main():
    tap = Tap()
    with tree({}) as folder:
        one_file(tap, folder)
        at_odds(tap, folder)
    for program in sys.argv[1:]:
        real(tap, program)
    tap.end()


if __name__ == "__main__":
    main()
