/*
** llimits.c - limits of core as userdata: what clients and exchanges that are given them may not go beyond.
*/
#include <string.h>

#include "lcore.h"

typedef struct limits {
    scale_limits *limits;
} limits;

scale_limits *lscale_opt_limits(lua_State *L, int index) {
    if (lua_isnoneornil(L, index)) return NULL;
    return ((limits *)luaL_checkudata(L, index, LSCALE_LIMITS))->limits;
}

/* The array of strings called `name` as C has it, NULL after the last; it lies in a userdata, and the strings
** in their table, which stay on the stack. NULL where there is none. */
static const char *const *read_words(lua_State *L, const char *name) {
    if (lua_getfield(L, 1, name) == LUA_TNIL) return NULL;
    if (!lua_istable(L, -1)) luaL_error(L, "%s must be an array of strings", name);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    const char **words = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *words, 0);
    for (lua_Integer i = 0; i < count; i++) {
        bool is_text = lua_rawgeti(L, -2, i + 1) == LUA_TSTRING;
        words[i] = is_text ? lscale_plain_text(L, -1) : NULL;
        if (words[i] == NULL) luaL_error(L, "%s must be an array of strings", name);
        lua_pop(L, 1);
    }
    words[count] = NULL;
    return words;
}

static uint64_t read_requests(lua_State *L, uint64_t otherwise) {
    if (lua_getfield(L, 1, "requests") == LUA_TNIL) return otherwise;
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0)
        luaL_error(L, "requests must be a whole number, 0 or more");
    return (uint64_t)lua_tointeger(L, -1);
}

static bool read_files(lua_State *L) {
    int type = lua_getfield(L, 1, "files");
    if (type != LUA_TNIL && type != LUA_TBOOLEAN) luaL_error(L, "files must be true or false");
    return lua_toboolean(L, -1);
}

/* core.limits { operations =, hosts =, requests =, files = } -> limits; raises on wrong use */
static int make_limits(lua_State *L) {
    scale_limits_options options = SCALE_LIMITS_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    luaL_checktype(L, 1, LUA_TTABLE);
    options.operations = read_words(L, "operations");
    options.hosts = read_words(L, "hosts");
    options.requests = read_requests(L, options.requests);
    options.files = read_files(L);
    limits *made = lua_newuserdatauv(L, sizeof *made, 0);
    made->limits = NULL;
    luaL_setmetatable(L, LSCALE_LIMITS);
    if (scale_limits_new(&made->limits, &options, &error) != SCALE_OK)
        return luaL_error(L, "%s", error.message);
    return 1;
}

/* limits:requests() -> how many were sent */
static int requests(lua_State *L) {
    limits *l = luaL_checkudata(L, 1, LSCALE_LIMITS);
    lua_pushinteger(L, l->limits == NULL ? 0 : (lua_Integer)scale_limits_requests(l->limits));
    return 1;
}

static int collect(lua_State *L) {
    limits *l = luaL_checkudata(L, 1, LSCALE_LIMITS);
    scale_limits *kept = l->limits;
    l->limits = NULL;
    scale_limits_free(kept);
    return 0;
}

void lscale_open_limits(lua_State *L) {
    static const luaL_Reg methods[] = {{"requests", requests}, {NULL, NULL}};
    lscale_make_class(L, LSCALE_LIMITS, methods, collect);
    lua_pushcfunction(L, make_limits);
    lua_setfield(L, -2, "limits");
}
