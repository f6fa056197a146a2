/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * multiboot2.c: what GRUB says, copied by boot.S.  Layout: the "Multiboot2
 * Specification" of the GNU project: a length, a reserved word, and tags up to
 * the one of type 0, each at a multiple of 8 bytes.
 */
#include "loader.h"

enum {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY = 6,
	TAG_RSDP_OLD = 14,	/* a copy of the table itself */
	TAG_RSDP = 15
};

#define MEM_RAM		1

struct tag {
	uint32_t type, len_bytes;
	union {
		char command_line[1];
		struct {
			uint32_t start, end;
		} module;
		struct {
			uint32_t entry_bytes, version;
		} memory;
		char rsdp[1];
	};
};

struct entry {
	uint64_t address, len_bytes;
	uint32_t type, reserved;
};

extern uint32_t multiboot2_info[MULTIBOOT2_BYTES / sizeof(uint32_t)];

/* The tag behind this one; the first for NULL.  NULL behind the last. */
static const struct tag *
tag_next(const struct tag *tag)
{
	const char *end = (const char *)multiboot2_info + multiboot2_info[0];
	const char *next = (const char *)&multiboot2_info[2];

	if (tag != NULL)
		next = (const char *)tag + ((tag->len_bytes + 7) & ~7u);
	tag = (const struct tag *)next;
	return next + 8 <= end && tag->type != TAG_END && tag->len_bytes >= 8 ?
	    tag : NULL;
}

static void
read_memory(const struct tag *tag, struct boot_info *boot)
{
	const char *at = (const char *)(&tag->memory + 1);
	const char *end = (const char *)tag + tag->len_bytes;

	if (tag->memory.entry_bytes < sizeof(struct entry))
		panic("the loader's memory map has entries of %u bytes",
		    tag->memory.entry_bytes);
	for (; at + sizeof(struct entry) <= end;
	    at += tag->memory.entry_bytes) {
		const struct entry *entry = (const struct entry *)at;

		if (entry->type == MEM_RAM)
			loader_memory(boot, entry->address, entry->len_bytes);
	}
}

/* The first module is ours; others are left where they are, and unused. */
void
multiboot2_read(struct boot_info *boot)
{
	const struct tag *tag, *memory = NULL;

	if (multiboot2_info[0] > MULTIBOOT2_BYTES)
		panic("the loader says %u bytes: there is room for %u",
		    multiboot2_info[0], MULTIBOOT2_BYTES);
	for (tag = tag_next(NULL); tag != NULL; tag = tag_next(tag)) {
		if (tag->type == TAG_COMMAND_LINE) {
			boot_command_line(boot, tag->command_line);
		} else if (tag->type == TAG_MODULE && boot->module_len == 0) {
			boot->module_phys = tag->module.start;
			boot->module_len =
			    tag->module.end - tag->module.start;
		} else if (tag->type == TAG_MEMORY) {
			memory = tag;
		} else if (tag->type == TAG_RSDP ||
		    (tag->type == TAG_RSDP_OLD && boot->firmware_table == 0)) {
			boot->firmware_table = (uint64_t)tag->rsdp - IMAGE_BASE;
		}
	}
	if (memory == NULL || boot->firmware_table == 0)
		panic("the loader left no memory map, or no ACPI");
	read_memory(memory, boot);
}
