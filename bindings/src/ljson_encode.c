/*
** ljson_encode.c - from Lua values to a JSON text, on core's writer. Opened by ljson.c.
**
** The writer belongs to a userdata that is made before it, so that an error of Lua's leaks nothing.
** Tables are walked without metamethods and without recursion in C.
*/
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ljson_parts.h"

#define ENCODER       "scaleapi.json.encoder"
#define ENCODER_SLOT  2                  /* on the stack of encode */
#define KEPT_TEXT     ((size_t)64 << 10) /* a writer that wrote more is not kept */
#define KEPT_ENTRIES  1024
#define MOST_ON_STACK 128 /* members that wait on the Lua stack; of more, the names wait in a table */

/* A member of an object that is being written. */
typedef struct entry {
    uint64_t begin; /* the name's first bytes, as a number that sorts as they do */
    const char *name;
    size_t size;
    lua_Integer place; /* of the value on the stack, or of the name in the table of names */
} entry;

/* A table that is being written. */
typedef struct level {
    int table, top;          /* its place on the stack; what the stack shrinks to behind it */
    int names;               /* the place of the table of names, or 0 */
    size_t first;            /* of an object: its first entry */
    lua_Integer count, done; /* of its entries or elements */
    bool object;
} level;

/* Kept from one encode to the next. When Lua raises on the way, `busy` stays set: then this one is left
** to the collector, and another is made. */
typedef struct encoder {
    lua_State *L;
    scale_json_writer *writer;
    entry *entries; /* in a userdata that is the encoder's user value */
    size_t entry_count, entry_room;
    const void *array_mt, *number_mt, *raw_mt;
    size_t depth, max_depth;
    bool busy;
    level levels[SCALE_JSON_MOST_DEPTH];
} encoder;

/* ====================================================================== errors */

static bool is_plain_name(const entry *it) {
    if (it->size == 0 || it->size > 64 || (it->name[0] >= '0' && it->name[0] <= '9')) return false;
    for (size_t i = 0; i < it->size; i++) {
        char byte = it->name[i], low = (char)(byte | 0x20);
        if (!(low >= 'a' && low <= 'z') && !(byte >= '0' && byte <= '9') && byte != '_') return false;
    }
    return true;
}

static void add_quoted(luaL_Buffer *buffer, const entry *it) {
    luaL_addstring(buffer, "[\"");
    for (size_t i = 0; i < it->size && i < 64; i++) {
        bool plain = it->name[i] >= 0x20 && it->name[i] < 0x7F && it->name[i] != '"' && it->name[i] != '\\';
        luaL_addchar(buffer, plain ? it->name[i] : '?');
    }
    luaL_addstring(buffer, it->size > 64 ? "...\"]" : "\"]");
}

static void add_step(encoder *e, luaL_Buffer *buffer, const level *l) {
    if (l->done == 0) return;
    if (!l->object) {
        lua_pushfstring(e->L, "[%I]", (LUAI_UACINT)l->done);
        luaL_addvalue(buffer);
        return;
    }
    const entry *it = &e->entries[l->first + (size_t)l->done - 1];
    if (!is_plain_name(it)) {
        add_quoted(buffer, it);
        return;
    }
    if (l != e->levels) luaL_addchar(buffer, '.');
    luaL_addlstring(buffer, it->name, it->size);
}

/* "cannot encode tasks[2].points: why" */
static void fail(encoder *e, const char *why) {
    luaL_Buffer buffer;
    luaL_checkstack(e->L, LUA_MINSTACK, NULL);
    luaL_buffinit(e->L, &buffer);
    luaL_addstring(&buffer, "cannot encode ");
    for (size_t i = 0; i < e->depth && i < 16; i++) add_step(e, &buffer, &e->levels[i]);
    if (e->depth > 16) luaL_addstring(&buffer, "...");
    if (e->depth == 0 || e->levels[0].done == 0) luaL_addstring(&buffer, "the value");
    luaL_addstring(&buffer, ": ");
    luaL_addstring(&buffer, why);
    luaL_pushresult(&buffer);
    e->busy = false;
    lua_error(e->L);
}

