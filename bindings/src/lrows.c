/*
** lrows.c - two containers of scaleapi.sys for work with millions of rows. Row states: a letter and a number
** for each row, 8 bytes, filled from a journal's text; a set of 64-bit keys, some 10 bytes each. Both know
** nothing of what the letters mean and what the keys are of.
*/
#include "lrows.h"

#include <lauxlib.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STATES "scaleapi.sys.row_states"
#define KEYS   "scaleapi.sys.key_set"

#define FIRST_ROWS 1024
#define MOST_AHEAD (1 << 20) /* a row may come so far before those that were never mentioned */
#define MOST_ROWS  (UINT32_MAX - 1)
#define MOST_PLACE (INT64_C(1) << 56)
#define MOST_WORD  128

/* ================================================================ row states */

/* A row's entry: the letter in the low byte, the place above it. 0: the row was never mentioned. */
typedef struct states {
    uint64_t *entries; /* of row 1, 2, … */
    size_t size;
    size_t highest;
    size_t mentions;
    lua_Integer counts[UCHAR_MAX + 1]; /* rows by letter */
} states;

static states *check_states(lua_State *L) {
    return luaL_checkudata(L, 1, STATES);
}

static int free_states(lua_State *L) {
    states *s = check_states(L);
    if (s->entries != NULL) munmap(s->entries, s->size * sizeof *s->entries);
    s->entries = NULL;
    s->size = s->highest = 0;
    return 0;
}

/* Room for that row, twice as much each time. The pages are the system's own: it moves them without a copy,
** gives them out full of zeros, and they weigh nothing until they are written to. */
static int reserve(states *s, size_t row) {
    if (row <= s->size) return 1;
    size_t size = 2 * s->size, old = s->size * sizeof *s->entries;
    if (size < FIRST_ROWS) size = FIRST_ROWS;
    if (size < row) size = row;
    void *entries = old == 0 ? mmap(NULL, size * sizeof *s->entries, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                             : mremap(s->entries, old, size * sizeof *s->entries, MREMAP_MAYMOVE);
    if (entries == MAP_FAILED) return 0;
    s->entries = entries;
    s->size = size;
    return 1;
}

/* Gives the row a letter; and a place, unless that is negative. */
static int put(states *s, size_t row, unsigned char letter, int64_t place) {
    if (!reserve(s, row)) return 0;
    if (row > s->highest) s->highest = row;
    uint64_t *entry = &s->entries[row - 1];
    unsigned char before = (unsigned char)(*entry & UCHAR_MAX);
    if (before != 0) s->counts[before]--;
    s->counts[letter]++;
    *entry = (place < 0 ? *entry & ~(uint64_t)UCHAR_MAX : (uint64_t)place << CHAR_BIT) | letter;
    s->mentions++;
    return 1;
}

static unsigned char check_letter(lua_State *L, int index) {
    size_t size;
    const char *letter = luaL_checklstring(L, index, &size);
    luaL_argcheck(L, size == 1 && letter[0] != '\0', index, "must be one letter");
    return (unsigned char)letter[0];
}

/* states:set(row, letter [, place]). The place of before stays if none is given. */
static int set_state(lua_State *L) {
    states *s = check_states(L);
    lua_Integer row = luaL_checkinteger(L, 2);
    unsigned char letter = check_letter(L, 3);
    lua_Integer place = luaL_optinteger(L, 4, -1);
    luaL_argcheck(L, row >= 1 && row <= MOST_ROWS, 2, "no row has that number");
    luaL_argcheck(L, place < MOST_PLACE, 4, "too big");
    if (!put(s, (size_t)row, letter, place)) return luaL_error(L, "not enough memory for the rows");
    return 0;
}

/* A word can stand in a record: no blank or control character is in it, and it is not long. */
static bool is_word(const char *word, size_t size) {
    if (size == 0 || size > MOST_WORD) return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)word[i];
        if (c <= ' ' || c == 127) return false;
    }
    return true;
}

/* states:note(letter, row, word | nil, place | nil) -> the record as a line, without a word that cannot stand
** in it. Sets the row's state likewise. */
static int note_state(lua_State *L) {
    states *s = check_states(L);
    unsigned char letter = check_letter(L, 2);
    lua_Integer row = luaL_checkinteger(L, 3);
    size_t size = 0;
    const char *word = luaL_optlstring(L, 4, NULL, &size);
    lua_Integer place = lua_toboolean(L, 5) ? luaL_checkinteger(L, 5) : -1;
    char line[MOST_WORD + 32];
    luaL_argcheck(L, row >= 1 && row <= MOST_ROWS, 3, "no row has that number");
    luaL_argcheck(L, place < MOST_PLACE, 5, "too big");
    if (!put(s, (size_t)row, letter, place)) return luaL_error(L, "not enough memory for the rows");
    int length = snprintf(line, sizeof line, "%c %lld", letter, (long long)row);
    if (word != NULL && is_word(word, size)) {
        line[length++] = ' ';
        memcpy(line + length, word, size);
        length += (int)size;
    }
    line[length++] = '\n';
    lua_pushlstring(L, line, (size_t)length);
    return 1;
}

