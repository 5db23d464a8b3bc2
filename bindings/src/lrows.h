/*
** lrows.h - what scaleapi.sys has for much work in little memory: row_states and key_set.
*/
#ifndef LSCALE_ROWS_H
#define LSCALE_ROWS_H

#include <lua.h>

/* Makes the two classes known, once in a state. [-0, +0] */
void lscale_make_row_classes(lua_State *L);

/* sys.row_states() and sys.key_set(), see lrows.c. */
int lscale_new_row_states(lua_State *L);
int lscale_new_key_set(lua_State *L);

/* Puts the first 8 bytes of a digest into the set at that index, which is above 0. 0 when they were in it.
** Raises without memory. [-0, +0] */
int lscale_add_key(lua_State *L, int index, const void *digest);

/* Makes room for about so many keys, so that what a table that grows leaves behind weighs nothing.
** Raises without memory. [-0, +0] */
void lscale_expect_keys(lua_State *L, int index, size_t count);

#endif
