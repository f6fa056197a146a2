#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/mutants believes an engine's exit status, and remembers what killed.

The tree is a fake one: its engine is a shell script with two programs, `a-slow`
and `quick`, and finds what its table says.
"""
import pathlib
import shutil

from harness import TOOLS, Tap, run, tree

COPIED = ["mutants", "libmutant.py", "libpatch.py", "libproc.py", "libtap.py",
          "accesses.py"]

RING = """/* SPDX-License-Identifier: BSD-2-Clause */
static void
push(void)
{
	/* [M1] release: slot before tail.  Pairs with [M1] in pop(). */
	xcpu_store_rel(&tail, 1);
	/* [M2] fence: why.  Pairs with [M2] in pop(). */
	xcpu_fence_sc();
}

static unsigned
pop(void)
{
	/* [M1] acquire: tail before slot.  Pairs with [M1] in push(). */
	return xcpu_fetch_add_ar(&tail, 1);
}
"""
READER = """
static unsigned
read_{}(void)
{{
	/* [M1] acquire: again.  Pairs with [M1] in push(). */
	return xcpu_load_acq(&tail);
}}
"""
SITES = ["6 rel", "8 fence", "15 ar"]
REL, SC_AR, SC, ACQ, AR_REL = (
    "M1/a.c/push/rel:none", "M2/a.c/push/sc:ar", "M2/a.c/push/sc:none",
    "M1/a.c/pop/ar:acq", "M1/a.c/pop/ar:rel")

# Each line of `table` is PROGRAM, PLACE:HOW or - for no mutant, and exit status.
ENGINE = """#!/bin/sh
broken=no
home=${0%/mutants/*}; home=${home%/xcpu-explore}
[ "$1" = sites ] && exec cat "$home/sites"
[ "$1" = list ] && { echo "a-slow  all day"; echo "quick  at once"; exit; }
echo "$2 $4" >>"$home/log"
[ "$2" = a-slow ] && [ -e "$home/delay" ] && sleep 2
[ "$2 $broken" = "quick yes" ] && exit 1
while read -r program place status; do
	[ "$2 ${4:--}" = "$program $place" ] && exit "$status"
done <"$home/table"
exit 0
"""
KILLS = ["quick src/a.c:6:none 1", "a-slow src/a.c:8:none 1",
         "quick src/a.c:8:ar 1", "quick src/a.c:15:acq 1", "a-slow src/a.c:15:rel 1"]
MAKEFILE = """
$(O)/xcpu-explore: src/engine
	mkdir -p $(O); cp src/engine $@; chmod +x $@
$(O)/xcpu-explore8:
	mkdir -p $(O); echo '#!/bin/sh' >$@; chmod +x $@
"""
PATCH = """What: breaks it
Killed-by: explore {run}
Ids: INV-E1

--- a/src/engine
+++ b/src/engine
@@ -2 +2 @@
-broken=no
+broken={to}
"""


def lines(words):
    return "".join(word + "\n" for word in words)


class Fake:
    """A tree with an engine that kills by this table, and these patches."""

    def __init__(self, kills=KILLS, excuses=(), killers=(), **patches):
        self.folder = tree(
            {f"tests/mutants/{name}.patch": text for name, text in patches.items()}
            | {"Makefile": MAKEFILE, "src/a.c": RING, "src/engine": ENGINE,
               "port/a": "", "include/xcpu/a": "",
               "out/table": lines(kills),
               "out/sites": lines("src/a.c:" + site for site in SITES),
               "out/xcpu-explore": ENGINE, "out/xcpu-explore8": "#!/bin/sh\n",
               "tests/mutants/excuses.tsv": lines(excuses),
               "tests/mutants/killers.tsv": lines(killers)})
        self.home = pathlib.Path(self.folder.name)
        for name in COPIED:
            (self.home / "tools").mkdir(exist_ok=True)
            shutil.copy(TOOLS / name, self.home / "tools" / name)
        shutil.copytree(TOOLS / "tidy", self.home / "tools/tidy")
        for program in ("out/xcpu-explore", "out/xcpu-explore8"):
            (self.home / program).chmod(0o755)

    def without_site(self, site):
        sites = self.home / "out/sites"
        sites.write_text(sites.read_text().replace(f"src/a.c:{site}\n", ""))
        return self

    def with_readers(self, count):
        """So many more acquires, all of which `quick` finds."""
        source, places = RING, []
        for number in range(count):
            source += READER.format(number)
            places.append("src/a.c:" + str(source.count("\n") - 1))
        (self.home / "src/a.c").write_text(source)
        with (self.home / "out/sites").open("a") as more:
            more.write(lines(f"{place} acq" for place in places))
        with (self.home / "out/table").open("a") as more:
            more.write(lines(f"quick {place}:none 1" for place in places))
        return self

    def mutants(self, *words):
        (self.home / "out/log").unlink(missing_ok=True)
        return run("python3", self.home / "tools/mutants", "--out",
                   self.home / "out", *words)

    def log(self):
        return (self.home / "out/log").read_text().splitlines()

    def killers(self):
        lines = (self.home / "tests/mutants/killers.tsv").read_text().splitlines()
        return [line.split("\t") for line in lines if not line.startswith("#")]


def complete(tap):
    fake = Fake(one=PATCH.format(run="quick", to="yes"))
    (fake.home / "out/delay").touch()	# longer than the first stage
    status, output = fake.mutants()
    tap.test("mutants: all killed", status == 0
             and output.endswith("6 killed, 0 survived\n6 passed, 0 failed\n"), output)
    tap.test("mutants: says what killed each, and how fast",
             f"killed    {REL}  by explore quick, 0." in output
             and f"killed    {SC}  by explore a-slow, " in output
             and "killed    one  by explore quick, 0." in output, output)
    tried = [run for run in fake.log() if run.endswith("8:none")]
    tap.test("mutants: what takes long waits until the others were tried",
             [run.split()[0] for run in tried] == ["a-slow", "quick", "a-slow"],
             fake.log())
    tap.test("mutants: remembers the killers", {row[0]: row[2] for row in
             fake.killers()} == {REL: "explore quick", SC: "explore a-slow",
             SC_AR: "explore quick", ACQ: "explore quick",
             AR_REL: "explore a-slow", "one": "explore quick"},
             fake.killers())
    kept = (fake.home / "out/mutants/result.txt").read_text()
    tap.test("mutants: keeps the result and its commit", kept.startswith("commit ")
             and kept.endswith("6 killed, 0 survived\n6 passed, 0 failed\n"), kept)
    (fake.home / "out/delay").unlink()
    status, output = fake.mutants()
    tap.test("mutants: tries what killed last time first", status == 0
             and "quick src/a.c:8:none" not in fake.log(), fake.log())
    status, output = fake.mutants("M1/*:acq", "one")
    tap.test("mutants: some, by name", status == 0 and len(fake.killers()) == 6
             and output.endswith("2 killed, 0 survived\n2 passed, 0 failed\n"), output)
    real = (fake.home / "src/engine").read_text()
    tap.test("mutants: the real tree stays as it was", real == ENGINE, real)
    status, output = fake.mutants("--list", "M2/*", "one")
    tap.test("mutants: lists them", status == 0 and output ==
             f"{SC_AR}  explore quick  src/a.c:8 [M2]\n{SC}  explore a-slow  "
             "src/a.c:8 [M2]\none  explore quick  breaks it\n",
             output)


def bad(tap, what, fake, word, last="1 failed"):
    status, output = fake.mutants()
    tap.test(f"mutants: {what}", status == 1 and word in output
             and last in output.splitlines()[-1], output)


def refused(tap, what, fake, word):
    status, output = fake.mutants()
    tap.test(f"mutants: {what}", status == 2 and word in output, output)


def failing(tap):
    bad(tap, "a survivor", Fake(KILLS[1:]),
        f"SURVIVED  {REL}  src/a.c:6 [M1]: 2 runs found nothing")
    bad(tap, "a logic mutant that survives",
        Fake(one=PATCH.format(run="a-slow", to="oddly")), "SURVIVED  one  breaks it")
    status, output = Fake(one=PATCH.format(run="a-slow", to="yes")).mutants("one")
    tap.test("mutants: a logic mutant that another run finds", status == 0
             and "killed    one  by explore quick" in output, output)
    bad(tap, "an engine that fails is not one that finds",
        Fake(["quick src/a.c:6:none 139"] + KILLS[1:]), "exit status 139")
    bad(tap, "a patch that does not apply",
        Fake(one=PATCH.format(run="quick", to="yes").replace("=no", "=perhaps")),
        "BROKEN    one  the patch no longer applies")
    bad(tap, "a program that fails without a mutant kills nothing",
        Fake(KILLS + ["quick - 1"]), f"SURVIVED  {REL}", "4 failed")
    refused(tap, "a patch without its killer",
            Fake(one="What: x\n\n--- a/src/engine\n"), "no `Killed-by:`")
    refused(tap, "a patch with an unknown engine",
            Fake(one=PATCH.format(run="x", to="y").replace("explore", "guess")),
            "begins with one of explore, explore8, sim")
    refused(tap, "an access that is not compiled",
            Fake().without_site("6 rel"), "a.c:6: M1/a.c/push/rel: 0 sites")


def excuses(tap):
    text = "the manual says so"
    fake = Fake(KILLS[1:], excuses=["# why", f"{REL}\t{text}"]).with_readers(20)
    status, output = fake.mutants()
    tap.test("mutants: an excuse, with its text", status == 0
             and f"excused: {REL}: {text}\n24 killed, 0 survived\n" in output, output)
    bad(tap, "an excuse for what is killed is void",
        Fake(excuses=[f"{REL}\t{text}"]).with_readers(20), "its excuse is void")
    refused(tap, "an excuse for more than 5 % of the accesses",
            Fake(excuses=[f"{REL}\t{text}"]), "1 of 3 tagged accesses, more than 5%")
    refused(tap, "an excuse without a text",
            Fake(excuses=[f"{REL}\tno"]).with_readers(20), "quote the hardware's text")
    refused(tap, "an excuse for what is not there",
            Fake(excuses=[f"M9/a.c/f/rel:none\t{text}"]), "no such barrier: M9/")


def stopped(tap):
    """What a run has found is there for the next, however it ended."""
    known = [f"{SC}\t1\texplore quick", f"{AR_REL}\t1\texplore a-slow"]
    fake = Fake(killers=known)
    status, output = fake.mutants("M1/*:acq")
    tap.test("mutants: some, and what is known of the others stays", status == 0
             and {row[0] for row in fake.killers()} == {SC, AR_REL, ACQ},
             fake.killers())
    status, output = fake.mutants("M2/*:none")
    tap.test("mutants: another killer takes the place of the last", status == 0
             and [SC, "0.1", "explore a-slow"] in fake.killers(), fake.killers())
    fake = Fake(killers=[f"{ACQ}\t1\texplore quick"])
    status, output = fake.mutants(AR_REL)
    tap.test("mutants: what killed a barrier's like is tried first", status == 0
             and [run.split()[0] for run in fake.log()][:2] == ["quick", "a-slow"],
             fake.log())
    fake = Fake(one=PATCH.format(run="a-slow", to="yes"))
    status, output = fake.mutants("--quick", "one")
    tap.test("mutants: --quick tries what is expected, and no more", status == 1
             and fake.log() == ["a-slow "], fake.log())


def shares(tap):
    known = [f"{SC}\t1\texplore a-slow", f"{REL}\t0.1\texplore quick",
             f"{ACQ}\t0.1\texplore quick", f"{AR_REL}\t5\texplore a-slow",
             f"{SC_AR}\t5\texplore quick"]
    fake = Fake(killers=known)
    status, output = fake.mutants("--share", "1.3")
    tap.test("mutants: a share is the quickest that fit", status == 0
             and output.count("ok ") == 5 and f"mutant {SC}: " in output
             and AR_REL not in output and output.endswith("1..5\n"), output)
    tap.test("mutants: a share tries only what killed", len(fake.log()) == 3,
             fake.log())
    status, output = Fake(KILLS[1:], killers=known).mutants("--share", "9")
    tap.test("mutants: a survivor in a share", status == 1
             and output.count("not ok") == 1 and "1 runs found nothing" in output,
             output)
    status, output = Fake(killers=known[1:]).mutants("--share", "9")
    tap.test("mutants: a share wants every mutant known", status == 1
             and "not ok 1 - every mutant has a killer or an excuse" in output
             and SC in output, output)
    fake = Fake(KILLS + ["quick - 1"], killers=["one\t0.1\texplore quick --x"],
                one=PATCH.format(run="quick --x", to="yes"))
    status, output = fake.mutants("--share", "9", "one")
    tap.test("mutants: in a share, too, what fails without a mutant kills nothing",
             status == 1 and "not ok 2 - mutant one" in output
             and "not ok 3 - what killed passes without a mutant" in output
             and "explore quick --x\n" in output, output)
    renamed = Fake(killers=[known[0].replace("a-slow", "gone"), *known[1:]])
    status, output = renamed.mutants(SC)
    tap.test("mutants: a killer that is gone is forgotten", status == 0
             and f"killed    {SC}  by explore a-slow" in output, output)


# The invariants of what is built, and why some have no logic mutant.
INVARIANTS = """E1 E2 E3 E4 E5 E6 E7 E8 E9 E-L1 E-L2
    C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C-L1 C-L2 C-L3
    S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 S12 S13 S14 S-L1 S-L2""".split()
WITHOUT = {
    "E9": "of a port: tests/unit/apic_icr_test.c names what it kills",
    "E-L2": "no engine has a budget small enough to run out",
    "C-L3": "no engine has a budget small enough to run out",
    "S-L2": "nothing is merged across initiators",
}


def invariants(tap):
    """Of each, at least one mutant says in its header that it breaks it."""
    broken = set()
    for patch in (TOOLS.parent / "tests/mutants").glob("*.patch"):
        for line in patch.read_text().splitlines():
            if line.startswith("Ids: "):
                broken.update(line.split()[1:])
    for row in INVARIANTS:
        known = f"INV-{row}" in broken
        if row in WITHOUT:
            tap.test(f"mutants: invariant {row} has none: {WITHOUT[row]}",
                     not known, "it has: take it out of WITHOUT")
        else:
            tap.test(f"mutants: invariant {row} is broken by some patch", known,
                     f"no `Ids:` of tests/mutants/*.patch has INV-{row}")


def main():
    tap = Tap()
    invariants(tap)
    stopped(tap)
    complete(tap)
    failing(tap)
    excuses(tap)
    shares(tap)
    tap.end()


if __name__ == "__main__":
    main()
