# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the tools share: TAP on standard output, small fake trees."""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


sys.path.insert(0, str(TOOLS))
sys.dont_write_bytecode = True

import libtap		# noqa: E402 (needs the line above)


class Tap(libtap.Writer):
    def end(self):
        sys.exit(super().end())


def run(*command, cwd=None, env=None):
    """(exit status, standard output and error together)"""
    done = subprocess.run([str(word) for word in command], text=True, cwd=cwd,
                          env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, check=False)
    return done.returncode, done.stdout


def tree(files):
    """A temporary folder with these {path: text}; close it after use."""
    folder = tempfile.TemporaryDirectory()
    for path, text in files.items():
        file = pathlib.Path(folder.name, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder
