/*
** searcher.c - gives `require` and the command line what is built into the executable. Knows the index that
** embed.c wrote and the C modules that are linked in; nothing of what they do.
*/
#include <lauxlib.h>
#include <lua-cjson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

int luaopen_scaleapi_core(lua_State *L);
int luaopen_scaleapi_sys(lua_State *L);
int luaopen_scaleapi_server(lua_State *L);
int luaopen_cjson_safe(lua_State *L);

static const embedded_file *find(const embedded_file *files, size_t count, const char *name) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, files[middle].name);
        if (order == 0) return &files[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const embedded_file *host_find_command(const char *name) {
    return find(embedded_commands, embedded_command_count, name);
}

const embedded_file *host_find_module(const char *name) {
    return find(embedded_modules, embedded_module_count, name);
}

int host_check_override(void) {
    static const char mark[] = "/bindings/host/manifest.txt";
    const char *folder = getenv("SCALUA_SOURCE");
    if (folder == NULL || *folder == '\0') return 1;
    size_t size = strlen(folder) + sizeof mark;
    char *path = malloc(size);
    if (path == NULL) abort();
    snprintf(path, size, "%s%s", folder, mark);
    int found = access(path, R_OK) == 0;
    if (!found) host_complain("SCALUA_SOURCE: %s is not there", path);
    free(path);
    return found;
}

/* Pushes the path of the developer's own version of the file, or nil. */
static const char *push_override(lua_State *L, const embedded_file *file) {
    const char *folder = getenv("SCALUA_SOURCE");
    if (folder != NULL && *folder != '\0') {
        const char *path = lua_pushfstring(L, "%s/%s", folder, file->path);
        if (access(path, F_OK) == 0) return path;
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    return NULL;
}

int host_load_embedded(lua_State *L, const embedded_file *file) {
    const char *path = push_override(L, file);
    int status;
    if (path != NULL) {
        status = luaL_loadfilex(L, path, "t");
    } else {
        const char *name = lua_pushfstring(L, "@%s", file->path);
        status = luaL_loadbufferx(L, (const char *)file->text, file->size, name, "t");
        lua_remove(L, -2);
    }
    lua_remove(L, -2);
    return status;
}

static void push_file(lua_State *L, const char *path) {
    luaL_Buffer buffer;
    FILE *file = fopen(path, "rb");
    if (file == NULL) luaL_error(L, "cannot open %s", path);
    luaL_buffinit(L, &buffer);
    size_t count;
    do {
        count = fread(luaL_prepbuffer(&buffer), 1, LUAL_BUFFERSIZE, file);
        luaL_addsize(&buffer, count);
    } while (count > 0);
    fclose(file);
    luaL_pushresult(&buffer);
}

void host_push_source(lua_State *L, const embedded_file *file) {
    const char *path = push_override(L, file);
    if (path != NULL)
        push_file(L, path);
    else
        lua_pushlstring(L, (const char *)file->text, file->size);
    lua_remove(L, -2);
}

/* The searcher: a loader and the file's path, or why there is none. */
static int search(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    const embedded_file *file = host_find_module(name);
    if (file == NULL) {
        lua_pushfstring(L, "no module '%s' in scalua", name);
        return 1;
    }
    if (host_load_embedded(L, file) != LUA_OK)
        return luaL_error(L, "error loading module '%s':\n\t%s", name, lua_tostring(L, -1));
    lua_pushstring(L, file->path);
    return 2;
}

/* Behind package.preload and before package.path: a scalua that was copied elsewhere takes its own files. */
static void insert_searcher(lua_State *L) {
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
        lua_geti(L, -1, i);
        lua_seti(L, -2, i + 1);
    }
    lua_pushcfunction(L, search);
    lua_seti(L, -2, 2);
    lua_pop(L, 2);
}

void host_install_searcher(lua_State *L) {
    static const luaL_Reg linked[] = {
        {"scaleapi.core", luaopen_scaleapi_core},     {"scaleapi.sys", luaopen_scaleapi_sys},
        {"scaleapi.server", luaopen_scaleapi_server}, {"cjson", luaopen_cjson},
        {"cjson.safe", luaopen_cjson_safe},           {NULL, NULL},
    };
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, linked, 0);
    lua_pop(L, 1);
    insert_searcher(L);
}
