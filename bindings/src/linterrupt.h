/*
** linterrupt.h - how the host's Ctrl-C reaches the module. The host puts the address of one of these
** into the registry, as light userdata under LSCALE_INTERRUPT, before it opens libraries; a plain Lua
** has none.
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
    lua_State *volatile running;    /* the job's coroutine that runs, or NULL: the main thread */
} lscale_interrupt;

/* The host's, or NULL. [-0, +0] */
static inline lscale_interrupt *lscale_interrupt_get(lua_State *L) {
    lua_getfield(L, LUA_REGISTRYINDEX, LSCALE_INTERRUPT);
    lscale_interrupt *interrupt = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return interrupt;
}

#endif
