/*
** lclient.c - a client of core as userdata: options in, statistics out.
*/
#include <stddef.h>
#include <string.h>

#include "lcore.h"

lscale_client *lscale_check_client(lua_State *L, int index) {
    lscale_client *client = luaL_checkudata(L, index, LSCALE_CLIENT);
    if (client->client == NULL) luaL_error(L, "the client was closed");
    return client;
}

/* ==================================================================== options */

typedef enum { TEXT, SECONDS, COUNT, SIZE, FLAG } option_kind;

typedef struct option {
    const char *name;
    option_kind kind;
    size_t offset;
} option;

#define OPTION(name, kind)                                                                                   \
    { #name, kind, offsetof(scale_client_options, name) }

static const option options[] = {
    OPTION(api_key, TEXT),
    OPTION(base_url, TEXT),
    OPTION(user_agent, TEXT),
    OPTION(ca_file, TEXT),
    OPTION(cert_file, TEXT),
    OPTION(key_file, TEXT),
    OPTION(proxy, TEXT),
    OPTION(timeout, SECONDS),
    OPTION(upload_timeout, SECONDS),
    OPTION(connect_timeout, SECONDS),
    OPTION(deadline, SECONDS),
    OPTION(max_in_flight, COUNT),
    OPTION(max_attempts, COUNT),
    OPTION(give_up_after, SECONDS),
    OPTION(max_answer, SIZE),
    OPTION(verify, FLAG),
    OPTION(allow_http, FLAG),
    OPTION(http, TEXT),
};
#define MOST_COUNT   1000000
#define OPTION_COUNT (sizeof options / sizeof *options)

static int wrong_type(lua_State *L, const option *o, const char *wanted) {
    return luaL_error(L, "client option '%s' must be %s, not %s", o->name, wanted, luaL_typename(L, -1));
}

/* The value on the top into the option's place. Texts stay Lua's: they are copied by core. */
static void read_option(lua_State *L, const option *o, scale_client_options *into) {
    void *place = (char *)into + o->offset;
    switch (o->kind) {
    case TEXT:
        if (lua_type(L, -1) != LUA_TSTRING) wrong_type(L, o, "a string");
        *(const char **)place = lscale_plain_text(L, -1);
        if (*(const char **)place == NULL)
            luaL_error(L, "client option '%s' must not have a NUL in it", o->name);
        break;
    case SECONDS:
        if (lua_type(L, -1) != LUA_TNUMBER) wrong_type(L, o, "a number of seconds");
        *(int *)place = lscale_milliseconds(L, lua_tonumber(L, -1), o->name);
        break;
    case COUNT:
        if (!lua_isinteger(L, -1)) wrong_type(L, o, "a whole number");
        if (lua_tointeger(L, -1) > MOST_COUNT)
            luaL_error(L, "client option '%s' must be %d at most", o->name, MOST_COUNT);
        *(int *)place = (int)lua_tointeger(L, -1);
        break;
    case SIZE:
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0) wrong_type(L, o, "a number of bytes");
        *(size_t *)place = (size_t)lua_tointeger(L, -1);
        break;
    case FLAG:
        if (!lua_isboolean(L, -1)) wrong_type(L, o, "true or false");
        *(bool *)place = lua_toboolean(L, -1);
        break;
    }
}

/* Raises for a key of the table at `index` that is no option. */
static void check_names(lua_State *L, int index) {
    const char *names[OPTION_COUNT];
    for (size_t i = 0; i < OPTION_COUNT; i++) names[i] = options[i].name;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
        size_t i = 0;
        while (i < OPTION_COUNT && strcmp(names[i], name) != 0) i++;
        if (i < OPTION_COUNT) continue;
        const char *meant = scale_suggest(name, names, OPTION_COUNT);
        if (meant == NULL) luaL_error(L, "unknown client option '%s'", name);
        luaL_error(L, "unknown client option '%s'; did you mean '%s'?", name, meant);
    }
}

