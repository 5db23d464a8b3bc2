/*
** lserver.c - an HTTP server as raw functions, which scaleapi/serve.lua ties to the loop. It knows nothing of
** loops, jobs and handlers.
**
** libmicrohttpd runs without threads, on an epoll descriptor of its own. What lrequests.c gathers while it
** runs is handed out by server:run. Answering stores the response and resumes the connection; the next run
** sends it.
*/
#include "lserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lclass.h"

#define SERVER   "scaleapi.server"
#define EXCHANGE "scaleapi.exchange"

#define LOOK_AGAIN       0.25 /* seconds until the next look at who is idle, when all seats are taken */
#define FILES_FOR_OTHERS 32   /* that the process has open beside connections */

/* =================================================================== a server */

static server *check_server(lua_State *L) {
    server *s = luaL_checkudata(L, 1, SERVER);
    if (s->daemon == NULL) luaL_error(L, "the server was closed");
    return s;
}

static lua_Integer option(lua_State *L, const char *name, lua_Integer least, lua_Integer most) {
    lua_getfield(L, 1, name);
    int is_integer = 0;
    lua_Integer value = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || value < least || value > most)
        luaL_error(L, "%s must be an integer from %I to %I", name, (LUAI_UACINT)least, (LUAI_UACINT)most);
    lua_pop(L, 1);
    return value;
}

/* Fills `address` from host and port, and returns its size. */
static socklen_t read_address(lua_State *L, struct sockaddr_storage *address) {
    lua_getfield(L, 1, "host");
    const char *host = luaL_checkstring(L, -1);
    uint16_t port = htons((uint16_t)option(L, "port", 0, 65535));
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
    } else {
        luaL_error(L, "host must be an IP address, not '%s'", host);
    }
    lua_pop(L, 1);
    return address->ss_family == AF_INET ? sizeof *v4 : sizeof *v6;
}

/* Opens the listening socket ourselves, to say what is wrong when it cannot be. True or false and errno. */
static bool open_listener(server *s, const struct sockaddr_storage *address, socklen_t size) {
    int on = 1;
    s->listener = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listener < 0) return false;
    return setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(s->listener, (const struct sockaddr *)address, size) == 0 && listen(s->listener, 1024) == 0;
}

/* No more connections than the system lets this process have. */
static unsigned fit_connections(unsigned wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= (rlim_t)wanted + FILES_FOR_OTHERS)
        return wanted;
    return limit.rlim_cur > FILES_FOR_OTHERS ? (unsigned)limit.rlim_cur - FILES_FOR_OTHERS : 1;
}

/* start{ host=, port=, max_body=, max_connections=, idle_timeout= } -> server, or nil and what is wrong.
** Every option must be there; the time-out is in whole seconds, 0 for none. */
static int start(lua_State *L) {
    struct sockaddr_storage address;
    luaL_checktype(L, 1, LUA_TTABLE);
    socklen_t size = read_address(L, &address);
    unsigned connections = fit_connections((unsigned)option(L, "max_connections", 1, 1000000));
    unsigned idle_timeout = (unsigned)option(L, "idle_timeout", 0, 1000000);
    lua_Integer max_body = option(L, "max_body", 0, (lua_Integer)1 << 40);
    server *s = lua_newuserdatauv(L, sizeof *s, 0);
    memset(s, 0, sizeof *s);
    s->listener = -1;
    s->max_body = (size_t)max_body;
    s->most_open = connections;
    luaL_setmetatable(L, SERVER);
    if (!open_listener(s, &address, size)) {
        lua_pushnil(L);
        lua_pushstring(L, strerror(errno));
        return 2;
    }
    if (!lscale_start_daemon(s, connections, idle_timeout)) {
        lua_pushnil(L);
        lua_pushliteral(L, "libmicrohttpd does not start");
        return 2;
    }
    return 1;
}

