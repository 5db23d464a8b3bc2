/*
** lcall.c - a call of core as userdata: from tables of arguments to a request, from an answer to a
** string or an error table.
*/
#include <stdio.h>
#include <string.h>

#include "lpage.h"
#include "lscheduler.h"

typedef struct lcall {
    lscale_pollable pollable; /* must be first */
    lscale_loop *owner;
    scale_call *call; /* NULL once its result was read */
} lcall;

static void on_done(scale_call *call, void *user) {
    lcall *c = user;
    (void)call;
    lscale_make_ready(c->owner, &c->pollable);
}

/* =================================================================== arguments */

/* Everything below fills `error` and says so, but for options of a wrong type and memory errors of Lua's own,
** which raise; the call is owned by its userdata by then. */

static scale_status set_encoded(lua_State *L, scale_call *call, const char *name, int value,
                                scale_error *error) {
    size_t size;
    value = lua_absindex(L, value);
    lua_pushvalue(L, lua_upvalueindex(1)); /* json.encode */
    lua_pushvalue(L, value);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        error->kind = SCALE_USAGE;
        lua_pushfstring(L, "%s: %s", name, lua_tostring(L, -1));
        snprintf(error->message, sizeof error->message, "%s", lua_tostring(L, -1));
        lua_pop(L, 2);
        return SCALE_ERROR;
    }
    const char *json = lua_tolstring(L, -1, &size);
    scale_status status = scale_call_set_json(call, name, json, size, error);
    lua_pop(L, 1);
    return status;
}

/* Is the table on the top empty? */
static bool is_empty(lua_State *L) {
    lua_pushnil(L);
    if (lua_next(L, -2) == 0) return true;
    lua_pop(L, 2);
    return false;
}

/* The table on the top as the values of a list. */
static scale_status set_list(lua_State *L, scale_call *call, const char *name, scale_error *error) {
    int value = lua_absindex(L, -1);
    lua_Integer count = (lua_Integer)lua_rawlen(L, value);
    if (count == 0 && !is_empty(L))
        return scale_call_set_boolean(call, name, true, error); /* says what it takes */
    for (lua_Integer i = 1; i <= count; i++) {
        size_t size = 0;
        const char *text = lua_rawgeti(L, value, i) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : NULL;
        scale_status status = text != NULL ? scale_call_set_text(call, name, text, size, error)
                                           : scale_call_set_boolean(call, name, true, error);
        lua_pop(L, 1);
        if (status != SCALE_OK) return status;
    }
    return SCALE_OK;
}

static bool wants_array(const scale_parameter *parameter) {
    return parameter->value == SCALE_JSON_ARRAY || parameter->value == SCALE_JSON_TEXTS ||
           parameter->value == SCALE_JSON_NAMES;
}

/* The value on the top as the parameter's. */
static scale_status set_value(lua_State *L, scale_call *call, const scale_parameter *parameter,
                              scale_error *error) {
    size_t size;
    const char *name = parameter->name, *text;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &size);
        return scale_call_set_text(call, name, text, size, error);
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1)) return scale_call_set_integer(call, name, lua_tointeger(L, -1), error);
        return scale_call_set_number(call, name, lua_tonumber(L, -1), error);
    case LUA_TBOOLEAN: return scale_call_set_boolean(call, name, lua_toboolean(L, -1), error);
    case LUA_TTABLE:
        if (parameter->value == SCALE_TEXTS || parameter->value == SCALE_COMMA_TEXTS)
            return set_list(L, call, name, error);
        if (wants_array(parameter) && is_empty(L)) return scale_call_set_json(call, name, "[]", 2, error);
        return set_encoded(L, call, name, -1, error);
    default: return set_encoded(L, call, name, -1, error);
    }
}

/* Pushes the argument for the parameter, by SDK or wire name. */
static int push_argument(lua_State *L, int arguments, const scale_parameter *parameter) {
    int type = lua_getfield(L, arguments, parameter->name);
    if (type != LUA_TNIL || strcmp(parameter->name, parameter->wire) == 0) return type;
    lua_pop(L, 1);
    return lua_getfield(L, arguments, parameter->wire);
}

