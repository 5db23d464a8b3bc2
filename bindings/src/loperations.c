/*
** loperations.c - the rows of the operation table and the enumerations, as Lua tables.
*/
#include <string.h>

#include "lcore.h"

#define MOST_OPERATIONS 256

static const char *const method_names[] = {"GET", "POST", "PUT", "DELETE"};
static const char *const body_names[] = {"none", "fields", "open", "whole", "parts"};
static const char *const form_names[] = {"any", "object", "list", "address"};
static const char *const page_names[] = {"none", "token", "offset"};
static const char *const repeat_names[] = {"safe", "unique_id", "name", "state", "never"};
static const char *const place_names[] = {"path", "query", "body"};
static const char *const value_names[] = {"string",      "integer",       "boolean", "time",
                                          "strings",     "comma_strings", "object",  "array",
                                          "string_list", "name_list",     "any",     "file"};

/* A name for each value of the enumerations in scaleapi.h. */
#define NAMES_END_WITH(last, names)                                                                          \
    _Static_assert(sizeof(names) / sizeof *(names) == (last) + 1, #names " do not fit scaleapi.h")
NAMES_END_WITH(SCALE_DELETE, method_names);
NAMES_END_WITH(SCALE_BODY_PARTS, body_names);
NAMES_END_WITH(SCALE_FORM_ADDRESS, form_names);
NAMES_END_WITH(SCALE_PAGE_OFFSET, page_names);
NAMES_END_WITH(SCALE_REPEAT_NEVER, repeat_names);
NAMES_END_WITH(SCALE_IN_BODY, place_names);
NAMES_END_WITH(SCALE_FILE_PART, value_names);

static void set_text(lua_State *L, const char *key, const char *value) {
    if (value == NULL) return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void push_parameter(lua_State *L, const scale_parameter *parameter) {
    lua_createtable(L, 0, 6);
    set_text(L, "name", parameter->name);
    set_text(L, "wire", parameter->wire);
    set_text(L, "place", place_names[parameter->place]);
    set_text(L, "value", value_names[parameter->value]);
    set_text(L, "enumeration", parameter->enumeration);
    lua_pushboolean(L, parameter->required);
    lua_setfield(L, -2, "required");
}

static void push_operation(lua_State *L, const scale_operation *operation) {
    const scale_answer_kind *answer = scale_answer_describe(operation->answer);
    lua_createtable(L, 0, 16);
    set_text(L, "name", operation->name);
    set_text(L, "method", method_names[operation->method]);
    set_text(L, "path", operation->path);
    set_text(L, "body", body_names[operation->body]);
    set_text(L, "answer", answer->name);
    set_text(L, "form", form_names[answer->form]);
    set_text(L, "member", answer->member);
    set_text(L, "object", answer->object);
    set_text(L, "one_of", operation->one_of);
    lua_pushboolean(L, scale_operation_only_reads(operation));
    lua_setfield(L, -2, "only_reads");
    lua_pushinteger(L, scale_operation_version(operation));
    lua_setfield(L, -2, "version");
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

static void push_failures(lua_State *L, const scale_operation *operation) {
    lua_createtable(L, (int)operation->failure_count, 0);
    for (size_t i = 0; i < operation->failure_count; i++) {
        const scale_failure *failure = &operation->failures[i];
        lua_createtable(L, 0, 3);
        lua_pushinteger(L, failure->status);
        lua_setfield(L, -2, "status");
        set_text(L, "standing", failure->standing);
        set_text(L, "cause", failure->cause);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* The values that the parameter is known to take, in the table's order; nothing when it takes any. */
static void set_known_values(lua_State *L, const scale_parameter *parameter) {
    const scale_enumeration *known = NULL;
    if (parameter->enumeration == NULL) return;
    for (size_t i = 0; (known = scale_enumeration_at(i)) != NULL; i++)
        if (strcmp(known->name, parameter->enumeration) == 0) break;
    if (known == NULL) return;
    lua_createtable(L, (int)known->count, 0);
    for (size_t i = 0; i < known->count; i++) {
        lua_pushstring(L, known->values[i].value);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "values");
}

static void push_told_parameters(lua_State *L, const scale_operation *operation) {
    lua_createtable(L, 0, (int)operation->parameter_count);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const scale_parameter *parameter = &operation->parameters[i];
        lua_createtable(L, 0, 4);
        set_text(L, "kind", scale_value_describe(parameter->value));
        set_text(L, "about", parameter->about);
        set_text(L, "standing", parameter->standing);
        set_known_values(L, parameter);
        lua_setfield(L, -2, parameter->name);
    }
}

/* The row whose name is a near miss of `name`, or NULL. */
static const char *nearest_operation(const char *name) {
    const char *names[MOST_OPERATIONS];
    const scale_operation *operation;
    size_t count = 0;
    while (count < MOST_OPERATIONS && (operation = scale_operation_at(count)) != NULL)
        names[count++] = operation->name;
    return scale_suggest(name, names, count);
}

/* core.describe(name) -> what people are told of the operation of that name, which may be any of its
** names: name (the row's), also, note, failures (an array of { status, standing, cause }), parameters
** (name -> { kind, about, standing, values }); or nil and a message */
static int describe(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    const scale_operation *operation = scale_operation_find(name);
    if (operation == NULL) {
        const char *meant = nearest_operation(name);
        lua_pushnil(L);
        lua_pushfstring(L, "unknown operation '%s'%s%s%s", name, meant == NULL ? "" : "; did you mean '",
                        meant == NULL ? "" : meant, meant == NULL ? "" : "'?");
        return 2;
    }
    lua_createtable(L, 0, 5);
    set_text(L, "name", operation->name);
    set_text(L, "also", operation->also);
    set_text(L, "note", operation->note);
    push_failures(L, operation);
    lua_setfield(L, -2, "failures");
    push_told_parameters(L, operation);
    lua_setfield(L, -2, "parameters");
    return 1;
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

/* Sets core.operations (an array of rows), core.enumerations (name -> name -> value), core.describe and
** core.suggest. */
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
    lua_pushcfunction(L, describe);
    lua_setfield(L, -2, "describe");
    lua_pushcfunction(L, suggest);
    lua_setfield(L, -2, "suggest");
}
