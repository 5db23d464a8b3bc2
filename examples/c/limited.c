/*
** limited.c - an application whose users write scripts, which must not spend its money: they may read.
**
**     cc limited.c $(pkg-config --cflags --libs lua5.4) -o limited
**     SCALE_API_KEY=… SCALE_API_URL=… ./limited script.lua
**
** The script gets the module with limits, and globals that lead nowhere else: no files, no programs, no debug
** library, no other modules. The key stays with the application. What a script may still do is take its time
** and its memory: those are for the application to bound, as host.c does.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>

#define MOST_REQUESTS 1000

/* Leaves the module at 1; the globals for scripts at 3, and at 4 a function that counts their requests. */
static bool open_limited(lua_State *lua) {
    lua_getglobal(lua, "require");
    lua_pushstring(lua, "scaleapi");
    if (lua_pcall(lua, 1, 1, 0) != LUA_OK) return false;
    lua_getfield(lua, 1, "limited");
    lua_newtable(lua);
    lua_pushstring(lua, "read");
    lua_setfield(lua, -2, "operations");
    lua_pushinteger(lua, MOST_REQUESTS);
    lua_setfield(lua, -2, "requests");
    return lua_pcall(lua, 1, 3, 0) == LUA_OK;
}

/* Runs the script as a job, which it leaves at 5. As text: a precompiled one could do anything. */
static bool start(lua_State *lua, const char *path) {
    lua_getfield(lua, 1, "spawn");
    if (luaL_loadfilex(lua, path, "t") != LUA_OK) return false;
    lua_pushvalue(lua, 3);
    lua_setupvalue(lua, -2, 1);
    return lua_pcall(lua, 1, 1, 0) == LUA_OK;
}

/* job:wait(), which drives the loop; or raises the script's error. */
static bool wait_for(lua_State *lua, int job) {
    lua_getfield(lua, job, "wait");
    lua_pushvalue(lua, job);
    return lua_pcall(lua, 1, 0, 0) == LUA_OK;
}

static bool tell(lua_State *lua) {
    lua_pushvalue(lua, 4);
    if (lua_pcall(lua, 0, 1, 0) != LUA_OK) return false;
    fprintf(stderr, "%lld requests\n", (long long)lua_tointeger(lua, -1));
    return true;
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: limited SCRIPT\n"), 2;
    lua_State *lua = luaL_newstate();
    if (lua == NULL) return fprintf(stderr, "no memory\n"), 1;
    luaL_openlibs(lua);
    bool fine = open_limited(lua) && start(lua, argv[1]) && wait_for(lua, 5) && tell(lua);
    if (!fine) fprintf(stderr, "%s\n", luaL_tolstring(lua, -1, NULL));
    lua_close(lua);
    return fine ? 0 : 1;
}
