# SPDX-License-Identifier: BSD-2-Clause
"""Memory order: each ordered access has a tag, each tag its partner.

    /* [M1] release: slot before tail.  Pairs with [M1] in ring_pop(). */

stands beside the access or directly above its statement.  The function that it
names must hold a tag of that name, which names this function in turn.  More
partners follow with commas: `Pairs with [M1] in a(), b() and [M2] in c().`
A further access of the same kind says `[M1] as above`.
A relaxed access has a comment with `rlx:` and the reason.
"""
import re

ATOMIC_H = "include/xcpu/atomic.h"
CHECKED = ("src", "include", "port")
# A partner may stand outside what is checked: the host's side of a hook.
KNOWN = CHECKED + ("kernel", "work", "selftest")
# The engines are the memory: they may look at a word without an access to it.
MEMORY = ("explore", "sim", "port/sim")

ORDERED = re.compile(r"\bxcpu_\w+_(acq|rel|ar|sc)\s*\(")
RELAXED = re.compile(r"\bxcpu_\w+_rlx\s*\(")
KINDS = {"acq": "acquire", "rel": "release", "ar": "acq_rel", "sc": "fence"}
ONE_SIDED = ("acquire", "release")

TAG = re.compile(r"\[([A-Z][A-Z0-9]*[0-9][a-z]?)\]\s+"
                 r"((?:acquire|release|acq_rel|fence)(?:[\w ,/]*?)):")
AGAIN = re.compile(r"\[([A-Z][A-Z0-9]*[0-9][a-z]?)\] as above\b")
PAIRS = re.compile(r"Pairs with\b(.*)", re.DOTALL)
PARTNER = re.compile(r"\[([A-Z][A-Z0-9]*[0-9][a-z]?)\]|\b(\w+)\(\)")

RAW = re.compile(r"\b(__atomic_\w+|__sync_\w+|volatile|asm|__asm__)\b")
FIELD = re.compile(r"(?:\.|->)\s*v_\b")


class Tag:
    """One tag in one function, and the (tag, function) pairs it names."""

    def __init__(self, source, line, function, name, kind, partners):
        self.source = source
        self.line = line
        self.function = function
        self.name = name
        self.kind = kind
        self.partners = partners

    def where(self):
        return f"[{self.name}] in {self.function}()"


def tags_in(comment):
    """(name, kind, partners) of each tag that a comment defines."""
    words = comment.words
    starts = list(TAG.finditer(words))
    for match, following in zip(starts, starts[1:] + [None]):
        said = words[match.end():following.start() if following else None]
        partners, current = set(), match[1]
        if pairs := PAIRS.search(said):
            for tag, function in PARTNER.findall(pairs[1]):
                if tag:
                    current = tag
                else:
                    partners.add((current, function))
        yield match[1], match[2], partners


def function_name(source, comment):
    """The function a comment stands in; a macro's comment may be above it."""
    for line in (comment.first, comment.last, comment.last + 1):
        if function := source.function_at(line):
            return function.name
    return None


def all_tags(tree):
    tags = []
    for source in tree.c_files(*KNOWN):
        for comment in source.comments:
            function = function_name(source, comment)
            if not function:
                continue
            tags += [Tag(source, comment.first, function, *tag)
                     for tag in tags_in(comment)]
    return tags


def check_tags(tree):
    for source in tree.c_files(*CHECKED):
        if source.path != ATOMIC_H:
            yield from untagged(source)
    tags = all_tags(tree)
    by_place = {}
    for tag in tags:
        by_place.setdefault((tag.name, tag.function), []).append(tag)
    for tag in tags:
        yield from unpaired(tag, by_place)


def untagged(source):
    for match in ORDERED.finditer(source.code):
        kind = KINDS[match[1]]
        line = source.line_of(match.start())
        found = tags_for(source, line, source.comments_at(match.start()))
        if not found:
            yield (source.path, line, f"{match[0].rstrip('( ')}() has no tag "
                   f"(above it: /* [TAG] {kind}: why.  Pairs with [TAG] in "
                   "NAME(). */)")
        elif not says(" ".join(tag[1] for tag in found), kind):
            yield (source.path, line, f"the tag [{found[0][0]}] says "
                   f"{found[0][1]}, the access is {kind} (make them agree)")


def tags_for(source, line, comments):
    """The tags of an access, those `as above` in its function among them."""
    found = [tag for comment in comments for tag in tags_in(comment)]
    again = {name for comment in comments for name in AGAIN.findall(comment.words)}
    function = source.function_at(line)
    if again and function:
        found += [tag for comment in source.comments
                  if function.first <= comment.first <= line
                  for tag in tags_in(comment) if tag[0] in again]
    return found


def says(words, kind):
    if kind == "acq_rel":
        return "acq_rel" in words or ("acquire" in words and "release" in words)
    return kind in words or (kind != "fence" and "acq_rel" in words)


def unpaired(tag, by_place):
    if not tag.partners:
        yield (tag.source.path, tag.line, f"{tag.where()} names no partner "
               "(end it with: Pairs with [TAG] in NAME().)")
    for name, function in sorted(tag.partners):
        partners = by_place.get((name, function))
        if not partners:
            yield (tag.source.path, tag.line, f"{tag.where()} pairs with "
                   f"[{name}] in {function}(), which is not there (name the "
                   "function that carries it)")
        elif not any((tag.name, tag.function) in p.partners for p in partners):
            yield (partners[0].source.path, partners[0].line,
                   f"[{name}] in {function}() does not name {tag.where()}, "
                   "which pairs with it (add it)")
        elif tag.kind in ONE_SIDED and all(p.kind == tag.kind for p in partners):
            yield (tag.source.path, tag.line, f"{tag.where()} is {tag.kind}, and so "
                   f"is its partner in {function}() (one must be the other side)")


def check_relaxed(tree):
    for source in tree.c_files(*CHECKED):
        if source.path == ATOMIC_H:
            continue
        for match in RELAXED.finditer(source.code):
            near = source.comments_at(match.start())
            if not any(re.search(r"\brlx: \S", c.words) for c in near):
                yield (source.path, source.line_of(match.start()),
                       f"{match[0].rstrip('( ')}() does not say why relaxed is "
                       "enough (beside it: /* rlx: why */)")


def check_shared(tree):
    for source in tree.sources:
        if not source.is_c or source.path == ATOMIC_H:
            continue
        for match in () if source.under(*MEMORY) else FIELD.finditer(source.code):
            yield (source.path, source.line_of(match.start()), "touches v_ of a "
                   "shared word (use an accessor of atomic.h)")
        if not source.under("src", "include"):
            continue
        for match in RAW.finditer(source.code):
            yield (source.path, source.line_of(match.start()), f"{match[1]} "
                   "outside atomic.h (use its accessors, or a hook of port.h)")
