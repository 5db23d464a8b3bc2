/*
** scan.c - passing over JSON texts: the strict pull reader, the check and the outline. Called by
** everything that reads; makes no values of what it sees (value.c, number.c).
*/
#include "json/scan.h"

#include <string.h>

#include "error.h"

#define TOO_EARLY "the text ends too early"
#define TOO_DEEP  "too many brackets are open at once"
#define IN_STRING "the text ends inside a string"
#define NO_VALUE  "a value was expected"

scale_status scale__json_report(scale_error *error, const char *start, const scale__json_fault *fault) {
    return scale__fail(error, SCALE_BAD_JSON, "not JSON at byte %zu: %s", (size_t)(fault->at - start) + 1,
                       fault->why);
}

/* ==================================================================== strings */

static bool follows(const char *at, unsigned char low, unsigned char high) {
    unsigned char byte = (unsigned char)*at;
    return byte >= low && byte <= high;
}

/* RFC 3629, section 4: no overlong forms, no surrogates, nothing over 10FFFF. */
size_t scale__json_utf8_length(const char *at, const char *end) {
    unsigned char lead = (unsigned char)*at;
    size_t size = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (size < 2) return size;
    if ((size_t)(end - at) < size) return 0;
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (!follows(at + 1, low, high)) return 0;
    for (size_t i = 2; i < size; i++) {
        if (!follows(at + i, 0x80, 0xBF)) return 0;
    }
    return size;
}

static const char *pass_utf8(const char *at, const char *end, scale__json_fault *fault) {
    while (at < end && (unsigned char)*at >= 0x80) {
        size_t size = scale__json_utf8_length(at, end);
        if (size == 0) return scale__json_fail(fault, at, "bytes that are not UTF-8");
        at += size;
    }
    return at;
}

static bool is_hex(char byte) {
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* The form of an escape alone: that surrogates pair up is asked when the string is decoded. */
static const char *pass_escape_form(const char *at, const char *end, scale__json_fault *fault) {
    if (end - at < 2) return scale__json_fail(fault, end, TOO_EARLY);
    if (at[1] != 'u') {
        if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)
            return scale__json_fail(fault, at, "an escape that JSON does not have");
        return at + 2;
    }
    for (int i = 2; i < 6; i++) {
        if (end - at <= i) return scale__json_fail(fault, end, TOO_EARLY);
        if (!is_hex(at[i])) return scale__json_fail(fault, at, "\\u needs four hexadecimal digits");
    }
    return at + 6;
}

const char *scale__json_pass_string(const char *at, const char *end, bool *plain, scale__json_fault *fault) {
    *plain = true;
    at++;
    for (;;) {
        at = scale__json_find_special(at, end);
        if (at == end) return scale__json_fail(fault, at, IN_STRING);
        if (*at == '"') return at + 1;
        if (*at == '\\') {
            *plain = false;
            at = pass_escape_form(at, end, fault);
        } else if ((unsigned char)*at < 0x20) {
            return scale__json_fail(fault, at, "a control character in a string");
        } else {
            at = pass_utf8(at, end, fault);
        }
        if (at == NULL) return NULL;
    }
}

const char *scale__json_pass_quoted(const char *at, const char *end, scale__json_fault *fault) {
    at = scale__json_find_quote(at + 1, end);
    while (end - at > 1 && *at == '\\') at = scale__json_find_quote(at + 2, end);
    if (at < end && *at == '"') return at + 1;
    return scale__json_fail(fault, end, IN_STRING);
}

/* ========================================================== numbers and words */

static bool is_digit(const char *at, const char *end) {
    return at < end && *at >= '0' && *at <= '9';
}

static const char *pass_digits(const char *at, const char *end, scale__json_fault *fault) {
    if (at == end) return scale__json_fail(fault, at, TOO_EARLY);
    if (!is_digit(at, end)) return scale__json_fail(fault, at, "a digit was expected");
    while (is_digit(at, end)) at++;
    return at;
}

const char *scale__json_pass_number(const char *at, const char *end, scale__json_fault *fault) {
    if (*at == '-') at++;
    const char *first = at;
    at = pass_digits(at, end, fault);
    if (at == NULL) return NULL;
    if (*first == '0' && at - first > 1)
        return scale__json_fail(fault, first, "a number must not begin with 0 and a digit");
    if (at < end && *at == '.') {
        at = pass_digits(at + 1, end, fault);
        if (at == NULL) return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        at = pass_digits(at, end, fault);
    }
    return at;
}

