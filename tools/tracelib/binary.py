# SPDX-License-Identifier: BSD-2-Clause
"""The binary form of a trace: what work/trace.c reads, and work/trace.h names.

    header (512 bytes), records, spaces, threads, pages

All numbers are little-endian.  A record names its pages by their place in the
sorted list of all pages that its space ever has, so that a replay needs no
search, and tables whose sizes stand in the header.  The checksum is CRC-32 of
everything behind it.
"""

import os
import struct
import tempfile
import zlib

from . import meaning, model, rules
from .text import TraceError

MAGIC = b"XCPUTRC1"
VERSION = 2
NONE = 0xffff                   # no thread, space or other
CRC_END = 28                    # where the checksummed part begins

HEADER = struct.Struct("<8sIIQI"        # magic version header file_len crc
                       "IIIIIII"        # record_len events .. pages
                       "QII32s"         # frames range_pages live name
                       "4I16I4I"        # lines by class, operations, notes
                       "16I16I16I16I"   # by cause: requests, needs, recorded
                       "2I4I8I")        # recorded: requests, IPIs; ignored
RECORD = struct.Struct("<IBBBBHHHHIIQ")
SPACE = struct.Struct("<IIII")
THREAD = struct.Struct("<II")

CLASSES = ("applied", "implicit", "hidden", "ignored")
IPIS = ("all", "flush", "reschedule")
IGNORED = ("tlb_flush", "csd_", "ipi_", "call_function_", "sched_process_",
           "sys_", "page_fault", "")    # by prefix; the last takes the rest


def _by(names, counter, prefix=""):
    """The counter's values in the order of names, padded to 16."""
    row = [counter[prefix + name] for name in names]
    return row + [0] * (16 - len(row))


def _ignored(world):
    """Ignored lines by kind of event."""
    row = [0] * len(IGNORED)
    for name, lines in world.ignored.items():
        row[next(i for i, prefix in enumerate(IGNORED)
                 if name.startswith(prefix))] += lines
    return row


def first_time(world):
    """Times count from the first record."""
    return world.records[0].time if world.records else 0


def _records(world, lists):
    """All records as bytes, and the most pages that one of them covers."""
    out, widest = bytearray(), 0
    begin = first_time(world)
    for record in world.records:
        space = record.space
        page, npages = 0, 0
        if record.npages:
            page, npages = model.index_range(
                lists[space.number], record.page, record.npages)
        elif record.op in ("fork", "exec", "exit"):
            npages = len(lists[space.number])
        widest = max(widest, npages)
        out += RECORD.pack(
            record.line, model.OPS.index(record.op), record.rights,
            record.flags, record.lines, record.cpu,
            *(x.number if x else NONE
              for x in (record.thread, space, record.other)), page, npages,
            max(record.time - begin, 0))
    return bytes(out), widest


def _header(reading, name, sizes):
    """The header as bytes, but for its checksum."""
    world, reference = reading.world, reading.reference
    need = rules.kicks(world.records, reading.ncpu, rules.recorded)["need"]
    causes = model.CAUSES
    notes = ("hidden", "raced", "cow absent", "fork ignored")
    return HEADER.pack(
        MAGIC, VERSION, HEADER.size, sizes["file"], 0, RECORD.size,
        len(reading.events), len(world.records), len(world.spaces),
        len(world.threads), reading.ncpu, sizes["pages"],
        world.frames_peak, sizes["widest"], world.spaces_peak,
        name.encode()[:31],
        *(world.classes[c] for c in CLASSES),
        *_by(model.OPS, world.counts, "op "),
        *(world.counts[n] for n in notes),
        *_by(causes, world.requests), *_by(causes, need),
        *_by(causes, reference.requests), *_by(causes, reference.kicks),
        reference.remote, reference.local,
        *(reference.ipis[i] for i in IPIS), 0, *_ignored(world))


def encode(reading, name):
    """The whole binary form, as bytes."""
    world = reading.world
    for what, number in (("threads", len(world.threads)),
                         ("spaces", len(world.spaces)), ("CPUs", reading.ncpu)):
        if number >= NONE:
            raise TraceError(len(reading.events), "%d %s; the binary form holds"
                             " %d" % (number, what, NONE - 1))
    lists = meaning.page_lists(world)
    records, widest = _records(world, lists)
    spaces, pages, first = bytearray(), bytearray(), 0
    for space, held in zip(world.spaces, lists):
        spaces += SPACE.pack(first, len(held), space.tgid, space.execs)
        pages += struct.pack("<%dQ" % len(held),
                             *(p << model.PAGE_SHIFT for p in held))
        first += len(held)
    threads = b"".join(THREAD.pack(t.pid, t.tgid) for t in world.threads)
    body = records + bytes(spaces) + threads + bytes(pages)
    header = bytearray(_header(reading, name, {
        "file": HEADER.size + len(body), "pages": first, "widest": widest}))
    crc = zlib.crc32(body, zlib.crc32(header[CRC_END:]))
    header[CRC_END - 4:CRC_END] = struct.pack("<I", crc)
    return bytes(header) + body


def write(path, data):
    """Write the file in one step: it is whole, or it is not there."""
    folder = os.path.dirname(path) or "."
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".xcputrace-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
