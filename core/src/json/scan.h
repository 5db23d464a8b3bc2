/*
** scan.h - what the files of the codec share: passing over the bytes of a text, piece by piece.
** Private to core/src/json. Every function stays in front of `end`.
*/
#ifndef SCALE_JSON_SCAN_H
#define SCALE_JSON_SCAN_H

#include "scaleapi.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What is wrong, and at which byte. */
typedef struct scale__json_fault {
    const char *at;
    const char *why; /* NULL: nothing; never freed */
} scale__json_fault;

/* A slice without data is an empty text: pointers into it must not be made of NULL. */
static inline const char *scale__json_start(scale_slice text) {
    return text.data == NULL ? "" : text.data;
}

static inline const char *scale__json_fail(scale__json_fault *fault, const char *at, const char *why) {
    fault->at = at;
    fault->why = why;
    return NULL;
}

#define SCALE__JSON_TOO_EARLY "the text ends too early"
#define SCALE__JSON_TOO_DEEP  "too many brackets are open at once"
#define SCALE__JSON_IN_STRING "the text ends inside a string"
#define SCALE__JSON_NO_VALUE  "a value was expected"
#define SCALE__JSON_BEHIND    "something stands behind the value"

/* Fills `error` with "not JSON at byte N: why". Always SCALE_ERROR. */
scale_status scale__json_report(scale_error *error, const char *start, const scale__json_fault *fault);