const char *scale__json_pass_word(const char *at, const char *end, scale__json_fault *fault) {
    const char *word = *at == 't' ? "true" : *at == 'f' ? "false" : "null";
    size_t size = *at == 'f' ? 5 : 4, there = (size_t)(end - at);
    if (memcmp(at, word, size < there ? size : there) != 0) return scale__json_fail(fault, at, NO_VALUE);
    if (there < size) return scale__json_fail(fault, end, TOO_EARLY);
    return at + size;
}

/* ==================================================================== outlines */

/* The brackets that are open, a bit each: is it an object's? */
static void note_bracket(uint64_t *objects, size_t depth, bool object) {
    uint64_t bit = (uint64_t)1 << (depth % 64);
    if (object)
        objects[depth / 64] |= bit;
    else
        objects[depth / 64] &= ~bit;
}

static bool is_object(const uint64_t *objects, size_t depth) {
    return (objects[depth / 64] >> (depth % 64) & 1) != 0;
}

typedef struct outline {
    size_t depth;
    uint64_t objects[SCALE_JSON_DEPTH / 64];
    scale__json_fault *fault;
} outline;

/* A byte outside of strings. False when it is wrong. The outline is over when its depth is 0 again. */
static inline bool take_mark(outline *o, const char *at) {
    if (*at == '{' || *at == '[') {
        if (o->depth == SCALE_JSON_DEPTH) return scale__json_fail(o->fault, at, TOO_DEEP) != NULL;
        note_bracket(o->objects, o->depth++, *at == '{');
        return true;
    }
    if (*at == '\\') return scale__json_fail(o->fault, at, "a backslash outside of strings") != NULL;
    if (is_object(o->objects, --o->depth) != (*at == '}'))
        return scale__json_fail(o->fault, at, "a bracket that closes another kind") != NULL;
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
    return scale__json_fail(fault, end, TOO_EARLY);
}

#if defined(__SSE2__)
/* 64 bytes as bit masks, the first byte being the lowest bit. */
typedef struct block {
    uint64_t quotes, backslashes, brackets;
} block;

/* `or` folds brackets of both kinds together. */
static inline uint64_t mask_of(const __m128i *parts, char byte, char or) {
    uint64_t mask = 0;
    for (int i = 3; i >= 0; i--) {
        __m128i folded = _mm_or_si128(parts[i], _mm_set1_epi8(or));
        mask = mask << 16 | (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(folded, _mm_set1_epi8(byte)));
    }
    return mask;
}

static inline void read_block(block *b, const char *at, const char *end) {
    __m128i parts[4];
    char rest[64];
    if (end - at < 64) {
        memset(rest, ' ', sizeof rest);
        memcpy(rest, at, (size_t)(end - at));
        at = rest;
    }
    for (int i = 0; i < 4; i++) parts[i] = _mm_loadu_si128((const __m128i *)(const void *)(at + i * 16));
    b->quotes = mask_of(parts, '"', 0);
    b->backslashes = mask_of(parts, '\\', 0);
    b->brackets = mask_of(parts, '{', 0x20) | mask_of(parts, '}', 0x20);
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

/* Each bit becomes the sum of itself and those below: between quotes, 1. */
static inline uint64_t running_parity(uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
}

/* Looks at 64 bytes at once: which are between quotes is a matter of a few shifts, and brackets outside
** of them are few. */
const char *scale__json_pass_brackets(const char *at, const char *end, scale__json_fault *fault) {
    outline o = {.fault = fault};
    uint64_t in_string = 0; /* all bits: the block begins inside a string */
    bool carry = false;
    for (; at < end; at += 64) {
        block b;
        read_block(&b, at, end);
        uint64_t strings = running_parity(b.quotes & ~escaped_bytes(b.backslashes, &carry)) ^ in_string;
        uint64_t marks = (b.brackets | b.backslashes) & ~strings;
        for (; marks != 0; marks &= marks - 1) {
            const char *mark = at + __builtin_ctzll(marks);
            if (!take_mark(&o, mark)) return NULL;
            if (o.depth == 0) return mark + 1;
        }
        in_string = 0 - (strings >> 63);
    }
    return scale__json_fail(fault, end, in_string != 0 ? IN_STRING : TOO_EARLY);
}
#else
const char *scale__json_pass_brackets(const char *at, const char *end, scale__json_fault *fault) {
    return scale__json_pass_brackets_plainly(at, end, fault);
}
#endif

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
    if (at == end) return scale__json_fail(fault, at, TOO_EARLY);
    switch (type_of(*at)) {
    case SCALE_JSON_TYPE_OBJECT:
    case SCALE_JSON_TYPE_ARRAY: return scale__json_pass_brackets(at, end, fault);
    case SCALE_JSON_TYPE_STRING: return scale__json_pass_quoted(at, end, fault);
    case SCALE_JSON_TYPE_NUMBER: return scale__json_pass_number(at, end, fault);
    case SCALE_JSON_TYPE_BOOLEAN:
    case SCALE_JSON_TYPE_NULL: return scale__json_pass_word(at, end, fault);
    case SCALE_JSON_TYPE_NONE: break;
    }
    return scale__json_fail(fault, at, NO_VALUE);
}

