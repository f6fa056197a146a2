# SPDX-License-Identifier: BSD-2-Clause
KERNEL_PORT_riscv64   := riscv64-sbi
# clang 14 has these two extensions in rv64i, and does not know their names.
KERNEL_CFLAGS_riscv64 = -mabi=lp64 \
	-march=rv64imac$(if $(findstring clang,$(1)),,_zicsr_zifencei) \
	-DXCPU_NCPU_MAX=128 -DXCPU_PORT_LEVEL=3 -DXCPU_PORT_REMOTE=1