static size_t count_members(lua_State *L, int table) {
    size_t count = 0;
    lua_pushnil(L);
    for (; lua_next(L, table) != 0; count++) lua_pop(L, 1);
    return count;
}

/* In the row's order, so that the same arguments give the same bytes; until all that there are were found. */
static scale_status set_arguments(lua_State *L, scale_call *call, const scale_operation *operation,
                                  int arguments, scale_error *error) {
    size_t left = count_members(L, arguments);
    for (size_t i = 0; i < operation->parameter_count && left > 0; i++) {
        const scale_parameter *parameter = &operation->parameters[i];
        scale_status status = SCALE_OK;
        if (parameter->value == SCALE_FILE_PART) continue;
        if (push_argument(L, arguments, parameter) != LUA_TNIL) {
            status = set_value(L, call, parameter, error);
            left--;
        }
        lua_pop(L, 1);
        if (status != SCALE_OK) return status;
    }
    return SCALE_OK;
}

static bool is_file_argument(const scale_operation *operation, const char *name) {
    return operation->body == SCALE_BODY_PARTS &&
           (strcmp(name, "path") == 0 || strcmp(name, "data") == 0 || strcmp(name, "filename") == 0);
}

/* A name that the row does not know is wrong use; the message names what was probably meant. */
static scale_status check_names(lua_State *L, scale_call *call, const scale_operation *operation,
                                int arguments, scale_error *error) {
    scale_status status = SCALE_OK;
    lua_pushnil(L);
    while (status == SCALE_OK && lua_next(L, arguments) != 0) {
        const char *name = "?";
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) name = lua_tostring(L, -1);
        if (scale_operation_parameter(operation, name) == NULL && !is_file_argument(operation, name))
            status = scale_call_set_boolean(call, name, true, error);
    }
    if (status != SCALE_OK) lua_pop(L, 1);
    return status;
}

static scale_status fail_field(scale_error *error, const char *name, const char *problem) {
    error->kind = SCALE_USAGE;
    snprintf(error->message, sizeof error->message, "%s %s", name, problem);
    return SCALE_ERROR;
}

/* A string of the table, or NULL where there is none; it is left on the stack. */
static scale_status text_field(lua_State *L, int table, const char *name, const char **text, size_t *size,
                               scale_error *error) {
    int type = lua_getfield(L, table, name);
    *text = type == LUA_TSTRING ? lua_tolstring(L, -1, size) : NULL;
    return *text != NULL || type == LUA_TNIL ? SCALE_OK : fail_field(error, name, "must be a string");
}

/* The same for a string that C reads up to its first NUL. */
static scale_status plain_field(lua_State *L, int table, const char *name, const char **text,
                                scale_error *error) {
    size_t size = 0;
    if (text_field(L, table, name, text, &size, error) != SCALE_OK) return SCALE_ERROR;
    if (*text == NULL || lscale_plain_text(L, -1) != NULL) return SCALE_OK;
    return fail_field(error, name, "must not have a NUL in it");
}

/* upload_file's { path = … } or { data = …, filename = … }; leaves three values on the stack. */
static scale_status set_file(lua_State *L, scale_call *call, int arguments, scale_error *error) {
    size_t size = 0;
    const char *path, *data, *filename;
    if (plain_field(L, arguments, "path", &path, error) != SCALE_OK ||
        text_field(L, arguments, "data", &data, &size, error) != SCALE_OK ||
        plain_field(L, arguments, "filename", &filename, error) != SCALE_OK)
        return SCALE_ERROR;
    if ((path == NULL) == (data == NULL))
        return fail_field(error, "upload_file", "needs path, or data and filename");
    return path != NULL ? scale_call_set_file(call, path, filename, error)
                        : scale_call_set_file_data(call, data, size, filename, error);
}

