/*
** lexchange.c - an exchange of core as userdata: one plain HTTP request, and its answer.
*/
#include <stdio.h>
#include <string.h>

#include "lcore.h"

typedef struct lexchange {
    lscale_pollable pollable; /* must be first */
    lscale_loop *owner;
    scale_exchange *exchange; /* NULL once its result was read */
} lexchange;

static void on_done(scale_exchange *exchange, void *user) {
    lexchange *e = user;
    (void)exchange;
    lscale_make_ready(e->owner, &e->pollable);
}

/* ==================================================================== request */

/* Texts are left on the stack, and kept by the table. */
static scale_status plain_field(lua_State *L, const char *name, const char **text, scale_error *error) {
    lua_getfield(L, 2, name);
    if (lua_isnil(L, -1)) return SCALE_OK;
    luaL_checkstring(L, -1);
    *text = lscale_plain_text(L, -1);
    if (*text != NULL) return SCALE_OK;
    error->kind = SCALE_USAGE;
    snprintf(error->message, sizeof error->message, "%s must not have a NUL in it", name);
    return SCALE_ERROR;
}

static bool flag_field(lua_State *L, const char *name, bool otherwise) {
    bool value = lua_getfield(L, 2, name) == LUA_TNIL ? otherwise : lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

static int seconds_field(lua_State *L, const char *name, int otherwise) {
    int value = otherwise;
    if (lua_getfield(L, 2, name) != LUA_TNIL) value = lscale_milliseconds(L, luaL_checknumber(L, -1), name);
    lua_pop(L, 1);
    return value;
}

/* The array of lines as C has it; it lies in a userdata that stays on the stack. */
static const char *const *header_lines(lua_State *L) {
    lua_getfield(L, 2, "headers");
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    const char **lines = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *lines, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, -2, i + 1);
        lines[i] = luaL_checkstring(L, -1);
        lua_pop(L, 1);
    }
    lines[count] = NULL;
    return lines;
}

static scale_status read_request(lua_State *L, scale_exchange_request *request, scale_error *error) {
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE", "HEAD", NULL};
    static const scale_method methods[] = {SCALE_GET, SCALE_POST, SCALE_PUT, SCALE_DELETE, SCALE_HEAD};
    lua_getfield(L, 2, "method");
    request->method = methods[luaL_checkoption(L, -1, NULL, names)];
    lua_getfield(L, 2, "body");
    request->body = luaL_optlstring(L, -1, NULL, &request->body_size);
    if (plain_field(L, "url", &request->url, error) != SCALE_OK ||
        plain_field(L, "ca_file", &request->ca_file, error) != SCALE_OK ||
        plain_field(L, "proxy", &request->proxy, error) != SCALE_OK)
        return SCALE_ERROR;
    request->timeout = seconds_field(L, "timeout", request->timeout);
    request->connect_timeout = seconds_field(L, "connect_timeout", request->connect_timeout);
    if (lua_getfield(L, 2, "max_answer") != LUA_TNIL) request->max_answer = (size_t)luaL_checkinteger(L, -1);
    request->verify = flag_field(L, "verify", true);
    request->follow = flag_field(L, "follow", false);
    request->headers = header_lines(L);
    return SCALE_OK;
}

static int refuse(lua_State *L, const scale_error *error) {
    lua_pushnil(L);
    lscale_push_error(L, error);
    return 2;
}

/* core.exchange(loop, request [, limits]) -> an exchange that becomes ready once; or nil, error table */
static int start(lua_State *L) {
    lscale_loop *loop = lscale_check_loop(L, 1);
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    scale_error error = SCALE_ERROR_INIT;
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checkstack(L, 16, NULL);
    request.limits = lscale_opt_limits(L, 3);
    if (read_request(L, &request, &error) != SCALE_OK) return refuse(L, &error);
    lexchange *e = lua_newuserdatauv(L, sizeof *e, 1);
    memset(e, 0, sizeof *e);
    e->owner = loop;
    luaL_setmetatable(L, LSCALE_EXCHANGE);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    lscale_register(L, e);
    if (scale_exchange_start(&e->exchange, loop->loop, &request, on_done, e, &error) == SCALE_OK) return 1;
    return refuse(L, &error);
}

/* ===================================================================== result */

static int is_done(lua_State *L) {
    lexchange *e = luaL_checkudata(L, 1, LSCALE_EXCHANGE);
    lua_pushboolean(L, e->exchange == NULL || scale_exchange_is_done(e->exchange));
    return 1;
}

/* Pushes { name, value, name, value, … }. */
static void push_headers(lua_State *L, const scale_exchange *exchange) {
    const char *name, *value;
    lua_newtable(L);
    for (size_t i = 0; scale_exchange_header_at(exchange, i, &name, &value); i++) {
        lua_pushstring(L, name);
        lua_rawseti(L, -2, (lua_Integer)(2 * i + 1));
        lua_pushstring(L, value);
        lua_rawseti(L, -2, (lua_Integer)(2 * i + 2));
    }
}

/* exchange:result() -> status, { name, value, … }, body, URL; or nil, error table. Once: the exchange is
** freed. */
static int result(lua_State *L) {
    lexchange *e = luaL_checkudata(L, 1, LSCALE_EXCHANGE);
    if (e->exchange == NULL || !scale_exchange_is_done(e->exchange))
        return luaL_error(L, "the exchange has no result (any more)");
    const scale_error *error = scale_exchange_error(e->exchange);
    lua_settop(L, 1);
    if (error->kind != SCALE_NONE) {
        lua_pushnil(L);
        lscale_push_error(L, error);
    } else {
        scale_slice answer = scale_exchange_answer(e->exchange);
        lua_pushinteger(L, scale_exchange_status(e->exchange));
        push_headers(L, e->exchange);
        lua_pushlstring(L, answer.data, answer.size);
        lua_pushstring(L, scale_exchange_url(e->exchange));
    }
    lscale_unlink(&e->pollable);
    scale_exchange *exchange = e->exchange;
    e->exchange = NULL;
    scale_exchange_free(exchange);
    return lua_gettop(L) - 1;
}

static int cancel(lua_State *L) {
    lexchange *e = luaL_checkudata(L, 1, LSCALE_EXCHANGE);
    if (e->exchange != NULL) scale_exchange_cancel(e->exchange);
    return 0;
}

static int collect(lua_State *L) {
    lexchange *e = luaL_checkudata(L, 1, LSCALE_EXCHANGE);
    scale_exchange *exchange = e->exchange;
    e->exchange = NULL;
    lscale_unlink(&e->pollable);
    scale_exchange_free(exchange);
    return 0;
}

void lscale_open_exchange(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"is_done", is_done}, {"result", result}, {"cancel", cancel}, {NULL, NULL}};
    lscale_make_class(L, LSCALE_EXCHANGE, methods, collect);
    lua_pushcfunction(L, start);
    lua_setfield(L, -2, "exchange");
}
