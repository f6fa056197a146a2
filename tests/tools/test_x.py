#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""./x understands its words, and installs what is missing and nothing else.

It runs in a tree with a Makefile that prints what it was asked, and with a PATH
that holds only what a case puts there, an apt-get among it that writes down what
it was told and "installs" the programs of a package.
"""
import os
import pathlib
import re
import shutil

from harness import ROOT, Tap, run, tree

SYSTEM = ["sh", "env", "cat", "sed", "tr", "nproc", "dirname", "mkdir", "chmod", "rm"]
BUILD = ["make", "gcc", "python3", "xz"]
REAL = {name: shutil.which(name) for name in SYSTEM + ["id"]}

FAKE_MAKE = """#!/bin/sh
case $2 in
say-*) echo "engine ${2#say-}" ;;
*) echo "make: $*" ;;
esac
"""
APT = """#!/bin/sh
echo "apt-get $*" >>"$0.log"
case "$*" in *BROKEN*) exit 1 ;; esac
for word; do
	name=${word#qemu-system-x86}
	[ "$name" = "$word" ] || name=qemu-system-x86_64
	case $word in
	-* | install | update) continue ;;
	esac
	case " $REFUSED " in *" $word "*) echo "E: no package $word"; exit 100 ;; esac
	printf '#!/bin/sh\\necho "$0: $*"\\n' >"${0%/*}/$name"
	chmod +x "${0%/*}/$name"
