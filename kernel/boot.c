/* SPDX-License-Identifier: BSD-2-Clause */
/* boot.c: what the loaders of all architectures have in common. */
#include "kernel.h"

void
boot_command_line(struct boot_info *boot, const char *from)
{
	unsigned i;

	for (i = 0; from[i] != '\0' && i < sizeof(boot->command_line) - 1; i++)
		boot->command_line[i] = from[i];
	boot->command_line[i] = '\0';
}

/* Of the memory before and behind what is kept, the larger part. */
void
boot_keep(struct boot_info *boot, uint64_t phys, uint64_t len)
{
	if (phys + len <= boot->free_start || phys >= boot->free_end)
		return;
	if (phys > boot->free_start &&
	    phys - boot->free_start > boot->free_end - phys)
		boot->free_end = phys;
	else
		boot->free_start = phys + len;
}