/* What the writer took amiss. */
static void fail_writing(encoder *e) {
    scale_slice text;
    scale_error error = SCALE_ERROR_INIT;
    scale_json_writer_text(e->writer, &text, &error);
    fail(e, error.message);
}

/* ===================================================================== entries */

static uint64_t begin_of(const char *name, size_t size) {
    unsigned char first[8] = {0};
    if (size >= 8)
        memcpy(first, name, 8);
    else
        for (size_t i = 0; i < size; i++) first[i] = (unsigned char)name[i];
    return (uint64_t)first[0] << 56 | (uint64_t)first[1] << 48 | (uint64_t)first[2] << 40 |
           (uint64_t)first[3] << 32 | (uint64_t)first[4] << 24 | (uint64_t)first[5] << 16 |
           (uint64_t)first[6] << 8 | first[7];
}

static int compare_entries(const void *left, const void *right) {
    const entry *one = left, *other = right;
    if (one->begin != other->begin) return one->begin < other->begin ? -1 : 1;
    int order = memcmp(one->name, other->name, one->size < other->size ? one->size : other->size);
    return order != 0 ? order : (one->size > other->size) - (one->size < other->size);
}

static void sort_entries(entry *entries, size_t count) {
    if (count > 32) {
        qsort(entries, count, sizeof *entries, compare_entries);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        entry moving = entries[i];
        size_t place = i;
        for (; place > 0 && compare_entries(&moving, &entries[place - 1]) < 0; place--)
            entries[place] = entries[place - 1];
        entries[place] = moving;
    }
}

static void grow_entries(encoder *e) {
    size_t room = e->entry_room == 0 ? 64 : e->entry_room * 2;
    entry *entries = lua_newuserdatauv(e->L, room * sizeof *entries, 0);
    if (e->entry_count > 0) memcpy(entries, e->entries, e->entry_count * sizeof *entries);
    lua_setiuservalue(e->L, ENCODER_SLOT, 1);
    e->entries = entries;
    e->entry_room = room;
}

/* Adds the member whose name is at `index`; the name must be a string, as names of others are. */
static void add_entry(encoder *e, int index, lua_Integer place) {
    if (lua_type(e->L, index) != LUA_TSTRING) {
        const char *what = lua_type(e->L, index) == LUA_TNUMBER ? "number" : luaL_typename(e->L, index);
        fail(e, lua_pushfstring(e->L, "a table with a name that is a %s", what));
    }
    if (e->entry_count == e->entry_room) grow_entries(e);
    entry *it = &e->entries[e->entry_count++];
    it->name = lua_tolstring(e->L, index, &it->size);
    it->begin = begin_of(it->name, it->size);
    it->place = place;
}

/* ====================================================================== tables */

/* Puts every name and value of the table on the stack, where they cannot be collected. False when they
** are too many. */
static bool gather_on_stack(encoder *e, level *l) {
    lua_State *L = e->L;
    luaL_checkstack(L, 2 * MOST_ON_STACK + LUA_MINSTACK, "a table nested too deeply");
    lua_Integer place = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, l->table)) {
        if (e->entry_count - l->first == MOST_ON_STACK) return false;
        add_entry(e, -2, place += 2);
        lua_pushvalue(L, -2);
    }
    return true;
}

/* Puts the names into a table of their own, which keeps them from being collected. */
static void gather_in_table(encoder *e, level *l) {
    lua_State *L = e->L;
    lua_Integer count = 0;
    lua_newtable(L);
    l->names = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, l->table)) {
        lua_pop(L, 1);
        add_entry(e, -1, ++count);
        lua_pushvalue(L, -1);
        lua_rawseti(L, l->names, count);
    }
}

