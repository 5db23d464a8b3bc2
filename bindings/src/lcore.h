/*
** lcore.h - what the C files of the module `scaleapi.core` share. Knows the public header of core and
** Lua, nothing below.
**
** Whatever C resource exists is owned by a userdata that was made before it, so that an error of Lua's
** can jump at any moment. C callbacks never touch Lua: they link what is ready into a list, and
** loop:step hands it out after core has returned.
*/
#ifndef LSCALE_CORE_H
#define LSCALE_CORE_H

#include <lauxlib.h>
#include <lua.h>

#include "lclass.h"
#include "scaleapi.h"

#define LSCALE_LOOP     "scaleapi.loop"
#define LSCALE_TIMER    "scaleapi.timer"
#define LSCALE_WATCH    "scaleapi.watch"
#define LSCALE_CLIENT   "scaleapi.client"
#define LSCALE_CALL     "scaleapi.call"
#define LSCALE_EXCHANGE "scaleapi.fetch" /* "scaleapi.exchange" is the server's */
#define LSCALE_LIMITS   "scaleapi.limits"

/* Something that can become ready: the first member of a timer, a watch, a call, an exchange. */
typedef struct lscale_pollable {
    struct lscale_pollable *next;
    struct lscale_loop *loop; /* whose list it is linked in; NULL when in none */
} lscale_pollable;

typedef struct lscale_loop {
    scale_loop *loop; /* NULL once closed */
    lscale_pollable *first_ready, *last_ready;

    /* lhooks.c's: what a host is to watch and was not told yet */
    struct lscale_change *changes;
    size_t change_next, change_count, change_room;
    lua_Alloc allocate;
    void *allocator;
} lscale_loop;

typedef struct lscale_client {
    scale_client *client; /* NULL once closed */
    lscale_loop *loop;
} lscale_client;

/* Links it into the loop's ready list, once. */
void lscale_make_ready(lscale_loop *loop, lscale_pollable *pollable);
/* Takes it out again. */
void lscale_unlink(lscale_pollable *pollable);

/* Makes the userdata on the top findable by its address, as long as it lives. [-0, +0] */
void lscale_register(lua_State *L, void *address);

/* Pushes an error as the table that Lua's error objects are made of. [-0, +1] */
void lscale_push_error(lua_State *L, const scale_error *error);

/* luaL_checkudata that also refuses a closed loop or client. */
lscale_loop *lscale_check_loop(lua_State *L, int index);
lscale_client *lscale_check_client(lua_State *L, int index);

/* The limits at `index`, or NULL where there are none. */
scale_limits *lscale_opt_limits(lua_State *L, int index);

/* Seconds in Lua to milliseconds in C; raises on NaN and negatives. */
int lscale_milliseconds(lua_State *L, double seconds, const char *what);

/* The string at `index`, for C, which reads it up to its first NUL: NULL when there is one in it. */
const char *lscale_plain_text(lua_State *L, int index);

/* Forgets what a host was to be told. */
void lscale_free_changes(lscale_loop *loop);

/* Each adds its part to the module's table on the top. [-0, +0] */
void lscale_open_loop(lua_State *L);
void lscale_open_hooks(lua_State *L);
void lscale_open_limits(lua_State *L);
void lscale_open_client(lua_State *L);
void lscale_open_call(lua_State *L);
void lscale_open_page(lua_State *L);
void lscale_open_paging(lua_State *L);
void lscale_open_documents(lua_State *L);
void lscale_open_exchange(lua_State *L);
void lscale_open_operations(lua_State *L);

#endif
