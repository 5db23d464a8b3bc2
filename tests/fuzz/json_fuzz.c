/*
** json_fuzz.c - any bytes at all for the codec, whose parts must agree with each other. Built and run by
** run.sh beside it.
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/scan.h"

#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) fail(__LINE__, #condition);                                                        \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void fail(int line, const char *what) {
    fprintf(stderr, "json_fuzz.c:%d: %s\n", line, what);
    abort();
}

static bool is_within(scale_slice part, scale_slice whole) {
    return part.data >= whole.data && part.size > 0 && part.data + part.size <= whole.data + whole.size;
}

/* ====================================================================== values */

/* Decoding in both ways, comparing, and writing what was decoded. False for a lone surrogate. */
static bool try_string(scale_slice value, scale_json_writer *writer, bool key) {
    char *text = malloc(value.size), *again = malloc(value.size);
    size_t size = 0, size_again = 0;
    bool good = scale_json_string(value, text, &size, NULL) == SCALE_OK;
    MUST(scale__json_string_compare(value, value) == 0);
    MUST(scale__json_string_begins(value, value));
    if (good) {
        scale_json_writer *own = scale_json_writer_new();
        scale_slice written;
        MUST(scale_json_string_equals(value, text, size));
        MUST(!scale_json_string_equals(value, text, size - (size > 0)) || size == 0);
        MUST(scale_json_write_string(own, text, size));
        MUST(scale_json_writer_text(own, &written, NULL) == SCALE_OK);
        MUST(scale__json_string_compare(value, written) == 0);
        again = realloc(again, written.size);
        MUST(scale_json_string(written, again, &size_again, NULL) == SCALE_OK);
        MUST(size == size_again && memcmp(text, again, size) == 0);
        scale_json_writer_free(own);
        if (key)
            MUST(scale_json_write_key(writer, text, size));
        else
            MUST(scale_json_write_string(writer, text, size));
    }
    free(text);
    free(again);
    return good;
}

/* The same number again by way of the C library, and by way of the writer. */
static void try_number(scale_slice value, scale_json_writer *writer) {
    scale_json_number number;
    char *text = malloc(value.size + 1);
    char written[SCALE_JSON_NUMBER_SIZE + 1];
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    MUST(scale_json_number_read(value, &number));
    MUST(scale__json_number_equals(value, value));
    double expected = strtod(text, NULL);
    MUST(number.real == expected);
    if (number.kind == SCALE_JSON_INTEGER) {
        MUST(strtoll(text, NULL, 10) == number.integer);
        MUST(scale_json_write_integer(writer, number.integer));
    } else if (number.kind == SCALE_JSON_DOUBLE) {
        size_t size = scale_json_number_write(written, number.real);
        written[size] = '\0';
        MUST(size > 0 && size <= SCALE_JSON_NUMBER_SIZE);
        MUST(strtod(written, NULL) == number.real && signbit(strtod(written, NULL)) == signbit(number.real));
        MUST(scale_json_write_number(writer, number.real));
    } else {
        MUST(scale_json_write_raw(writer, value));
    }
    free(text);
}

/* ======================================================================= texts */

/* Reads all tokens, and writes them again. False when something in it cannot be decoded. */
static bool rewrite(scale_slice text, scale_json_writer *writer, scale_json_token *last) {
    scale_json_reader reader;
    scale_slice part;
    bool good = true;
    const char *behind = text.data;
    scale_json_reader_init(&reader, text, NULL);
    while ((*last = scale_json_reader_next(&reader, &part)) > SCALE_JSON_TOKEN_ERROR) {
        MUST(is_within(part, text) && part.data >= behind);
        behind = part.data + part.size;
        switch (*last) {
        case SCALE_JSON_TOKEN_OBJECT: scale_json_write_object(writer); break;
        case SCALE_JSON_TOKEN_ARRAY: scale_json_write_array(writer); break;
        case SCALE_JSON_TOKEN_OBJECT_END:
        case SCALE_JSON_TOKEN_ARRAY_END: scale_json_write_end(writer); break;
        case SCALE_JSON_TOKEN_KEY: good = good && try_string(part, writer, true); break;
        case SCALE_JSON_TOKEN_STRING: good = good && try_string(part, writer, false); break;
        case SCALE_JSON_TOKEN_NUMBER:
            if (good) try_number(part, writer);
            break;
        case SCALE_JSON_TOKEN_NULL: scale_json_write_null(writer); break;
        default: scale_json_write_boolean(writer, *last == SCALE_JSON_TOKEN_TRUE); break;
        }
    }
    MUST(scale_json_reader_position(&reader) <= text.size + 1);
    return good;
}

