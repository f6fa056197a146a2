/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mp_host.h: what the files of this folder share.  Nobody else includes it.
 */
#ifndef XCPU_XNU_MP_HOST_H
#define XCPU_XNU_MP_HOST_H

#include <stddef.h>

#include <xcpu/cpuset.h>
#include <xcpu/error.h>
#include <xcpu/event.h>
#include <xcpu/port.h>

#include <i386/mp.h>

extern struct mp_host mp_host;

/* pmap.c, from mp_attach(). */
void pmap_attach_kernel(void);

/*
 * call.c: run fn(arg) where the library refuses to wait for it, and wait all the
 * same; panics with `text` when patience is over.  Returns who ran it.
 */
struct xcpu_cpuset mp_call_patiently(const struct xcpu_cpuset *set,
    xcpu_fn *fn, void *arg, const char *text);

static inline void
mp_log(const char *text, int cpu)
{
	if (mp_host.log != NULL)
		mp_host.log(text, cpu);
}

static inline void
mp_trace(uint32_t code, int cpu)
{
	if (mp_host.trace != NULL)
		mp_host.trace(code, cpu);
}

/* These interfaces have no way to fail. */
static inline void
mp_must(int error, const char *text)
{
	if (error != 0)
		xcpu_port_panic(error == -XCPU_EDEADLK ||
		    error == -XCPU_ETIMEDOUT ? text : xcpu_strerror(error),
		    __FILE__, __LINE__);
}

#endif /* XCPU_XNU_MP_HOST_H */
