# SPDX-License-Identifier: BSD-2-Clause
#
# What the two engines compile src/ with; the engines are in explore/ and sim/.

SIM_PORT_FLAGS := $(CFLAGS_common) -Iport/sim -DXCPU_PORT_EARLY=sim_port_early \
	-DXCPU_ATOMIC_HEADER='"sim_atomic.h"'
SIM_PORT_SRCS := port/sim/fiber.c
