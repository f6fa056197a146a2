# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's PC, as tools/run-qemu has to know it.

The kernel leaves through the isa-debug-exit device: 33 is success.  A triple
fault makes QEMU exit with 0, so that 0 is not.
"""
ELF_MACHINE = 62
QEMU = "qemu-system-x86_64"
PACKAGE = "qemu-system-x86"
CPU = "max"
CPUS_MAX, WHY_NOT_MORE = 255, "xAPIC has room for 1 to 255"
KERNEL_PASSED = 33


def memory_for(cpus):
    """MiB: what the kernel needs for stacks, tables and frames, with room."""
    if cpus <= 16:
        return 128
    return 256 if cpus <= 64 else 1536


def modes_for(cpus):
    return ["single", "multi"] if cpus <= 4 else ["single"]


def boot_file(kernel):
    """What -kernel is given."""
    return kernel


def machine_words(_cpus):
    return ["-serial", "stdio",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]


def why_failed(code):
    """What an exit code says that is neither KERNEL_PASSED nor QEMU's own."""
    if code == 0:
        return "the machine reset itself (a triple fault)"
    return f"the kernel failed with code {code >> 1}"


# What kernel/machines.py runs here; it says what each of these means.
MATRIX_CPUS = [1, 2, 4, 8, 64]
LARGEST = 255
SHARE_CPUS = [1, 8, 66]
BACK_ENDS = {
    "kick": {"kicks": True, "words": "", "ids": "F-B1 F-B3 F-T4",
             "shows": r"flush +\d,\d+ "},
    "nmi": {"kicks": False, "words": "kick=nmi", "ids": "F-T1 F-T7",
            "shows": r"kick nmi: [1-9]\d* NMIs sent, [1-9]\d* taken"},
}
