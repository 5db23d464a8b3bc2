/*
** run.c - calls Lua on behalf of the host, and says what went wrong.
*/
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* Set by the message handler, which still sees the error as it was raised. */
static int was_interrupted;

void host_complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("scalua: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* The error's text, and where it was raised: an error object seldom says that itself. */
static int add_traceback(lua_State *L) {
    const char *message = lua_tostring(L, 1);
    was_interrupted = message != NULL && host_is_interrupt(message);
    if (message == NULL && luaL_getmetafield(L, 1, "__tostring") == LUA_TNIL) {
        message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    } else if (message == NULL) {
        lua_pop(L, 1);
        message = luaL_tolstring(L, 1, NULL);
    }
    luaL_traceback(L, L, message, 1);
    return 1;
}

int host_call(lua_State *L, int arguments, int results) {
    int base = lua_gettop(L) - arguments;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, base);
    was_interrupted = 0;
    host_arm_interrupt();
    int status = lua_pcall(L, arguments, results, base);
    host_disarm_interrupt();
    lua_remove(L, base);
    return status;
}

int host_report(lua_State *L, int status) {
    if (status == LUA_OK) return HOST_DONE;
    const char *message = lua_tostring(L, -1);
    host_complain("%s", message != NULL ? message : "(error without a message)");
    lua_pop(L, 1);
    int code = was_interrupted ? HOST_INTERRUPTED : HOST_FAILED;
    was_interrupted = 0;
    return code;
}

/* ======================================================================= jobs */

/* Says what { error =, traceback = } on the top holds. */
static void report_job(lua_State *L) {
    lua_getfield(L, -1, "error");
    const char *message = luaL_tolstring(L, -1, NULL);
    lua_getfield(L, -3, "traceback");
    const char *traceback = lua_tostring(L, -1);
    host_complain("a job failed: %s%s%s", message, traceback != NULL ? "\n" : "",
                  traceback != NULL ? traceback : "");
    lua_pop(L, 3);
}

static int report_jobs(lua_State *L) {
    lua_Integer count = lua_istable(L, -1) ? luaL_len(L, -1) : 0;
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, -1, i);
        report_job(L);
        lua_pop(L, 1);
    }
    return count > 0 ? HOST_FAILED : HOST_DONE;
}

int host_finish_jobs(lua_State *L) {
    int top = lua_gettop(L), code = HOST_DONE;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    if (lua_getfield(L, -1, "scaleapi.scheduler") == LUA_TTABLE &&
        lua_getfield(L, -1, "finish") == LUA_TFUNCTION) {
        int status = host_call(L, 0, 1);
        code = status == LUA_OK ? report_jobs(L) : host_report(L, status);
    }
    lua_settop(L, top);
    return code;
}
