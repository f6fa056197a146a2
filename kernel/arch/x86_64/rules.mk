# SPDX-License-Identifier: BSD-2-Clause
KERNEL_PORT_x86_64   := x86_64-apic
KERNEL_CFLAGS_x86_64 := -mcmodel=kernel -fcf-protection=none \
	-DXCPU_NCPU_MAX=256 -DXCPU_PORT_EARLY=1

# A disc for real machines, and the kernel booted from such discs.
.PHONY: iso
iso: $(O)/xcpu-x86_64.iso
$(O)/xcpu-x86_64.iso: $(O)/kernel-x86_64.elf tools/iso
	$(call say,ISO,$@)
	$(Q)python3 tools/iso --kernel $< --out $@ --timeout 5 $(words)

ISO_TRACE := $(O)/traces/rg-mmap.bin
SUITES += iso
iso_RUN   = python3 kernel/arch/x86_64/iso.py $(O)/kernel-x86_64.elf $(ISO_TRACE)
iso_NEEDS = $(O)/kernel-x86_64.elf $(ISO_TRACE)
iso_TOOLS = qemu-system-x86_64 grub-mkrescue xorriso mformat