/* server:port() */
static int port(lua_State *L) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(check_server(L)->daemon, MHD_DAEMON_INFO_BIND_PORT);
    lua_pushinteger(L, info == NULL ? 0 : info->port);
    return 1;
}

/* server:descriptor() -> what becomes readable when a run is due */
static int descriptor(lua_State *L) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(check_server(L)->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    lua_pushinteger(L, info == NULL ? -1 : info->epoll_fd);
    return 1;
}

/* server:timeout() -> seconds until a run is due anyway, or nil */
static int timeout(lua_State *L) {
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    server *s = check_server(L);
    bool is_full = s->open >= s->most_open;
    if (s->due_runs > 0 || s->first_arrived != NULL) {
        lua_pushinteger(L, 0);
    } else if (MHD_get_timeout(s->daemon, &milliseconds) == MHD_YES) {
        lua_Number seconds = (lua_Number)milliseconds / 1000.0;
        lua_pushnumber(L, is_full && seconds > LOOK_AGAIN ? LOOK_AGAIN : seconds);
    } else if (is_full) {
        lua_pushnumber(L, LOOK_AGAIN);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

/* server:is_due() -> whether a run is due before anybody waits */
static int is_due(lua_State *L) {
    const server *s = luaL_checkudata(L, 1, SERVER);
    lua_pushboolean(L, s->daemon != NULL && s->due_runs > 0);
    return 1;
}

/* server:stats() -> connections (so far), open, requests, in_flight, most_in_flight. Works when closed. */
static int stats(lua_State *L) {
    const server *s = luaL_checkudata(L, 1, SERVER);
    const struct {
        const char *name;
        lua_Integer value;
    } fields[] = {{"connections", s->connections},
                  {"open", s->open},
                  {"requests", s->requests},
                  {"in_flight", s->in_flight},
                  {"most_in_flight", s->most_in_flight}};
    lua_createtable(L, 0, 5);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_pushinteger(L, fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
    return 1;
}

/* ========================================================= requests, to Lua */

/* Behind the value there may be white space. */
static size_t trimmed(const char *value, size_t size) {
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t')) size--;
    return size;
}

static void push_lower_case(lua_State *L, const char *text, size_t size) {
    luaL_Buffer buffer;
    char *lower = luaL_buffinitsize(L, &buffer, size);
    for (size_t i = 0; i < size; i++)
        lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
    luaL_pushresultsize(&buffer, size);
}

static enum MHD_Result on_header(void *user, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                 const char *value, size_t value_size) {
    server *s = user;
    (void)kind;
    if (s->header_count == s->header_room) return MHD_NO;
    s->headers[s->header_count++] = (header){name, value, name_size, value_size};
    return MHD_YES;
}

/* Lists the connection's headers in s->headers; they stay libmicrohttpd's. */
static void list_headers(lua_State *L, server *s, struct MHD_Connection *connection) {
    int count = MHD_get_connection_values(connection, MHD_HEADER_KIND, NULL, NULL);
    s->header_count = 0;
    if (count > 0 && (size_t)count > s->header_room) {
        header *headers = realloc(s->headers, (size_t)count * sizeof *headers);
        if (headers == NULL) luaL_error(L, "not enough memory");
        s->headers = headers;
        s->header_room = (size_t)count;
    }
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_header, s);
}

/* Pushes the headers by lower-case names; what came twice is joined by commas. [-0, +1] */
static void push_headers(lua_State *L, server *s, struct MHD_Connection *connection) {
    list_headers(L, s, connection);
    lua_createtable(L, 0, (int)s->header_count);
    for (size_t i = 0; i < s->header_count; i++) {
        const header *each = &s->headers[i];
        push_lower_case(L, each->name, each->name_size);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) == LUA_TSTRING) {
            lua_pushliteral(L, ", ");
            lua_pushlstring(L, each->value, trimmed(each->value, each->value_size));
            lua_concat(L, 3);
        } else {
            lua_pop(L, 1);
            lua_pushlstring(L, each->value, trimmed(each->value, each->value_size));
        }
        lua_rawset(L, -3);
    }
}

