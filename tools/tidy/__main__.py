# SPDX-License-Identifier: BSD-2-Clause
"""Check the rules of this project that a compiler does not know.

Each finding is `file:line: what is wrong (what to do)`.  The rules stand in
CONTRIBUTING.md; each module here is one group of them.
"""
import argparse
import os
import pathlib
import subprocess
import sys

import api
import archs
import deps
import length
import library
import loops
import order
import text
from source import Source

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# Each check takes the tree and yields (path, line, message).
CHECKS = [
    ("files have a licence tag, short clean lines and no machine's path",
     text.check),
    ("files and functions are short, or say why not", length.check),
    ("public functions say Context, Waits, Order, Cost, Returns", api.check),
    ("ordered accesses have tags, tags have partners", order.check_tags),
    ("relaxed accesses say why", order.check_relaxed),
    ("shared words are reached through atomic.h alone", order.check_shared),
    ("loops in src/ are bounded, a retry, or the wait", loops.check),
    ("includes go one way", deps.check_includes),
    ("the unity build includes every source file", deps.check_unity),
    ("what all architectures share names none", archs.check),
]


class Tree:
    """The files that are, or would be, committed."""

    def __init__(self, root):
        self.root = root
        self.sources = []
        for path in self._paths():
            try:
                content = (root / path).read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
                continue	# binary, or deleted but not yet committed
            self.sources.append(Source(path, content))

    def _paths(self):
        if (self.root / ".git").exists():
            listing = subprocess.run(
                ["git", "-C", str(self.root), "ls-files", "-z", "-co",
                 "--exclude-standard"], stdout=subprocess.PIPE, check=False)
            if listing.returncode == 0:
                return sorted(set(filter(None, listing.stdout.decode().split("\0"))))
        return sorted(self._walk())

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders
                          if f not in (".git", "build", "__pycache__")]
            for name in names:
                yield str(pathlib.Path(folder, name).relative_to(self.root))

    def c_files(self, *folders):
        return [s for s in self.sources if s.is_c and s.under(*folders)]


def findings(check, tree):
    """(errors, warnings), as lines to print."""
    errors, warnings = [], []
    for path, line, message in sorted(set(check(tree))):
        kind = warnings if message.startswith("warning: ") else errors
        kind.append(f"{path}:{line}: {message}")
    return errors, warnings


def report_tap(number, name, errors, warnings):
    print(f"{'not ' if errors else ''}ok {number} - {name}")
    for line in errors + warnings:
        print("# " + line)


def main():
    parser = argparse.ArgumentParser(
        prog="tidy", description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=REPOSITORY,
                        help="the tree to check (default: this one)")
    parser.add_argument("--lib", metavar="LIBXCPU.A",
                        help="check the symbols of this library too")
    parser.add_argument("--tap", action="store_true")
    options = parser.parse_args()

    tree = Tree(options.root)
    checks = list(CHECKS)
    if options.lib:
        checks.append(("the library has no globals and wants only the hooks",
                       lambda tree: library.check(options.lib)))
    if options.tap:
        print(f"1..{len(checks)}")
    failed = 0
    for number, (name, check) in enumerate(checks, 1):
        errors, warnings = findings(check, tree)
        failed += len(errors)
        if options.tap:
            report_tap(number, name, errors, warnings)
        else:
            print("\n".join(errors + warnings), end="\n" * bool(errors + warnings))
    if not options.tap:
        print(f"tidy: {failed} to mend in {len(tree.sources)} files")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
