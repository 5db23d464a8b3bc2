/*
** scan.c - reading JSON texts strictly: the pull reader and the check. Makes no values of what it sees
** (value.c, number.c), and passes over nothing (outline.c).
*/
#include "json/scan.h"

#include <string.h>

#include "error.h"

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

const char *scale__json_pass_utf8(const char *at, const char *end, scale__json_fault *fault) {
    while (at < end && (unsigned char)*at >= 0x80) {
        size_t size = scale__json_utf8_length(at, end);
        if (size == 0) return scale__json_fail(fault, at, "bytes that are not UTF-8");
        at += size;
    }
    return at;
}

/* The form of an escape alone: that surrogates pair up is asked when the string is decoded. */
const char *scale__json_pass_escape_form(const char *at, const char *end, scale__json_fault *fault) {
    if (end - at < 2) return scale__json_fail(fault, end, SCALE__JSON_TOO_EARLY);
    if (at[1] != 'u') {
        if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)
            return scale__json_fail(fault, at, "an escape that JSON does not have");
        return at + 2;
    }
    for (int i = 2; i < 6; i++) {
        if (end - at <= i) return scale__json_fail(fault, end, SCALE__JSON_TOO_EARLY);
        if (!scale__json_is_hex(at[i]))
            return scale__json_fail(fault, at, "\\u needs four hexadecimal digits");
    }
    return at + 6;
}

const char *scale__json_pass_string(const char *at, const char *end, bool *plain, scale__json_fault *fault) {
    *plain = true;
    at++;
    for (;;) {
        at = scale__json_find_special(at, end);
        if (at == end) return scale__json_fail(fault, at, SCALE__JSON_IN_STRING);
        if (*at == '"') return at + 1;
        if (*at == '\\') {
            *plain = false;
            at = scale__json_pass_escape_form(at, end, fault);
        } else if ((unsigned char)*at < 0x20) {
            return scale__json_fail(fault, at, "a control character in a string");
        } else {
            at = scale__json_pass_utf8(at, end, fault);
        }
        if (at == NULL) return NULL;
    }
}

/* ========================================================== numbers and words */

static bool is_digit(const char *at, const char *end) {
    return at < end && *at >= '0' && *at <= '9';
}

static const char *pass_digits(const char *at, const char *end, scale__json_fault *fault) {
    if (at == end) return scale__json_fail(fault, at, SCALE__JSON_TOO_EARLY);
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
    if (memcmp(at, word, size < there ? size : there) != 0)
        return scale__json_fail(fault, at, SCALE__JSON_NO_VALUE);
    if (there < size) return scale__json_fail(fault, end, SCALE__JSON_TOO_EARLY);
    return at + size;
}

/* =============================================================== strict reader */

enum { VALUE, FIRST_ELEMENT, FIRST_KEY, AFTER_VALUE, OVER, CHECKED };

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

void scale_json_reader_init_checked(scale_json_reader *reader, scale_slice text) {
    scale_json_reader_init(reader, text, NULL);
    reader->state = CHECKED;
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
    if (reader->depth == reader->max_depth) return stop(reader, reader->at, SCALE__JSON_TOO_DEEP);
    scale__json_note_bracket(reader->objects, reader->depth++, object);
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
    if (reader->at == reader->end) return stop(reader, reader->at, SCALE__JSON_TOO_EARLY);
    switch (*reader->at) {
    case '{':
    case '[': return open_bracket(reader, text);
    case '"': return read_string(reader, text);
    case 't': return read_word(reader, text, SCALE_JSON_TOKEN_TRUE);
    case 'f': return read_word(reader, text, SCALE_JSON_TOKEN_FALSE);
    case 'n': return read_word(reader, text, SCALE_JSON_TOKEN_NULL);
    default:
        if (*reader->at == '-' || is_digit(reader->at, reader->end)) return read_number(reader, text);
        return stop(reader, reader->at, SCALE__JSON_NO_VALUE);
    }
}

/* A name and its colon. */
static scale_json_token read_key(scale_json_reader *reader, scale_slice *text) {
    if (reader->at == reader->end) return stop(reader, reader->at, SCALE__JSON_TOO_EARLY);
    if (*reader->at != '"') return stop(reader, reader->at, "a name in quotes was expected");
    if (read_string(reader, text) == SCALE_JSON_TOKEN_ERROR) return SCALE_JSON_TOKEN_ERROR;
    const char *at = scale__json_pass_space(reader->at, reader->end);
    if (at == reader->end) return stop(reader, at, SCALE__JSON_TOO_EARLY);
    if (*at != ':') return stop(reader, at, "a colon was expected");
    reader->at = at + 1;
    reader->state = VALUE;
    return SCALE_JSON_TOKEN_KEY;
}

static scale_json_token read_behind(scale_json_reader *reader, scale_slice *text) {
    bool over = reader->at == reader->end;
    if (reader->depth == 0) {
        if (!over) return stop(reader, reader->at, SCALE__JSON_BEHIND);
        reader->state = OVER;
        return SCALE_JSON_TOKEN_END;
    }
    if (over) return stop(reader, reader->at, SCALE__JSON_TOO_EARLY);
    bool object = scale__json_is_object(reader->objects, reader->depth - 1);
    if (*reader->at == ',') {
        reader->at = scale__json_pass_space(reader->at + 1, reader->end);
        return object ? read_key(reader, text) : read_value(reader, text);
    }
    if (*reader->at == (object ? '}' : ']')) return close_bracket(reader, text);
    return stop(reader, reader->at, object ? "a comma or } was expected" : "a comma or ] was expected");
}

