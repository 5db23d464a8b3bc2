/*
** ljson_decode.c - from a JSON text to Lua values: core checks it, and then reads it without asking again.
** Called by ljson.c. Holds nothing that an error of Lua's could leak.
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
    bool made, object;
} open_bracket;

/*
** Names and short texts come again and again. What was read last of those that have the same mark is at hand:
** to compare it is less work than to have Lua look for the string.
*/
#define WORD_COUNT   128 /* a power of two */
#define LONGEST_NAME 40  /* as long as Lua's short strings are */
#define LONGEST_TEXT 16  /* longer ones are mostly identifiers and times */

typedef struct words {
    struct {
        const char *text; /* the Lua string's own bytes: the user value, a table, keeps it */
        size_t size;
    } known[WORD_COUNT];
} words;

typedef struct decoder {
    lua_State *L;
    size_t offset; /* of the text in the document that positions count in */
    size_t depth;
    words *words;
    int strings; /* the words' strings, on the stack */
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

void lscale_json_push_words(lua_State *L) {
    words *w = lua_newuserdatauv(L, sizeof *w, 1);
    memset(w, 0, sizeof *w);
    lua_createtable(L, WORD_COUNT, 0);
    lua_setiuservalue(L, -2, 1);
}

static size_t mark_of(const char *text, size_t size) {
    const unsigned char *bytes = (const unsigned char *)text;
    return (size * 7 + bytes[0] * 3u + bytes[size / 2] * 11u + bytes[size - 1] * 5u) % WORD_COUNT;
}

/* `size` is not 0. */
static void push_word(decoder *d, const char *text, size_t size) {
    size_t mark = mark_of(text, size);
    lua_Integer place = (lua_Integer)mark + 1;
    if (d->words->known[mark].size == size && memcmp(d->words->known[mark].text, text, size) == 0) {
        lua_rawgeti(d->L, d->strings, place);
        return;
    }
    d->words->known[mark].size = 0;
    const char *kept = lua_pushlstring(d->L, text, size);
    lua_pushvalue(d->L, -1);
    lua_rawseti(d->L, d->strings, place);
    d->words->known[mark].text = kept;
    d->words->known[mark].size = size;
}

static void push_string(decoder *d, scale_slice text, size_t longest_word) {
    size_t size = text.size - 2;
    if (!d->reader.plain)
        push_escaped(d, text);
    else if (size > 0 && size <= longest_word)
        push_word(d, text.data + 1, size);
    else
        lua_pushlstring(d->L, text.data + 1, size);
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

static void open_one(decoder *d, bool object) {
    luaL_checkstack(d->L, MOST_PENDING + LUA_MINSTACK, "too many brackets are open at once");
    lua_pushnil(d->L);
    d->brackets[d->depth++] = (open_bracket){lua_gettop(d->L), 0, false, object};
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
    if (bracket->object)
        flush_members(d->L, bracket, MOST_PENDING);
    else
        flush_elements(d->L, bracket, MOST_PENDING);
}

/* ====================================================================== tokens */

/* Pushes what one token stands for. False when the text is over. */
static bool take_token(decoder *d) {
    scale_slice text;
    scale_json_token token = scale_json_reader_next(&d->reader, &text);
    switch (token) {
    case SCALE_JSON_TOKEN_END: return false;
    case SCALE_JSON_TOKEN_ERROR: raise_problem(d); return false;
    case SCALE_JSON_TOKEN_OBJECT:
    case SCALE_JSON_TOKEN_ARRAY: open_one(d, token == SCALE_JSON_TOKEN_OBJECT); return true;
    case SCALE_JSON_TOKEN_KEY: push_string(d, text, LONGEST_NAME); return true;
    case SCALE_JSON_TOKEN_OBJECT_END: close_object(d); break;
    case SCALE_JSON_TOKEN_ARRAY_END: close_array(d); break;
    case SCALE_JSON_TOKEN_STRING: push_string(d, text, LONGEST_TEXT); break;
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
    lua_getiuservalue(L, LSCALE_WORDS, 1);
    d.words = lua_touserdata(L, LSCALE_WORDS);
    d.strings = lua_gettop(L);
    if (scale_json_check(text, limits, NULL) == SCALE_OK)
        scale_json_reader_init_checked(&d.reader, text);
    else
        scale_json_reader_init(&d.reader, text, limits); /* which comes to what is wrong, and says it */
    while (take_token(&d)) {}
    lua_replace(L, d.strings);
}
