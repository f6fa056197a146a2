# SPDX-License-Identifier: BSD-2-Clause
#
# The storm in each of its modes, in both worlds: the counts of one beside those
# of another.
SUITES += modes-threads modes-kernel
modes-threads_RUN   = python3 work/modes.py --threads $(THREADS)
modes-threads_NEEDS = $(THREADS)
modes-kernel_RUN   = python3 work/modes.py --kernel $(KERNEL) --ops 3000
modes-kernel_NEEDS = $(KERNEL)
modes-kernel_TIME  = 600
modes-kernel_TOOLS = qemu-system-$(ARCH)
