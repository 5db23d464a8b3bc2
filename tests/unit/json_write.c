/* json_write.c - the writer: exact, never anything but JSON, and mistakes are told. */
#include <math.h>

#include "check.h"
#include "json_text.h"

static scale_json_writer *w;
static scale_error error;

/* The text, or the message; the writer begins anew. */
static const char *text(void) {
    static char copy[8192];
    scale_slice slice;
    error = (scale_error)SCALE_ERROR_INIT;
    bool good = scale_json_writer_text(w, &slice, &error) == SCALE_OK;
    if (good && scale_json_check(slice, NULL, NULL) != SCALE_OK) return "what was written is not JSON";
    if (good && slice.data[slice.size] != '\0') return "no NUL behind the text";
    snprintf(copy, sizeof copy, "%s", good ? slice.data : error.message);
    scale_json_writer_empty(w);
    return copy;
}

static void string(const char *bytes) {
    scale_json_write_string(w, bytes, strlen(bytes));
}

static void key(const char *name) {
    scale_json_write_key(w, name, strlen(name));
}

static void values_are_written_without_white_space(void) {
    scale_json_write_object(w);
    key("a");
    scale_json_write_array(w);
    scale_json_write_integer(w, 1);
    scale_json_write_number(w, 10.0);
    scale_json_write_boolean(w, true);
    scale_json_write_boolean(w, false);
    scale_json_write_null(w);
    string("x");
    scale_json_write_array(w);
    scale_json_write_end(w);
    scale_json_write_end(w);
    key("b");
    scale_json_write_object(w);
    scale_json_write_end(w);
    key("c");
    scale_json_write_object(w);
    key("d");
    scale_json_write_raw(w, (scale_slice){" [1, 2]\n", 8});
    key("");
    scale_json_write_checked(w, (scale_slice){"{}", 2});
    scale_json_write_end(w);
    CHECK(scale_json_write_end(w));
    CHECK_TEXT(text(), "{\"a\":[1,10.0,true,false,null,\"x\",[]],\"b\":{},\"c\":{\"d\": [1, 2]\n,\"\":{}}}");
}

static void every_integer_is_written(void) {
    static const int64_t values[] = {0, -1, 9, 10, -10, 1623966396359000123, INT64_MAX, INT64_MIN};
    scale_json_write_array(w);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) scale_json_write_integer(w, values[i]);
    scale_json_write_end(w);
    CHECK_TEXT(text(), "[0,-1,9,10,-10,1623966396359000123,9223372036854775807,-9223372036854775808]");
}

static void every_byte_of_a_string_is_written(void) {
    char bytes[128], decoded[512];
    scale_slice slice;
    size_t size;
    for (int i = 0; i < 128; i++) bytes[i] = (char)i;
    CHECK(scale_json_write_string(w, bytes, sizeof bytes));
    CHECK_INT(scale_json_writer_text(w, &slice, NULL), SCALE_OK);
    CHECK_INT(scale_json_string(slice, decoded, &size, NULL), SCALE_OK);
    CHECK(size == sizeof bytes && memcmp(decoded, bytes, size) == 0);
    scale_json_writer_empty(w);
    scale_json_write_string(w, "\"\\/\b\f\n\r\t\v\0\x1F", 11);
    CHECK_TEXT(text(), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u000b\\u0000\\u001f\"");
}

/* A special byte at every place of strings of every length. */
static void specials_are_seen_everywhere(void) {
    static const char specials[] = {'"', '\\', '\n', '\0', '\x1F'};
    char bytes[48], decoded[512];
    scale_slice slice;
    size_t length;
    for (size_t size = 1; size <= sizeof bytes; size++) {
        for (size_t i = 0; i < size * sizeof specials; i++) {
            memset(bytes, 'x', sizeof bytes);
            bytes[i / sizeof specials] = specials[i % sizeof specials];
            scale_slice exact = text_of(bytes, size);
            scale_json_writer_empty(w);
            scale_json_write_string(w, exact.data, size);
            CHECK_INT(scale_json_writer_text(w, &slice, NULL), SCALE_OK);
            CHECK_INT(scale_json_string(slice, decoded, &length, NULL), SCALE_OK);
            CHECK(length == size && memcmp(decoded, bytes, size) == 0);
            text_free(exact);
        }
    }
    scale_json_writer_empty(w);
}

static void utf8_is_written_as_it_is(void) {
    string("Gr\xC3\xB6\xC3\x9F"
           "e \xE6\xBC\xA2\xE5\xAD\x97 \xF0\x9F\x98\x80\n");
    CHECK_TEXT(text(), "\"Gr\xC3\xB6\xC3\x9F"
                       "e \xE6\xBC\xA2\xE5\xAD\x97 \xF0\x9F\x98\x80\\n\"");
}

