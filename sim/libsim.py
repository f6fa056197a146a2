# SPDX-License-Identifier: BSD-2-Clause
"""What the scripts around xcpu-sim share: a run of it, and results that are kept."""
import datetime
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

RUN_SECONDS = 300
SHOW_LINES = 20		# of a failing run's output
CLOSING = re.compile(r"^(\d+) runs, (\d+) failed, (\d+) steps$", re.MULTILINE)
MINIMAL = re.compile(r"^  minimal  xcpu-sim\S* (.*)$", re.MULTILINE)
REPEAT = re.compile(r"^  repeat   xcpu-sim\S* (.*)$", re.MULTILINE)


def commit():
    """Of the tree, as failures and kept results name it."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty",
             "--exclude=*"]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False,
                          stderr=subprocess.DEVNULL)
    return done.stdout.strip() or "unknown"


def run(program, words, seconds=RUN_SECONDS):
    """(exit status, output); a failing run will name the commit."""
    env = {"XCPU_COMMIT": commit(), **os.environ}
    done = subprocess.run([str(program), *words.split()], timeout=seconds,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env=env)
    return done.returncode, done.stdout


def found(output, report):
    """Whether a run failed under this name, as "stale"."""
    return f"\n  what     {report}: " in output


def again(output):
    """The words that repeat a failure, with as few faults as may be; or None."""
    match = MINIMAL.search(output) or REPEAT.search(output)
    return match[1] if match else None


def tail(output):
    return "\n".join(output.splitlines()[-SHOW_LINES:])


def keep(path, text):
    """The result of a complete form, with the commit that it was made on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    now = f"{datetime.datetime.now():%Y-%m-%d %H:%M}"
    path.write_text(f"commit {commit()}\ndate {now}\n{text.rstrip()}\n")
    print(f"all of it: {path}", flush=True)
