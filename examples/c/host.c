/*
** host.c - an application with a Lua of its own that offers the module to its users' scripts.
**
**     cc host.c $(pkg-config --cflags --libs lua5.4) -o host
**     SCALE_API_KEY=… SCALE_API_URL=… ./host script.lua
**
** The script runs as a job, so that the application goes on meanwhile: here it counts its turns. Memory
** comes from the application, which bounds it; what the script prints goes to the application's log; Ctrl-C
** is the cancel button.
** The module is found by Lua itself (package.path, package.cpath); nothing of it is linked.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_MEMORY ((size_t)64 << 20)

static volatile sig_atomic_t cancel_pressed;

static void on_cancel(int signal) {
    (void)signal;
    cancel_pressed = 1;
}

/* ----------------------------------------------------------------- what Lua gets */

/* The application's allocator: `user` counts what is held. */
static void *allocate(void *user, void *block, size_t before, size_t size) {
    size_t *held = user;
    if (block == NULL) before = 0; /* then it tells what the block is for */
    if (size > before && *held - before + size > MOST_MEMORY) return NULL;
    void *moved = size == 0 ? NULL : realloc(block, size);
    if (size == 0) free(block);
    if (size == 0 || moved != NULL) *held = *held - before + size;
    return moved;
}

/* print of the scripts. */
static int log_line(lua_State *lua) {
    fputs("script:", stderr);
    for (int i = 1; i <= lua_gettop(lua); i++) {
        fprintf(stderr, " %s", luaL_tolstring(lua, i, NULL));
        lua_pop(lua, 1);
    }
    fputc('\n', stderr);
    return 0;
}

/* ------------------------------------------------------------------------ the job */

/* Runs the script as a job: leaves the module at 1 and the job at 2. */
static bool start(lua_State *lua, const char *path) {
    lua_getglobal(lua, "require");
    lua_pushstring(lua, "scaleapi");
    if (lua_pcall(lua, 1, 1, 0) != LUA_OK) return false;
    lua_getfield(lua, 1, "spawn");
    if (luaL_loadfile(lua, path) != LUA_OK) return false;
    return lua_pcall(lua, 1, 1, 0) == LUA_OK;
}

/* object:name(), a method without arguments. */
static bool call(lua_State *lua, int object, const char *name, int results) {
    lua_getfield(lua, object, name);
    lua_pushvalue(lua, object);
    return lua_pcall(lua, 1, results, 0) == LUA_OK;
}

static bool is_done(lua_State *lua) {
    bool done = call(lua, 2, "is_done", 1) && lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return done;
}

/* One turn of the module's loop: at most 10 ms, the time until the application does other things again. */
static bool turn(lua_State *lua) {
    lua_getfield(lua, 1, "step");
    lua_pushnumber(lua, 0.01);
    return lua_pcall(lua, 1, 0, 0) == LUA_OK;
}

/* The script's error, if it had one, is raised by its job's wait(). */
static bool run(lua_State *lua, const char *path, long *turns) {
    if (!start(lua, path)) return false;
    while (!is_done(lua)) {
        if (cancel_pressed && !call(lua, 2, "cancel", 0)) return false;
        if (!turn(lua)) return false;
        ++*turns;
    }
    return call(lua, 2, "wait", 0);
}

int main(int argc, char **argv) {
    size_t held = 0;
    long turns = 0;
    if (argc != 2) return fprintf(stderr, "usage: host SCRIPT\n"), 2;
    signal(SIGINT, on_cancel);
    lua_State *lua = lua_newstate(allocate, &held);
    if (lua == NULL) return fprintf(stderr, "no memory\n"), 1;
    luaL_openlibs(lua);
    lua_register(lua, "print", log_line);
    bool fine = run(lua, argv[1], &turns);
    if (!fine) fprintf(stderr, "%s\n", luaL_tolstring(lua, -1, NULL));
    lua_close(lua);
    fprintf(stderr, "%s, %zu bytes held\n", turns > 0 ? "the application went on meanwhile" : "no turn",
            held);
    return fine ? 0 : 1;
}
