/*
** lcore.c - luaopen_scaleapi_core: the module under the Lua files of `scaleapi`, not for scripts.
*/
#include "lcore.h"

#include <math.h>
#include <string.h>

#include "ljson.h"

int lscale_milliseconds(lua_State *L, double seconds, const char *what) {
    if (isnan(seconds) || seconds < 0) luaL_error(L, "%s must be a number of seconds, 0 or more", what);
    return seconds > 2000000.0 ? 2000000000 : (int)ceil(seconds * 1000.0);
}

const char *lscale_plain_text(lua_State *L, int index) {
    size_t size;
    const char *text = lua_tolstring(L, index, &size);
    return strlen(text) == size ? text : NULL;
}

static void set_text(lua_State *L, const char *key, const char *value) {
    if (value == NULL) return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

void lscale_push_error(lua_State *L, const scale_error *error) {
    lua_createtable(L, 0, 8);
    set_text(L, "kind", scale_kind_name(error->kind));
    set_text(L, "message", error->message);
    set_text(L, "operation", error->operation);
    if (error->code != 0) {
        lua_pushinteger(L, error->code);
        lua_setfield(L, -2, "code");
    }
    lua_pushinteger(L, error->attempts);
    lua_setfield(L, -2, "attempts");
    lua_pushboolean(L, error->retriable);
    lua_setfield(L, -2, "retriable");
    lua_pushboolean(L, error->unclear);
    lua_setfield(L, -2, "unclear");
    if (error->retry_after >= 0) {
        lua_pushnumber(L, (lua_Number)error->retry_after / 1000.0);
        lua_setfield(L, -2, "retry_after");
    }
}

/* core.outcomes: by kind of error, what it means for a call that is one of many. */
static void add_outcomes(lua_State *L) {
    lua_newtable(L);
    for (int kind = SCALE_NONE + 1; kind < SCALE_KIND_COUNT; kind++)
        set_text(L, scale_kind_name((scale_kind)kind),
                 scale_outcome_name(scale_kind_outcome((scale_kind)kind)));
    lua_setfield(L, -2, "outcomes");
}

/* core.metatable_of(value) -> its metatable, whatever it tells others */
static int metatable_of(lua_State *L) {
    luaL_checkany(L, 1);
    return lua_getmetatable(L, 1);
}

LUAMOD_API int luaopen_scaleapi_core(lua_State *L);

LUAMOD_API __attribute__((visibility("default"))) int luaopen_scaleapi_core(lua_State *L) {
    luaL_checkversion(L);
    lua_newtable(L);
    set_text(L, "version", SCALE_VERSION);
    lua_pushinteger(L, LUA_VERSION_RELEASE_NUM);
    lua_setfield(L, -2, "lua_release");
    add_outcomes(L);
    lua_pushcfunction(L, metatable_of);
    lua_setfield(L, -2, "metatable_of");
    lscale_open_json(L);
    lua_setfield(L, -2, "json");
    lscale_open_documents(L);
    lscale_open_paging(L);
    lscale_open_loop(L);
    lscale_open_hooks(L);
    lscale_open_limits(L);
    lscale_open_client(L);
    lscale_open_call(L);
    lscale_open_exchange(L);
    lscale_open_operations(L);
    return 1;
}
