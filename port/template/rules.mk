# SPDX-License-Identifier: 0BSD
#
# The stubs are compiled in each freestanding build, beside the library.

TEMPLATE_OBJS := \
    $(foreach w,$(FREESTANDING),$(call objs,$(w),port/template/xcpu_port.c))

freestanding: $(TEMPLATE_OBJS)
freestanding_NEEDS += $(TEMPLATE_OBJS)
