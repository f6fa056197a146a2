# SPDX-License-Identifier: BSD-2-Clause
"""Run a command for a limited time, and leave nothing of it behind."""
import os
import signal
import subprocess
import threading

STOP_SECONDS = 2	# for a command that has said enough

running = set()		# the process groups of what runs
interrupted = threading.Event()


def execute(command, limit, env=None, enough=None):
    """(exit status, output and errors together); None when the time was over.

    The command is a list, or a string for the shell.  After a line for which
    `enough` is true it has STOP_SECONDS left: it may never end by itself.
    """
    output, timers = [], []
    with subprocess.Popen(command, shell=isinstance(command, str), env=env,
                          text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as child:
        late = threading.Event()

        def stop():
            late.set()
            kill_group(child.pid)

        def stop_after(seconds):
            timers.append(threading.Timer(seconds, stop))
            timers[-1].start()

        running.add(child.pid)
        try:
            if interrupted.is_set():
                kill_group(child.pid)
            stop_after(limit)
            for line in child.stdout:
                output.append(line)
                if enough and len(timers) == 1 and enough(line):
                    stop_after(STOP_SECONDS)
            status = child.wait()
        finally:
            for timer in timers:
                timer.cancel()
            running.discard(child.pid)
            kill_group(child.pid)	# with whatever it has started, too
    return None if late.is_set() else status, "".join(output).replace("\r", "")


def stop_all():
    """For a signal: commands are in sessions of their own, where none reaches."""
    interrupted.set()
    for pid in list(running):
        kill_group(pid)


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
