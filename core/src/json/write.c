/*
** write.c - the writer: values in, one JSON text out. Called by the engine, by bindings and by C
** programs.
*/
#include <string.h>

#include "alloc.h"
#include "buffer.h"
#include "error.h"
#include "json/scan.h"

#define MOST_TEXT ((size_t)1 << 31)

/* What may come next. */
enum { VALUE, FIRST_ELEMENT, ELEMENT, FIRST_KEY, KEY, NOTHING };

struct scale_json_writer {
    scale__buffer text;
    size_t depth;
    int next;
    scale_error error;                            /* the first mistake */
    uint64_t objects[SCALE_JSON_MOST_DEPTH / 64]; /* a bit an open bracket: it is an object's */
};

scale_json_writer *scale_json_writer_new(void) {
    scale_json_writer *writer = scale__allocate_zero(sizeof *writer);
    if (writer != NULL) scale__buffer_init(&writer->text, MOST_TEXT);
    return writer;
}

void scale_json_writer_free(scale_json_writer *writer) {
    if (writer == NULL) return;
    scale__buffer_clear(&writer->text);
    scale__release(writer);
}

void scale_json_writer_empty(scale_json_writer *writer) {
    scale__buffer_empty(&writer->text);
    writer->depth = 0;
    writer->next = VALUE;
    writer->error.kind = SCALE_NONE;
}

scale_status scale_json_writer_text(const scale_json_writer *writer, scale_slice *text, scale_error *error) {
    *text = (scale_slice){"", 0};
    if (writer->text.state == SCALE__BUFFER_NO_MEMORY) return scale__fail_no_memory(error);
    if (writer->text.state == SCALE__BUFFER_TOO_LARGE)
        return scale__fail(error, SCALE_TOO_LARGE, "a JSON text of more than %zu bytes", MOST_TEXT);
    if (writer->error.kind != SCALE_NONE)
        return scale__fail(error, writer->error.kind, "%s", writer->error.message);
    if (writer->next != NOTHING) return scale__fail(error, SCALE_USAGE, "a value that is not finished");
    *text = (scale_slice){writer->text.data, writer->text.size};
    return SCALE_OK;
}

/* ================================================================= punctuation */

static bool fail(scale_json_writer *writer, const char *why) {
    scale__fail(&writer->error, SCALE_USAGE, "%s", why);
    return false;
}

static bool is_fine(const scale_json_writer *writer) {
    return writer->error.kind == SCALE_NONE && writer->text.state == SCALE__BUFFER_FINE;
}

/* Is a value in its place? `comma`: one stands before it. Says what may come behind it. */
static bool begin_value(scale_json_writer *writer, bool *comma) {
    *comma = false;
    if (!is_fine(writer)) return false;
    switch (writer->next) {
    case ELEMENT: *comma = true; return true;
    case FIRST_ELEMENT: writer->next = ELEMENT; return true;
    case VALUE: writer->next = writer->depth == 0 ? NOTHING : KEY; return true;
    case NOTHING: return fail(writer, "a second value where one ends the text");
    default: return fail(writer, "a value without a name in an object");
    }
}

/* A value that is written as these bytes. */
static bool append_value(scale_json_writer *writer, const char *text, size_t size) {
    bool comma;
    if (!begin_value(writer, &comma)) return false;
    char *place = scale__buffer_reserve(&writer->text, size + 1);
    if (place == NULL) return false;
    if (comma) *place++ = ',';
    if (size > 0) memcpy(place, text, size);
    scale__buffer_advance(&writer->text, size + (comma ? 1 : 0));
    return true;
}

static bool open_bracket(scale_json_writer *writer, bool object) {
    if (!append_value(writer, object ? "{" : "[", 1)) return false;
    if (writer->depth == SCALE_JSON_MOST_DEPTH) return fail(writer, "too many brackets open at once");
    uint64_t bit = (uint64_t)1 << (writer->depth % 64), *bits = &writer->objects[writer->depth / 64];
    *bits = object ? *bits | bit : *bits & ~bit;
    writer->depth++;
    writer->next = object ? FIRST_KEY : FIRST_ELEMENT;
    return true;
}

bool scale_json_write_object(scale_json_writer *writer) {
    return open_bracket(writer, true);
}

bool scale_json_write_array(scale_json_writer *writer) {
    return open_bracket(writer, false);
}

static bool innermost_is_object(const scale_json_writer *writer) {
    size_t depth = writer->depth - 1;
    return (writer->objects[depth / 64] >> (depth % 64) & 1) != 0;
}

bool scale_json_write_end(scale_json_writer *writer) {
    if (!is_fine(writer)) return false;
    if (writer->depth == 0 || writer->next == VALUE)
        return fail(writer, "a bracket closed where none can be");
    char bracket = innermost_is_object(writer) ? '}' : ']';
    writer->depth--;
    writer->next = writer->depth == 0 ? NOTHING : innermost_is_object(writer) ? KEY : ELEMENT;
    return scale__buffer_append_byte(&writer->text, bracket);
}

/* ====================================================================== values */

