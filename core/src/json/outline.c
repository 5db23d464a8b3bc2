/*
** outline.c - passing over values by their quotes and brackets alone, and finding the members of an object
** on the way. Called wherever a document is cut and not read.
*/
#include "json/outline_blocks.h"

const char *scale__json_pass_quoted(const char *at, const char *end, scale__json_fault *fault) {
    at = scale__json_find_quote(at + 1, end);
    while (end - at > 1 && *at == '\\') at = scale__json_find_quote(at + 2, end);
    if (at < end && *at == '"') return at + 1;
    return scale__json_fail(fault, end, SCALE__JSON_IN_STRING);
}

static bool is_mark(char byte) {
    return byte == '\\' || (byte | 0x20) == '{' || (byte | 0x20) == '}';
}

const char *scale__json_pass_brackets_plainly(const char *at, const char *end, scale__json_fault *fault) {
    uint64_t aside[SCALE_JSON_DEPTH / 64];
    outline o = {0, 0, aside, fault};
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

const char *scale__json_pass_brackets(const char *at, const char *end, scale__json_fault *fault) {
#if defined(SCALE_AVX2)
    if (scale__json_has_avx2()) return scale__json_pass_brackets_avx2(at, end, fault);
#endif
    return walk(at, end, NULL, fault);
}

const char *scale__json_pass_object(const char *at, const char *end, scale__json_search *search,
                                    scale__json_fault *fault) {
#if defined(SCALE_AVX2)
    if (scale__json_has_avx2()) return scale__json_pass_object_avx2(at, end, search, fault);
#endif
    return walk_object(at, end, search, fault);
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