/* states:get(row) -> letter, place | nil */
static int get_state(lua_State *L) {
    states *s = check_states(L);
    lua_Integer row = luaL_checkinteger(L, 2);
    if (row < 1 || (lua_Unsigned)row > s->highest || s->entries[row - 1] == 0) {
        luaL_pushfail(L);
        return 1;
    }
    uint64_t entry = s->entries[row - 1];
    char letter = (char)(entry & UCHAR_MAX);
    lua_pushlstring(L, &letter, 1);
    lua_pushinteger(L, (lua_Integer)(entry >> CHAR_BIT));
    return 2;
}

/* states:run(row, letters) -> how many rows one after the other, from this one on, have one of the letters */
static int run_of_states(lua_State *L) {
    states *s = check_states(L);
    lua_Integer row = luaL_checkinteger(L, 2);
    const char *letters = luaL_checkstring(L, 3);
    luaL_argcheck(L, row >= 1, 2, "no row has that number");
    size_t first = (size_t)row - 1, place = first;
    while (place < s->highest) {
        char letter = (char)(s->entries[place] & UCHAR_MAX);
        if (letter == '\0' || strchr(letters, letter) == NULL) break;
        place++;
    }
    lua_pushinteger(L, (lua_Integer)(place - first));
    return 1;
}

/* states:count(letter) -> how many rows have it */
static int count_states(lua_State *L) {
    states *s = check_states(L);
    lua_pushinteger(L, s->counts[check_letter(L, 2)]);
    return 1;
}

/* states:highest() -> the highest row that was mentioned; 0: none was */
static int highest_row(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)check_states(L)->highest);
    return 1;
}

/* The row of "x 123 …" or "x 123", from `at` to `end`; 0 when it is no such line. */
static size_t read_row(const char *at, const char *end) {
    if (end - at < 3 || at[0] < 'a' || at[0] > 'z' || at[1] != ' ') return 0;
    size_t row = 0;
    for (at += 2; at < end && *at >= '0' && *at <= '9'; at++) {
        row = row * 10 + (size_t)(*at - '0');
        if (row > MOST_ROWS) return 0;
    }
    return at == end || *at == ' ' ? row : 0;
}

/* states:replay(text, place, keeping) -> bytes | nil, bytes. Takes the complete lines of the text, each
** "LETTER ROW …", which stands at that place of a file: a row gets the letter, and the line's place if the
** letter is among `keeping`. Returns how many bytes those lines are; nil and where it begins for a line that
** is none. */
static int replay(lua_State *L) {
    states *s = check_states(L);
    size_t size;
    const char *text = luaL_checklstring(L, 2, &size);
    lua_Integer place = luaL_checkinteger(L, 3);
    const char *keeping = luaL_checkstring(L, 4);
    const char *at = text, *stop = text + size, *end;
    luaL_argcheck(L, place >= 0 && place < MOST_PLACE, 3, "no place in a file");
    while (at < stop && (end = memchr(at, '\n', (size_t)(stop - at))) != NULL) {
        size_t row = read_row(at, end);
        if (row == 0 || row > s->mentions + MOST_AHEAD) {
            luaL_pushfail(L);
            lua_pushinteger(L, at - text);
            return 2;
        }
        int64_t kept = strchr(keeping, at[0]) != NULL ? place + (at - text) : -1;
        if (!put(s, row, (unsigned char)at[0], kept)) return luaL_error(L, "not enough memory for the rows");
        at = end + 1;
    }
    lua_pushinteger(L, at - text);
    return 1;
}

/* sys.row_states() -> a letter and a number for each row, none at first */
int lscale_new_row_states(lua_State *L) {
    memset(lua_newuserdatauv(L, sizeof(states), 0), 0, sizeof(states));
    luaL_setmetatable(L, STATES);
    return 1;
}

/* =================================================================== key set */

#define PARTS         1024
#define FIRST_SLOTS   16
#define MANY_KEYS     10000
#define MOST_EXPECTED ((size_t)1 << 20) /* what is expected wrongly weighs 10 bytes each */

/* Open addressing in many small tables, so that one that grows weighs little. A key of 0 marks a free
** slot. */
typedef struct part {
    uint64_t *slots;
    uint32_t size;
    uint32_t count;
} part;

typedef struct keys {
    part parts[PARTS];
    lua_Integer count;
} keys;