scale_status scale_json_outline(scale_slice text, scale_error *error) {
    const char *start = scale__json_start(text), *end = start + text.size;
    scale__json_fault fault = {NULL, NULL};
    const char *at = scale__json_pass_value(scale__json_pass_space(start, end), end, &fault);
    if (at != NULL) {
        at = scale__json_pass_space(at, end);
        if (at == end) return SCALE_OK;
        scale__json_fail(&fault, at, "something stands behind the value");
    }
    return scale__json_report(error, start, &fault);
}

/* =============================================================== strict reader */

enum { VALUE, FIRST_ELEMENT, FIRST_KEY, AFTER_VALUE, OVER };

void scale_json_reader_init(scale_json_reader *reader, scale_slice text, const scale_json_limits *limits) {
    size_t depth = limits == NULL ? SCALE_JSON_DEPTH : limits->max_depth;
    reader->start = reader->at = scale__json_start(text);
    reader->end = reader->start + text.size;
    reader->depth = 0;
    reader->max_depth = depth > SCALE_JSON_MOST_DEPTH ? SCALE_JSON_MOST_DEPTH : depth;
    reader->problem = NULL;
    reader->state = VALUE;
    reader->plain = false;
}

static scale_json_token stop(scale_json_reader *reader, const char *at, const char *why) {
    reader->at = at;
    reader->problem = why;
    reader->state = OVER;
    return SCALE_JSON_TOKEN_ERROR;
}

void scale__json_reader_stop(scale_json_reader *reader, const scale__json_fault *fault) {
    stop(reader, fault->at, fault->why);
}

/* Ends a token that goes from reader->at to `behind`, which is NULL after a fault. */
static scale_json_token finish(scale_json_reader *reader, scale_slice *text, scale_json_token token,
                               const char *behind, const scale__json_fault *fault) {
    if (behind == NULL) return stop(reader, fault->at, fault->why);
    *text = (scale_slice){reader->at, (size_t)(behind - reader->at)};
    reader->at = behind;
    reader->state = AFTER_VALUE;
    return token;
}

static scale_json_token open_bracket(scale_json_reader *reader, scale_slice *text) {
    bool object = *reader->at == '{';
    if (reader->depth == reader->max_depth) return stop(reader, reader->at, TOO_DEEP);
    note_bracket(reader->objects, reader->depth++, object);
    finish(reader, text, SCALE_JSON_TOKEN_OBJECT, reader->at + 1, NULL);
    reader->state = object ? FIRST_KEY : FIRST_ELEMENT;
    return object ? SCALE_JSON_TOKEN_OBJECT : SCALE_JSON_TOKEN_ARRAY;
}

static scale_json_token close_bracket(scale_json_reader *reader, scale_slice *text) {
    reader->depth--;
    return finish(reader, text, *reader->at == '}' ? SCALE_JSON_TOKEN_OBJECT_END : SCALE_JSON_TOKEN_ARRAY_END,
                  reader->at + 1, NULL);
}

static scale_json_token read_string(scale_json_reader *reader, scale_slice *text) {
    scale__json_fault fault;
    const char *behind = scale__json_pass_string(reader->at, reader->end, &reader->plain, &fault);
    return finish(reader, text, SCALE_JSON_TOKEN_STRING, behind, &fault);
}

static scale_json_token read_number(scale_json_reader *reader, scale_slice *text) {
    scale__json_fault fault;
    const char *behind = scale__json_pass_number(reader->at, reader->end, &fault);
    return finish(reader, text, SCALE_JSON_TOKEN_NUMBER, behind, &fault);
}

static scale_json_token read_word(scale_json_reader *reader, scale_slice *text, scale_json_token token) {
    scale__json_fault fault;
    const char *behind = scale__json_pass_word(reader->at, reader->end, &fault);
    return finish(reader, text, token, behind, &fault);
}