/* Pushes { method=, path=, query=, headers=, body= }. [-0, +1] */
static void push_request(lua_State *L, server *s, exchange *x) {
    const char *mark = strchr(x->target, '?');
    lua_createtable(L, 0, 5);
    lua_pushstring(L, x->method);
    lua_setfield(L, -2, "method");
    lua_pushlstring(L, x->target, mark == NULL ? strlen(x->target) : (size_t)(mark - x->target));
    lua_setfield(L, -2, "path");
    if (mark != NULL) {
        lua_pushstring(L, mark + 1);
        lua_setfield(L, -2, "query");
    }
    lua_pushlstring(L, x->body, x->body_size);
    lua_setfield(L, -2, "body");
    push_headers(L, s, x->connection);
    lua_setfield(L, -2, "headers");
}

/* Puts the first that has arrived into list[count], its request into list[count + 1]. It stays in the
** server's list until that has succeeded. */
static void hand_out(lua_State *L, server *s, int list, lua_Integer count) {
    exchange *x = s->first_arrived;
    exchange **owner = lua_newuserdatauv(L, sizeof *owner, 0);
    *owner = NULL;
    luaL_setmetatable(L, EXCHANGE);
    lua_rawseti(L, list, count);
    push_request(L, s, x);
    lua_rawseti(L, list, count + 1);
    *owner = x;
    x->owner = owner;
    lscale_free_body(x);
    s->first_arrived = x->next;
    if (x->next == NULL) s->last_arrived = NULL;
    x->next = NULL;
}

/* server:run(list) -> how many requests have arrived. list[1] is the first's exchange, list[2] its
** request, and so on. Sends what was answered before. */
static int run(lua_State *L) {
    server *s = check_server(L);
    lua_Integer count = 0;
    luaL_checktype(L, 2, LUA_TTABLE);
    if (s->due_runs > 0) s->due_runs--;
    if (s->open >= s->most_open) lscale_visitors_show_out(&s->visitors, IDLE_AT_LIMIT, MOST_SHOWN_OUT);
    MHD_run(s->daemon);
    while (s->first_arrived != NULL) hand_out(L, s, 2, 2 * count++ + 1);
    lua_pushinteger(L, count);
    return 1;
}

/* ========================================================= answers, from Lua */

/* The exchange, or NULL if it is over or answered already. */
static exchange *to_exchange(lua_State *L) {
    exchange **owner = luaL_checkudata(L, 1, EXCHANGE);
    return *owner != NULL && (*owner)->stage == SUSPENDED ? *owner : NULL;
}

/* From here on the connection is libmicrohttpd's again. */
static void resume(exchange *x) {
    server *s = x->server;
    if (x->owner != NULL) *x->owner = NULL;
    x->owner = NULL;
    x->stage = ANSWERED;
    lscale_visitor_seen(&s->visitors, x->visitor);
    *x->before = x->after;
    if (x->after != NULL) x->after->before = x->before;
    s->in_flight--;
    s->due_runs = 2;
    MHD_resume_connection(x->connection);
}

/* A response that is broken off: the whole length is announced, `size` bytes come. */
typedef struct stump {
    size_t size;
    char data[];
} stump;

static ssize_t read_stump(void *user, uint64_t position, char *buffer, size_t room) {
    const stump *rest = user;
    if (position >= rest->size) return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t size = rest->size - (size_t)position;
    if (size > room) size = room;
    memcpy(buffer, rest->data + position, size);
    return (ssize_t)size;
}

/* A response of `body`, or of its first `cut` bytes with the length of all of it announced. */
static struct MHD_Response *make_response(const char *body, size_t size, lua_Integer cut) {
    if (cut < 0 || (lua_Unsigned)cut >= size)
        return MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    stump *rest = malloc(sizeof *rest + (size_t)cut);
    if (rest == NULL) return NULL;
    rest->size = (size_t)cut;
    memcpy(rest->data, body, rest->size);
    struct MHD_Response *response = MHD_create_response_from_callback(size, 16384, read_stump, rest, free);
    if (response == NULL) free(rest);
    return response;
}

