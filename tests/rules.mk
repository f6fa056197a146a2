# SPDX-License-Identifier: BSD-2-Clause
#
# Unit tests (cmocka), and the compile matrix.
#
# The unit tests run with the address and undefined-behaviour sanitizers.

UNIT_CFLAGS = $(CFLAGS_common) -Itests/unit -fsanitize=address,undefined \
	-fno-sanitize-recover=all
UNIT_LDFLAGS := -fsanitize=address,undefined

# $(1) world, $(2) its further flags
define unit_world
$(1)_CC = $(CC)
$(1)_CFLAGS = $$(UNIT_CFLAGS) $(2)
$(call world,$(1))
endef

define unit_link
$(call say,LD,$@)
$(Q)$(CC) $(UNIT_LDFLAGS) -o $@ $^ -lcmocka
endef

# ---- cpuset, at each number of CPUs where a word or a bit could be missed ----

CPUSET_SIZES := 1 2 31 32 33 63 64 65 255 4096
CPUSET_TESTS := $(CPUSET_SIZES:%=$(O)/unit-cpuset-%/cpuset_test)

define cpuset_size
$(call unit_world,unit-cpuset-$(1),-DXCPU_NCPU_MAX=$(1))
$(O)/unit-cpuset-$(1)/cpuset_test: \
    $(call objs,unit-cpuset-$(1),tests/unit/cpuset_test.c src/cpuset.c)
	$$(unit_link)
endef
$(foreach n,$(CPUSET_SIZES),$(eval $(call cpuset_size,$(n))))

SUITES += unit-cpuset
unit-cpuset_RUN   = for t in $(CPUSET_TESTS); do $$t || exit; done
unit-cpuset_NEEDS = $(CPUSET_TESTS)

# ---- port/x86_64-apic, on a register file ---------------------------------

# Its instructions are those of one machine.
ifeq ($(HOST_ARCH),x86_64)
$(eval $(call unit_world,unit-apic,-DXCPU_NCPU_MAX=4096 -Iport/x86_64-apic \
    -Itests/unit/apic -DXCPU_APIC_REGS_HEADER='"apic_mock.h"'))

APIC_TESTS := $(O)/unit-apic/apic_test $(O)/unit-apic/apic_icr_test
APIC_OBJS  := $(call objs,unit-apic,src/cpuset.c port/x86_64-apic/apic.c \
	port/x86_64-apic/xcpu_kick.c $(wildcard tests/unit/apic/*.c))

$(APIC_TESTS): $(O)/unit-apic/%: $(O)/unit-apic/tests/unit/%.o $(APIC_OBJS)
	$(unit_link)

SUITES += unit-apic
unit-apic_RUN   = for t in $(APIC_TESTS); do $$t || exit; done
unit-apic_NEEDS = $(APIC_TESTS)
endif

# ---- port/aarch64-gic, on instructions that are written down ---------------

GIC_FLAGS := -DXCPU_NCPU_MAX=4096 -Iport/aarch64-gic -Itests/unit/gic \
	-DXCPU_ARM_INSN_HEADER='"arm_mock.h"'
$(eval $(call unit_world,unit-gic,$(GIC_FLAGS) -DXCPU_ARM_PSEUDO_NMI=1))
$(eval $(call unit_world,unit-gic-plain,$(GIC_FLAGS)))

GIC_TESTS := $(O)/unit-gic/gic_test $(O)/unit-gic/gic_tlb_test \
	$(O)/unit-gic/gic_irq_test $(O)/unit-gic-plain/gic_irq_test
GIC_OBJS  := $(call objs,unit-gic,src/cpuset.c tests/unit/gic/arm_mock.c)

$(O)/unit-gic/gic_test: $(call objs,unit-gic,tests/unit/gic_test.c \
    port/aarch64-gic/gic.c port/aarch64-gic/xcpu_kick.c) $(GIC_OBJS)
	$(unit_link)
$(O)/unit-gic/gic_tlb_test: $(call objs,unit-gic,tests/unit/gic_tlb_test.c \
    port/aarch64-gic/tlbi.c) $(GIC_OBJS)
	$(unit_link)
$(O)/unit-gic/gic_irq_test $(O)/unit-gic-plain/gic_irq_test: \
    $(O)/%/gic_irq_test: $(O)/%/tests/unit/gic_irq_test.o \
    $(O)/%/tests/unit/gic/arm_mock.o $(O)/%/src/cpuset.o
	$(unit_link)

SUITES += unit-gic
unit-gic_RUN   = for t in $(GIC_TESTS); do $$t || exit; done
unit-gic_NEEDS = $(GIC_TESTS)

# ---- port/riscv64-sbi, on a firmware and instructions of its own ------------

$(eval $(call unit_world,unit-sbi,-DXCPU_NCPU_MAX=4096 -Iport/riscv64-sbi \
    -Itests/unit/riscv -DXCPU_RISCV_INSN_HEADER='"riscv_mock.h"' \
    -DXCPU_PORT_LEVEL=3))

SBI_TESTS := $(O)/unit-sbi/sbi_test $(O)/unit-sbi/sbi_tlb_test
SBI_OBJS  := $(call objs,unit-sbi,src/cpuset.c tests/unit/riscv/riscv_mock.c \
	$(wildcard port/riscv64-sbi/*.c))

$(SBI_TESTS): $(O)/unit-sbi/%: $(O)/unit-sbi/tests/unit/%.o $(SBI_OBJS)
	$(unit_link)

SUITES += unit-sbi
unit-sbi_RUN   = for t in $(SBI_TESTS); do $$t || exit; done
unit-sbi_NEEDS = $(SBI_TESTS)

# ---- kernel/fdt.c, on device trees right and damaged ------------------------

# The kernel's string.h is not to be taken for libc's.
$(eval $(call unit_world,unit-fdt,-iquote kernel -iquote work \
    -iquote tests/unit/fdt))

FDT_TESTS := $(O)/unit-fdt/fdt_test $(O)/unit-fdt/fdt_damage_test
FDT_OBJS  := $(call objs,unit-fdt,kernel/fdt.c kernel/fdt_boot.c kernel/boot.c \
	$(wildcard tests/unit/fdt/*.c))

$(FDT_TESTS): $(O)/unit-fdt/%: $(O)/unit-fdt/tests/unit/%.o $(FDT_OBJS)
	$(unit_link)

SUITES += unit-fdt
unit-fdt_RUN   = for t in $(FDT_TESTS); do $$t || exit; done
unit-fdt_NEEDS = $(FDT_TESTS)

# ---- ASIDs, on a machine of their own, with wide and narrow generations -----

# $(1) world, $(2) its further flags
define asid_test
$(call unit_world,$(1),-Itests/unit/asid -DXCPU_PORT_REMOTE=1 $(2))
$(O)/$(1)/asid_test: $(call objs,$(1),tests/unit/asid_test.c \
    tests/unit/asid/machine.c $(LIB_SRCS))
	$$(unit_link)
endef
$(eval $(call asid_test,unit-asid,))
$(eval $(call asid_test,unit-asid-narrow,-DXCPU_SPACE_GEN_BITS=4 \
    -DXCPU_SPACE_RANGES=2))
ASID_TESTS := $(O)/unit-asid/asid_test $(O)/unit-asid-narrow/asid_test

SUITES += unit-asid
unit-asid_RUN   = for t in $(ASID_TESTS); do $$t || exit; done
unit-asid_NEEDS = $(ASID_TESTS)

# ---- Every header alone, every option both ways ---------------------------

SUITES += compile
compile_RUN   = python3 tests/compile/run.py
compile_TOOLS = clang g++