static scale_json_token read_value(scale_json_reader *reader, scale_slice *text) {
    if (reader->at == reader->end) return stop(reader, reader->at, TOO_EARLY);
    switch (*reader->at) {
    case '{':
    case '[': return open_bracket(reader, text);
    case '"': return read_string(reader, text);
    case 't': return read_word(reader, text, SCALE_JSON_TOKEN_TRUE);
    case 'f': return read_word(reader, text, SCALE_JSON_TOKEN_FALSE);
    case 'n': return read_word(reader, text, SCALE_JSON_TOKEN_NULL);
    default:
        if (*reader->at == '-' || is_digit(reader->at, reader->end)) return read_number(reader, text);
        return stop(reader, reader->at, NO_VALUE);
    }
}

/* A name and its colon. */
static scale_json_token read_key(scale_json_reader *reader, scale_slice *text) {
    if (reader->at == reader->end) return stop(reader, reader->at, TOO_EARLY);
    if (*reader->at != '"') return stop(reader, reader->at, "a name in quotes was expected");
    if (read_string(reader, text) == SCALE_JSON_TOKEN_ERROR) return SCALE_JSON_TOKEN_ERROR;
    const char *at = scale__json_pass_space(reader->at, reader->end);
    if (at == reader->end) return stop(reader, at, TOO_EARLY);
    if (*at != ':') return stop(reader, at, "a colon was expected");
    reader->at = at + 1;
    reader->state = VALUE;
    return SCALE_JSON_TOKEN_KEY;
}

static scale_json_token read_behind(scale_json_reader *reader, scale_slice *text) {
    bool over = reader->at == reader->end;
    if (reader->depth == 0) {
        if (!over) return stop(reader, reader->at, "something stands behind the value");
        reader->state = OVER;
        return SCALE_JSON_TOKEN_END;
    }
    if (over) return stop(reader, reader->at, TOO_EARLY);
    bool object = is_object(reader->objects, reader->depth - 1);
    if (*reader->at == ',') {
        reader->at = scale__json_pass_space(reader->at + 1, reader->end);
        return object ? read_key(reader, text) : read_value(reader, text);
    }
    if (*reader->at == (object ? '}' : ']')) return close_bracket(reader, text);
    return stop(reader, reader->at, object ? "a comma or } was expected" : "a comma or ] was expected");
}

static bool closes_at_once(const scale_json_reader *reader, char bracket) {
    return reader->at < reader->end && *reader->at == bracket;
}

static inline scale_json_token next_token(scale_json_reader *reader, scale_slice *text) {
    if (reader->state == OVER) return reader->problem == NULL ? SCALE_JSON_TOKEN_END : SCALE_JSON_TOKEN_ERROR;
    reader->at = scale__json_pass_space(reader->at, reader->end);
    switch (reader->state) {
    case AFTER_VALUE: return read_behind(reader, text);
    case FIRST_KEY: return closes_at_once(reader, '}') ? close_bracket(reader, text) : read_key(reader, text);
    case FIRST_ELEMENT:
        return closes_at_once(reader, ']') ? close_bracket(reader, text) : read_value(reader, text);
    default: return read_value(reader, text);
    }
}

scale_json_token scale_json_reader_next(scale_json_reader *reader, scale_slice *text) {
    scale_slice unread;
    return next_token(reader, text == NULL ? &unread : text);
}

bool scale_json_reader_in_object(const scale_json_reader *reader) {
    return reader->depth > 0 && is_object(reader->objects, reader->depth - 1);
}

size_t scale_json_reader_position(const scale_json_reader *reader) {
    return (size_t)(reader->at - reader->start) + 1;
}

scale_status scale_json_reader_fail(const scale_json_reader *reader, scale_error *error) {
    scale__json_fault fault = {reader->at, reader->problem == NULL ? NO_VALUE : reader->problem};
    return scale__json_report(error, reader->start, &fault);
}

scale_status scale_json_check(scale_slice text, const scale_json_limits *limits, scale_error *error) {
    scale_json_reader reader;
    scale_json_token token;
    scale_slice unread;
    scale_json_reader_init(&reader, text, limits);
    do {
        token = next_token(&reader, &unread);
    } while (token != SCALE_JSON_TOKEN_END && token != SCALE_JSON_TOKEN_ERROR);
    return token == SCALE_JSON_TOKEN_END ? SCALE_OK : scale_json_reader_fail(&reader, error);
}