/* Adds the table at `index` of names and texts. Raises on what is no header. */
static void add_headers(lua_State *L, struct MHD_Response *response, int index) {
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1))
            luaL_error(L, "headers must be names and texts");
        const char *name = lua_tostring(L, -2), *value = lua_tostring(L, -1);
        if (strlen(name) != lua_rawlen(L, -2) || MHD_add_response_header(response, name, value) != MHD_YES)
            luaL_error(L, "'%s' cannot be a header", name);
        lua_pop(L, 1);
    }
}

/* exchange:respond(status, headers | nil, body [, cut]) -> whether anybody was left to be answered.
** Raises on a wrong argument, and can then be called again. */
static int respond(lua_State *L) {
    size_t size;
    exchange *x = to_exchange(L);
    lua_Integer status = luaL_checkinteger(L, 2);
    const char *body = luaL_checklstring(L, 4, &size);
    lua_Integer cut = luaL_optinteger(L, 5, -1);
    luaL_argcheck(L, status >= 200 && status <= 599, 2, "a status is from 200 to 599");
    if (!lua_isnil(L, 3)) luaL_checktype(L, 3, LUA_TTABLE);
    lua_pushboolean(L, x != NULL);
    if (x == NULL) return 1;
    if (x->response != NULL) MHD_destroy_response(x->response);
    x->status = (unsigned)status;
    x->response = make_response(body, size, cut);
    if (x->response == NULL) return luaL_error(L, "not enough memory");
    if (!lua_isnil(L, 3)) add_headers(L, x->response, 3);
    resume(x);
    return 1;
}

static void discard(exchange *x) {
    if (x->response != NULL) MHD_destroy_response(x->response);
    x->response = NULL;
    resume(x);
}

/* exchange:drop() closes the connection without a byte of answer; for one that was answered: nothing. */
static int drop(lua_State *L) {
    exchange *x = to_exchange(L);
    if (x != NULL) discard(x);
    return 0;
}

/* ==================================================================== closing */

/* server:close() ends every exchange unanswered. Closing twice is fine. */
static int close_server(lua_State *L) {
    server *s = luaL_checkudata(L, 1, SERVER);
    struct MHD_Daemon *daemon = s->daemon;
    s->daemon = NULL;
    s->first_arrived = s->last_arrived = NULL;
    while (s->suspended != NULL) discard(s->suspended);
    if (daemon != NULL) MHD_stop_daemon(daemon);
    if (s->listener >= 0) close(s->listener);
    s->listener = -1;
    free(s->headers);
    s->headers = NULL;
    s->header_room = 0;
    return 0;
}

/* ==================================================================== opening */

LUAMOD_API int luaopen_scaleapi_server(lua_State *L);

/* The module is what scaleapi/serve.lua makes of the raw functions. */
LUAMOD_API __attribute__((visibility("default"))) int luaopen_scaleapi_server(lua_State *L) {
    static const luaL_Reg methods[] = {{"port", port},          {"descriptor", descriptor},
                                       {"timeout", timeout},    {"is_due", is_due},
                                       {"stats", stats},        {"run", run},
                                       {"close", close_server}, {NULL, NULL}};
    static const luaL_Reg exchange_methods[] = {{"respond", respond}, {"drop", drop}, {NULL, NULL}};
    luaL_checkversion(L);
    lscale_make_class(L, SERVER, methods, close_server);
    lscale_make_class(L, EXCHANGE, exchange_methods, drop);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "scaleapi.serve");
    lua_call(L, 1, 1);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, start);
    lua_setfield(L, -2, "start");
    lua_call(L, 1, 1);
    return 1;
}
