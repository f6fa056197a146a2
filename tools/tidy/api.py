# SPDX-License-Identifier: BSD-2-Clause
"""The comment above each function of include/xcpu/ has its key lines."""
import re

KEYS = ["Context", "Waits", "Order", "Cost", "Returns"]
HOOK_KEYS = ["Caller", "Context", "Order", "Body"]	# xcpu_port_*: what the host must know

# A prototype in column 0.  Static inline functions say all by their body.
PROTOTYPE = re.compile(
    r"^(?!static\b|typedef\b|extern\b|return\b)[A-Za-z_][\w \t\n*]*?"
    r"\b(xcpu\w*)\s*\([^;{}]*\)[^;{}()]*(?:\(\([^;{}]*\)\))?\s*;", re.MULTILINE)


def check(tree):
    for source in tree.c_files("include/xcpu"):
        comments = {comment.last: comment for comment in source.comments}
        covered = {}		# last line of a prototype: its comment
        for match in PROTOTYPE.finditer(source.code):
            first = source.line_of(match.start())
            comment = comments.get(first - 1) or covered.get(first - 1)
            covered[source.line_of(match.end() - 1)] = comment
            yield from keys_of(source, first, match[1], comment)


def keys_of(source, line, name, comment):
    if not comment:
        yield (source.path, line, f"{name}() has no comment directly above it "
               "(say what it does, and its key lines)")
        return
    keys = HOOK_KEYS if name.startswith("xcpu_port_") else KEYS
    missing = [key for key in keys
               if not re.search(rf"^\s*\*\s+{key}:", comment.text, re.MULTILINE)]
    if missing:
        lines = ", ".join(key + ":" for key in missing)
        yield source.path, line, f"{name}() does not say {lines} (add the lines)"
