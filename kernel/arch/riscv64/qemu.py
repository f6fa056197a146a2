# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's riscv64 board `virt`, as tools/run-qemu has to know it.

The firmware is the OpenSBI that QEMU brings.  The kernel leaves through the
sifive_test device, which makes QEMU exit with a code of the kernel's: 33 is
success.

The firmware that fences other harts (tlb=broadcast) spins for their answers: in
mode=single each of them costs it a whole time slice, a tenth of a second.
"""
ELF_MACHINE = 243
QEMU = "qemu-system-riscv64"
PACKAGE = "qemu-system-misc"
CPU = "rv64,sstc=true,svinval=true,sscofpmf=true"
CPUS_MAX, WHY_NOT_MORE = 128, "OpenSBI has room for 1 to 128"
KERNEL_PASSED = 33
PATIENCE = 2  # with its flushes of everything, and its firmware


def memory_for(cpus):
    """MiB: what the kernel needs for stacks, tables and frames, with room.

    A module is put in the middle, and only one side of it is used.
    """
    return 256 if cpus <= 64 else 512


def modes_for(cpus):
    return ["single", "multi"] if cpus <= 4 else ["single"]


def boot_file(kernel):
    """The image for -kernel."""
    return kernel


def machine_words(_cpus):
    return ["-machine", "virt", "-serial", "stdio"]


# In memory that neither the firmware nor the kernel uses: what each hart runs
# first, and the fw_dynamic info of the OpenSBI that it goes on to.
START = 0x80100000
START_CODE = [
    0xf1402573,				# csrr a0, mhartid
    0x000012b7, 0x0202b583,		# a1 = *0x1020, the device tree
    0x00000617, 0x01460613,		# a2 = the info, behind this
    0x0010029b, 0x01f29293, 0x00028067,	# on to 0x80000000
]
INFO_MAGIC, INFO_VERSION, KERNEL, S_MODE = 0x4942534f, 2, 0x80200000, 1


def boot_by(hart, cpus):
    """Words for another boot hart: left alone, QEMU says that it is hart 0."""
    code = [low | high << 32
            for low, high in zip(START_CODE[::2], START_CODE[1::2])]
    info = [INFO_MAGIC, INFO_VERSION, KERNEL, S_MODE, 0, hart]
    loads = [f"addr={START + 8 * n:#x},data={value:#x},data-len=8"
             for n, value in enumerate(code + info)]
    loads += [f"addr={START:#x},cpu-num={n}" for n in range(cpus)]
    return [word for load in loads for word in ("-device", "loader," + load)]


def why_failed(code):
    """What an exit code says that is neither KERNEL_PASSED nor QEMU's own."""
    if code == 0:
        return "the firmware shut the machine down"
    return f"the kernel failed with code {code}"


# What kernel/machines.py runs here; it says what each of these means.
MATRIX_CPUS = [1, 2, 4, 8, 32]
LARGEST = 128
SHARE_CPUS = [1, 8]
BACK_ENDS = {
    "kick": {"kicks": True, "words": "", "ids": "F-B3 F-B11",
             "shows": r"kicks by SBI(.*\n)+.*flush +\d,\d+ "},
    "sswi": {"kicks": True, "words": "--property=aclint=on", "ids": "F-B23",
             "shows": r"kicks by ACLINT's SSWI(.*\n)+.*flush +\d,\d+ "},
    "fence": {"kicks": False, "words": "tlb=broadcast mode=multi",
              "ids": "F-B11", "shows": r"flush +\d{1,3} "},
}
