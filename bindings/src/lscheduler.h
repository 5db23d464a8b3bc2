/*
** lscheduler.h - waiting for a call, for lcall.c and lloop.c.
*/
#ifndef LSCALE_SCHEDULER_H
#define LSCALE_SCHEDULER_H

#include "lcore.h"

/* Waits until the call whose userdata is on the top has ended, then gives what `then` gives, which finds the
** stack as it is. To be called as the last thing of a C function. Raises kind `canceled` in a job that was
** canceled meanwhile. */
int lscale_await(lua_State *L, lscale_pollable *call, lua_CFunction then);

/* Makes the job ready that sleeps on it. [-0, +0] */
void lscale_wake(lua_State *L, lscale_pollable *call);

#endif