done
"""


class Box:
    """A tree with x in it and a PATH of its own."""

    def __init__(self, commands, root=True):
        self.folder = tree({"t.trace.xz": "x"})
        self.home = pathlib.Path(self.folder.name)
        self.bin = self.home / "bin"
        self.bin.mkdir()
        shutil.copy(ROOT / "x", self.home / "x")
        keys = next(l for l in (ROOT / "Makefile").read_text().splitlines()
                    if l.startswith("KEYS := "))
        (self.home / "Makefile").write_text(keys + "\n")
        for name in SYSTEM:
            (self.bin / name).symlink_to(REAL[name])
        self.put("id", f"#!/bin/sh\necho {0 if root else 1000}\n")
        for name in commands:
            text = {"make": FAKE_MAKE, "apt-get": APT}.get(name, "#!/bin/sh\n")
            self.put(name, text)

    def put(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def x(self, *words, **env):
        environment = {"PATH": str(self.bin), "REFUSED": "", **env}
        return run(self.home / "x", *words, env=environment)

    def log(self):
        path = self.bin / "apt-get.log"
        return path.read_text() if path.exists() else ""


def words(tap):
    box = Box(BUILD + ["qemu-system-x86_64", "apt-get"])
    cases = [
        (["run"], "run"),
        (["run", "CPUS=8", "SEED=3", "work=calls"], "run CPUS=8 seed=3 work=calls"),
        (["run", "--threads", "V=1", "DEBUG=-g"], "run-threads V=1 DEBUG=-g"),
        (["run", "--trace", "t.trace.xz", "--place", "spread"],
         "run TRACE=t.trace.xz place=spread work=replay mode=single"),
        (["run", "--trace", "t.trace.xz", "mode=multi"],
         "run TRACE=t.trace.xz mode=multi work=replay"),
        (["features"], "features"),
        (["bench", "O=out"], "bench O=out"),
    ]
    for given, wanted in cases:
        status, output = box.x(*given)
        tap.test("x " + " ".join(given), status == 0
                 and output.strip().endswith(wanted)
                 and output.startswith("make: "), output)
    for given, wanted in ((["frob"], "unknown command frob"),
                          (["run", "--frob"], "unknown option --frob"),
                          (["run", "FROB=1"], "unknown key FROB"),
                          (["run", "--trace"], "--trace wants a value"),
                          (["bench", "seed=1"], "unknown word seed=1")):
        status, output = box.x(*given)
        tap.test("x " + " ".join(given) + ": an error, and the list", status == 2
                 and wanted in output and "oracle" in output
                 and "make: " not in output, output)
    status, output = box.x("run", "--trace", "none.xz")
    tap.test("x run --trace none.xz", status == 1 and "cannot read none.xz" in output,
             output)
    status, output = box.x("help")
    tap.test("x help", status == 0 and "./x record -- COMMAND" in output, output)
    tap.test("x installs nothing where nothing is missing", box.log() == "", box.log())


def tools(tap):
    for name in ("explore", "sim", "hunt", "matrix", "oracle", "count",
                 "mutants"):
        box = Box(BUILD + ["patch", "apt-get"])
        box.put("engine", '#!/bin/sh\necho "run: $*"\n')
        status, output = box.x(name, "--seed", "1..9", "a b")
        tap.test(f"x {name}: builds what it needs, then is the command", status == 0
                 and re.search(rf"^make: .* need-{name}$", output, re.MULTILINE)
                 and output.endswith(f"run: {name} --seed 1..9 a b\n"), output)
    box = Box(BUILD)
    box.put("engine", '#!/bin/sh\necho "run: $*"\n')
    status, output = box.x("explore")
    tap.test("x explore: everything, if it is not told what",
             output.endswith("run: explore --all\n"), output)
    box = Box(BUILD + ["apt-get"])
    box.x("mutants")
    tap.test("x mutants installs patch", "recommends patch\n" in box.log(), box.log())
    box.put("make", "#!/bin/sh\nexit 2\n")
    status, output = box.x("sim")
    tap.test("x sim: does not run what is not built", status == 2, output)


def installing(tap):
    box = Box(BUILD + ["apt-get"])
    status, output = box.x("run")
    tap.test("x installs QEMU, and only that", status == 0
             and "x: installing qemu-system-x86\n" in output
             and "--no-install-recommends qemu-system-x86\n" in box.log()
             and output.strip().endswith("run"), output + box.log())

    box = Box(BUILD + ["apt-get"])
    status, output = box.x("run", REFUSED="qemu-system-x86")
    tap.test("x names the package and the command that failed, and uses threads",
             status == 0 and "package qemu-system-x86 failed: apt-get install"
             in output and "the same work on the threads port" in output
             and output.strip().endswith("run-threads"), output)

    box = Box(["make", "gcc", "xz", "apt-get"])
    status, output = box.x("run", REFUSED="python3")
    tap.test("x stops where the build cannot be had", status == 1
             and "still missing: python3" in output and "make: " not in output, output)

    box = Box(BUILD)
    status, output = box.x("run")
    tap.test("x without a package manager: threads, and it says so", status == 0
             and "there is no apt-get" in output
             and output.strip().endswith("run-threads"), output)

    box = Box(BUILD + ["apt-get"], root=False)
    status, output = box.x("run")
    tap.test("x without root or sudo: threads, and the command to give", status == 0
             and "as root: apt-get install --no-install-recommends qemu-system-x86"
             in output and box.log() == ""
             and output.strip().endswith("run-threads"), output)

    box = Box(BUILD + ["apt-get"], root=False)
    box.put("sudo", '#!/bin/sh\necho "sudo $1" >>"$0.log"\nexec "$@"\n')
    status, output = box.x("run")
    tap.test("x without root uses sudo", status == 0
             and (box.bin / "sudo.log").exists()
             and output.strip().endswith("run"), output)


def keys(tap):
    """What the kernel takes, but for what ./x itself sets."""
    options = (ROOT / "work/options.c").read_text()
    known = re.findall(r"^\t\[KEY_\w+\] = \{ \"(\w+)\"", options, re.MULTILINE)
    taken = re.findall(r"^KEYS [:+]= (.*)", (ROOT / "Makefile").read_text(),
                       re.MULTILINE)
    tap.test("x takes each word of the kernel", " ".join(taken).split() ==
             [key for key in known if key not in ("cpus", "trace")], known)


def main():
    os.umask(0o022)
    tap = Tap()
    words(tap)
    tools(tap)
    installing(tap)
    keys(tap)
    tap.end()


if __name__ == "__main__":
    main()