static size_t put_escape(char *place, unsigned char byte) {
    static const char letters[] = "btn?fr"; /* 08 to 0D; there is none for 0B */
    static const char hex[] = "0123456789abcdef";
    place[0] = '\\';
    if (byte == '"' || byte == '\\') {
        place[1] = (char)byte;
        return 2;
    }
    if (byte >= 0x08 && byte <= 0x0D && byte != 0x0B) {
        place[1] = letters[byte - 0x08];
        return 2;
    }
    memcpy(place + 1, "u00", 3);
    place[4] = hex[byte >> 4];
    place[5] = hex[byte & 15];
    return 6;
}

/* The next byte that needs an escape, or `end`; NULL when bytes before it are not UTF-8. */
static const char *pass_text(const char *at, const char *end) {
    for (;;) {
        at = scale__json_find_special(at, end);
        if (at == end || (unsigned char)*at < 0x80) return at;
        size_t size = scale__json_utf8_length(at, end);
        if (size == 0) return NULL;
        at += size;
    }
}

/* The bytes of a string between its quotes; false when they are not UTF-8. */
static bool append_escaped(scale__buffer *text, const char *at, const char *end) {
    char escape[6];
    while (at < end) {
        const char *run = at;
        at = pass_text(at, end);
        if (at == NULL) return false;
        scale__buffer_append(text, run, (size_t)(at - run));
        if (at < end) scale__buffer_append(text, escape, put_escape(escape, (unsigned char)*at++));
    }
    return true;
}

/* A string that needs escapes. `colon`: it is a name. */
static bool append_marked(scale_json_writer *writer, const char *text, size_t size, bool comma, bool colon) {
    if (comma) scale__buffer_append_byte(&writer->text, ',');
    scale__buffer_append_byte(&writer->text, '"');
    if (!append_escaped(&writer->text, text, text + size)) return fail(writer, "text that is not UTF-8");
    return scale__buffer_append(&writer->text, "\":", colon ? 2 : 1);
}

/* Eight bytes at once: is one of them not ASCII, a control character, a quote or a backslash? A byte
** that is smaller than n borrows into its highest bit when n is taken off; bytes that have it already
** count anyway. */
static bool has_special(const char *at) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    uint64_t quotes = bytes ^ ones * '"', backslashes = bytes ^ ones * '\\';
    return ((bytes | (bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & high) != 0;
}

/* Does a text stand for itself between quotes? May say no where it does: then it is looked at closely. */
static bool is_plain(const char *text, size_t size) {
    if (size < 8) return scale__json_find_special_plainly(text, text + size) == text + size;
    for (size_t i = 0; i + 8 <= size; i += 8) {
        if (has_special(text + i)) return false;
    }
    return !has_special(text + size - 8);
}

/* Most strings are plain; one look and one copy do then. */
static bool append_string(scale_json_writer *writer, const char *text, size_t size, bool comma, bool colon) {
    if (size > 0 && !is_plain(text, size)) return append_marked(writer, text, size, comma, colon);
    char *place = scale__buffer_reserve(&writer->text, size + 4), *start = place;
    if (place == NULL) return false;
    if (comma) *place++ = ',';
    *place++ = '"';
    if (size > 0) memcpy(place, text, size);
    place += size;
    *place++ = '"';
    if (colon) *place++ = ':';
    scale__buffer_advance(&writer->text, (size_t)(place - start));
    return true;
}

bool scale_json_write_string(scale_json_writer *writer, const char *text, size_t size) {
    bool comma;
    return begin_value(writer, &comma) && append_string(writer, text, size, comma, false);
}

bool scale_json_write_key(scale_json_writer *writer, const char *text, size_t size) {
    bool comma = writer->next == KEY;
    if (!is_fine(writer)) return false;
    if (writer->next != FIRST_KEY && writer->next != KEY) return fail(writer, "a name where none can be");
    writer->next = VALUE;
    return append_string(writer, text, size, comma, true);
}

bool scale_json_write_integer(scale_json_writer *writer, int64_t value) {
    char text[24];
    size_t place = sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        text[--place] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) text[--place] = '-';
    return append_value(writer, text + place, sizeof text - place);
}

bool scale_json_write_number(scale_json_writer *writer, double value) {
    char text[SCALE_JSON_NUMBER_SIZE];
    size_t size = scale_json_number_write(text, value);
    if (size == 0 && is_fine(writer)) return fail(writer, "a number that is not finite");
    return append_value(writer, text, size);
}

bool scale_json_write_boolean(scale_json_writer *writer, bool value) {
    return append_value(writer, value ? "true" : "false", value ? 4 : 5);
}

bool scale_json_write_null(scale_json_writer *writer) {
    return append_value(writer, "null", 4);
}

bool scale_json_write_checked(scale_json_writer *writer, scale_slice value) {
    return append_value(writer, value.data, value.size);
}

bool scale_json_write_raw(scale_json_writer *writer, scale_slice value) {
    if (!is_fine(writer)) return false;
    return scale_json_check(value, NULL, &writer->error) == SCALE_OK &&
           scale_json_write_checked(writer, value);
}