static void compare_with_rewritten(scale_slice text, scale_slice written) {
    bool covers = false;
    scale_json_writer *writer = scale_json_writer_new();
    scale_json_token last;
    scale_slice again;
    MUST(scale_json_check(written, NULL, NULL) == SCALE_OK);
    MUST(rewrite(written, writer, &last) && last == SCALE_JSON_TOKEN_END);
    MUST(scale_json_writer_text(writer, &again, NULL) == SCALE_OK);
    MUST(again.size == written.size && memcmp(again.data, written.data, again.size) == 0);
    if (scale_json_type_of(text) == SCALE_JSON_TYPE_OBJECT) {
        MUST(scale_json_covers(&covers, NULL, text, written, NULL, NULL) == SCALE_OK && covers);
        MUST(scale_json_covers(&covers, NULL, written, text, NULL, NULL) == SCALE_OK && covers);
    }
    scale_json_writer_free(writer);
}

/* Picking finds what stepping finds. */
static void try_picking(scale_slice text, bool good) {
    static const scale_slice names[] = {{"a", 1}, {"", 0}, {"\"", 1}, {"b", 1}};
    scale_slice picked[4], stepped[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}}, key, value;
    scale_json_cursor cursor;
    scale_status status = scale_json_pick(text, names, 4, picked, NULL);
    if (!good || scale_json_type_of(text) != SCALE_JSON_TYPE_OBJECT) return;
    MUST(status == SCALE_OK);
    scale_json_cursor_init(&cursor, text, NULL);
    while (scale_json_cursor_next(&cursor, &key, &value, NULL) == 1) {
        for (int i = 0; i < 4; i++)
            if (scale_json_string_equals(key, names[i].data, names[i].size)) stepped[i] = value;
    }
    for (int i = 0; i < 4; i++) MUST(picked[i].data == stepped[i].data && picked[i].size == stepped[i].size);
}

/* A page of the text twice: finding a field in it is finding it in the text. */
static void try_page(scale_slice text) {
    static const scale_slice names[] = {{"a", 1}, {"", 0}, {"\"", 1}, {"b", 1}};
    static const char head[] = "{\"docs\":[", tail[] = "],\"x\":1}";
    char *bytes = malloc(2 * text.size + sizeof head + sizeof tail + 1);
    size_t size = (size_t)sprintf(bytes, "%s", head);
    memcpy(bytes + size, text.data, text.size);
    size += text.size;
    bytes[size++] = ',';
    memcpy(bytes + size, text.data, text.size);
    size += text.size;
    size += (size_t)sprintf(bytes + size, "%s", tail);
    scale_json_page *page, *checked;
    bool cut = scale_json_page_new(&page, (scale_slice){bytes, size}, "docs", false, NULL) == SCALE_OK;
    bool good = scale_json_page_new(&checked, (scale_slice){bytes, size}, "docs", true, NULL) == SCALE_OK;
    MUST(cut || !good);
    for (ptrdiff_t i = 0; good && i < scale_json_page_count(checked); i++)
        MUST(scale_json_check(scale_json_page_document(checked, (size_t)i), NULL, NULL) == SCALE_OK);
    for (ptrdiff_t i = 0; cut && i < scale_json_page_count(page); i++) {
        scale_slice document = scale_json_page_document(page, (size_t)i), one, other;
        for (int n = 0; n < 4; n++) {
            scale_status status = scale_json_find(document, names[n].data, names[n].size, &one, NULL);
            MUST(scale_json_page_find(page, (size_t)i, names[n].data, names[n].size, &other, NULL) == status);
            MUST(status != SCALE_OK || (one.data == other.data && one.size == other.size));
        }
    }
    scale_json_page_free(page);
    scale_json_page_free(checked);
    free(bytes);
}