static inline bool scale__json_is_space(char byte) {
    return (unsigned char)byte <= ' ' && (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t');
}

static inline bool scale__json_is_hex(char byte) {
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

static inline const char *scale__json_pass_space(const char *at, const char *end) {
    while (at < end && scale__json_is_space(*at)) at++;
    return at;
}

/* Makes the reader end with this fault. */
void scale__json_reader_stop(scale_json_reader *reader, const scale__json_fault *fault);

/* The brackets that are open, a bit each: is it an object's? */
static inline void scale__json_note_bracket(uint64_t *objects, size_t depth, bool object) {
    uint64_t bit = (uint64_t)1 << (depth % 64);
    if (object)
        objects[depth / 64] |= bit;
    else
        objects[depth / 64] &= ~bit;
}

static inline bool scale__json_is_object(const uint64_t *objects, size_t depth) {
    return (objects[depth / 64] >> (depth % 64) & 1) != 0;
}

/* ============================================================ searching bytes */

/* Does a byte of a string need a look: quote, backslash, control character, not ASCII? */
static inline bool scale__json_is_special(char byte) {
    return byte == '"' || byte == '\\' || (signed char)byte < 0x20;
}

/* The first byte that needs one, or the first quote or backslash; `end` when there is none. */
static inline const char *scale__json_find_special_plainly(const char *at, const char *end) {
    while (at < end && !scale__json_is_special(*at)) at++;
    return at;
}

static inline const char *scale__json_find_quote_plainly(const char *at, const char *end) {
    while (at < end && *at != '"' && *at != '\\') at++;
    return at;
}

#if defined(__SSE2__)
/* Which of 16 bytes are a quote, a backslash, or (as signed) smaller than `below`. */
static inline unsigned scale__json_look(const char *at, char below) {
    __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i found =
        _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(found, _mm_cmplt_epi8(block, _mm_set1_epi8(below))));
}

static inline const char *scale__json_find_special(const char *at, const char *end) {
    for (; end - at >= 16; at += 16) {
        unsigned found = scale__json_look(at, 0x20);
        if (found != 0) return at + __builtin_ctz(found);
    }
    return scale__json_find_special_plainly(at, end);
}

static inline const char *scale__json_find_quote(const char *at, const char *end) {
    for (; end - at >= 16; at += 16) {
        unsigned found = scale__json_look(at, -128);
        if (found != 0) return at + __builtin_ctz(found);
    }
    return scale__json_find_quote_plainly(at, end);
}
#else
#define scale__json_find_special scale__json_find_special_plainly
#define scale__json_find_quote   scale__json_find_quote_plainly
#endif

/* ============================================================= passing values */

/* Each begins at the first byte of what it passes over (the opening quote, the minus, the bracket) and
** gives the place behind it, or NULL and a fault. */

/* A string, in full. `plain` (may not be NULL): it has no escapes. */
const char *scale__json_pass_string(const char *at, const char *end, bool *plain, scale__json_fault *fault);

/* A string, by its outline. */
const char *scale__json_pass_quoted(const char *at, const char *end, scale__json_fault *fault);

const char *scale__json_pass_number(const char *at, const char *end, scale__json_fault *fault);

/* true, false or null. */
const char *scale__json_pass_word(const char *at, const char *end, scale__json_fault *fault);

/* An object or array, by its outline; and the same a byte at a time, for machines without SSE2 and for
** the test that holds one against the other. */
const char *scale__json_pass_brackets(const char *at, const char *end, scale__json_fault *fault);
const char *scale__json_pass_brackets_plainly(const char *at, const char *end, scale__json_fault *fault);

#define SCALE__JSON_MOST_MEMBERS 64

/* A member of an object that was passed over, by its places in a text: 32 bits, for there are many. */
typedef struct scale__json_member {
    uint32_t name; /* where its quotes open */
    uint32_t colon;
} scale__json_member;

/* Members that are looked for, or noted, on the way over an object. */
typedef struct scale__json_search {
    const scale_slice *names; /* decoded */
    size_t count;
    const char **values;         /* gets where the value of the last member of that name begins, or NULL */
    scale__json_member *members; /* gets all of them, up to SCALE__JSON_MOST_MEMBERS; NULL: nobody asks */
    size_t member_count;
    const char *base; /* the text that their places count in */
    bool regular;     /* gets whether commas and colons stand as in an object; if not, nothing counts */
    bool escapes;     /* gets whether names may hold some */
} scale__json_search;

/* An object, by its outline, looking for members. */
const char *scale__json_pass_object(const char *at, const char *end, scale__json_search *search,
                                    scale__json_fault *fault);

/* The value of a member, from behind its colon; nothing when it is malformed, or neither comma nor bracket
** follows. */
scale_slice scale__json_whole_value(const char *from, const char *end);

/* The bytes that are not ASCII, up to the first that is; one escape, by its form. */
const char *scale__json_pass_utf8(const char *at, const char *end, scale__json_fault *fault);
const char *scale__json_pass_escape_form(const char *at, const char *end, scale__json_fault *fault);

/* Any value, in full; and the same token by token, likewise. */
const char *scale__json_pass_checked_plainly(const char *at, const char *end, size_t max_depth,
                                             scale__json_fault *fault);
const char *scale__json_pass_checked(const char *at, const char *end, size_t max_depth,
                                     scale__json_fault *fault);

/* Any value: numbers and words in full, the others by their outline. */
const char *scale__json_pass_value(const char *at, const char *end, scale__json_fault *fault);

/* As scale_json_cursor_value: with the members noted when it is an object; and checked in full. */
scale_status scale__json_cursor_search(scale_json_cursor *cursor, scale_slice *value,
                                       scale__json_search *search, scale_error *error);
scale_status scale__json_cursor_check(scale_json_cursor *cursor, scale_slice *value, scale_error *error);

/* The length of the UTF-8 sequence at `at`, 0 when there is none: 1 to 4. */
size_t scale__json_utf8_length(const char *at, const char *end);

/* ==================================================================== strings */

/* One escape, whose backslash is at `at`: its code point (a lone surrogate as it is), and the place
** behind it; NULL when it is malformed. */
const char *scale__json_pass_escape(const char *at, const char *end, uint32_t *code);

/* Orders two strings (slices with quotes) by their decoded bytes. */
int scale__json_string_compare(scale_slice one, scale_slice other);

/* Does `whole`, decoded, begin with `part`, decoded? */
bool scale__json_string_begins(scale_slice whole, scale_slice part);

/* ==================================================================== numbers */

/* Are two numbers equal by value? Integers that fit 64 bits are compared exactly, other spellings
** as the doubles they stand for, and those that fit no double digit by digit. */
bool scale__json_number_equals(scale_slice one, scale_slice other);

#endif