static int seconds_option(lua_State *L, int options, const char *name) {
    int value = 0;
    int type = lua_getfield(L, options, name);
    if (type == LUA_TNUMBER)
        value = lscale_milliseconds(L, lua_tonumber(L, -1), name);
    else if (type != LUA_TNIL)
        luaL_error(L, "%s must be a number of seconds", name);
    lua_pop(L, 1);
    return value;
}

static scale_status read_options(lua_State *L, int options, scale_call_options *into, scale_error *error) {
    if (!lua_istable(L, options)) return SCALE_OK;
    into->timeout = seconds_option(L, options, "timeout");
    into->connect_timeout = seconds_option(L, options, "connect_timeout");
    into->deadline = seconds_option(L, options, "deadline");
    lua_getfield(L, options, "max_attempts");
    into->max_attempts = (int)luaL_optinteger(L, -1, 0);
    lua_getfield(L, options, "accept_existing");
    into->accept_existing = lua_toboolean(L, -1);
    lua_getfield(L, options, "digest_id");
    into->digest_id = lua_toboolean(L, -1);
    lua_getfield(L, options, "bulk");
    into->bulk = lua_toboolean(L, -1);
    lua_getfield(L, options, "check_in_full");
    into->check_in_full = lua_toboolean(L, -1);
    /* Stays Lua's, the table keeps it: core copies it. */
    scale_status status = plain_field(L, options, "idempotency_key", &into->idempotency_key, error);
    lua_pop(L, 6);
    return status;
}

/* ==================================================================== starting */

/* The arguments are the table at `arguments`, the body stands behind it. */
static scale_status build(lua_State *L, scale_call *call, const scale_operation *operation, int arguments,
                          scale_error *error) {
    size_t size;
    if (set_arguments(L, call, operation, arguments, error) != SCALE_OK) return SCALE_ERROR;
    if (check_names(L, call, operation, arguments, error) != SCALE_OK) return SCALE_ERROR;
    if (operation->body == SCALE_BODY_PARTS && set_file(L, call, arguments, error) != SCALE_OK)
        return SCALE_ERROR;
    const char *body = lua_tolstring(L, arguments + 1, &size);
    return body == NULL ? SCALE_OK : scale_call_set_body(call, body, size, error);
}

/* nil and what Lua is to say: a message for wrong use, which is raised at the caller's line, or else the
** table of an error. */
static int not_started(lua_State *L, const scale_operation *operation, scale_error *error) {
    lua_pushnil(L);
    if (error->kind == SCALE_FILE || error->kind == SCALE_CLOSED || error->kind == SCALE_NOT_ALLOWED) {
        error->operation = operation->name;
        lscale_push_error(L, error);
    } else {
        lua_pushstring(L, error->message);
    }
    return 2;
}

static int not_open(lua_State *L, const scale_operation *operation) {
    scale_error error = SCALE_ERROR_INIT;
    error.kind = SCALE_CLOSED;
    strcpy(error.message, "the client was closed");
    return not_started(L, operation, &error);
}

/* Pushes a call that is still to be made, of the client at that place. */
static lcall *push_call(lua_State *L, int client) {
    lcall *c = lua_newuserdatauv(L, sizeof *c, 1);
    memset(c, 0, sizeof *c);
    c->owner = ((lscale_client *)lua_touserdata(L, client))->loop;
    luaL_setmetatable(L, LSCALE_CALL);
    lua_pushvalue(L, client);
    lua_setiuservalue(L, -2, 1);
    return c;
}