static keys *check_keys(lua_State *L) {
    return luaL_checkudata(L, 1, KEYS);
}

/* set:clear(): it is empty afterwards, and its memory is the system's */
static int clear_keys(lua_State *L) {
    keys *k = check_keys(L);
    bool was_big = k->count >= MANY_KEYS;
    for (size_t i = 0; i < PARTS; i++) free(k->parts[i].slots);
    memset(k, 0, sizeof *k);
    if (was_big) malloc_trim(0);
    return 0;
}

/* The slot that holds the key, or the free one that it belongs into. */
static uint64_t *find_slot(uint64_t *slots, uint32_t size, uint64_t key) {
    uint32_t place = (uint32_t)((key >> 10) % size);
    while (slots[place] != 0 && slots[place] != key) place = place + 1 == size ? 0 : place + 1;
    return &slots[place];
}

static int resize(part *p, uint32_t size) {
    uint64_t *slots = calloc(size, sizeof *slots);
    if (slots == NULL) return 0;
    for (uint32_t i = 0; i < p->size; i++) {
        if (p->slots[i] != 0) *find_slot(slots, size, p->slots[i]) = p->slots[i];
    }
    free(p->slots);
    p->slots = slots;
    p->size = size;
    return 1;
}

static int grow(part *p) {
    return resize(p, p->size == 0 ? FIRST_SLOTS : p->size + p->size / 4);
}

void lscale_expect_keys(lua_State *L, int index, size_t count) {
    keys *k = luaL_checkudata(L, index, KEYS);
    if (count > MOST_EXPECTED) count = MOST_EXPECTED;
    uint32_t size = (uint32_t)(count / PARTS + count / PARTS / 4);
    for (size_t i = 0; i < PARTS && size > FIRST_SLOTS; i++) {
        if (k->parts[i].size < size && !resize(&k->parts[i], size))
            luaL_error(L, "not enough memory for the keys");
    }
}

static uint64_t key_of(const void *digest) {
    uint64_t key;
    memcpy(&key, digest, sizeof key);
    return key == 0 ? 1 : key;
}

/* 1, 0 when it was in it, -1 without memory. */
static int add_to(keys *k, uint64_t key) {
    part *p = &k->parts[key % PARTS];
    if (p->count >= p->size - p->size / 8 && !grow(p)) return -1;
    uint64_t *slot = find_slot(p->slots, p->size, key);
    if (*slot != 0) return 0;
    *slot = key;
    p->count++;
    k->count++;
    return 1;
}

int lscale_add_key(lua_State *L, int index, const void *digest) {
    int added = add_to(luaL_checkudata(L, index, KEYS), key_of(digest));
    return added < 0 ? luaL_error(L, "not enough memory for the keys") : added;
}

static const char *check_digest(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 2, &size);
    luaL_argcheck(L, size >= sizeof(uint64_t), 2, "must be 8 bytes or more");
    return text;
}

/* set:add(key) -> true, or false when it was in it. The first 8 bytes of the key count: give it a digest. */
static int add_key(lua_State *L) {
    lua_pushboolean(L, lscale_add_key(L, 1, check_digest(L)));
    return 1;
}

/* set:has(key) -> boolean */
static int has_key(lua_State *L) {
    keys *k = check_keys(L);
    uint64_t key = key_of(check_digest(L));
    part *p = &k->parts[key % PARTS];
    lua_pushboolean(L, p->size > 0 && *find_slot(p->slots, p->size, key) != 0);
    return 1;
}

static int count_keys(lua_State *L) {
    lua_pushinteger(L, check_keys(L)->count);
    return 1;
}

/* sys.key_set() -> an empty set of keys; #set is how many are in it */
int lscale_new_key_set(lua_State *L) {
    memset(lua_newuserdatauv(L, sizeof(keys), 0), 0, sizeof(keys));
    luaL_setmetatable(L, KEYS);
    return 1;
}

/* =================================================================== classes */

static void make_class(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods) {
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, meta, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void lscale_make_row_classes(lua_State *L) {
    static const luaL_Reg states_meta[] = {{"__gc", free_states}, {NULL, NULL}};
    static const luaL_Reg states_methods[] = {
        {"set", set_state},     {"note", note_state},     {"get", get_state}, {"count", count_states},
        {"run", run_of_states}, {"highest", highest_row}, {"replay", replay}, {NULL, NULL},
    };
    static const luaL_Reg keys_meta[] = {{"__gc", clear_keys}, {"__len", count_keys}, {NULL, NULL}};
    static const luaL_Reg keys_methods[] = {
        {"add", add_key}, {"has", has_key}, {"clear", clear_keys}, {NULL, NULL}};
    make_class(L, STATES, states_meta, states_methods);
    make_class(L, KEYS, keys_meta, keys_methods);
}
