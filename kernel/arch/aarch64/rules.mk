# SPDX-License-Identifier: BSD-2-Clause
KERNEL_PORT_aarch64   := aarch64-gic
KERNEL_CFLAGS_aarch64 := -mstrict-align -DXCPU_NCPU_MAX=512 \
	-DXCPU_PORT_REMOTE=1 -DXCPU_ARM_PSEUDO_NMI=1
# QEMU hands a device tree and a module to a Linux image only, not to an ELF file.
KERNEL_AFTER_aarch64   = aarch64-linux-gnu-objcopy -O binary $@ $(@:.elf=.img)
