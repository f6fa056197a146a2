/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h: a line of text, put together without a lock and without the host.
 */
#ifndef XCPU_TEXT_H
#define XCPU_TEXT_H

#include <stdint.h>

/* A line under construction, empty while len is 0; what does not fit is cut off. */
struct xcpui_text {
	char buf[121];
	unsigned len;
};

void xcpui_put(struct xcpui_text *t, const char *s);
void xcpui_put_number(struct xcpui_text *t, uint64_t n, unsigned base);
void xcpui_put_named(struct xcpui_text *t, const char *name, uint64_t n);

#endif /* XCPU_TEXT_H */