static void what_is_not_utf8_is_a_mistake(void) {
    static const char *const bad[] = {"\xFF", "abc\xC3", "0123456789abcdef\xED\xA0\x80", "\xC0\x80",
                                      "\xF4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        string(bad[i]);
        CHECK_TEXT(text(), "text that is not UTF-8");
        CHECK_INT(error.kind, SCALE_USAGE);
        scale_json_write_object(w);
        key(bad[i]);
        CHECK_TEXT(text(), "text that is not UTF-8");
    }
}

static void what_is_not_finite_is_a_mistake(void) {
    scale_json_write_number(w, (double)NAN);
    CHECK_TEXT(text(), "a number that is not finite");
    scale_json_write_number(w, (double)-INFINITY);
    CHECK_TEXT(text(), "a number that is not finite");
}

static void values_out_of_place_are_mistakes(void) {
    CHECK_TEXT(text(), "a value that is not finished");
    scale_json_write_array(w);
    CHECK_TEXT(text(), "a value that is not finished");
    scale_json_write_end(w);
    CHECK_TEXT(text(), "a bracket closed where none can be");
    scale_json_write_null(w);
    scale_json_write_null(w);
    CHECK_TEXT(text(), "a second value where one ends the text");
    scale_json_write_object(w);
    scale_json_write_null(w);
    CHECK_TEXT(text(), "a value without a name in an object");
    scale_json_write_object(w);
    key("a");
    scale_json_write_null(w);
    scale_json_write_null(w);
    CHECK_TEXT(text(), "a value without a name in an object");
    scale_json_write_object(w);
    key("a");
    scale_json_write_end(w);
    CHECK_TEXT(text(), "a bracket closed where none can be");
    scale_json_write_object(w);
    key("a");
    key("b");
    CHECK_TEXT(text(), "a name where none can be");
    scale_json_write_array(w);
    key("a");
    CHECK_TEXT(text(), "a name where none can be");
    key("a");
    CHECK_TEXT(text(), "a name where none can be");
}

static void raw_text_is_checked(void) {
    scale_json_write_array(w);
    CHECK(!scale_json_write_raw(w, (scale_slice){"[1,]", 4}));
    CHECK(!scale_json_write_end(w));
    CHECK_TEXT(text(), "not JSON at byte 4: a value was expected");
    CHECK_INT(error.kind, SCALE_BAD_JSON);
}

static void the_first_mistake_is_kept(void) {
    scale_json_write_number(w, (double)NAN);
    CHECK(!scale_json_write_null(w));
    CHECK(!scale_json_write_array(w));
    CHECK(!scale_json_write_object(w));
    CHECK(!scale_json_write_key(w, "a", 1));
    CHECK(!scale_json_write_raw(w, (scale_slice){"1", 1}));
    CHECK(!scale_json_write_end(w));
    string("\xFF");
    CHECK_TEXT(text(), "a number that is not finite");
    scale_json_write_null(w);
    CHECK_TEXT(text(), "null");
}

static void depth_is_bounded(void) {
    for (int i = 0; i < SCALE_JSON_MOST_DEPTH; i++) CHECK(scale_json_write_array(w));
    for (int i = 0; i < SCALE_JSON_MOST_DEPTH; i++) CHECK(scale_json_write_end(w));
    scale_slice slice;
    CHECK_INT(scale_json_writer_text(w, &slice, NULL), SCALE_OK);
    CHECK_INT(slice.size, 2 * SCALE_JSON_MOST_DEPTH);
    scale_json_writer_empty(w);
    for (int i = 0; i < SCALE_JSON_MOST_DEPTH; i++) scale_json_write_array(w);
    CHECK(!scale_json_write_object(w));
    CHECK_TEXT(text(), "too many brackets open at once");
}

int main(void) {
    w = scale_json_writer_new();
    RUN(values_are_written_without_white_space);
    RUN(every_integer_is_written);
    RUN(every_byte_of_a_string_is_written);
    RUN(specials_are_seen_everywhere);
    RUN(utf8_is_written_as_it_is);
    RUN(what_is_not_utf8_is_a_mistake);
    RUN(what_is_not_finite_is_a_mistake);
    RUN(values_out_of_place_are_mistakes);
    RUN(raw_text_is_checked);
    RUN(the_first_mistake_is_kept);
    RUN(depth_is_bounded);
    scale_json_writer_free(w);
    scale_json_writer_free(NULL);
    return RESULT();
}