/* The first level: what a good text gives, and that a name finds its last value. */
static void try_members(scale_slice text, bool good) {
    scale_json_cursor cursor;
    scale_slice key, value, last;
    int more;
    if (scale_json_cursor_init(&cursor, text, NULL) != SCALE_OK) return;
    while ((more = scale_json_cursor_next(&cursor, &key, &value, NULL)) == 1) {
        MUST(is_within(value, text));
        if (good) MUST(scale_json_check(value, NULL, NULL) == SCALE_OK);
        if (key.data == NULL) continue;
        char *name = malloc(key.size);
        size_t size;
        if (scale_json_string(key, name, &size, NULL) == SCALE_OK && scale_json_get(text, name, size, &last))
            MUST(last.data >= value.data);
        free(name);
    }
    if (good) MUST(more == 0);
}

static void try_text(scale_slice text) {
    scale_error error = SCALE_ERROR_INIT, outline_error = SCALE_ERROR_INIT;
    scale_json_writer *writer = scale_json_writer_new();
    scale_json_token last;
    scale_slice written;
    bool good = scale_json_check(text, NULL, &error) == SCALE_OK;
    bool outline = scale_json_outline(text, &outline_error) == SCALE_OK;
    MUST(good == (error.kind == SCALE_NONE) && (good || error.kind == SCALE_BAD_JSON));
    MUST(outline || !good);
    bool whole = rewrite(text, writer, &last);
    MUST((last == SCALE_JSON_TOKEN_END) == good);
    if (good && whole) {
        MUST(scale_json_writer_text(writer, &written, NULL) == SCALE_OK);
        compare_with_rewritten(text, written);
    }
    try_members(text, good);
    try_picking(text, good);
    try_page(text);
    scale_json_writer_free(writer);
}

/* The outline in both ways, from every bracket on. */
static void try_outlines(scale_slice text) {
    const char *end = text.data + text.size;
    for (const char *at = text.data; at < end && at < text.data + 64; at++) {
        if (*at != '{' && *at != '[') continue;
        scale__json_fault quick = {NULL, NULL}, plain = {NULL, NULL};
        const char *one = scale__json_pass_brackets(at, end, &quick);
        MUST(one == scale__json_pass_brackets_plainly(at, end, &plain));
        MUST(quick.at == plain.at && quick.why == plain.why);
        MUST(scale__json_pass_checked(at, end, 20, &quick) ==
             scale__json_pass_checked_plainly(at, end, 20, &plain));
    }
}

/* Two texts, cut at the first byte that none of them can hold. */
static void try_pair(scale_slice text) {
    const char *cut = memchr(text.data, 0xFF, text.size);
    bool covers;
    if (cut == NULL) return;
    size_t size = (size_t)(cut - text.data);
    scale_slice found = {text.data, size}, sent = {cut + 1, text.size - size - 1}, key;
    scale_json_covers(&covers, &key, found, sent, NULL, NULL);
    if (covers && scale_json_check(found, NULL, NULL) == SCALE_OK)
        MUST(scale_json_covers(&covers, NULL, found, found, NULL, NULL) == SCALE_OK && covers);
    try_text(sent);
    try_text(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL) return 0;
    if (size > 0) memcpy(copy, data, size);
    scale_slice text = {copy, size};
    try_text(text);
    try_outlines(text);
    try_pair(text);
    free(copy);
    return 0;
}
