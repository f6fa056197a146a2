/* SPDX-License-Identifier: BSD-2-Clause */
/* sys/thread2.h: where DragonFly has the inline parts of <sys/thread.h>. */
#ifndef XCPU_DRAGONFLY_SYS_THREAD2_H
#define XCPU_DRAGONFLY_SYS_THREAD2_H

#include <sys/globaldata.h>
#include <sys/thread.h>

#endif /* XCPU_DRAGONFLY_SYS_THREAD2_H */
