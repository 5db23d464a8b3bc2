/*
** prompt.c - the prompt: a line of Lua is run, the value of an expression is printed, and what is
** incomplete goes on in the next line. Called by main.c.
*/
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

static void print_prompt(lua_State *L, const char *variable, const char *text) {
    if (lua_getglobal(L, variable) != LUA_TNIL) text = luaL_tolstring(L, -1, NULL);
    fputs(text, stdout);
    fflush(stdout);
    lua_settop(L, lua_gettop(L) - (lua_isnil(L, -1) ? 1 : 2));
}

/* Pushes the next line of standard input without its end, or gives 0. [-0, +(0|1)] */
static int push_line(lua_State *L) {
    luaL_Buffer buffer;
    size_t total = 0;
    int ended = 0;
    luaL_buffinit(L, &buffer);
    while (!ended) {
        char *room = luaL_prepbuffer(&buffer);
        if (fgets(room, (int)LUAL_BUFFERSIZE, stdin) == NULL) break;
        size_t size = strlen(room);
        total += size;
        ended = size > 0 && room[size - 1] == '\n';
        luaL_addsize(&buffer, ended ? size - 1 : size);
    }
    luaL_pushresult(&buffer);
    if (total == 0) lua_pop(L, 1);
    return total > 0;
}

/* Compiles the line on the top as an expression, and replaces it by the function; gives 0 if it is none. */
static int load_expression(lua_State *L) {
    const char *line = lua_tostring(L, -1);
    const char *code = lua_pushfstring(L, "return %s", line[0] == '=' ? line + 1 : line);
    int status = luaL_loadbufferx(L, code, strlen(code), "=stdin", "t");
    lua_remove(L, -2);
    if (status == LUA_OK)
        lua_replace(L, -2);
    else
        lua_pop(L, 1);
    return status == LUA_OK;
}

/* True if the message on the top says that the code ends too early. */
static int is_incomplete(lua_State *L) {
    static const char mark[] = "<eof>";
    size_t size;
    const char *message = lua_tolstring(L, -1, &size);
    return size >= sizeof mark - 1 && strcmp(message + size - (sizeof mark - 1), mark) == 0;
}

/* Compiles the line on the top as a statement, reading on while it is incomplete. Replaces it by the
** function or a message; gives Lua's status. [-1, +1] */
static int load_statement(lua_State *L) {
    for (;;) {
        size_t size;
        const char *code = lua_tolstring(L, -1, &size);
        int status = luaL_loadbufferx(L, code, size, "=stdin", "t");
        if (status == LUA_ERRSYNTAX && is_incomplete(L)) {
            print_prompt(L, "_PROMPT2", ">> ");
            if (push_line(L)) {
                lua_remove(L, -2); /* the message */
                lua_pushliteral(L, "\n");
                lua_insert(L, -2);
                lua_concat(L, 3);
                continue;
            }
        }
        lua_remove(L, -2);
        return status;
    }
}

/* Without the program's name: it is clear who speaks. */
static void print_error(lua_State *L) {
    const char *message = lua_tostring(L, -1);
    fprintf(stderr, "%s\n", message != NULL ? message : "(error without a message)");
    lua_pop(L, 1);
}

/* Hands what is on the stack from index `from` on to `print`, which may be the user's own. */
static void print_results(lua_State *L, int from) {
    int count = lua_gettop(L) - from + 1;
    if (count <= 0) return;
    luaL_checkstack(L, LUA_MINSTACK, "too many results to print");
    lua_getglobal(L, "print");
    lua_insert(L, from);
    if (host_call(L, count, 0) != LUA_OK) print_error(L);
}

void host_prompt(lua_State *L) {
    int top = lua_gettop(L);
    for (;;) {
        lua_settop(L, top);
        print_prompt(L, "_PROMPT", "> ");
        if (!push_line(L)) break;
        int status = load_expression(L) ? LUA_OK : load_statement(L);
        if (status == LUA_OK) status = host_call(L, 0, LUA_MULTRET);
        if (status == LUA_OK)
            print_results(L, top + 1);
        else
            print_error(L);
    }
    fputc('\n', stdout);
}