/* client:start(operation, arguments, body | nil, options | nil) -> call
** or nil, message; or nil, error table: the client was closed, a local file cannot be read, or it is not
** allowed. Nothing was sent then. */
static int start(lua_State *L) {
    lscale_client *client = luaL_checkudata(L, 1, LSCALE_CLIENT);
    const scale_operation *operation = scale_operation_find(luaL_checkstring(L, 2));
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    luaL_argcheck(L, operation != NULL, 2, "no such operation");
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 5);
    if (client->client == NULL) return not_open(L, operation);
    lcall *c = push_call(L, 1);
    lscale_register(L, c);
    if (read_options(L, 5, &options, &error) == SCALE_OK &&
        scale_call_new(&c->call, client->client, operation, &options, &error) == SCALE_OK &&
        build(L, c->call, operation, 3, &error) == SCALE_OK &&
        scale_call_start(c->call, on_done, c, &error) == SCALE_OK) {
        lua_settop(L, 6);
        return 1;
    }
    return not_started(L, operation, &error);
}

/* ==================================================================== results */

static int is_done(lua_State *L) {
    lcall *c = luaL_checkudata(L, 1, LSCALE_CALL);
    lua_pushboolean(L, c->call == NULL || scale_call_is_done(c->call));
    return 1;
}

/* call:is_waiting() -> true while it waits for its turn or the next attempt. */
static int is_waiting(lua_State *L) {
    lcall *c = luaL_checkudata(L, 1, LSCALE_CALL);
    bool ended = c->call == NULL || scale_call_is_done(c->call);
    lua_pushboolean(L, !ended && !scale_call_is_in_flight(c->call));
    return 1;
}

/* call:attempts() -> how often its request was sent so far; nil once its result was read. */
static int attempts(lua_State *L) {
    lcall *c = luaL_checkudata(L, 1, LSCALE_CALL);
    if (c->call == NULL) return 0;
    lua_pushinteger(L, scale_call_attempts(c->call));
    return 1;
}

static lcall *check_done(lua_State *L) {
    lcall *c = luaL_checkudata(L, 1, LSCALE_CALL);
    if (c->call == NULL || !scale_call_is_done(c->call)) luaL_error(L, "the call has no result (any more)");
    return c;
}

/* Its result was read. */
static void forget(lcall *c) {
    lscale_unlink(&c->pollable);
    scale_call *call = c->call;
    c->call = NULL;
    scale_call_free(call);
}

/* Pushes nil and the error table of a call that failed. Says whether it did. */
static bool push_failure(lua_State *L, const lcall *c) {
    const scale_error *error = scale_call_error(c->call);
    if (error->kind == SCALE_NONE) return false;
    lua_pushnil(L);
    lscale_push_error(L, error);
    return true;
}

/* call:result() -> the answer's bytes, true if what it names was there before; or nil, error table.
** Once: the call is freed. */
static int result(lua_State *L) {
    lcall *c = check_done(L);
    if (!push_failure(L, c)) {
        scale_slice answer = scale_call_answer(c->call);
        lua_pushlstring(L, answer.data, answer.size);
        lua_pushboolean(L, scale_call_existed(c->call));
    }
    forget(c);
    return 2;
}

/* call:page() -> the answer of a list that comes page by page, as a page; or nil, error table. Once,
** likewise. Raises, and the answer stays, when it is no page. */
static int page(lua_State *L) {
    lcall *c = check_done(L);
    lscale_page *page = lscale_push_page(L);
    int count = push_failure(L, c) ? 2 : 1;
    scale_json_page *taken = count == 1 ? scale_call_take_page(c->call) : NULL;
    if (taken != NULL)
        lscale_fill_page(page, taken);
    else if (count == 1)
        return luaL_error(L, "the answer is no page; call:result() has it");
    forget(c);
    return count;
}

static int cancel(lua_State *L) {
    lcall *c = luaL_checkudata(L, 1, LSCALE_CALL);
    if (c->call != NULL) scale_call_cancel(c->call);
    return 0;
}

static int collect(lua_State *L) {
    lcall *c = luaL_checkudata(L, 1, LSCALE_CALL);
    scale_call *call = c->call;
    c->call = NULL;
    lscale_unlink(&c->pollable);
    scale_call_free(call);
    return 0;
}

bool lscale_call_has_ended(const lscale_pollable *pollable) {
    const lcall *c = (const lcall *)(const void *)pollable;
    return c->call == NULL || scale_call_is_done(c->call);
}

