# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's virt machine for Arm, as tools/run-qemu has to know it.

The kernel leaves by semihosting, which hands its exit code through: 33 is
success.  Power-off by the firmware makes QEMU exit with 0, so that 0 is not.
"""
ELF_MACHINE = 183
QEMU = "qemu-system-aarch64"
PACKAGE = "qemu-system-arm"
CPU = "max"
CPUS_MAX, WHY_NOT_MORE = 512, "this machine has 1 to 512"
KERNEL_PASSED = 33


def memory_for(cpus):
    """MiB: what the kernel needs for stacks, tables and frames, with room.

    A module is put in the middle, and only one side of it is used.
    """
    if cpus <= 16:
        return 256
    return 384 if cpus <= 64 else 2048


def modes_for(cpus):
    return ["single", "multi"] if cpus <= 4 else ["single"]


def boot_file(kernel):
    """The image for -kernel: an ELF file would get no module."""
    return kernel.removesuffix(".elf") + ".img"


def machine_words(_cpus):
    return ["-machine", "virt,gic-version=3", "-serial", "stdio",
            "-semihosting-config", "enable=on,target=native"]


def why_failed(code):
    """What an exit code says that is neither KERNEL_PASSED nor QEMU's own."""
    if code == 0:
        return "the machine was switched off"
    return f"the kernel failed with code {code}"


# What kernel/machines.py runs here; it says what each of these means.
MATRIX_CPUS = [1, 2, 4, 8, 64]
LARGEST = 512
SHARE_CPUS = [1, 8]
BACK_ENDS = {
    "broadcast": {"kicks": False, "words": "tlb=broadcast", "ids": "F-B11",
                  "shows": r"flush +\d{1,3} "},
    "repeat": {"kicks": False, "words": "tlb=repeat", "ids": "F-B11",
               "shows": r"flush +\d{1,3} "},
    "kick": {"kicks": True, "words": "tlb=kick", "ids": "F-B3 F-B11 F-T2",
             "shows": r"flush +\d,\d+ "},
    "nmi": {"kicks": False, "words": "tlb=kick kick=nmi", "ids": "F-T2 F-T7",
            "shows": r"kick nmi: [1-9]\d* NMIs sent, [1-9]\d* taken"},
}
