# SPDX-License-Identifier: BSD-2-Clause
"""The ordered accesses of the library: what a barrier mutant can weaken.

The source says where each one stands and which tags it has (tools/tidy reads
them); the compiled program says which line it counts as.  A macro call over
several lines has its first line for gcc and its last for clang, so that lines
are taken from the program and matched to the source.
"""
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "tidy"))

import order		# noqa: E402 (needs the line above)
from source import Source	# noqa: E402

FOLDERS = ("src", "include/xcpu")
UNITY = "src/xcpu_all.c"

# How each order can be lowered, in the words of the engines' --weaken.
WEAKER = {"acq": ["none"], "rel": ["none"], "ar": ["acq", "rel"],
          "sc": ["ar", "none"]}
# What `xcpu-explore sites` calls an order.
PRINTED = {"acq": "acq", "rel": "rel", "ar": "ar", "sc": "fence"}

Site = collections.namedtuple("Site", "path line order")


class Failure(Exception):
    """Source and program do not fit together; says where."""


class Access:
    """One ordered access of the source."""

    def __init__(self, source, match):
        self.path = source.path
        self.line = source.line_of(match.start())
        self.last = source.line_of(call_end(source.code, match.end()))
        self.order = match[1]
        function = source.function_at(self.line)
        self.function = function.name if function else "-"
        self.tags = fitting_tags(source, self.line, match)
        self.id = "/".join([self.tags[0] if self.tags else "untagged",
                            self.path.rsplit("/", 1)[-1], self.function, self.order])

    @property
    def place(self):
        return f"{self.path}:{self.line}"

    def matches(self, site):
        return (site.path == self.path and self.line <= site.line <= self.last
                and site.order == PRINTED[self.order])


def call_end(code, offset):
    """Where the parenthesis that was opened before `offset` is closed."""
    depth = 1
    for end in range(offset, len(code)):
        depth += (code[end] == "(") - (code[end] == ")")
        if depth == 0:
            return end
    return offset


def fitting_tags(source, line, match):
    """Names of the access's tags, without those that speak of another order."""
    kind = order.KINDS[match[1]]
    tags = order.tags_for(source, line, source.comments_at(match.start()))
    names = [name for name, said, _ in tags
             if order.says(said, kind) or (kind == "acq_rel" and said != "fence")]
    return list(dict.fromkeys(names or [tag[0] for tag in tags]))


def in_source(root=ROOT):
    """Every ordered access of the library, each with an id of its own."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.[ch]")):
            name = path.relative_to(root).as_posix()
            if name in (UNITY, order.ATOMIC_H):
                continue
            source = Source(name, path.read_text(encoding="utf-8"))
            found += [Access(source, match)
                      for match in order.ORDERED.finditer(source.code)]
    times = collections.Counter()
    for access in found:
        times[access.id] += 1
        if times[access.id] > 1:
            access.id += str(times[access.id])
    return found


def sites_of(explorer):
    """The ordered accesses that are compiled into it."""
    listing = subprocess.run([explorer, "sites"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return parse_sites(listing)


def parse_sites(text):
    """Sites as the explorer prints them: `path:line order`."""
    return {Site(path, int(line), printed) for path, line, printed
            in re.findall(r"^(\S+):(\d+) (\w+)$", text, re.MULTILINE)}


def locate(accesses, sites):
    """Give each access the line of its site; Failure if any has no partner."""
    left = set(sites)
    problems = []
    for access in accesses:
        mine = [site for site in left if access.matches(site)]
        if len(mine) == 1:
            access.line = access.last = mine[0].line
            left.discard(mine[0])
        else:
            problems.append(f"{access.place}: {access.id}: {len(mine)} sites in "
                            "the program, not 1 (one ordered access a line)")
    problems += [f"{site.path}:{site.line}: an ordered access of the program "
                 "that the source has not" for site in sorted(left)]
    if problems:
        raise Failure("\n".join(problems))
    return accesses