static void begin_object(encoder *e, level *l) {
    int bottom = lua_gettop(e->L);
    l->object = true;
    l->first = e->entry_count;
    if (!gather_on_stack(e, l)) {
        lua_settop(e->L, bottom);
        e->entry_count = l->first;
        gather_in_table(e, l);
    }
    l->count = (lua_Integer)(e->entry_count - l->first);
    sort_entries(e->entries + l->first, (size_t)l->count);
    if (!scale_json_write_object(e->writer)) fail_writing(e);
}

/* A table is a list when it has just the keys 1 to n. */
static void begin_list(encoder *e, level *l) {
    lua_State *L = e->L;
    lua_Integer last = 0;
    l->object = false;
    lua_pushnil(L);
    while (lua_next(L, l->table)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1)) fail(e, "a table with both list items and names");
        lua_Integer key = lua_tointeger(L, -1);
        if (key < 1) fail(e, "a list with an item below 1");
        if (key > last) last = key;
        l->count++;
    }
    if (last != l->count) fail(e, "a list with holes");
    if (!scale_json_write_array(e->writer)) fail_writing(e);
}

static bool has_metatable(encoder *e, int index, const void *metatable) {
    if (!lua_getmetatable(e->L, index)) return false;
    bool same = lua_topointer(e->L, -1) == metatable;
    lua_pop(e->L, 1);
    return same;
}

static bool is_list(encoder *e, int index) {
    if (has_metatable(e, index, e->array_mt)) return true;
    lua_pushnil(e->L);
    if (!lua_next(e->L, index)) return false;
    bool list = lua_isinteger(e->L, -2);
    lua_pop(e->L, 2);
    return list;
}

/* Begins the table at `index`; when it is written, the stack shrinks to `top`. */
static void open_table(encoder *e, int index, int top) {
    if (e->depth == e->max_depth) fail(e, "tables nested too deeply, or in a circle");
    luaL_checkstack(e->L, LUA_MINSTACK, NULL);
    bool list = is_list(e, index);
    level *l = &e->levels[e->depth++];
    *l = (level){index, top, 0, e->entry_count, 0, 0, false};
    if (list)
        begin_list(e, l);
    else
        begin_object(e, l);
}

static void close_table(encoder *e) {
    level *l = &e->levels[--e->depth];
    e->entry_count = l->first;
    lua_settop(e->L, l->top);
    if (!scale_json_write_end(e->writer)) fail_writing(e);
}

/* ====================================================================== values */

static bool put_number(encoder *e, int index) {
    if (lua_isinteger(e->L, index)) return scale_json_write_integer(e->writer, lua_tointeger(e->L, index));
    return scale_json_write_number(e->writer, lua_tonumber(e->L, index));
}

static bool put_string(encoder *e, int index) {
    size_t size;
    const char *text = lua_tolstring(e->L, index, &size);
    return scale_json_write_string(e->writer, text, size);
}

static bool put_userdata(encoder *e, int index) {
    bool known = has_metatable(e, index, e->number_mt) || has_metatable(e, index, e->raw_mt);
    if (!known) fail(e, "a userdata");
    scale_slice text = {lua_touserdata(e->L, index), lua_rawlen(e->L, index)};
    return scale_json_write_checked(e->writer, text);
}

static bool put_null(encoder *e, int index) {
    if (lua_touserdata(e->L, index) != NULL) fail(e, "a light userdata that is not null");
    return scale_json_write_null(e->writer);
}

/* Writes the value at `index`; or opens it when it is a table, which shrinks the stack to `top` in the
** end. False when it did. */
static bool put_value(encoder *e, int index, int top) {
    bool good = true;
    switch (lua_type(e->L, index)) {
    case LUA_TSTRING: good = put_string(e, index); break;
    case LUA_TNUMBER: good = put_number(e, index); break;
    case LUA_TBOOLEAN: good = scale_json_write_boolean(e->writer, lua_toboolean(e->L, index)); break;
    case LUA_TTABLE: open_table(e, index, top); return false;
    case LUA_TLIGHTUSERDATA: good = put_null(e, index); break;
    case LUA_TUSERDATA: good = put_userdata(e, index); break;
    default: fail(e, lua_pushfstring(e->L, "a %s", luaL_typename(e->L, index)));
    }
    if (!good) fail_writing(e);
    return true;
}

