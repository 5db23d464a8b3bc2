/*
** value.c - strings: decoding and comparing them. Called with slices that hold a string, quotes
** included; numbers are number.c's.
*/
#include <string.h>

#include "json/scan.h"

/* ==================================================================== escapes */

static uint32_t read_hex(const char *at) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char byte = (unsigned char)at[i];
        value = value * 16 + (uint32_t)(byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10);
    }
    return value;
}

static bool is_unicode_escape(const char *at, const char *end) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return false;
    for (int i = 2; i < 6; i++) {
        if (!scale__json_is_hex(at[i])) return false;
    }
    return true;
}

/* RFC 8259, section 7: a character beyond FFFF is two escapes, a surrogate pair. */
static const char *pass_unicode_escape(const char *at, const char *end, uint32_t *code) {
    *code = read_hex(at + 2);
    at += 6;
    if (*code < 0xD800 || *code > 0xDBFF || !is_unicode_escape(at, end)) return at;
    uint32_t low = read_hex(at + 2);
    if (low < 0xDC00 || low > 0xDFFF) return at;
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return at + 6;
}

const char *scale__json_pass_escape(const char *at, const char *end, uint32_t *code) {
    if (is_unicode_escape(at, end)) return pass_unicode_escape(at, end, code);
    if (end - at < 2) return NULL;
    switch (at[1]) {
    case '"':
    case '\\':
    case '/': *code = (uint32_t)at[1]; break;
    case 'b': *code = '\b'; break;
    case 'f': *code = '\f'; break;
    case 'n': *code = '\n'; break;
    case 'r': *code = '\r'; break;
    case 't': *code = '\t'; break;
    default: return NULL;
    }
    return at + 2;
}

static bool is_surrogate(uint32_t code) {
    return code >= 0xD800 && code <= 0xDFFF;
}

/* Writes a code point as UTF-8, 1 to 4 bytes; a lone surrogate as if it were a character. An escape is
** never shorter than what it decodes to. */
static size_t put_character(char *text, uint32_t code) {
    if (code < 0x80) {
        text[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        text[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    text[0] = (char)((0xF00u >> size & 0xFFu) | code);
    return size;
}

/* =================================================================== decoding */

/* The bytes between the quotes. */
static const char *inside(scale_slice value, const char **end) {
    *end = value.data + value.size - 1;
    return value.data + 1;
}

static scale_status decode(scale_slice value, char *text, size_t *size, scale__json_fault *fault) {
    const char *end, *at = inside(value, &end);
    char *place = text;
    for (;;) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((escape == NULL ? end : escape) - at);
        uint32_t code;
        memcpy(place, at, run);
        place += run;
        if (escape == NULL) break;
        at = scale__json_pass_escape(escape, end, &code);
        if (at == NULL || is_surrogate(code)) {
            scale__json_fail(fault, escape, "a lone surrogate, which UTF-8 cannot hold");
            return SCALE_ERROR;
        }
        place += put_character(place, code);
    }
    *size = (size_t)(place - text);
    return SCALE_OK;
}

scale_status scale_json_string(scale_slice value, char *text, size_t *size, scale_error *error) {
    const char *start = scale__json_start(value), *end = start + value.size, *behind;
    scale__json_fault fault = {NULL, NULL};
    bool plain;
    if (value.size == 0 || *start != '"') {
        scale__json_fail(&fault, start, "a string was expected");
        return scale__json_report(error, start, &fault);
    }
    behind = scale__json_pass_string(start, end, &plain, &fault);
    if (behind != NULL && behind != end)
        behind = scale__json_fail(&fault, behind, "something stands behind the string");
    if (behind == NULL) return scale__json_report(error, start, &fault);
    if (decode(value, text, size, &fault) != SCALE_OK) return scale__json_report(error, start, &fault);
    return SCALE_OK;
}

bool scale_json_reader_string(scale_json_reader *reader, scale_slice text, char *room, size_t *size) {
    scale__json_fault fault = {NULL, NULL};
    if (decode(text, room, size, &fault) == SCALE_OK) return true;
    scale__json_reader_stop(reader, &fault);
    return false;
}

/* ================================================================== comparing */

/* A string that is decoded a few bytes at a time, so that comparing needs no memory. */
typedef struct pieces {
    const char *at, *end;
    const char *piece; /* decoded bytes not yet compared */
    size_t size;
    char character[4];
} pieces;

static void pieces_init(pieces *p, scale_slice value) {
    memset(p, 0, sizeof *p);
    if (value.size >= 2) p->at = inside(value, &p->end);
}

/* Fetches more when the piece is used up. False at the end. A malformed escape stands for its bytes. */
static bool pieces_fill(pieces *p) {
    uint32_t code;
    if (p->size > 0) return true;
    if (p->at == p->end) return false;
    if (*p->at == '\\') {
        const char *behind = scale__json_pass_escape(p->at, p->end, &code);
        if (behind != NULL) {
            p->piece = p->character;
            p->size = put_character(p->character, code);
            p->at = behind;
            return true;
        }
    }
    const char *escape = memchr(p->at + 1, '\\', (size_t)(p->end - p->at - 1));
    p->piece = p->at;
    p->size = (size_t)((escape == NULL ? p->end : escape) - p->at);
    p->at += p->size;
    return true;
}

/* Compares until one has ended or they differ; returns how they differ. */
static int pieces_compare(pieces *one, pieces *other) {
    while (pieces_fill(one) && pieces_fill(other)) {
        size_t size = one->size < other->size ? one->size : other->size;
        int order = memcmp(one->piece, other->piece, size);
        if (order != 0) return order;
        one->piece += size;
        one->size -= size;
        other->piece += size;
        other->size -= size;
    }
    return 0;
}

int scale__json_string_compare(scale_slice one, scale_slice other) {
    pieces p, q;
    pieces_init(&p, one);
    pieces_init(&q, other);
    int order = pieces_compare(&p, &q);
    return order != 0 ? order : (int)pieces_fill(&p) - (int)pieces_fill(&q);
}

bool scale__json_string_begins(scale_slice whole, scale_slice part) {
    pieces p, q;
    pieces_init(&p, whole);
    pieces_init(&q, part);
    return pieces_compare(&p, &q) == 0 && !pieces_fill(&q);
}

bool scale_json_string_equals(scale_slice value, const char *text, size_t size) {
    if (value.size < 2 || value.data[0] != '"' || value.size - 2 < size) return false;
    if (memchr(value.data + 1, '\\', value.size - 2) == NULL)
        return value.size - 2 == size && (size == 0 || memcmp(value.data + 1, text, size) == 0);
    pieces p, q = {NULL, NULL, text, size, ""};
    pieces_init(&p, value);
    return pieces_compare(&p, &q) == 0 && !pieces_fill(&p) && !pieces_fill(&q);
}
