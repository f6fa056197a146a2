# SPDX-License-Identifier: BSD-2-Clause
"""One file as the checks see it: its lines, and for C its comments, its code
without them, its functions and its statements.

This is no C parser.  It knows comments and literals exactly, and relies on the
layout of style(9) for the rest: the brace of a function stands alone in
column 0.
"""
import bisect
import functools
import re

TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
HEADER_BREAK = re.compile(r"[;{}]|^\s*#.*(?:\\\n.*)*$", re.MULTILINE)
MACRO = re.compile(r"^\s*#\s*define\s+(\w+)(?:.*\\\n)*.*$", re.MULTILINE)


class Comment:
    def __init__(self, text, first, last):
        self.text = text
        self.first = first		# line numbers, from 1
        self.last = last

    @property
    def words(self):
        """The text on one line, without the stars and slashes."""
        text = self.text.removeprefix("//").removeprefix("/*").removesuffix("*/")
        return " ".join(re.sub(r"^\s*\*", " ", text, flags=re.MULTILINE).split())


class Function:
    """A function, or a macro, with the lines from its brace to its end."""

    def __init__(self, name, first, last):
        self.name = name
        self.first = first
        self.last = last

    @property
    def length(self):
        return self.last - self.first + 1


class Source:
    def __init__(self, path, text):
        self.path = path		# relative to the root, with slashes
        self.text = text
        self.lines = text.split("\n")
        self.suffix = path.rsplit(".", 1)[-1] if "." in path else ""
        self.is_c = self.suffix in ("c", "h")

    def under(self, *folders):
        return any(self.path.startswith(folder + "/") for folder in folders)

    @functools.cached_property
    def _line_starts(self):
        return [0] + [m.end() for m in re.finditer("\n", self.text)]

    def line_of(self, offset):
        return bisect.bisect_right(self._line_starts, offset)

    @functools.cached_property
    def _tokens(self):
        return [m for m in TOKEN.finditer(self.text)]

    @functools.cached_property
    def comments(self):
        return [Comment(m[0], self.line_of(m.start()), self.line_of(m.end() - 1))
                for m in self._tokens if m[0].startswith("/")]

    def _blank(self, chosen):
        """The text with the chosen tokens overwritten by spaces."""
        parts, end = [], 0
        for match in self._tokens:
            if chosen(match[0]):
                parts.append(self.text[end:match.start()])
                parts.append(re.sub(r"[^\n]", " ", match[0]))
                end = match.end()
        return "".join(parts) + self.text[end:]

    @functools.cached_property
    def code(self):
        """Same offsets and lines as the text, comments and literals blank."""
        return self._blank(lambda token: True)

    @functools.cached_property
    def uncommented(self):
        """Same as code, but with its literals: for #include."""
        return self._blank(lambda token: token.startswith("/"))

    @functools.cached_property
    def functions(self):
        found = []
        for brace in re.finditer(r"^\{|(?<=\))[ \t]*\{$", self.code, re.MULTILINE):
            starts = [m.end() for m in
                      HEADER_BREAK.finditer(self.code, 0, brace.start())]
            header = self.code[starts[-1] if starts else 0:brace.start()]
            name = re.search(r"(\w+)\s*\(", header)
            column_0 = re.match(r"\s*\n?(\S)", header)
            end = re.search(r"^\}", self.code[brace.start():], re.MULTILINE)
            if not (name and column_0 and end) or "=" in header:
                continue
            if self._indented(header):
                continue
            found.append(Function(name[1], self.line_of(brace.start()),
                                  self.line_of(brace.start() + end.start())))
        return found

    @staticmethod
    def _indented(header):
        """True for `if (...) {` and its like, inside a function."""
        first = next((l for l in header.split("\n") if l.strip()), " ")
        return first[0] in " \t"

    @functools.cached_property
    def macros(self):
        return [Function(m[1], self.line_of(m.start()), self.line_of(m.end()))
                for m in MACRO.finditer(self.code)]

    def function_at(self, line):
        for function in self.functions + self.macros:
            if function.first <= line <= function.last:
                return function
        return None

    @functools.cached_property
    def _depths(self):
        """How deep in parentheses each character of the code is."""
        depths, depth = [], 0
        for char in self.code:
            depth += (char == "(") - (char == ")")
            depths.append(depth)
        return depths

    def statement_lines(self, offset):
        """(first, last) line of the statement that holds this character."""
        first = offset
        while first > 0 and not self._ends_statement(first - 1):
            first -= 1
        while first < offset and self.code[first].isspace():
            first += 1
        last = offset
        while last < len(self.code) - 1 and not self._ends_statement(last):
            last += 1
        return self.line_of(first), self.line_of(last)

    def _ends_statement(self, offset):
        char = self.code[offset]
        if char == "\n":		# a directive is a statement of its own
            line = self.lines[self.line_of(offset) - 1]
            return line.lstrip().startswith("#") and not line.endswith("\\")
        return char in "{}" or (char == ";" and self._depths[offset] == 0)

    def comments_at(self, offset):
        """The comments inside a statement, beside it, or directly above it."""
        first, last = self.statement_lines(offset)
        near = [c for c in self.comments if c.first <= last and c.last >= first]
        for comment in reversed(self.comments):
            if comment.last == first - 1 and self._alone(comment):
                near.append(comment)
                first = comment.first
        return near

    def _alone(self, comment):
        """No code on the comment's lines: it speaks of what follows."""
        return not "".join(
            self.code.split("\n")[comment.first - 1:comment.last]).strip()
