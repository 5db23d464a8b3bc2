/*
** outline.c - passing over values by their quotes and brackets alone, and finding the members of an object
** on the way. Called wherever a document is cut and not read.
**
** 64 bytes are looked at at once, as bit masks: which of them are between quotes is a matter of a few
** shifts, and brackets outside of quotes are few.
*/
#include <string.h>

#include "json/scan.h"

const char *scale__json_pass_quoted(const char *at, const char *end, scale__json_fault *fault) {
    at = scale__json_find_quote(at + 1, end);
    while (end - at > 1 && *at == '\\') at = scale__json_find_quote(at + 2, end);
    if (at < end && *at == '"') return at + 1;
    return scale__json_fail(fault, end, SCALE__JSON_IN_STRING);
}

/* =================================================================== brackets */

/* The brackets that are open while a value is passed over. */
typedef struct outline {
    size_t depth;
    uint64_t objects[SCALE_JSON_DEPTH / 64];
    scale__json_fault *fault;
} outline;

static bool fail(outline *o, const char *at, const char *why) {
    scale__json_fail(o->fault, at, why);
    return false;
}

/* Takes a bracket, or a backslash, that stands outside of strings. False when it is wrong there. The
** value is over when the depth is 0 again. */
static inline bool take_mark(outline *o, const char *at) {
    if (*at == '{' || *at == '[') {
        if (o->depth == SCALE_JSON_DEPTH) return fail(o, at, SCALE__JSON_TOO_DEEP);
        scale__json_note_bracket(o->objects, o->depth++, *at == '{');
        return true;
    }
    if (*at == '\\') return fail(o, at, "a backslash outside of strings");
    if (scale__json_is_object(o->objects, --o->depth) != (*at == '}'))
        return fail(o, at, "a bracket that closes another kind");
    return true;
}

static bool is_mark(char byte) {
    return byte == '\\' || (byte | 0x20) == '{' || (byte | 0x20) == '}';
}

const char *scale__json_pass_brackets_plainly(const char *at, const char *end, scale__json_fault *fault) {
    outline o = {.fault = fault};
    while (at < end) {
        if (*at == '"') {
            at = scale__json_pass_quoted(at, end, fault);
            if (at == NULL) return NULL;
            continue;
        }
        if (is_mark(*at)) {
            if (!take_mark(&o, at)) return NULL;
            if (o.depth == 0) return at + 1;
        }
        at++;
    }
    return scale__json_fail(fault, end, SCALE__JSON_TOO_EARLY);
}

#if !defined(__SSE2__)
const char *scale__json_pass_brackets(const char *at, const char *end, scale__json_fault *fault) {
    return scale__json_pass_brackets_plainly(at, end, fault);
}

const char *scale__json_pass_object(const char *at, const char *end, scale__json_search *search,
                                    scale__json_fault *fault) {
    search->regular = false; /* to be read step by step */
    return scale__json_pass_brackets_plainly(at, end, fault);
}
#else

/* ===================================================================== blocks */

/* 64 bytes; the first one is the lowest bit. */
typedef struct block {
    uint64_t quotes, backslashes, brackets;
    uint64_t separators; /* commas and colons, when somebody asks */
} block;

static inline uint64_t join_masks(__m128i one, __m128i two, __m128i three, __m128i four) {
    uint64_t low = (unsigned)_mm_movemask_epi8(one) | (unsigned)_mm_movemask_epi8(two) << 16;
    uint64_t high = (unsigned)_mm_movemask_epi8(three) | (unsigned)_mm_movemask_epi8(four) << 16;
    return low | high << 32;
}

static inline __m128i is_either(__m128i bytes, char one, char other) {
    return _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(one)),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(other)));
}

/* Both kinds of bracket differ in one bit. */
static inline __m128i is_bracket(__m128i bytes) {
    return is_either(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), '{', '}');
}

#define MASK(test, ...)                                                                                      \
    join_masks(test(b0, __VA_ARGS__), test(b1, __VA_ARGS__), test(b2, __VA_ARGS__), test(b3, __VA_ARGS__))

static inline block read_block(const char *at, const char *end, bool separators) {
    block b = {0, 0, 0, 0};
    char rest[64];
    if (end - at < 64) {
        memset(rest, ' ', sizeof rest);
        memcpy(rest, at, (size_t)(end - at));
        at = rest;
    }
    const __m128i *parts = (const __m128i *)(const void *)at;
    __m128i b0 = _mm_loadu_si128(parts), b1 = _mm_loadu_si128(parts + 1);
    __m128i b2 = _mm_loadu_si128(parts + 2), b3 = _mm_loadu_si128(parts + 3);
    b.quotes = MASK(_mm_cmpeq_epi8, _mm_set1_epi8('"'));
    b.backslashes = MASK(_mm_cmpeq_epi8, _mm_set1_epi8('\\'));
    b.brackets = join_masks(is_bracket(b0), is_bracket(b1), is_bracket(b2), is_bracket(b3));
    if (separators) b.separators = MASK(is_either, ',', ':');
    return b;
}

/* The bytes behind a backslash that is not itself behind one. `carry`: the last byte of the block before
** is such a backslash; set for the next. */
static inline uint64_t escaped_bytes(uint64_t backslashes, bool *carry) {
    uint64_t escaped = *carry ? 1 : 0;
    *carry = false;
    backslashes &= ~escaped;
    while (backslashes != 0) {
        uint64_t first = backslashes & (0 - backslashes);
        escaped |= first << 1;
        *carry = first >> 63 != 0;
        backslashes &= ~(first | first << 1);
    }
    return escaped;
}

