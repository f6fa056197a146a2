/* SPDX-License-Identifier: BSD-2-Clause */
/* devices.c: what the kernel needs to know of the machine, by its device tree. */
#include "../../fdt.h"
#include "riscv.h"

#define SSWI_MAX	4		/* devices */

struct devices devices;

static struct {
	const uint32_t *harts;		/* interrupts-extended: phandle, line */
	uint32_t n;
	uint64_t address;
} sswi[SSWI_MAX];

static uint64_t tree;			/* physical */

/* Of "rv64imac_zicsr_sstc": whether an extension with a long name is there. */
static bool
isa_has(const struct fdt *fdt, const char *name)
{
	const char *isa = fdt_text(fdt, "riscv,isa");
	unsigned i;

	for (; isa != NULL && *isa != '\0'; isa++) {
		if (*isa != '_')
			continue;
		for (i = 0; name[i] != '\0' && isa[1 + i] == name[i]; i++)
			;
		if (name[i] == '\0' &&
		    (isa[1 + i] == '_' || isa[1 + i] == '\0'))
			return true;
	}
	return false;
}

static void
read_sswi(const struct fdt *fdt)
{
	uint64_t size;
	uint32_t len;
	unsigned i = 0;

	while (i < SSWI_MAX && sswi[i].harts != NULL)
		i++;
	if (i == SSWI_MAX || !fdt_reg(fdt, 0, &sswi[i].address, &size))
		return;
	sswi[i].harts = fdt_value(fdt, "interrupts-extended", &len);
	sswi[i].n = sswi[i].harts != NULL ? len / 8 : 0;
}

static void
read_node(const struct fdt *fdt)
{
	uint64_t size;

	if (fdt_has(fdt, "device_type", "cpu")) {
		devices.sstc = devices.sstc && isa_has(fdt, "sstc");
		devices.svinval = devices.svinval && isa_has(fdt, "svinval");
		devices.sscofpmf = devices.sscofpmf && isa_has(fdt, "sscofpmf");
	}
	if (fdt_number(fdt, "timebase-frequency") != 0)
		devices.clock_hz = fdt_number(fdt, "timebase-frequency");
	if (fdt_has(fdt, "compatible", "ns16550a"))
		(void)fdt_reg(fdt, 0, &devices.console, &size);
	if (fdt_has(fdt, "compatible", "sifive,test0"))
		(void)fdt_reg(fdt, 0, &devices.exit, &size);
	if (fdt_has(fdt, "compatible", "riscv,aclint-sswi"))
		read_sswi(fdt);
}

void
devices_find(uint64_t fdt_phys)
{
	struct fdt fdt;

	tree = fdt_phys;
	devices.sstc = devices.svinval = devices.sscofpmf = true;
	if (!fdt_open(&fdt, phys_to_virt(fdt_phys)))
		return;
	while (fdt_next(&fdt))		/* ends: with the tree */
		read_node(&fdt);
}

/* The phandle of a hart's own interrupt controller, the node below it. */
static uint32_t
hart_phandle(uint64_t hart)
{
	struct fdt fdt;
	uint64_t id = 0, size;
	bool below = false;

	if (!fdt_open(&fdt, phys_to_virt(tree)))
		return 0;
	while (fdt_next(&fdt)) {	/* ends: with the tree */
		if (fdt_has(&fdt, "device_type", "cpu"))
			below = fdt_reg(&fdt, 0, &id, &size) && id == hart;
		else if (below && fdt_has(&fdt, "compatible", "riscv,cpu-intc"))
			return (uint32_t)fdt_number(&fdt, "phandle");
	}
	return 0;
}

uint64_t
devices_sswi(uint64_t hart)
{
	uint32_t phandle = hart_phandle(hart);
	unsigned i, n;

	for (i = 0; i < SSWI_MAX; i++) {
		for (n = 0; n < sswi[i].n; n++) {
			if (phandle != 0 &&
			    fdt_word(&sswi[i].harts[2 * n]) == phandle)
				return sswi[i].address + n * sizeof(uint32_t);
		}
	}
	return 0;
}
