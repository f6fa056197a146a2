/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.c: a formatter for words and numbers, which is all that TAP needs. */
#include "tap.h"

void
selftest_text(struct tap_line *line, const char *text)
{
	while (*text != '\0' && line->len < TAP_LINE_MAX - 1)
		line->text[line->len++] = *text++;
	line->text[line->len] = '\0';
}

void
selftest_number(struct tap_line *line, int64_t number)
{
	uint64_t rest = (uint64_t)number;
	char digits[21];
	unsigned at = sizeof(digits) - 1;

	if (number < 0) {
		selftest_text(line, "-");
		rest = -rest;
	}
	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);	/* at most twenty digits */
	selftest_text(line, &digits[at]);
}
