/*
** ljson.h - the codec as Lua sees it, core.json.
*/
#ifndef LSCALE_JSON_H
#define LSCALE_JSON_H

#include <lua.h>

/* Pushes the table of the codec's functions. [-0, +1] */
void lscale_open_json(lua_State *L);

#endif