/* ==================================================================== invoking */

/* Upvalues of an invoker. */
#define OPERATION lua_upvalueindex(2)
#define ROW       lua_upvalueindex(3)
#define BIND      lua_upvalueindex(4)
#define FINISH    lua_upvalueindex(5)
#define METATABLE lua_upvalueindex(6)

/* A call option of the kinds that bulk work gives, and right. */
static bool take_plain_option(lua_State *L, scale_call_options *into) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
    if (!lua_isboolean(L, -1)) return false;
    bool *place = strcmp(name, "bulk") == 0              ? &into->bulk
                  : strcmp(name, "accept_existing") == 0 ? &into->accept_existing
                  : strcmp(name, "digest_id") == 0       ? &into->digest_id
                                                         : NULL;
    if (place == NULL) return false;
    *place = lua_toboolean(L, -1);
    return true;
}

static bool take_plain_options(lua_State *L, int options, scale_call_options *into) {
    if (lua_isnoneornil(L, options)) return true;
    if (!lua_istable(L, options)) return false;
    lua_pushnil(L);
    while (lua_next(L, options) != 0) {
        if (!take_plain_option(L, into)) {
            lua_pop(L, 2);
            return false;
        }
        lua_pop(L, 1);
    }
    return true;
}

/* What bulk work does for each row, create_task("imageannotation", text[, options]): a value for the path,
** and the body as it stands. There is nothing to sort out. */
static bool is_plain(lua_State *L, const scale_operation *operation, scale_call_options *options) {
    const scale_parameter *parameters = operation->parameters;
    return operation->body == SCALE_BODY_OPEN && operation->parameter_count > 0 &&
           parameters[0].place == SCALE_IN_PATH &&
           (operation->parameter_count == 1 || parameters[1].place == SCALE_IN_BODY) && lua_gettop(L) <= 4 &&
           lua_type(L, 2) == LUA_TSTRING && lua_type(L, 3) == LUA_TSTRING &&
           take_plain_options(L, 4, options);
}

static scale_status build_plain(lua_State *L, scale_call *call, const scale_operation *operation,
                                scale_error *error) {
    size_t size;
    const char *text = lua_tolstring(L, 2, &size);
    if (scale_call_set_text(call, operation->parameters[0].name, text, size, error) != SCALE_OK)
        return SCALE_ERROR;
    text = lua_tolstring(L, 3, &size);
    return scale_call_set_body(call, text, size, error);
}

/* Everything else is sorted out in Lua: arguments by name, body and options come to 2, 3 and 4, or nil and
** what is wrong. */
static bool bind(lua_State *L) {
    int count = lua_gettop(L) - 1;
    lua_pushvalue(L, BIND);
    lua_insert(L, 2);
    lua_pushvalue(L, ROW);
    lua_insert(L, 3);
    lua_call(L, count + 1, 3);
    return lua_istable(L, 2);
}

/* Pushes the answer as the object that document.lua would make of it. */
static void push_document(lua_State *L, const lcall *c, const scale_operation *operation) {
    scale_slice answer = scale_call_answer(c->call);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "_client");
    lua_pushlstring(L, answer.data, answer.size);
    lua_setfield(L, -2, "_json");
    lua_pushstring(L, operation->name);
    lua_setfield(L, -2, "_operation");
    lua_pushvalue(L, METATABLE);
    lua_setmetatable(L, -2);
}

