/*
** lclass.h - a class of userdata with methods and a finalizer; the same in each of the three C modules.
*/
#ifndef LSCALE_CLASS_H
#define LSCALE_CLASS_H

#include <lauxlib.h>
#include <lua.h>

/* Makes the metatable `name`: `methods` by __index, `finalizer` by __gc. It is not for scripts, which could
** change what it does for others. [-0, +0] */
static inline void lscale_make_class(lua_State *L, const char *name, const luaL_Reg *methods,
                                     lua_CFunction finalizer) {
    luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, finalizer);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

#endif
