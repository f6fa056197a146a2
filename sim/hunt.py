#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run seeds of the simulated machine without end, and keep what fails.

Each job takes the next hundred seeds of one scenario with all faults, and
passes on to the next scenario.  A shard i/n takes every n-th hundred, so that a
batch system, or GNU parallel, can spread them: `hunt --shard {}/8 ::: 1 .. 8`.
A failure is a file in the folder, with the line that repeats it; beside it lies
what the last hunt came to, and on which commit.  Without --from the seeds begin
where the clock says, so that no two hunts run the same.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import sys
import time

import libsim

CHUNK = 100
NMI_CHUNKS = 7		# of so many, one has shootdowns that ring by NMI
RUN_SECONDS = 600


def one_chunk(program, scenario, first, faults):
    """(output, None if all seeds are ok)"""
    kick = "nmi" if first // CHUNK % NMI_CHUNKS == 0 else "irq"
    status, output = libsim.run(
        program, f"--seed {first}..{first + CHUNK - 1} --quiet "
        f"--flush-kick {kick} --scenario {scenario} --faults {faults}", RUN_SECONDS)
    return output if status else None


def scenarios_of(program):
    """Those of the general kind: a bug's own program is for its own faults."""
    section = libsim.run(program, "--list")[1].split("scenarios:\n", 1)[1]
    lines = re.match(r"(?:  .*\n)*", section)[0].splitlines()
    return [line.split()[0] for line in lines]


def shard(text):
    match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not match or int(match[1]) > int(match[2]):
        raise argparse.ArgumentTypeError(f"{text}: say i/n, with i from 1 to n")
    return int(match[1]) - 1, int(match[2])


def parse():
    parser = argparse.ArgumentParser(
        prog="./x hunt", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--minutes", type=float, default=10, metavar="M")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="J")
    parser.add_argument("--shard", type=shard, default=(0, 1), metavar="i/n")
    parser.add_argument("--from", type=int, dest="first", metavar="SEED",
                        help="the first seed")
    parser.add_argument("--faults", default="all", metavar="LIST")
    parser.add_argument("--folder", type=pathlib.Path, metavar="DIR",
                        default=pathlib.Path("build/hunt"),
                        help="where failures are kept (build/hunt)")
    return parser.parse_args()


def chunks(args):
    """Program, scenario, first seed; without end."""
    index, count = args.shard
    kinds = [(p, s) for p in args.programs for s in scenarios_of(p)]
    first = args.first
    if first is None:
        first = int(time.time()) * 1000
    first += index * CHUNK
    while True:
        for program, scenario in kinds:
            yield program, scenario, first
            first += CHUNK * count


def keep(folder, name, output):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name + ".txt")
    path.write_text(output)
    print(f"FAILED: {path}\n" + "\n".join(output.splitlines()[:6]), flush=True)


def hunt(args):
    """(seeds run, chunks failed)"""
    end = time.monotonic() + args.minutes * 60
    seeds = failed = 0
    source, running = chunks(args), {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        while running or time.monotonic() < end:
            while len(running) < args.jobs and time.monotonic() < end:
                work = next(source)
                running[pool.submit(one_chunk, *work, args.faults)] = work
            done, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                program, scenario, first = running.pop(future)
                seeds += CHUNK
                output = future.result()
                if output is not None:
                    failed += 1
                    name = f"{pathlib.Path(program).name}-{scenario}-{first}"
                    keep(args.folder, name, output)
            if sys.stderr.isatty():
                print(f"\r{seeds} seeds, {failed} of {seeds // CHUNK} hundreds "
                      "with a failure", end="", file=sys.stderr, flush=True)
    return seeds, failed


def main():
    args = parse()
    begun = time.monotonic()
    seeds, failed = hunt(args)
    seconds = time.monotonic() - begun
    index, count = args.shard
    text = (f"{seeds} seeds in {seconds:.0f} s, {seeds / seconds:.0f} a second, "
            f"shard {index + 1}/{count}, faults {args.faults}\n"
            f"{seeds // CHUNK - failed} passed, {failed} failed")
    if sys.stderr.isatty():
        print(file=sys.stderr)
    libsim.keep(args.folder / "result.txt", text)
    print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