/* Each bit becomes the sum of itself and those below: from an opening quote to before the closing one, 1. */
static inline uint64_t running_parity(uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

/* ==================================================================== members */

/* Where the walk is within the first level of an object. */
typedef struct place {
    const char *behind; /* the last comma or the opening bracket: a name begins there */
    bool value;         /* a colon came, and no comma since */
    bool comma;         /* a comma came: a name must follow */
    bool escapes;       /* there was a backslash, so that names may hold some */
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

static inline void take_name(scale__json_search *search, const place *p, const char *colon) {
    scale_slice name = name_between(p->behind + 1, colon);
    if (name.data == NULL) search->regular = false;
    for (size_t i = 0; i < search->count && search->regular; i++) {
        if (is_called(name, &search->names[i], p->escapes)) search->values[i] = colon + 1;
    }
}

/* A comma, a colon or a bracket of the first level. */
static inline void take_separator(scale__json_search *search, place *p, const char *at) {
    if (*at == ':') {
        if (p->value)
            search->regular = false;
        else
            take_name(search, p, at);
        p->value = true;
    } else if (*at == ',') {
        if (!p->value) search->regular = false;
        p->behind = at;
        p->value = false;
        p->comma = true;
    } else if (*at == '}') {
        bool empty = scale__json_pass_space(p->behind + 1, at) == at;
        if (!p->value && (p->comma || !empty)) search->regular = false;
    } else if (!p->value) {
        search->regular = false;
    }
}

/* ======================================================================== walk */

static inline const char *walk(const char *at, const char *end, scale__json_search *search,
                               scale__json_fault *fault) {
    outline o = {.fault = fault};
    place p = {at, false, false, false};
    uint64_t in_string = 0; /* all bits: the block begins inside a string */
    bool carry = false;
    for (; at < end; at += 64) {
        block b = read_block(at, end, search != NULL);
        uint64_t strings = running_parity(b.quotes & ~escaped_bytes(b.backslashes, &carry)) ^ in_string;
        uint64_t outside = ~strings, marks;
        p.escapes = p.escapes || b.backslashes != 0;
        uint64_t deep = b.brackets | b.backslashes, shallow = deep | b.separators;
        while ((marks = (o.depth == 1 ? shallow : deep) & outside) != 0) {
            const char *mark = at + __builtin_ctzll(marks);
            outside &= ~(marks ^ (marks - 1)); /* done up to this one */
            if (search != NULL && o.depth == 1) take_separator(search, &p, mark);
            if (*mark == ',' || *mark == ':') continue;
            if (!take_mark(&o, mark)) return NULL;
            if (o.depth == 0) return mark + 1;
        }
        in_string = 0 - (strings >> 63);
    }
    return scale__json_fail(fault, end, in_string != 0 ? SCALE__JSON_IN_STRING : SCALE__JSON_TOO_EARLY);
}

const char *scale__json_pass_brackets(const char *at, const char *end, scale__json_fault *fault) {
    return walk(at, end, NULL, fault);
}

const char *scale__json_pass_object(const char *at, const char *end, scale__json_search *search,
                                    scale__json_fault *fault) {
    search->regular = true;
    for (size_t i = 0; i < search->count; i++) search->values[i] = NULL;
    return walk(at, end, search, fault);
}
#endif

/* ====================================================================== values */

static inline scale_json_type type_of(char first) {
    switch (first) {
    case '{': return SCALE_JSON_TYPE_OBJECT;
    case '[': return SCALE_JSON_TYPE_ARRAY;
    case '"': return SCALE_JSON_TYPE_STRING;
    case 't':
    case 'f': return SCALE_JSON_TYPE_BOOLEAN;
    case 'n': return SCALE_JSON_TYPE_NULL;
    default:
        return first == '-' || (first >= '0' && first <= '9') ? SCALE_JSON_TYPE_NUMBER : SCALE_JSON_TYPE_NONE;
    }
}

scale_json_type scale_json_type_of(scale_slice value) {
    const char *start = scale__json_start(value), *end = start + value.size;
    const char *at = scale__json_pass_space(start, end);
    return at == end ? SCALE_JSON_TYPE_NONE : type_of(*at);
}

const char *scale__json_pass_value(const char *at, const char *end, scale__json_fault *fault) {
    if (at == end) return scale__json_fail(fault, at, SCALE__JSON_TOO_EARLY);
    switch (type_of(*at)) {
    case SCALE_JSON_TYPE_OBJECT:
    case SCALE_JSON_TYPE_ARRAY: return scale__json_pass_brackets(at, end, fault);
    case SCALE_JSON_TYPE_STRING: return scale__json_pass_quoted(at, end, fault);
    case SCALE_JSON_TYPE_NUMBER: return scale__json_pass_number(at, end, fault);
    case SCALE_JSON_TYPE_BOOLEAN:
    case SCALE_JSON_TYPE_NULL: return scale__json_pass_word(at, end, fault);
    case SCALE_JSON_TYPE_NONE: break;
    }
    return scale__json_fail(fault, at, SCALE__JSON_NO_VALUE);
}

scale_status scale_json_outline(scale_slice text, scale_error *error) {
    const char *start = scale__json_start(text), *end = start + text.size;
    scale__json_fault fault = {NULL, NULL};
    const char *at = scale__json_pass_value(scale__json_pass_space(start, end), end, &fault);
    if (at != NULL) {
        at = scale__json_pass_space(at, end);
        if (at == end) return SCALE_OK;
        scale__json_fail(&fault, at, SCALE__JSON_BEHIND);
    }
    return scale__json_report(error, start, &fault);
}