static void put_element(encoder *e, level *l) {
    int top = lua_gettop(e->L);
    lua_rawgeti(e->L, l->table, ++l->done);
    if (put_value(e, top + 1, top)) lua_settop(e->L, top);
}

static void put_member(encoder *e, level *l) {
    lua_State *L = e->L;
    const entry *it = &e->entries[l->first + (size_t)l->done++];
    int top = lua_gettop(L);
    if (!scale_json_write_key(e->writer, it->name, it->size)) fail_writing(e);
    if (l->names == 0) {
        put_value(e, (int)it->place, top);
        return;
    }
    lua_rawgeti(L, l->names, it->place);
    lua_rawget(L, l->table);
    if (put_value(e, top + 1, top)) lua_settop(L, top);
}

static void put_all(encoder *e) {
    put_value(e, 1, ENCODER_SLOT);
    while (e->depth > 0) {
        level *l = &e->levels[e->depth - 1];
        if (l->done == l->count)
            close_table(e);
        else if (l->object)
            put_member(e, l);
        else
            put_element(e, l);
    }
}

/* ===================================================================== encoder */

static int encoder_gc(lua_State *L) {
    encoder *e = lua_touserdata(L, 1);
    scale_json_writer_free(e->writer);
    e->writer = NULL;
    return 0;
}

/* Leaves an encoder that nobody uses on the stack. [-0, +1] */
static encoder *take_encoder(lua_State *L) {
    encoder *e = lua_touserdata(L, LSCALE_ENCODER);
    if (e == NULL || e->busy) {
        e = lua_newuserdatauv(L, sizeof *e, 1);
        memset(e, 0, offsetof(encoder, levels));
        luaL_setmetatable(L, ENCODER);
        lua_copy(L, -1, LSCALE_ENCODER);
        e->array_mt = lua_topointer(L, LSCALE_ARRAY_MT);
        e->number_mt = lua_topointer(L, LSCALE_NUMBER_MT);
        e->raw_mt = lua_topointer(L, LSCALE_RAW_MT);
    } else {
        lua_pushvalue(L, LSCALE_ENCODER);
    }
    e->busy = true;
    e->L = L;
    e->depth = e->entry_count = 0;
    if (e->writer == NULL) e->writer = scale_json_writer_new();
    if (e->writer == NULL) luaL_error(L, "not enough memory");
    scale_json_writer_empty(e->writer);
    return e;
}

/* Keeps what it has for the next time, unless it is much. */
static void release_encoder(encoder *e, size_t size) {
    if (size > KEPT_TEXT) {
        scale_json_writer_free(e->writer);
        e->writer = NULL;
    }
    if (e->entry_room > KEPT_ENTRIES) {
        lua_pushnil(e->L);
        lua_setiuservalue(e->L, ENCODER_SLOT, 1);
        e->entry_room = 0;
    }
    e->busy = false;
}

int lscale_json_encode(lua_State *L) {
    scale_slice text;
    luaL_checkany(L, 1);
    scale_json_limits limits = lscale_json_limits(L, 2);
    lua_settop(L, 1);
    encoder *e = take_encoder(L);
    e->max_depth = limits.max_depth;
    put_all(e);
    if (scale_json_writer_text(e->writer, &text, NULL) != SCALE_OK) fail_writing(e);
    lua_pushlstring(L, text.data, text.size);
    release_encoder(e, text.size);
    return 1;
}

void lscale_json_open_encode(lua_State *L) {
    luaL_newmetatable(L, ENCODER);
    lua_pushcfunction(L, encoder_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}
