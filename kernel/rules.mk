# SPDX-License-Identifier: BSD-2-Clause
#
# The reference kernel, once per architecture: kernel/ and a folder of
# kernel/arch/, the library, its port and the workloads, in one ELF file that
# QEMU boots by -kernel.  An architecture is the folder kernel/arch/ARCH, with
#
#   rules.mk    KERNEL_PORT_ARCH    the folder of port/ with its hooks
#               KERNEL_CFLAGS_ARCH  what its compiler, $(1), is told besides
#               KERNEL_AFTER_ARCH   what is done with the ELF file (may be empty)
#   qemu.py     its machine: what tools/run-qemu and machines.py have to know
#   kernel.lds  where the linker puts what

include $(sort $(wildcard kernel/arch/*/rules.mk))
KERNEL_ARCHS := $(notdir $(patsubst %/,%,$(sort $(wildcard kernel/arch/*/))))

KERNEL_FLAGS := -ffreestanding -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer
# $(1) architecture, $(2) compiler
kernel_cflags = $(CFLAGS_common) $(CFLAGS_$(1)) $(KERNEL_FLAGS) \
	$(call KERNEL_CFLAGS_$(1),$(2)) -Ikernel -Ikernel/arch/$(1) -Iwork \
	-Iselftest -Iport/$(KERNEL_PORT_$(1))
KERNEL_SRCS := $(LIB_SRCS) $(wildcard kernel/*.c work/*.c selftest/*.c)

kernel_cc = $(if $(filter $(1),$(ARCH)),$(CC),$(GCC_$(1)))

# $(1) world, $(2) architecture
define kernel
$(1)_CC     = $(call kernel_cc,$(2)) $(call target,$(call kernel_cc,$(2)),$(2))
$(1)_CFLAGS = $(call kernel_cflags,$(2),$(call kernel_cc,$(2)))
$(call world,$(1))

$(1)_OBJS := $(call objs,$(1),$(KERNEL_SRCS) \
	$(wildcard kernel/arch/$(2)/*.[cS] port/$(KERNEL_PORT_$(2))/*.c))

$(O)/$(1).elf: $$($(1)_OBJS) kernel/arch/$(2)/kernel.lds
	$$(call say,LD,$$@)
	$$(Q)$$($(1)_CC) -nostdlib -static -Wl,--build-id=none \
	    -Wl,-z,max-page-size=4096 -Wl,-T,kernel/arch/$(2)/kernel.lds \
	    -o $$@ $$($(1)_OBJS)
	$$(if $$(KERNEL_AFTER_$(2)),$$(Q)$$(KERNEL_AFTER_$(2)))

PROGRAMS += $(O)/$(1).elf

# Its share of the cells of machines.py, and runs of the workloads by other words.
# Where the suite `plants` tries all plants, the share has none of them.
SUITES += machines-$(2) $(1)-runs
machines-$(2)_RUN   = python3 kernel/machines.py --out $(O) --share --jobs 1 \
	$(if $(filter $(2),$(ARCH)),'$(2)/*/*/*','$(2)/*')
machines-$(2)_NEEDS = $(O)/$(1).elf $$(RECORDED)
machines-$(2)_TIME  = 600
machines-$(2)_TOOLS = patch qemu-system-$(2)
$(1)-runs_RUN   = python3 kernel/runs.py $(O)/$(1).elf
$(1)-runs_NEEDS = $(O)/$(1).elf
$(1)-runs_TIME  = 600
$(1)-runs_TOOLS = qemu-system-$(2)
endef
$(foreach a,$(KERNEL_ARCHS),$(eval $(call kernel,kernel-$(a),$(a))))

# All of them, on every number of CPUs and back end: `./x matrix --machines`.
COMMANDS += machines
machines_CMD   = python3 kernel/machines.py --out $(O)
machines_NEEDS = $(KERNEL_ARCHS:%=$(O)/kernel-%.elf) $(RECORDED)

# What `make run` boots.
KERNEL := $(patsubst %,$(O)/kernel-%.elf,$(if $(filter all,$(ARCH)),\
	$(KERNEL_ARCHS),$(ARCH)))
ifeq ($(filter $(ARCH),all $(KERNEL_ARCHS)),)
$(KERNEL):
	$(error the kernel knows ARCH=$(KERNEL_ARCHS), not $(ARCH))
endif

# ---- Each port alone, as in the kernel: for `make sizes` ----------------------

# $(1) world, $(2) architecture, $(3) compiler
define port_build
$(1)_CC     := $(3) $(call target,$(3),$(2))
$(1)_CFLAGS := $(call kernel_cflags,$(2),$(3))
$(call world,$(1))
PORT_BUILDS += $(1)
PORT_OBJS += $(call objs,$(1),$(wildcard port/$(KERNEL_PORT_$(2))/*.c))
endef
$(foreach a,$(ARCHS),\
  $(eval $(call port_build,port-$(a)-gcc,$(a),$(GCC_$(a))))\
  $(eval $(call port_build,port-$(a)-clang,$(a),clang)))

freestanding sizes: $(PORT_OBJS)
freestanding_NEEDS += $(PORT_OBJS)

# ---- Objects of all of it, by two compilers, at each level of optimization ----

# $(1) architecture, $(2) compiler
object_build = --build $(call quote,$(1)|$(KERNEL_PORT_$(1))|$(2) \
	$(call target,$(2),$(1)) $(call kernel_cflags,$(1),$(2)))

SUITES += objects
objects_RUN   = python3 tests/compile/objects.py $(if $(ONLY),--only "$(ONLY)") \
	$(foreach a,$(KERNEL_ARCHS),$(foreach c,$(GCC_$(a)) clang,$(call \
	object_build,$(a),$(c))))
objects_TOOLS = clang $(foreach a,$(KERNEL_ARCHS),$(GCC_$(a)))

.PHONY: objects
objects:
	$(Q)$(objects_RUN)
