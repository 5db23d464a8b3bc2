/*
** ljson.c - the codec for Lua, core.json: its functions, its marks (array, number, raw), and cutting a
** text without making values of it. Opened by lcore.c; knows the public header of core and Lua alone.
*/
#include "ljson.h"

#include <string.h>

#include "ljson_parts.h"
#include "lpage.h"

#define MOST_NAMES 16

static scale_slice check_slice(lua_State *L, int index) {
    scale_slice text;
    text.data = luaL_checklstring(L, index, &text.size);
    return text;
}

static void push_slice(lua_State *L, scale_slice text) {
    lua_pushlstring(L, text.data, text.size);
}

/* Of an error, the kind must be set before, and the message alone is read. */
static void begin(scale_error *error) {
    error->kind = SCALE_NONE;
}

static void raise_error(lua_State *L, const scale_error *error) {
    lua_pushstring(L, error->message);
    lua_error(L);
}

static void check_status(lua_State *L, scale_status status, const scale_error *error) {
    if (status != SCALE_OK) raise_error(L, error);
}

/* Pushes the decoded value of a part of the document. */
static void push_part(lua_State *L, scale_slice document, scale_slice part) {
    lscale_json_push_value(L, part, (size_t)(part.data - document.data), NULL);
}

scale_json_limits lscale_json_limits(lua_State *L, int index) {
    scale_json_limits limits = SCALE_JSON_LIMITS_INIT;
    if (lua_isnoneornil(L, index)) return limits;
    luaL_checktype(L, index, LUA_TTABLE);
    if (lua_getfield(L, index, "max_depth") != LUA_TNIL) {
        lua_Integer depth = luaL_checkinteger(L, -1);
        luaL_argcheck(L, depth >= 1 && depth <= SCALE_JSON_MOST_DEPTH, index, "max_depth must be 1 to 1024");
        limits.max_depth = (size_t)depth;
    }
    lua_pop(L, 1);
    return limits;
}

/* =========================================================== whole texts */

/* json.decode(text [, { max_depth = … }]) -> value */
static int json_decode(lua_State *L) {
    scale_slice text = check_slice(L, 1);
    scale_json_limits limits = lscale_json_limits(L, 2);
    lua_settop(L, 1);
    lscale_json_push_value(L, text, 0, &limits);
    return 1;
}

/* true, or nil and the message. */
static int push_verdict(lua_State *L, scale_status status, const scale_error *error) {
    if (status == SCALE_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, error->message);
    return 2;
}

/* json.check(text [, { max_depth = … }]) -> true | nil, message */
static int json_check(lua_State *L) {
    scale_error error;
    scale_slice text = check_slice(L, 1);
    scale_json_limits limits = lscale_json_limits(L, 2);
    begin(&error);
    return push_verdict(L, scale_json_check(text, &limits, &error), &error);
}

/* json.outline(text) -> true | nil, message */
static int json_outline(lua_State *L) {
    scale_error error;
    begin(&error);
    return push_verdict(L, scale_json_outline(check_slice(L, 1), &error), &error);
}

/* json.type(raw) -> "object" | "array" | … | nil */
static int json_type(lua_State *L) {
    static const char *const names[] = {NULL, "object", "array", "string", "number", "boolean", "null"};
    lua_pushstring(L, names[scale_json_type_of(check_slice(L, 1))]);
    return 1;
}

/* ============================================================== first level */

/* The field's bytes; its data is NULL when there is none. */
static scale_slice find_field(lua_State *L) {
    scale_slice value, document = check_slice(L, 1), key = check_slice(L, 2);
    scale_error error;
    begin(&error);
    check_status(L, scale_json_find(document, key.data, key.size, &value, &error), &error);
    return value;
}

/* json.field(document, key) -> value | nil */
static int json_field(lua_State *L) {
    scale_slice value = find_field(L);
    if (value.data == NULL)
        lua_pushnil(L);
    else
        push_part(L, check_slice(L, 1), value);
    return 1;
}

/* json.raw_field(document, key) -> bytes | nil */
static int json_raw_field(lua_State *L) {
    scale_slice value = find_field(L);
    if (value.data == NULL)
        lua_pushnil(L);
    else
        push_slice(L, value);
    return 1;
}

/* json.raw_fields(document, key, …) -> bytes | nil, … */
static int json_raw_fields(lua_State *L) {
    scale_slice document = check_slice(L, 1), names[MOST_NAMES], values[MOST_NAMES];
    scale_error error;
    int count = lua_gettop(L) - 1;
    begin(&error);
    luaL_argcheck(L, count <= MOST_NAMES, 2, "at most 16 names");
    for (int i = 0; i < count; i++) names[i] = check_slice(L, i + 2);
    check_status(L, scale_json_pick(document, names, (size_t)count, values, &error), &error);
    luaL_checkstack(L, count, NULL);
    for (int i = 0; i < count; i++) {
        if (values[i].data == NULL)
            lua_pushnil(L);
        else
            push_slice(L, values[i]);
    }
    return count;
}

