# SPDX-License-Identifier: BSD-2-Clause
KERNEL_PORT_x86_64   := x86_64-apic
KERNEL_CFLAGS_x86_64 := -mcmodel=kernel -fcf-protection=none \
	-DXCPU_NCPU_MAX=256 -DXCPU_PORT_EARLY=1
KERNEL_CPUS_x86_64   := 1 2 4 66
