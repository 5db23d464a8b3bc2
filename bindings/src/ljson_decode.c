/*
** ljson_decode.c - from a JSON text to Lua values, in one pass over core's strict reader. Called by
** ljson.c. Holds nothing that an error of Lua's could leak.
*/
#include <string.h>

#include "ljson_parts.h"

/*
** The values of a bracket that is still open lie on the Lua stack, above a slot for its table, until it
** closes or there are MOST_PENDING of them. So most tables are made once, in their final size.
*/
#define MOST_PENDING 64

typedef struct open_bracket {
    int slot;             /* where the table is, or nil as long as it is not made */
    lua_Integer elements; /* in the table already, of an array */
    bool made;
} open_bracket;

typedef struct decoder {
    lua_State *L;
    size_t offset; /* of the text in the document that positions count in */
    size_t depth;
    scale_json_reader reader;
    open_bracket brackets[SCALE_JSON_MOST_DEPTH];
} decoder;

static void raise_problem(decoder *d) {
    lua_Integer position = (lua_Integer)(d->offset + scale_json_reader_position(&d->reader));
    lua_pushfstring(d->L, "not JSON at byte %I: %s", (LUAI_UACINT)position, d->reader.problem);
    lua_error(d->L);
}

/* ===================================================================== scalars */

static void push_escaped(decoder *d, scale_slice text) {
    luaL_Buffer buffer;
    size_t size;
    char *room = luaL_buffinitsize(d->L, &buffer, text.size);
    if (!scale_json_reader_string(&d->reader, text, room, &size)) raise_problem(d);
    luaL_pushresultsize(&buffer, size);
}

static void push_string(decoder *d, scale_slice text) {
    if (d->reader.plain)
        lua_pushlstring(d->L, text.data + 1, text.size - 2);
    else
        push_escaped(d, text);
}

void lscale_json_push_bytes(lua_State *L, scale_slice text, int metatable) {
    void *bytes = lua_newuserdatauv(L, text.size, 0);
    memcpy(bytes, text.data, text.size);
    lua_pushvalue(L, metatable);
    lua_setmetatable(L, -2);
}

void lscale_json_push_number(lua_State *L, scale_slice text) {
    scale_json_number number;
    scale_json_number_read(text, &number);
    switch (number.kind) {
    case SCALE_JSON_INTEGER: lua_pushinteger(L, number.integer); break;
    case SCALE_JSON_DOUBLE: lua_pushnumber(L, number.real); break;
    case SCALE_JSON_LONG: lscale_json_push_bytes(L, text, LSCALE_NUMBER_MT); break;
    }
}

bool lscale_json_push_plain(lua_State *L, scale_slice text) {
    scale_json_reader reader;
    scale_slice token;
    if (text.size == 0 || *text.data == '{' || *text.data == '[') return false;
    scale_json_reader_init(&reader, text, NULL);
    switch (scale_json_reader_next(&reader, &token)) {
    case SCALE_JSON_TOKEN_STRING:
        if (!reader.plain) return false;
        lua_pushlstring(L, token.data + 1, token.size - 2);
        return true;
    case SCALE_JSON_TOKEN_NUMBER: lscale_json_push_number(L, token); return true;
    case SCALE_JSON_TOKEN_TRUE: lua_pushboolean(L, 1); return true;
    case SCALE_JSON_TOKEN_FALSE: lua_pushboolean(L, 0); return true;
    default: return false;
    }
}

/* ==================================================================== brackets */

static void open_one(decoder *d) {
    luaL_checkstack(d->L, MOST_PENDING + LUA_MINSTACK, "too many brackets are open at once");
    lua_pushnil(d->L);
    d->brackets[d->depth++] = (open_bracket){lua_gettop(d->L), 0, false};
}

static void make_table(lua_State *L, open_bracket *bracket, int elements, int members) {
    if (bracket->made) return;
    lua_createtable(L, elements, members);
    lua_replace(L, bracket->slot);
    bracket->made = true;
}

/* Moves what is pending into the table, in order, so that the last of a name holds. `more` is how many
** others are expected. */
static void flush_members(lua_State *L, open_bracket *bracket, int more) {
    int top = lua_gettop(L);
    make_table(L, bracket, 0, (top - bracket->slot) / 2 + more);
    for (int i = bracket->slot + 1; i < top; i += 2) {
        lua_pushvalue(L, i);
        lua_pushvalue(L, i + 1);
        lua_rawset(L, bracket->slot);
    }
    lua_settop(L, bracket->slot);
}

static void flush_elements(lua_State *L, open_bracket *bracket, int more) {
    int count = lua_gettop(L) - bracket->slot;
    make_table(L, bracket, count + more, 0);
    for (int i = count; i > 0; i--) lua_rawseti(L, bracket->slot, bracket->elements + i);
    bracket->elements += count;
}

static void close_object(decoder *d) {
    flush_members(d->L, &d->brackets[--d->depth], 0);
}

static void close_array(decoder *d) {
    flush_elements(d->L, &d->brackets[--d->depth], 0);
    lua_pushvalue(d->L, LSCALE_ARRAY_MT);
    lua_setmetatable(d->L, -2);
}

/* After a whole value. */
static void flush_many(decoder *d) {
    if (d->depth == 0) return;
    open_bracket *bracket = &d->brackets[d->depth - 1];
    if (lua_gettop(d->L) - bracket->slot < MOST_PENDING) return;
    if (scale_json_reader_in_object(&d->reader))
        flush_members(d->L, bracket, MOST_PENDING);
    else
        flush_elements(d->L, bracket, MOST_PENDING);
}

/* ====================================================================== tokens */

/* Pushes what one token stands for. False when the text is over. */
static bool take_token(decoder *d) {
    scale_slice text;
    switch (scale_json_reader_next(&d->reader, &text)) {
    case SCALE_JSON_TOKEN_END: return false;
    case SCALE_JSON_TOKEN_ERROR: raise_problem(d); return false;
    case SCALE_JSON_TOKEN_OBJECT:
    case SCALE_JSON_TOKEN_ARRAY: open_one(d); return true;
    case SCALE_JSON_TOKEN_KEY: push_string(d, text); return true;
    case SCALE_JSON_TOKEN_OBJECT_END: close_object(d); break;
    case SCALE_JSON_TOKEN_ARRAY_END: close_array(d); break;
    case SCALE_JSON_TOKEN_STRING: push_string(d, text); break;
    case SCALE_JSON_TOKEN_NUMBER: lscale_json_push_number(d->L, text); break;
    case SCALE_JSON_TOKEN_TRUE: lua_pushboolean(d->L, 1); break;
    case SCALE_JSON_TOKEN_FALSE: lua_pushboolean(d->L, 0); break;
    case SCALE_JSON_TOKEN_NULL: lua_pushlightuserdata(d->L, NULL); break;
    }
    flush_many(d);
    return true;
}

void lscale_json_push_value(lua_State *L, scale_slice text, size_t offset, const scale_json_limits *limits) {
    decoder d;
    d.L = L;
    d.offset = offset;
    d.depth = 0;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    scale_json_reader_init(&d.reader, text, limits);
    while (take_token(&d)) {}
}
