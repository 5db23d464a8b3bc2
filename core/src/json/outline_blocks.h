/*
** outline_blocks.h - passing over an object or array by its quotes and brackets alone, 64 bytes at once, and
** finding the members of an object on the way. Included by outline.c and avx2.c, which compile it for
*different
** machines.
**
** Which of 64 bytes are between quotes is a matter of a few shifts, and brackets outside of quotes are few.
*/
#ifndef SCALE_JSON_OUTLINE_BLOCKS_H
#define SCALE_JSON_OUTLINE_BLOCKS_H

#include <string.h>

#include "json/scan.h"

#include "json/blocks.h"

/* =================================================================== brackets */

/* The brackets that are open while a value is passed over, a bit each: is it an object's? The innermost is
** the lowest bit of `kinds`; when its 64 are full, they are put aside. */
typedef struct outline {
    size_t depth;
    uint64_t kinds;
    uint64_t *aside;
    scale__json_fault *fault;
} outline;

static bool fail(outline *o, const char *at, const char *why) {
    scale__json_fail(o->fault, at, why);
    return false;
}

/* Of a bracket: 1 for { and }, 0 for [ and ]. */
static inline uint64_t is_object_bracket(char bracket) {
    return (unsigned char)bracket >> 5 & 1;
}

static inline bool open_bracket(outline *o, const char *at) {
    if (o->depth == SCALE_JSON_DEPTH) return fail(o, at, SCALE__JSON_TOO_DEEP);
    if (o->depth % 64 == 0) o->aside[o->depth / 64] = o->kinds;
    o->kinds = o->kinds << 1 | is_object_bracket(*at);
    o->depth++;
    return true;
}

static inline bool close_bracket(outline *o, const char *at) {
    if ((o->kinds & 1) != is_object_bracket(*at)) return fail(o, at, "a bracket that closes another kind");
    o->kinds >>= 1;
    o->depth--;
    if (o->depth % 64 == 0) o->kinds = o->aside[o->depth / 64];
    return true;
}

/* Takes a bracket, or a backslash, that stands outside of strings; two bits tell which. False when it is
** wrong there. The value is over when the depth is 0 again. */
static inline bool take_mark(outline *o, const char *at) {
    if (*at & 2) return open_bracket(o, at);
    if (*at & 1) return close_bracket(o, at);
    return fail(o, at, "a backslash outside of strings");
}

#if defined(__SSE2__)
/* ==================================================================== members */

/* Where the walk is within the first level of an object. */
typedef struct place {
    const char *behind; /* the last comma or the opening bracket: a name begins there */
    bool value;         /* a colon came, and no comma since */
    bool comma;         /* a comma came: a name must follow */
} place;

/* The name between `from` and the colon; its data is NULL when there is none. */
static inline scale_slice name_between(const char *from, const char *colon) {
    from = scale__json_pass_space(from, colon);
    while (colon > from && scale__json_is_space(colon[-1])) colon--;
    if (colon - from < 2 || *from != '"' || colon[-1] != '"') return (scale_slice){NULL, 0};
    return (scale_slice){from, (size_t)(colon - from)};
}

static inline bool is_called(scale_slice name, const scale_slice *wanted, bool escapes) {
    if (escapes) return scale_json_string_equals(name, wanted->data, wanted->size);
    if (name.size - 2 != wanted->size) return false;
    return wanted->size == 0 || memcmp(name.data + 1, wanted->data, wanted->size) == 0;
}

static inline void note_member(scale__json_search *search, const char *name, const char *colon) {
    if (search->member_count == SCALE__JSON_MOST_MEMBERS) {
        search->regular = false;
        return;
    }
    search->members[search->member_count++] =
        (scale__json_member){(uint32_t)(name - search->base), (uint32_t)(colon - search->base)};
}

static inline void take_name(scale__json_search *search, const place *p, const char *colon) {
    scale_slice name = name_between(p->behind + 1, colon);
    if (name.data == NULL) {
        search->regular = false;
        return;
    }
    if (search->members != NULL) note_member(search, name.data, colon);
    for (size_t i = 0; i < search->count; i++) {
        if (is_called(name, &search->names[i], search->escapes)) search->values[i] = colon + 1;
    }
}

/* A comma, a colon or a bracket of the first level. False for a bracket. */
static inline bool take_separator(scale__json_search *search, place *p, const char *at) {
    if (*at == ':') {
        if (p->value)
            search->regular = false;
        else
            take_name(search, p, at);
        p->value = true;
        return true;
    }
    if (*at == ',') {
        if (!p->value) search->regular = false;
        p->behind = at;
        p->value = false;
        p->comma = true;
        return true;
    }
    bool empty = *at == '}' && !p->comma && scale__json_pass_space(p->behind + 1, at) == at;
    if (!p->value && !empty) search->regular = false;
    return false;
}

/* ======================================================================== walk */

/* The bytes of a block that stand behind this one. */
static inline uint64_t from_behind(ptrdiff_t index) {
    return ~(uint64_t)1 << index;
}

/* Compiled twice: with a search and without. */
__attribute__((always_inline)) static inline const char *
walk(const char *at, const char *end, scale__json_search *search, scale__json_fault *fault) {
    uint64_t aside[SCALE_JSON_DEPTH / 64];
    outline o = {0, 0, aside, fault};
    place p = {at, false, false};
    uint64_t in_string = 0; /* all bits: the block begins inside a string */
    bool carry = false;
    char room[64];
    for (; at < end; at += 64) {
        const char *block = block_at(at, end, room);
        uint64_t backslashes = find_backslashes(block), escaped = 0;
        if (backslashes != 0 || carry) {
            escaped = escaped_bytes(backslashes, &carry);
            if (search != NULL) search->escapes = true;
        }
        uint64_t strings = running_parity(MASK(block, is_byte, '"') & ~escaped) ^ in_string;
        uint64_t deep = (MASK(block, is_bracket) | backslashes) & ~strings, marks = deep;
        if (search != NULL && o.depth == 1) marks |= MASK(block, is_separator) & ~strings;
        while (marks != 0) {
            const char *mark = at + __builtin_ctzll(marks);
            size_t depth = o.depth;
            marks &= marks - 1;
            if (search != NULL && depth == 1 && take_separator(search, &p, mark)) continue;
            if (!take_mark(&o, mark)) return NULL;
            if (o.depth == 0) return mark + 1;
            if (search == NULL || o.depth > 2 || (depth == 1) == (o.depth == 1)) continue;
            /* Into the first level or out of it: what matters of the rest of the block is other marks. */
            marks = (o.depth == 1 ? deep | (MASK(block, is_separator) & ~strings) : deep) &
                    from_behind(mark - at);
        }
        in_string = 0 - (strings >> 63);
    }
    return scale__json_fail(fault, end, in_string != 0 ? SCALE__JSON_IN_STRING : SCALE__JSON_TOO_EARLY);
}

/* As scale__json_pass_object. */
static inline const char *walk_object(const char *at, const char *end, scale__json_search *search,
                                      scale__json_fault *fault) {
    scale__json_search found = *search; /* whose address nobody has: it can stand in registers */
    found.regular = true;
    found.escapes = false;
    found.member_count = 0;
    for (size_t i = 0; i < found.count; i++) found.values[i] = NULL;
    const char *behind = walk(at, end, &found, fault);
    *search = found;
    return behind;
}
#endif

#endif
