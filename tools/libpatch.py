# SPDX-License-Identifier: BSD-2-Clause
"""A copy of the tree for patches that break it: planted defects and mutants.

A patch begins with `Key: value` lines that say what it breaks and what must
notice; then comes a diff.
"""
import fcntl
import filecmp
import os
import pathlib
import re
import shutil
import subprocess

import libproc

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPIED = ["src", "port", "include", "work"]


class Failure(Exception):
    """Why a patch is not caught, in words for the person who reads it."""


def header(path):
    """The (key, value) pairs before the diff."""
    text = re.split(r"^(?:diff |--- )", path.read_text(), 1, re.MULTILINE)[0]
    return re.findall(r"^([\w-]+): *(.*?) *$", text, re.MULTILINE)


def apply(folder, patch):
    done = subprocess.run(
        ["patch", "-p1", "--fuzz=0", "--force", "--no-backup-if-mismatch",
         "-i", str(patch)], cwd=folder, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure(f"the patch no longer applies:\n{done.stdout}")
    if "fuzz" in done.stdout:
        raise Failure(f"the patch applies only loosely:\n{done.stdout}")


class Tree:
    """The copy that patches go into; built again only where one changed it.

    COPIED is copied, the rest of the tree is used as it is.
    """

    def __init__(self, home):
        self.home = pathlib.Path(home).resolve()
        self.path = self.home / "tree"
        self.build = self.home / "build"
        self.path.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.home / "lock", "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX)	# until this process ends

    def restore(self):
        """Make it equal to the real tree, without any patch."""
        wanted = {self.path / entry.name: entry for entry in ROOT.iterdir()
                  if entry.name not in (".git", *COPIED)
                  and entry not in self.home.parents}
        for link in [p for p in self.path.iterdir() if p.is_symlink()]:
            if wanted.get(link) != pathlib.Path(os.readlink(link)):
                link.unlink()
                # Of another tree: what was built may be newer than its files.
                shutil.rmtree(self.build, ignore_errors=True)
        for link, entry in wanted.items():
            if not link.is_symlink():
                link.symlink_to(entry)
        for folder in COPIED:
            mirror(ROOT / folder, self.path / folder)

    def apply(self, patch):
        apply(self.path, patch)

    def make(self, limit, goals, enough=None):
        """Run make in it: (exit status, output), as libproc.execute()."""
        env = {key: value for key, value in os.environ.items()
               if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
        return libproc.execute(
            ["make", "--no-print-directory", "-C", str(self.path),
             f"O={self.build}", *goals], limit, env, enough)


def mirror(source, copy):
    """Copy what differs, delete what is too much, leave the rest untouched."""
    if copy.is_symlink():	# of an older version: it was not copied then
        copy.unlink()
    wanted = {p.relative_to(source) for p in source.rglob("*") if p.is_file()}
    for stray in [p for p in copy.rglob("*") if p.is_file()]:
        if stray.relative_to(copy) not in wanted:
            stray.unlink()
    for name in wanted:
        target = copy / name
        if target.exists() and filecmp.cmp(source / name, target, shallow=False):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