/* The call on the top, of the client at 1, is over. Nobody else has it, and its finalizer is not needed any
** more. */
static int invoked(lua_State *L) {
    const scale_operation *operation = lua_touserdata(L, OPERATION);
    int place = lua_gettop(L);
    lcall *c = lua_touserdata(L, place);
    if (c->call == NULL || !scale_call_is_done(c->call)) return luaL_error(L, "the call has no result");
    const scale_error *error = scale_call_error(c->call);
    bool failed = error->kind != SCALE_NONE;
    bool has_outcome = !failed && operation->repeat == SCALE_REPEAT_UNIQUE_ID;
    if (failed) {
        lua_pushliteral(L, "failed");
        lscale_push_error(L, error);
    } else if (!lua_istable(L, METATABLE)) {
        scale_slice answer = scale_call_answer(c->call);
        lua_pushvalue(L, FINISH);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, ROW);
        lua_pushlstring(L, answer.data, answer.size);
        lua_call(L, 3, 2);
    } else {
        lua_pushliteral(L, "ok");
        push_document(L, c, operation);
    }
    if (has_outcome) lua_pushstring(L, scale_call_existed(c->call) ? "existing" : "created");
    forget(c);
    lua_pushnil(L);
    lua_setmetatable(L, place);
    return has_outcome ? 3 : 2;
}

/* The call could not be started: nil and why are on the top. */
static int refused(lua_State *L) {
    lua_pushstring(L, lua_istable(L, -1) ? "failed" : "usage");
    lua_replace(L, -3);
    return 2;
}

/* invoker(client, …) -> "ok", value, outcome; "usage", message; "failed", fields of an error */
static int invoke(lua_State *L) {
    const scale_operation *operation = lua_touserdata(L, OPERATION);
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    bool plain = is_plain(L, operation, &options);
    if (!plain && !bind(L)) {
        lua_settop(L, 3);
        return refused(L);
    }
    lua_settop(L, 4);
    lua_getfield(L, 1, "_core");
    lscale_client *client = luaL_checkudata(L, 5, LSCALE_CLIENT);
    if (client->client == NULL) {
        not_open(L, operation);
        return refused(L);
    }
    lcall *c = push_call(L, 5);
    if (!plain) options = (scale_call_options)SCALE_CALL_OPTIONS_INIT;
    if ((plain || read_options(L, 4, &options, &error) == SCALE_OK) &&
        scale_call_new(&c->call, client->client, operation, &options, &error) == SCALE_OK &&
        (plain ? build_plain(L, c->call, operation, &error) : build(L, c->call, operation, 2, &error)) ==
            SCALE_OK &&
        scale_call_start(c->call, on_done, c, &error) == SCALE_OK) {
        lua_settop(L, 6);
        return lscale_await(L, &c->pollable, invoked);
    }
    not_started(L, operation, &error);
    return refused(L);
}

/* core.invoker(row, bind, finish, metatable | nil) -> a function that does an operation. `bind(row, …)` gives
** arguments by name, body, options; or nil and what is wrong. `finish(client, row, bytes)` gives "ok" and
** what is made of the answer, or "failed" and the fields of an error; with a metatable, the answer is a
** document of that class and needs no more. */
static int make_invoker(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 4);
    lua_getfield(L, 1, "name");
    const scale_operation *operation = scale_operation_find(luaL_checkstring(L, -1));
    luaL_argcheck(L, operation != NULL, 1, "no such operation");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushlightuserdata(L, (void *)operation);
    for (int i = 1; i <= 4; i++) lua_pushvalue(L, i);
    lua_pushcclosure(L, invoke, 6);
    return 1;
}

/* Adds client:start and core.invoker; core.json must be there already. */
void lscale_open_call(lua_State *L) {
    static const luaL_Reg methods[] = {{"is_done", is_done},
                                       {"is_waiting", is_waiting},
                                       {"attempts", attempts},
                                       {"result", result},
                                       {"page", page},
                                       {"cancel", cancel},
                                       {NULL, NULL}};
    lscale_make_class(L, LSCALE_CALL, methods, collect);
    luaL_getmetatable(L, LSCALE_CLIENT);
    lua_getfield(L, -1, "__index");
    lua_getfield(L, -3, "json");
    lua_getfield(L, -1, "encode");
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, start, 1);
    lua_setfield(L, -4, "start");
    lua_pushcclosure(L, make_invoker, 1);
    lua_setfield(L, -5, "invoker");
    lua_pop(L, 3);
}
