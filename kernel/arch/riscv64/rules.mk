# SPDX-License-Identifier: BSD-2-Clause
KERNEL_PORT_riscv64   := riscv64-sbi
KERNEL_CFLAGS_riscv64 := -march=rv64imac_zicsr_zifencei -mabi=lp64 \
	-DXCPU_NCPU_MAX=128 -DXCPU_PORT_LEVEL=3 -DXCPU_PORT_REMOTE=1
