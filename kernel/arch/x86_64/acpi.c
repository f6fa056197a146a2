/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi.c: two of ACPI's tables: MADT lists the processors, FADT names the port
 * of the power management timer, the clock that the others are measured by.
 */
#include "x86.h"

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;		/* from revision 2 on */
	uint64_t xsdt;
} __attribute__((packed));

struct table {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char ids[26];
} __attribute__((packed));

#define MADT_ENTRIES	44		/* offset of the first one */
#define MADT_LOCAL	0
#define MADT_LOCAL_X2	9
#define MADT_ENABLED	1
#define FADT_PM_TIMER	76

static const struct table *
table_map(uint64_t phys)
{
	const struct table *table =
	    paging_map_device(phys, sizeof(*table), true);
	const uint8_t *bytes = (const uint8_t *)table;
	uint8_t sum = 0;
	uint32_t i;

	paging_map_device(phys, table->length, true);
	for (i = 0; i < table->length; i++)
		sum += bytes[i];
	if (sum != 0)
		panic("ACPI table at %lx has a bad checksum", phys);
	return table;
}

static uint32_t
read32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void
read_madt(const struct table *madt, struct acpi_info *info)
{
	const uint8_t *at = (const uint8_t *)madt + MADT_ENTRIES;
	const uint8_t *end = (const uint8_t *)madt + madt->length;

	/* ends: each entry is at least 2 bytes, or the table is refused */
	for (; at + 2 <= end; at += at[1]) {
		if (at[1] < 2)
			panic("MADT has an entry of %u bytes", at[1]);
		if (at[0] == MADT_LOCAL_X2 && read32(at + 8) & MADT_ENABLED)
			info->left_out++;
		if (at[0] != MADT_LOCAL || !(read32(at + 4) & MADT_ENABLED))
			continue;
		if (info->n < CPUS_MAX)
			info->apic_ids[info->n++] = at[3];
		else
			info->left_out++;
	}
}

void
acpi_read(uint64_t rsdp_phys, struct acpi_info *info)
{
	const struct rsdp *rsdp =
	    paging_map_device(rsdp_phys, sizeof(*rsdp), true);
	bool wide = rsdp->revision >= 2 && rsdp->xsdt != 0;
	const struct table *root = table_map(wide ? rsdp->xsdt : rsdp->rsdt);
	uint32_t width = wide ? 8 : 4;
	uint32_t at;

	for (at = sizeof(*root); at + width <= root->length; at += width) {
		const struct table *table;
		uint64_t phys = 0;

		memcpy(&phys, (const char *)root + at, width);
		table = table_map(phys);
		if (memcmp(table->signature, "APIC", 4) == 0)
			read_madt(table, info);
		else if (memcmp(table->signature, "FACP", 4) == 0)
			info->pm_timer = (uint16_t)read32(
			    (const uint8_t *)table + FADT_PM_TIMER);
	}
}