/* Begins at the document at 1, which must be an object or an array as asked. */
static void check_cursor(lua_State *L, scale_json_cursor *cursor, bool object) {
    scale_error error;
    scale_slice text = check_slice(L, 1);
    begin(&error);
    check_status(L, scale_json_cursor_init(cursor, text, &error), &error);
    if (cursor->object == object) return;
    lua_pushfstring(L, "not JSON at byte %I: an %s was expected", (LUAI_UACINT)(cursor->at - text.data),
                    object ? "object" : "array");
    lua_error(L);
}

/* Steps on. False at the end; raises on a fault. */
static bool next_part(lua_State *L, scale_json_cursor *cursor, scale_slice *key, scale_slice *value) {
    scale_error error;
    begin(&error);
    int more = scale_json_cursor_next(cursor, key, value, &error);
    if (more < 0) raise_error(L, &error);
    return more == 1;
}

/* json.members(document) -> keys, raws */
static int json_members(lua_State *L) {
    scale_json_cursor cursor;
    scale_slice key, value, text = check_slice(L, 1);
    lua_settop(L, 1);
    check_cursor(L, &cursor, true);
    lua_createtable(L, 16, 0);
    lua_createtable(L, 16, 0);
    for (lua_Integer i = 1; next_part(L, &cursor, &key, &value); i++) {
        push_part(L, text, key);
        lua_rawseti(L, 2, i);
        push_slice(L, value);
        lua_rawseti(L, 3, i);
    }
    return 2;
}

/* Pushes an array of the bytes of what the cursor steps over. [-0, +1] */
static void push_raws(lua_State *L, scale_json_cursor *cursor) {
    scale_slice value;
    lua_createtable(L, 16, 0);
    for (lua_Integer i = 1; next_part(L, cursor, NULL, &value); i++) {
        push_slice(L, value);
        lua_rawseti(L, -2, i);
    }
}

/* json.elements(array) -> raws */
static int json_elements(lua_State *L) {
    scale_json_cursor cursor;
    check_cursor(L, &cursor, false);
    push_raws(L, &cursor);
    return 1;
}

/* -------------------------------------------------------------------- pages */

void lscale_push_beside(lua_State *L, const scale_json_page *page) {
    scale_slice key, value;
    lua_createtable(L, 0, 8);
    for (size_t i = 0; scale_json_page_beside(page, i, &key, &value); i++) {
        push_part(L, scale_json_page_text(page), key);
        push_part(L, scale_json_page_text(page), value);
        lua_rawset(L, -3);
    }
}

/* json.page(text, key) -> docs | nil, envelope */
static int json_page(lua_State *L) {
    scale_json_page *cut;
    scale_error error;
    scale_slice text = check_slice(L, 1);
    const char *key = luaL_checkstring(L, 2);
    lscale_page *page = lscale_push_page(L);
    begin(&error);
    check_status(L, scale_json_page_new(&cut, text, key, false, &error), &error);
    lscale_fill_page(page, cut);
    if (scale_json_page_count(cut) < 0)
        lua_pushnil(L);
    else
        lua_createtable(L, (int)page->count, 0);
    for (size_t i = 0; i < page->count; i++) {
        push_slice(L, scale_json_page_document(cut, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lscale_push_beside(L, cut);
    lscale_empty_page(page); /* now, for the collector does not see how large it is */
    return 2;
}

/* ================================================================ comparing */

#define MOST_PREFIXES 16

/* options.prefixes: names whose texts need only begin alike. The strings stay in the table. */
static void check_prefixes(lua_State *L, int index, scale_json_covers_options *options,
                           const char **prefixes) {
    if (lua_isnoneornil(L, index)) return;
    luaL_checktype(L, index, LUA_TTABLE);
    if (lua_getfield(L, index, "prefixes") == LUA_TNIL) return;
    luaL_checktype(L, -1, LUA_TTABLE);
    size_t count = lua_rawlen(L, -1);
    luaL_argcheck(L, count <= MOST_PREFIXES, index, "at most 16 prefixes");
    luaL_checkstack(L, MOST_PREFIXES, NULL);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1 - (int)i, (lua_Integer)i + 1);
        prefixes[i] = luaL_checkstring(L, -1);
    }
    options->prefixes = prefixes;
    options->prefix_count = count;
}

/* json.covers(found, sent [, { prefixes = { name, … } }]) -> true | nil, key */
static int json_covers(lua_State *L) {
    const char *prefixes[MOST_PREFIXES];
    scale_json_covers_options options = SCALE_JSON_COVERS_OPTIONS_INIT;
    scale_error error;
    scale_slice key, found = check_slice(L, 1), sent = check_slice(L, 2);
    bool covers;
    begin(&error);
    check_prefixes(L, 3, &options, prefixes);
    check_status(L, scale_json_covers(&covers, &key, found, sent, &options, &error), &error);
    if (covers) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    if (key.data == NULL) return 1;
    push_part(L, sent, key);
    return 2;
}

/* ==================================================================== marks */

static bool is_marked(lua_State *L, int index) {
    if (!lua_getmetatable(L, index)) return false;
    bool marked = lua_rawequal(L, -1, LSCALE_ARRAY_MT);
    lua_pop(L, 1);
    return marked;
}

/* json.array([t]) -> t, marked */
static int json_array(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (is_marked(L, 1)) return 1;
    luaL_argcheck(L, !lua_getmetatable(L, 1), 1, "the table has another metatable");
    lua_pushvalue(L, LSCALE_ARRAY_MT);
    lua_setmetatable(L, 1);
    return 1;
}

/* json.is_array(value) -> boolean */
static int json_is_array(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, lua_istable(L, 1) && is_marked(L, 1));
    return 1;
}

