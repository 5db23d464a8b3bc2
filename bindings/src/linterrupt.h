/*
** linterrupt.h - how the host's Ctrl-C reaches the module. The host puts the address of one of these
** into the registry, as light userdata under LSCALE_INTERRUPT, before it opens libraries; a plain Lua
** has none.
**
** The first Ctrl-C sets `pending` and a debug hook on the thread that runs: `running`, which the
** scheduler keeps, or the main thread. The hook raises "interrupted!". Whoever waits in C
** looks at `pending` before and after, and calls `raise`. A Ctrl-C that comes while one is pending ends
** the process. While `catching`, they are counted and nothing else happens.
*/
#ifndef LSCALE_INTERRUPT_H
#define LSCALE_INTERRUPT_H

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>

#define LSCALE_INTERRUPT "scaleapi.interrupt"

typedef struct lscale_interrupt {
    volatile sig_atomic_t count;    /* Ctrl-C was pressed so often */
    volatile sig_atomic_t catching; /* a script counts them itself; nothing is raised */
    volatile sig_atomic_t pending;  /* pressed, and not raised yet */
    lua_State *volatile running;    /* the job's coroutine that runs, or NULL: the main thread */
    void (*raise)(lua_State *L);    /* raises "interrupted!" in L; never returns */
    void (*set_catching)(int on);   /* sets `catching`; on starts to count from 0 */
} lscale_interrupt;

/* The host's, or NULL. [-0, +0] */
static inline lscale_interrupt *lscale_interrupt_get(lua_State *L) {
    lua_getfield(L, LUA_REGISTRYINDEX, LSCALE_INTERRUPT);
    lscale_interrupt *interrupt = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return interrupt;
}

/* For whoever waits in C, before and after: raises "interrupted!" if Ctrl-C is to be raised. [-0, +0] */
static inline void lscale_interrupt_check(lua_State *L) {
    lscale_interrupt *interrupt = lscale_interrupt_get(L);
    if (interrupt != NULL && interrupt->pending) interrupt->raise(L);
}

#endif
