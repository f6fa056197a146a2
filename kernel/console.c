/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.c: printf to the console: %s %c %d %u %x %p %%, l, ll and z, a width,
 * '-' and '0'.
 *
 * A line is put together on the stack and written under a lock, so lines of
 * different CPUs do not mix.  The lock is only tried, a bounded number of
 * times: an NMI or a panic that came upon its holder prints anyway.
 */
#include "kernel.h"

#define LINE_BYTES	256
#define TRIES		1000000

struct line {
	char text[LINE_BYTES];
	unsigned len;
};

struct spec {
	bool left, zero, is_long;
	unsigned width;
};

static uint32_t console_held;

static void
line_write(struct line *line)
{
	unsigned long state = irq_save();
	bool mine = false;
	unsigned i;

	for (i = 0; i < TRIES && !mine; i++) {
		mine = !__atomic_exchange_n(&console_held, 1, __ATOMIC_ACQUIRE);
		if (!mine)
			cpu_pause();
	}
	for (i = 0; i < line->len; i++) {
		if (line->text[i] == '\n')
			console_putc('\r');
		console_putc(line->text[i]);
	}
	if (mine)
		__atomic_store_n(&console_held, 0, __ATOMIC_RELEASE);
	line->len = 0;
	irq_restore(state);
}

static void
put(struct line *line, char c)
{
	if (line->len == LINE_BYTES)
		line_write(line);
	line->text[line->len++] = c;
}

/* One field: the text, its sign apart so that zeros can come between. */
static void
put_field(struct line *line, const struct spec *spec, const char *sign,
    const char *text)
{
	unsigned len = 0;
	unsigned pad;

	while (text[len] != '\0')
		len++;
	len += sign[0] != '\0';
	pad = spec->width > len ? spec->width - len : 0;
	for (; pad > 0 && !spec->left && !spec->zero; pad--)
		put(line, ' ');
	if (sign[0] != '\0')
		put(line, sign[0]);
	for (; pad > 0 && !spec->left; pad--)
		put(line, '0');
	for (; *text != '\0'; text++)
		put(line, *text);
	for (; pad > 0; pad--)
		put(line, ' ');
}

static void
put_number(struct line *line, const struct spec *spec, uint64_t value,
    unsigned base, const char *sign)
{
	char digits[24];
	unsigned i = sizeof(digits) - 1;

	digits[i] = '\0';
	do {
		digits[--i] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	put_field(line, spec, sign, &digits[i]);
}

static const char *
parse_spec(const char *fmt, struct spec *spec)
{
	for (; *fmt == '-' || *fmt == '0'; fmt++) {
		spec->left |= *fmt == '-';
		spec->zero |= *fmt == '0';
	}
	spec->zero = spec->zero && !spec->left;
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		spec->width = spec->width * 10 + (unsigned)(*fmt - '0');
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		spec->is_long = true;
	return fmt;
}

static void
put_signed(struct line *line, const struct spec *spec, int64_t value)
{
	if (value < 0)
		put_number(line, spec, 0 - (uint64_t)value, 10, "-");
	else
		put_number(line, spec, (uint64_t)value, 10, "");
}

/* `args` points to the caller's: what is taken here is taken there. */
static void
put_argument(struct line *line, const struct spec *spec, char conversion,
    va_list *args)
{
	unsigned base = conversion == 'u' ? 10 : 16;
	char one[2] = { 0, 0 };

	if (conversion == 's') {
		put_field(line, spec, "", va_arg(*args, const char *));
	} else if (conversion == 'c') {
		one[0] = (char)va_arg(*args, int);
		put_field(line, spec, "", one);
	} else if (conversion == 'd') {
		put_signed(line, spec, spec->is_long ? va_arg(*args, long) :
		    va_arg(*args, int));
	} else if (conversion == 'u' || conversion == 'x') {
		put_number(line, spec, spec->is_long ?
		    va_arg(*args, unsigned long) : va_arg(*args, unsigned),
		    base, "");
	} else if (conversion == 'p') {
		put_number(line, spec, (uint64_t)va_arg(*args, void *), 16, "");
	} else {
		put(line, conversion);		/* %% */
	}
}

void
console_vprintf(const char *fmt, va_list args)
{
	struct line line = { .len = 0 };
	va_list rest;

	va_copy(rest, args);
	for (; *fmt != '\0'; fmt++) {
		struct spec spec = { .width = 0 };

		if (*fmt != '%') {
			put(&line, *fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec);
		if (*fmt == '\0')
			break;
		put_argument(&line, &spec, *fmt, &rest);
	}
	va_end(rest);
	line_write(&line);
}

void
mach_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	console_vprintf(fmt, args);
	va_end(args);
}
