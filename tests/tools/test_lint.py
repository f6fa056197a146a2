#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shell scripts pass shellcheck, Python compiles, the spelling is codespell's."""
import subprocess

from harness import ROOT, Tap, run

# Words of this field that codespell takes for slips.
KNOWN_WORDS = ("systm,whats,acn,mis,ans,nd,te,ot,fpr,als,inout,ist,thru,cas,upto,"
               "inflight,crate,hart,harts")
NOT_PROSE = "./.git,./build,*.xz,./LICENSES"


def committed():
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"],
        stdout=subprocess.PIPE, check=False)
    if listing.returncode:
        paths = [p for p in ROOT.rglob("*") if "build" not in p.parts]
    else:
        paths = [ROOT / p for p in listing.stdout.decode().split("\0") if p]
    return sorted(p for p in paths if p.is_file() and not p.is_symlink())


def first_line(path):
    with open(path, "rb") as file:
        return file.readline()


def main():
    tap = Tap()
    files = committed()
    scripts = [p for p in files if first_line(p).startswith(b"#!/bin/sh")]
    status, output = run("shellcheck", *scripts)
    tap.test("shellcheck", scripts and status == 0, output)

    broken = []
    for path in files:
        if path.suffix == ".py" or b"python3" in first_line(path)[:30]:
            try:
                compile(path.read_text(), str(path), "exec")
            except SyntaxError as error:
                broken.append(f"{path}: {error}")
    tap.test("Python compiles", not broken, "\n".join(broken))

    status, output = run("codespell", "--ignore-words-list", KNOWN_WORDS, "--skip",
                         NOT_PROSE, *[p for p in files if p.suffix != ".xz"], cwd=ROOT)
    tap.test("codespell", status == 0, output)
    tap.end()


if __name__ == "__main__":
    main()
