#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/record: names are hidden; and where it may, it records `true`, and the
reader takes the result."""
import importlib.machinery
import importlib.util
import os
import pathlib
import sys
import tempfile

from harness import TOOLS, Tap, run

sys.dont_write_bytecode = True

SWITCH = ("sched_switch: prev_comm=%s prev_pid=%d prev_prio=120 prev_state=S "
          "==> next_comm=%s next_pid=%d next_prio=120")
HEAD = "  %s-%d   (%7d) [000] d..2.  7.000001: "


def load():
    loader = importlib.machinery.SourceFileLoader("record",
                                                  str(TOOLS / "record"))
    spec = importlib.util.spec_from_loader("record", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_hide(tap, record):
    lines = ["# tracer: nop",
             HEAD % ("my app", 10, 10) + "page_fault_user: address=0x1000 "
             "ip=0x1 error_code=0x6",
             HEAD % ("my app", 10, 10) + "sched_process_exec: "
             "filename=/opt/secret/my-app pid=10 old_pid=10",
             HEAD % ("my app", 10, 10) + SWITCH % ("my app", 10, "diary", 77),
             HEAD % ("diary", 77, 77) + SWITCH % ("diary", 77, "kworker/0", 8),
             HEAD % ("kworker/0", 8, 8) + SWITCH % ("kworker/0", 8, "my app",
                                                   10)]
    hidden = list(record.hide(lines))
    text = "\n".join(hidden)
    tap.test("names of other programs, and paths, are hidden",
             "diary" not in text and "secret" not in text and
             hidden[4].startswith("           other-77 "), text)
    tap.test("names of the program and of kernel threads stay",
             "next_comm=kworker/0" in text and "prev_comm=my app" in text and
             "filename=my-app" in text and hidden[:2] == lines[:2], text)


def test_real(tap):
    ready = os.geteuid() == 0 and os.access(
        "/sys/kernel/tracing/instances", os.W_OK)
    if not ready:
        tap.test("a recording of `true` # skip needs root and tracefs", True)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "true.trace.xz")
        status, output = run(TOOLS / "record", "-o", path, "--", "true")
        tap.test("a recording of `true`", status == 0 and path.exists(),
                 output)
        status, output = run(TOOLS / "xcputrace", "convert", path,
                             pathlib.Path(folder, "true.bin"))
        tap.test("the reader takes it", status == 0, output)


def test_usage(tap):
    status, output = run(TOOLS / "record")
    tap.test("no command is a usage error", status == 2, output)
    status, output = run(TOOLS / "record", "--help")
    tap.test("--help", status == 0 and "tracefs" in output, output)


def main():
    tap = Tap()
    test_hide(tap, load())
    test_usage(tap)
    test_real(tap)
    tap.end()


if __name__ == "__main__":
    main()