/* json.raw(text) -> what encode writes as it stands; checked here, once */
static int json_raw(lua_State *L) {
    scale_error error;
    scale_slice text = check_slice(L, 1);
    begin(&error);
    check_status(L, scale_json_check(text, NULL, &error), &error);
    lscale_json_push_bytes(L, text, LSCALE_RAW_MT);
    return 1;
}

/* json.number(text) -> a number that keeps its spelling */
static int json_number(lua_State *L) {
    scale_json_number number;
    scale_slice text = check_slice(L, 1);
    luaL_argcheck(L, scale_json_number_read(text, &number), 1, "not a JSON number");
    lscale_json_push_bytes(L, text, LSCALE_NUMBER_MT);
    return 1;
}

/* tostring of both gives their bytes. */
static int bytes_tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TUSERDATA);
    lua_pushlstring(L, lua_touserdata(L, 1), lua_rawlen(L, 1));
    return 1;
}

/* Equal: of one kind, and the same bytes. */
static int bytes_equal(lua_State *L) {
    bool kind = lua_getmetatable(L, 1) && lua_getmetatable(L, 2) && lua_rawequal(L, -1, -2);
    size_t size = lua_rawlen(L, 1);
    bool equal =
        kind && size == lua_rawlen(L, 2) && memcmp(lua_touserdata(L, 1), lua_touserdata(L, 2), size) == 0;
    lua_pushboolean(L, equal);
    return 1;
}

/* ================================================================== opening */

static void push_bytes_metatable(lua_State *L, const char *name) {
    if (!luaL_newmetatable(L, name)) return;
    lua_pushcfunction(L, bytes_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, bytes_equal);
    lua_setfield(L, -2, "__eq");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

static const luaL_Reg functions[] = {{"decode", json_decode},
                                     {"encode", lscale_json_encode},
                                     {"check", json_check},
                                     {"outline", json_outline},
                                     {"type", json_type},
                                     {"field", json_field},
                                     {"raw_field", json_raw_field},
                                     {"raw_fields", json_raw_fields},
                                     {"members", json_members},
                                     {"elements", json_elements},
                                     {"page", json_page},
                                     {"covers", json_covers},
                                     {"array", json_array},
                                     {"is_array", json_is_array},
                                     {"raw", json_raw},
                                     {"number", json_number},
                                     {NULL, NULL}};

void lscale_json_push_upvalues(lua_State *L) {
    luaL_getmetatable(L, "scaleapi.json.array");
    luaL_getmetatable(L, "scaleapi.json.number");
    luaL_getmetatable(L, "scaleapi.json.raw");
    lua_getfield(L, LUA_REGISTRYINDEX, "scaleapi.json.words");
    lua_pushnil(L); /* only encode has an encoder */
}

void lscale_open_json(lua_State *L) {
    lscale_json_open_encode(L);
    luaL_newlibtable(L, functions);
    luaL_newmetatable(L, "scaleapi.json.array");
    lua_pushboolean(L, 0); /* it is all arrays', and none of a script's business */
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "array_mt");
    push_bytes_metatable(L, "scaleapi.json.number");
    push_bytes_metatable(L, "scaleapi.json.raw");
    lscale_json_push_words(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, "scaleapi.json.words");
    lua_pushnil(L); /* the encoder, made when it is needed */
    luaL_setfuncs(L, functions, LSCALE_CODEC_UPVALUES);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
}
