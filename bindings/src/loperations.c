/*
** loperations.c - the rows of the operation table and the enumerations, as Lua tables.
*/
#include "lcore.h"

static const char *const method_names[] = {"GET", "POST", "PUT", "DELETE"};
static const char *const body_names[] = {"none", "fields", "open", "whole", "parts"};
static const char *const answer_names[] = {"any",        "task",         "task_list", "batch",
                                           "batch_list", "batch_status", "project",   "project_list",
                                           "template",   "file",         "file_list"};
static const char *const page_names[] = {"none", "token", "offset"};
static const char *const repeat_names[] = {"safe", "unique_id", "name", "state", "never"};
static const char *const place_names[] = {"path", "query", "body"};
static const char *const value_names[] = {"string",        "integer", "boolean", "time", "strings",
                                          "comma_strings", "object",  "array",   "any",  "file"};

static void set_text(lua_State *L, const char *key, const char *value) {
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void push_parameter(lua_State *L, const scale_parameter *parameter) {
    lua_createtable(L, 0, 6);
    set_text(L, "name", parameter->name);
    set_text(L, "wire", parameter->wire);
    set_text(L, "place", place_names[parameter->place]);
    set_text(L, "value", value_names[parameter->value]);
    if (parameter->enumeration != NULL) set_text(L, "enumeration", parameter->enumeration);
    lua_pushboolean(L, parameter->required);
    lua_setfield(L, -2, "required");
}

static void push_operation(lua_State *L, const scale_operation *operation) {
    lua_createtable(L, 0, 10);
    set_text(L, "name", operation->name);
    set_text(L, "method", method_names[operation->method]);
    set_text(L, "path", operation->path);
    set_text(L, "body", body_names[operation->body]);
    set_text(L, "answer", answer_names[operation->answer]);
    set_text(L, "page", page_names[operation->page]);
    set_text(L, "repeat", repeat_names[operation->repeat]);
    set_text(L, "standing", operation->standing);
    set_text(L, "summary", operation->summary);
    lua_createtable(L, (int)operation->parameter_count, 0);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        push_parameter(L, &operation->parameters[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "parameters");
}

static void push_enumeration(lua_State *L, const scale_enumeration *enumeration) {
    lua_createtable(L, 0, (int)enumeration->count);
    for (size_t i = 0; i < enumeration->count; i++)
        set_text(L, enumeration->values[i].name, enumeration->values[i].value);
}

/* core.suggest(word, words) -> the near miss of it among words, or nil */
static int suggest(lua_State *L) {
    const char *word = luaL_checkstring(L, 1);
    const char *words[128];
    size_t count = 0;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer size = luaL_len(L, 2);
    lua_settop(L, 2);
    luaL_checkstack(L, 130, NULL);
    for (lua_Integer i = 1; i <= size && count < 128; i++)
        if (lua_rawgeti(L, 2, i) == LUA_TSTRING)
            words[count++] = lua_tostring(L, -1);
        else
            lua_pop(L, 1);
    const char *meant = scale_suggest(word, words, count);
    if (meant == NULL)
        lua_pushnil(L);
    else
        lua_pushstring(L, meant);
    return 1;
}

/* Sets core.operations (an array of rows), core.enumerations (name -> name -> value), core.suggest. */
void lscale_open_operations(lua_State *L) {
    const scale_operation *operation;
    const scale_enumeration *enumeration;
    lua_newtable(L);
    for (size_t i = 0; (operation = scale_operation_at(i)) != NULL; i++) {
        push_operation(L, operation);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "operations");
    lua_newtable(L);
    for (size_t i = 0; (enumeration = scale_enumeration_at(i)) != NULL; i++) {
        push_enumeration(L, enumeration);
        lua_setfield(L, -2, enumeration->name);
    }
    lua_setfield(L, -2, "enumerations");
    lua_pushcfunction(L, suggest);
    lua_setfield(L, -2, "suggest");
}
