/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gic_irq_test.c: how port/aarch64-gic masks interrupts and waits for them, in
 * both of its ways: by PSTATE, and by priority, which NMIs get through.
 */
#include "unit.h"

#include <xcpu/port.h>

static bool
nmi_gets_through(void)
{
	return (mock.daif & XCPU_ARM_PSTATE_I) == 0 &&
	    mock.pmr > XCPU_ARM_NMI_PRIORITY;
}

static bool
irq_gets_through(void)
{
	return (mock.daif & XCPU_ARM_PSTATE_I) == 0 &&
	    mock.pmr > XCPU_ARM_IRQ_PRIORITY;
}

/* Kills: NMIs masked; an inner pair that opens what the outer one masked. */
static void
masking(void **unused)
{
	unsigned long outer, inner;

	(void)unused;
	mock_reset(false, 1);
	assert_true(xcpu_arm_irq_on() && irq_gets_through());
	outer = xcpu_port_irq_save();
	assert_false(xcpu_arm_irq_on() || irq_gets_through());
	assert_int_equal(nmi_gets_through(), XCPU_ARM_PSEUDO_NMI);
	inner = xcpu_port_irq_save();
	xcpu_port_irq_restore(inner);
	assert_false(xcpu_arm_irq_on() || irq_gets_through());
	xcpu_port_irq_restore(outer);
	assert_true(xcpu_arm_irq_on() && irq_gets_through());
}

/* The hardware masks: all, and by PSTATE whatever the port does. */
static void
masking_in_a_handler(void **unused)
{
	unsigned long state;

	(void)unused;
	mock_reset(false, 1);
	mock.daif = XCPU_ARM_PSTATE_I;
	assert_false(xcpu_arm_irq_on());
	state = xcpu_port_irq_save();
	xcpu_port_irq_restore(state);
	assert_int_equal(mock.daif, XCPU_ARM_PSTATE_I);
	assert_int_equal(mock.pmr, XCPU_ARM_MASK_OPEN);
}

/* Kills: an interrupt that is taken before the WFI that it should end. */
static void
halting(void **unused)
{
	(void)unused;
	mock_reset(false, 1);
	(void)xcpu_port_irq_save();
	mock_clear();
	xcpu_arm_irq_on_and_halt();
	mock_expect(XCPU_ARM_PSEUDO_NMI ? "irqs_off pmr dsb_wfi irqs_on" :
	    "irqs_off dsb_wfi irqs_on");
	assert_true(xcpu_arm_irq_on() && irq_gets_through());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(masking, "F-T2"),
		UNIT_PLAIN(masking_in_a_handler),
		UNIT(halting, "BUG-04 BUG-05"),
	};

	return cmocka_run_group_tests_name("gic_irq", tests, NULL, NULL);
}
