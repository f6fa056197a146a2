# SPDX-License-Identifier: BSD-2-Clause
"""Run a command for a limited time, and leave nothing of it behind."""
import os
import signal
import subprocess


def execute(command, limit, env=None):
    """(exit status, output and errors together); None when the time was over.

    The command is a list, or a string for the shell.
    """
    with subprocess.Popen(command, shell=isinstance(command, str), env=env,
                          text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as child:
        try:
            output, _ = child.communicate(timeout=limit)
            status = child.returncode
        except subprocess.TimeoutExpired:
            status = None
        finally:
            try:		# with whatever it has started, too
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if status is None:
            output, _ = child.communicate()
    return status, output.replace("\r", "")