/* core.client(loop, options [, limits]) -> client; raises on wrong use */
static int make_client(lua_State *L) {
    lscale_loop *loop = lscale_check_loop(L, 1);
    scale_client_options values = SCALE_CLIENT_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    luaL_checktype(L, 2, LUA_TTABLE);
    check_names(L, 2);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (lua_getfield(L, 2, options[i].name) != LUA_TNIL) read_option(L, &options[i], &values);
        lua_pop(L, 1);
    }
    values.limits = lscale_opt_limits(L, 3);
    lscale_client *client = lua_newuserdatauv(L, sizeof *client, 1);
    memset(client, 0, sizeof *client);
    luaL_setmetatable(L, LSCALE_CLIENT);
    client->loop = loop;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    if (scale_client_new(&client->client, loop->loop, &values, &error) != SCALE_OK)
        return luaL_error(L, "%s", error.message);
    return 1;
}

/* ==================================================================== methods */

static int close_client(lua_State *L) {
    lscale_client *client = luaL_checkudata(L, 1, LSCALE_CLIENT);
    scale_client *open = client->client;
    client->client = NULL;
    scale_client_free(open);
    return 0;
}

static void set_count(lua_State *L, const char *name, uint64_t value) {
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

/* client:stats() -> table */
static int stats(lua_State *L) {
    scale_client_stats values;
    scale_client_get_stats(lscale_check_client(L, 1)->client, &values);
    lua_createtable(L, 0, 9);
    set_count(L, "requests", values.requests);
    set_count(L, "retries", values.retries);
    set_count(L, "lookups", values.lookups);
    set_count(L, "connections", values.connections);
    set_count(L, "bytes_sent", values.bytes_sent);
    set_count(L, "bytes_received", values.bytes_received);
    set_count(L, "in_flight", values.in_flight);
    set_count(L, "most_in_flight", values.most_in_flight);
    set_count(L, "queued", values.queued);
    return 1;
}

/* client:server_time() -> seconds since 1970, or nil */
static int server_time(lua_State *L) {
    int64_t time;
    bool known = scale_client_server_time(lscale_check_client(L, 1)->client, &time);
    if (known)
        lua_pushnumber(L, (lua_Number)time / 1000.0);
    else
        lua_pushnil(L);
    return 1;
}

/* client:pace() -> { limit =, in_flight =, rate = (nil: none), state =, budget = } */
static int pace(lua_State *L) {
    scale_client_pace values;
    scale_client_get_pace(lscale_check_client(L, 1)->client, &values);
    lua_createtable(L, 0, 5);
    set_count(L, "limit", (uint64_t)values.limit);
    set_count(L, "in_flight", (uint64_t)values.in_flight);
    set_count(L, "budget", (uint64_t)values.budget);
    if (values.rate > 0) {
        lua_pushnumber(L, values.rate);
        lua_setfield(L, -2, "rate");
    }
    lua_pushstring(L, scale_breaker_state_name(values.state));
    lua_setfield(L, -2, "state");
    return 1;
}

/* client:changes() -> array of { time =, what =, why = }, each once */
static int changes(lua_State *L) {
    lscale_client *client = lscale_check_client(L, 1);
    scale_change change;
    lua_newtable(L);
    for (lua_Integer i = 1; scale_client_next_change(client->client, &change); i++) {
        lua_createtable(L, 0, 3);
        lua_pushnumber(L, (lua_Number)change.time / 1000.0);
        lua_setfield(L, -2, "time");
        lua_pushstring(L, change.what);
        lua_setfield(L, -2, "what");
        lua_pushstring(L, change.why);
        lua_setfield(L, -2, "why");
        lua_rawseti(L, -2, i);
    }
    return 1;
}

static int base_url(lua_State *L) {
    lua_pushstring(L, scale_client_base_url(lscale_check_client(L, 1)->client));
    return 1;
}

static int is_closed(lua_State *L) {
    lscale_client *client = luaL_checkudata(L, 1, LSCALE_CLIENT);
    lua_pushboolean(L, client->client == NULL);
    return 1;
}

void lscale_open_client(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"stats", stats},       {"server_time", server_time}, {"pace", pace},          {"changes", changes},
        {"base_url", base_url}, {"is_closed", is_closed},     {"close", close_client}, {NULL, NULL}};
    lscale_make_class(L, LSCALE_CLIENT, methods, close_client);
    lua_pushcfunction(L, make_client);
    lua_setfield(L, -2, "client");
}
