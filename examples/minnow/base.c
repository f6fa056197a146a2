/* SPDX-License-Identifier: 0BSD */
/* base.c: the console, the clock, the way out, and bytes. */
#include "minnow.h"

#define SERIAL		0x3f8
#define PIT_HZ		1193182
#define CALIBRATE_MS	10

static uint64_t ticks_per_ms;

/* ---- the clock: microseconds, by the processor's counter ---- */

/* By the second channel of the old timer, which every PC still has. */
static void
pit_wait(unsigned ms)
{
	unsigned count = PIT_HZ * ms / 1000;

	out8(0x61, (in8(0x61) & ~2u) | 1);
	out8(0x43, 0xb0);
	out8(0x42, count & 255);
	out8(0x42, count >> 8);
	while ((in8(0x61) & 0x20) == 0)
		__builtin_ia32_pause();
}

void
clock_init(void)
{
	uint64_t since = __builtin_ia32_rdtsc();

	pit_wait(CALIBRATE_MS);
	ticks_per_ms = (__builtin_ia32_rdtsc() - since) / CALIBRATE_MS;
}

uint64_t
clock_us(void)
{
	uint64_t now = __builtin_ia32_rdtsc();

	return now / ticks_per_ms * 1000 +
	    now % ticks_per_ms * 1000 / ticks_per_ms;
}

void
wait_ms(unsigned ms)
{
	uint64_t since = clock_us();

	while (clock_us() - since < ms * 1000)
		__builtin_ia32_pause();
}

/* ---- the console ---- */

void
say(const char *text)
{
	for (; *text != '\0'; text++)
		out8(SERIAL, (unsigned char)*text);
}

void
say_number(uint64_t number)
{
	char digits[21];
	unsigned at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	say(&digits[at]);
}

void
sink(const char *why, uint64_t number)
{
	say("minnow: place ");
	say_number(apic_id());
	say(": ");
	say(why);
	say(" ");
	say_number(number);
	say("\n");
	machine_off(3);
}

/* QEMU ends with 33 after code 0, and never so by itself. */
void
machine_off(unsigned code)
{
	out8(0xf4, 16 + code);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* ---- bytes ---- */

void *
memcpy(void *to, const void *from, size_t n)
{
	void *end = to;

	__asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(n) : :
	    "memory");
	return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
	char *a = to;
	const char *b = from;

	if (a <= b)
		return memcpy(to, from, n);
	while (n-- != 0) {
		a[n] = b[n];
		__asm__ volatile("" ::: "memory");
	}
	return to;
}

void *
memset(void *to, int byte, size_t n)
{
	void *end = to;

	__asm__ volatile("rep stosb" : "+D"(end), "+c"(n) : "a"(byte) :
	    "memory");
	return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (size_t i = 0; i < n; i++)
		if (p[i] != q[i])
			return p[i] - q[i];
	return 0;
}
