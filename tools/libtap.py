# SPDX-License-Identifier: BSD-2-Clause
"""The Test Anything Protocol, as much of it as our suites print: read and written.

A suite is a program, a script or a whole kernel on a serial console, so that
any line that is not TAP is passed over.  Several plans in one output (cmocka
prints one per group) add up.
"""
import re

PLAN = re.compile(r"^\s*1\.\.(\d+)(?:\s*#\s*(skip\b.*))?$", re.IGNORECASE)
RESULT = re.compile(r"^(not )?ok\b\s*(\d+)?\s*-?\s*([^#]*?)\s*(?:#\s*(.*))?$")
FEATURE_ID = re.compile(r"\b(F-[NDXTBP]\d+|BUG-\d+|INV-[A-Z]+(?:-L)?\d+)\b")


class Result:
    """One `ok` or `not ok` line."""

    def __init__(self, match, line_number):
        self.ok = not match[1]
        self.name = match[3]
        self.line_number = line_number
        note = match[4] or ""
        self.skipped = note.lower().startswith("skip")
        self.todo = note.lower().startswith("todo")
        self.ids = FEATURE_ID.findall(note)

    @property
    def passed(self):
        return self.ok and not self.skipped and not self.todo

    @property
    def failed(self):
        return not self.ok and not self.skipped and not self.todo


class Report:
    """What one output says: results, plan, and why it is incomplete."""

    def __init__(self, text):
        self.results = []
        self.planned = None
        self.skip_all = None
        self.bailed_out = None
        for number, line in enumerate(text.splitlines(), 1):
            self._take(line.rstrip(), number)

    def _take(self, line, number):
        if plan := PLAN.match(line):
            self.planned = (self.planned or 0) + int(plan[1])
            if plan[1] == "0":
                self.skip_all = plan[2] or "skipped, no reason given"
        elif line.startswith("Bail out!"):
            self.bailed_out = line
        elif result := RESULT.match(line):
            self.results.append(Result(result, number))

    def fault(self):
        """Why the results cannot be the whole story, or None."""
        if self.bailed_out:
            return self.bailed_out
        if self.planned is None:
            return "no plan (1..N): it ended early, or prints no TAP"
        if self.planned != len(self.results):
            return f"{self.planned} tests planned, {len(self.results)} reported"
        if self.planned == 0 and not self.skip_all:
            return "no test at all"
        return None


class Writer:
    """Prints the results of a suite of our own."""

    def __init__(self):
        self.count = self.failures = 0

    def test(self, name, ok, detail="", ids=""):
        """One test; the detail explains a failure, line by line."""
        self.count += 1
        self.failures += not ok
        tail = f" # {ids}" if ids else ""
        print(f"{'' if ok else 'not '}ok {self.count} - {name}{tail}", flush=True)
        if not ok:
            self.note(detail)

    @staticmethod
    def note(text):
        for line in str(text).splitlines():
            print("#   " + line)

    def end(self):
        """Print the plan; the exit status of the suite."""
        print(f"1..{self.count}")
        return 1 if self.failures else 0
