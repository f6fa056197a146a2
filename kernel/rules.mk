# SPDX-License-Identifier: BSD-2-Clause
#
# The reference kernel: kernel/ and one folder of kernel/arch/, the library, its
# APIC port and the workloads, in one ELF file that QEMU boots by -kernel.

KERNEL := $(O)/kernel-x86_64.elf

KERNEL_FLAGS := -ffreestanding -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer
KERNEL_INCLUDES := -Ikernel -Ikernel/arch/x86_64 -Iwork -Iselftest \
	-Iport/x86_64-apic

kernel-x86_64_CC     = $(if $(filter x86_64,$(ARCH)),$(CC),$(GCC_x86_64))
kernel-x86_64_CFLAGS = $(CFLAGS_common) $(CFLAGS_x86_64) $(KERNEL_FLAGS) \
	-mcmodel=kernel -fcf-protection=none -DXCPU_NCPU_MAX=256 \
	$(KERNEL_INCLUDES)
$(eval $(call world,kernel-x86_64))

KERNEL_SRCS := $(wildcard kernel/*.c kernel/arch/x86_64/*.[cS] \
	port/x86_64-apic/*.c work/*.c selftest/*.c)
KERNEL_OBJS := $(call objs,kernel-x86_64,$(LIB_SRCS) $(KERNEL_SRCS))
KERNEL_LDS  := kernel/arch/x86_64/kernel.lds

$(KERNEL): $(KERNEL_OBJS) $(KERNEL_LDS)
	$(call say,LD,$@)
	$(Q)$(kernel-x86_64_CC) -nostdlib -static -Wl,--build-id=none \
	    -Wl,-z,max-page-size=4096 -Wl,-T,$(KERNEL_LDS) \
	    -o $@ $(KERNEL_OBJS)

PROGRAMS += $(KERNEL)

# The self-test in it on 1, 2, 4 and 66 CPUs, and some runs of the workloads.
SUITES += kernel kernel-runs
kernel_RUN   = for n in 1 2 4 66; do python3 tools/run-qemu \
	--kernel $(KERNEL) --cpus $$n -- work=selftest mode=single || exit; done
kernel_NEEDS = $(KERNEL)
kernel_TOOLS = qemu-system-x86_64
kernel-runs_RUN   = python3 kernel/runs.py $(KERNEL)
kernel-runs_NEEDS = $(KERNEL)
kernel-runs_TOOLS = qemu-system-x86_64