/* ============================================================ a checked text */

/* A string, from behind its opening quote to behind the closing one. */
static inline const char *pass_checked_string(const char *at, const char *end, bool *plain) {
    *plain = true;
    at = scale__json_find_quote(at, end);
    while (end - at > 1 && *at == '\\') {
        *plain = false;
        at = scale__json_find_quote(at + 2, end);
    }
    return at < end ? at + 1 : end;
}

static inline const char *pass_checked_scalar(const char *at, const char *end) {
    while (at < end && *at != ',' && (*at | 0x20) != '}' && !scale__json_is_space(*at)) at++;
    return at;
}

/* What the token is that begins at `at`, and where it ends. */
static inline scale_json_token pass_checked_token(scale_json_reader *reader, const char *at,
                                                  const char **behind) {
    *behind = at + 1;
    switch (*at) {
    case '{': return SCALE_JSON_TOKEN_OBJECT;
    case '[': return SCALE_JSON_TOKEN_ARRAY;
    case '}': return SCALE_JSON_TOKEN_OBJECT_END;
    case ']': return SCALE_JSON_TOKEN_ARRAY_END;
    case '"':
        *behind = pass_checked_string(at + 1, reader->end, &reader->plain);
        return SCALE_JSON_TOKEN_STRING;
    default: *behind = pass_checked_scalar(at + 1, reader->end);
    }
    return *at == 't'   ? SCALE_JSON_TOKEN_TRUE
           : *at == 'f' ? SCALE_JSON_TOKEN_FALSE
           : *at == 'n' ? SCALE_JSON_TOKEN_NULL
                        : SCALE_JSON_TOKEN_NUMBER;
}

/* Commas say nothing, and a string is a name when a colon follows. */
static inline scale_json_token next_checked(scale_json_reader *reader, scale_slice *text) {
    const char *at = reader->at, *end = reader->end, *behind;
    while (at < end && (*at == ',' || scale__json_is_space(*at))) at++;
    if (at == end) {
        reader->state = OVER;
        return SCALE_JSON_TOKEN_END;
    }
    scale_json_token token = pass_checked_token(reader, at, &behind);
    *text = (scale_slice){at, (size_t)(behind - at)};
    if (token == SCALE_JSON_TOKEN_STRING) {
        const char *colon = scale__json_pass_space(behind, end);
        if (colon < end && *colon == ':') {
            behind = colon + 1;
            token = SCALE_JSON_TOKEN_KEY;
        }
    }
    reader->at = behind;
    return token;
}

/* ================================================================== any text */

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
    if (text == NULL) text = &unread;
    return reader->state == CHECKED ? next_checked(reader, text) : next_token(reader, text);
}

bool scale_json_reader_in_object(const scale_json_reader *reader) {
    return reader->depth > 0 && scale__json_is_object(reader->objects, reader->depth - 1);
}

size_t scale_json_reader_position(const scale_json_reader *reader) {
    return (size_t)(reader->at - reader->start) + 1;
}

scale_status scale_json_reader_fail(const scale_json_reader *reader, scale_error *error) {
    scale__json_fault fault = {reader->at, reader->problem == NULL ? SCALE__JSON_NO_VALUE : reader->problem};
    return scale__json_report(error, reader->start, &fault);
}

/* ====================================================================== check */

const char *scale__json_pass_checked_plainly(const char *at, const char *end, size_t max_depth,
                                             scale__json_fault *fault) {
    const scale_json_limits limits = {sizeof limits, max_depth};
    scale_json_reader reader;
    scale_json_token token;
    scale_slice unread;
    scale_json_reader_init(&reader, (scale_slice){at, (size_t)(end - at)}, &limits);
    do {
        token = next_token(&reader, &unread);
    } while (token != SCALE_JSON_TOKEN_ERROR && !(reader.depth == 0 && reader.state == AFTER_VALUE));
    if (token == SCALE_JSON_TOKEN_ERROR) return scale__json_fail(fault, reader.at, reader.problem);
    return reader.at;
}

scale_status scale_json_check(scale_slice text, const scale_json_limits *limits, scale_error *error) {
    const char *start = scale__json_start(text), *end = start + text.size;
    scale__json_fault fault = {NULL, NULL};
    size_t depth = limits == NULL ? SCALE_JSON_DEPTH : limits->max_depth;
    if (depth > SCALE_JSON_MOST_DEPTH) depth = SCALE_JSON_MOST_DEPTH;
    const char *at = scale__json_pass_checked(scale__json_pass_space(start, end), end, depth, &fault);
    if (at != NULL) {
        at = scale__json_pass_space(at, end);
        if (at == end) return SCALE_OK;
        scale__json_fail(&fault, at, SCALE__JSON_BEHIND);
    }
    return scale__json_report(error, start, &fault);
}
