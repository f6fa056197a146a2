/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.h: lines of text, put together without printf. */
#ifndef XCPU_SELFTEST_TAP_H
#define XCPU_SELFTEST_TAP_H

#include <stdint.h>

#define TAP_LINE_MAX 200

/* A line being written; what does not fit is cut off. */
struct tap_line {
	char text[TAP_LINE_MAX];
	unsigned len;
};

void selftest_text(struct tap_line *line, const char *text);
void selftest_number(struct tap_line *line, int64_t number);

#endif /* XCPU_SELFTEST_TAP_H */
