/* json_scan.c - reading texts: where errors are, how deep is too deep, what tokens come, and that the
** quick outline is the plain one. */
#include "check.h"
#include "json_text.h"
#include "json/scan.h"

static const char *problem(const char *text) {
    return text_problem(text, strlen(text));
}

static void errors_name_the_byte(void) {
    CHECK_TEXT(problem(""), "not JSON at byte 1: the text ends too early");
    CHECK_TEXT(problem("  "), "not JSON at byte 3: the text ends too early");
    CHECK_TEXT(problem("{\"a\":1,}"), "not JSON at byte 8: a name in quotes was expected");
    CHECK_TEXT(problem("{\"a\" 1}"), "not JSON at byte 6: a colon was expected");
    CHECK_TEXT(problem("{\"a\":1 \"b\":2}"), "not JSON at byte 8: a comma or } was expected");
    CHECK_TEXT(problem("[1 2]"), "not JSON at byte 4: a comma or ] was expected");
    CHECK_TEXT(problem("[1,]"), "not JSON at byte 4: a value was expected");
    CHECK_TEXT(problem("[1}"), "not JSON at byte 3: a comma or ] was expected");
    CHECK_TEXT(problem("{} {}"), "not JSON at byte 4: something stands behind the value");
    CHECK_TEXT(problem("[1,tru"), "not JSON at byte 7: the text ends too early");
    CHECK_TEXT(problem("nul1"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(problem("NaN"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(problem("'a'"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(problem("\xEF\xBB\xBF{}"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(text_problem("[1]\0", 4), "not JSON at byte 4: something stands behind the value");
}

static void errors_in_numbers_name_the_byte(void) {
    CHECK_TEXT(problem("-"), "not JSON at byte 2: the text ends too early");
    CHECK_TEXT(problem("-x"), "not JSON at byte 2: a digit was expected");
    CHECK_TEXT(problem("01"), "not JSON at byte 1: a number must not begin with 0 and a digit");
    CHECK_TEXT(problem("[-012]"), "not JSON at byte 3: a number must not begin with 0 and a digit");
    CHECK_TEXT(problem("1."), "not JSON at byte 3: the text ends too early");
    CHECK_TEXT(problem("[1.]"), "not JSON at byte 4: a digit was expected");
    CHECK_TEXT(problem("[1e+]"), "not JSON at byte 5: a digit was expected");
    CHECK_TEXT(problem("+1"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(problem(".5"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(problem("0x10"), "not JSON at byte 2: something stands behind the value");
}

static void errors_in_strings_name_the_byte(void) {
    CHECK_TEXT(problem("\"abc"), "not JSON at byte 5: the text ends inside a string");
    CHECK_TEXT(problem("\"a\\"), "not JSON at byte 4: the text ends too early");
    CHECK_TEXT(problem("\"a\\x\""), "not JSON at byte 3: an escape that JSON does not have");
    CHECK_TEXT(text_problem("\"\\\0\"", 4), "not JSON at byte 2: an escape that JSON does not have");
    CHECK_TEXT(problem("\"\\u12G4\""), "not JSON at byte 2: \\u needs four hexadecimal digits");
    CHECK_TEXT(problem("\"\\u12"), "not JSON at byte 6: the text ends too early");
    CHECK_TEXT(problem("\"a\nb\""), "not JSON at byte 3: a control character in a string");
    CHECK_TEXT(text_problem("\"a\0b\"", 5), "not JSON at byte 3: a control character in a string");
    CHECK_TEXT(problem("\"a\x7F\""), "");
    CHECK_TEXT(problem("\"0123456789abcdef0123456789abcdef\n\""),
               "not JSON at byte 34: a control character in a string");
}

static void bytes_that_are_not_utf8_are_refused(void) {
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC3",
                                      "\xC3(",
                                      "\xE0\x9F\xBF",
                                      "\xE2\x82",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF0\x9F\x98",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFE",
                                      "\xFF"};
    static const char *const good[] = {"\xC2\x80",         "\xDF\xBF",        "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",     "\xEE\x80\x80",    "\xEF\xBF\xBF",
                                       "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    char text[64];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "\"ab%s\"", bad[i]);
        CHECK_TEXT(problem(text), "not JSON at byte 4: bytes that are not UTF-8");
        snprintf(text, sizeof text, "\"0123456789abcdef\xC3\xA9%s0123456789abcdef\"", bad[i]);
        CHECK_TEXT(problem(text), "not JSON at byte 20: bytes that are not UTF-8");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "\"ab%s0123456789abcdef%s\"", good[i], good[i]);
        CHECK_TEXT(problem(text), "");
    }
}

static void lone_surrogates_are_within_the_grammar(void) {
    CHECK_TEXT(problem("\"\\ud800\""), "");
    CHECK_TEXT(problem("[\"\\udc00\\ud800x\"]"), "");
}

/* ======================================================================= depth */

static scale_status check_depth(const char *open, size_t count, const char *close, size_t max_depth) {
    scale_json_limits limits = SCALE_JSON_LIMITS_INIT;
    scale_slice left = text_repeat(open, count), right = text_repeat(close, count);
    scale_slice text = text_repeat("x", left.size + right.size);
    memcpy((char *)text.data, left.data, left.size);
    memcpy((char *)text.data + left.size, right.data, right.size);
    if (max_depth > 0) limits.max_depth = max_depth;
    scale_status status = scale_json_check(text, max_depth > 0 ? &limits : NULL, NULL);
    if (max_depth == 0 && scale_json_outline(text, NULL) != status) check_report("", 0, "outline", "", "");
    text_free(left);
    text_free(right);
    text_free(text);
    return status;
}

static void depth_is_bounded(void) {
    CHECK_INT(check_depth("[", 512, "]", 0), SCALE_OK);
    CHECK_INT(check_depth("[", 513, "]", 0), SCALE_ERROR);
    CHECK_INT(check_depth("[{\"a\":[", 170, "]}]", 0), SCALE_OK);
    CHECK_INT(check_depth("[{\"a\":[", 171, "]}]", 0), SCALE_ERROR);
    CHECK_INT(check_depth("[", 3, "]", 3), SCALE_OK);
    CHECK_INT(check_depth("[", 4, "]", 3), SCALE_ERROR);
    CHECK_INT(check_depth("[", 1024, "]", 1024), SCALE_OK);
    CHECK_INT(check_depth("[", 1025, "]", 100000), SCALE_ERROR);
    CHECK_INT(check_depth("[", 100000, "]", 0), SCALE_ERROR);
}

static void deep_openings_are_refused_where_they_go_too_deep(void) {
    scale_error error = SCALE_ERROR_INIT;
    scale_slice text = text_repeat("[", 100000);
    CHECK_INT(scale_json_check(text, NULL, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "not JSON at byte 513: too many brackets are open at once");
    error = (scale_error)SCALE_ERROR_INIT;
    CHECK_INT(scale_json_outline(text, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "not JSON at byte 513: too many brackets are open at once");
    text_free(text);
}

/* ==================================================================== outlines */

static const char *outline_problem(const char *bytes) {
    static scale_error error;
    scale_slice text = text_of(bytes, strlen(bytes));
    error = (scale_error)SCALE_ERROR_INIT;
    scale_json_outline(text, &error);
    text_free(text);
    return error.message;
}

static void an_outline_is_quotes_and_brackets(void) {
    CHECK_TEXT(outline_problem(" {\"a\":[1,\"]}\\\"\",{}]}\n"), "");
    CHECK_TEXT(outline_problem("{garbage between brackets [,,]}"), "");
    CHECK_TEXT(outline_problem("\"a\\\"\""), "");
    CHECK_TEXT(outline_problem("-12.5e3 "), "");
    CHECK_TEXT(outline_problem(""), "not JSON at byte 1: the text ends too early");
    CHECK_TEXT(outline_problem("<html>"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(outline_problem("]"), "not JSON at byte 1: a value was expected");
    CHECK_TEXT(outline_problem("{\"a\":1"), "not JSON at byte 7: the text ends too early");
    CHECK_TEXT(outline_problem("{\"a\":\"1}"), "not JSON at byte 9: the text ends inside a string");
    CHECK_TEXT(outline_problem("[{]}"), "not JSON at byte 3: a bracket that closes another kind");
    CHECK_TEXT(outline_problem("[\\\"]"), "not JSON at byte 2: a backslash outside of strings");
    CHECK_TEXT(outline_problem("{} x"), "not JSON at byte 4: something stands behind the value");
    CHECK_TEXT(outline_problem("trua"), "not JSON at byte 1: a value was expected");
}

/* Texts of the bytes that matter, so that most of what can go wrong does. */
static void the_quick_outline_is_the_plain_one(void) {
    static const char bytes[] = "{}[]\"\"\"\\\\ a1,";
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 60000; round++) {
        char made[300];
        size_t size = (size_t)(random % 299) + 1;
        for (size_t i = 0; i < size; i++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            bool calm = round % 3 == 0 && random % 8 != 0;
            made[i] = calm ? 'x' : bytes[random / 16 % (sizeof bytes - 1)];
        }
        made[0] = round % 2 == 0 ? '[' : '{';
        scale_slice text = text_of(made, size);
        scale__json_fault quick = {NULL, NULL}, plain = {NULL, NULL};
        const char *end = text.data + size;
        const char *one = scale__json_pass_brackets(text.data, end, &quick);
        const char *other = scale__json_pass_brackets_plainly(text.data, end, &plain);
        CHECK(one == other && quick.at == plain.at);
        CHECK(one != NULL || strcmp(quick.why, plain.why) == 0);
        text_free(text);
    }
}

/* A quote, a backslash and brackets around every border of 64 bytes. */
static void outlines_hold_at_every_place(void) {
    for (size_t pad = 0; pad < 200; pad++) {
        scale_slice spaces = text_repeat(" ", pad);
        char made[500];
        int size = snprintf(made, sizeof made, "[%.*s\"\\\\\\\"]\",\"%.*s]\\\\\"]", (int)pad, spaces.data,
                            (int)pad, spaces.data);
        scale_slice text = text_of(made, (size_t)size);
        CHECK_INT(scale_json_outline(text, NULL), SCALE_OK);
        text.size--;
        CHECK_INT(scale_json_outline(text, NULL), SCALE_ERROR);
        text_free(text);
        text_free(spaces);
    }
}

/* ====================================================================== tokens */

static void tokens_come_in_order(void) {
    static const struct {
        scale_json_token token;
        const char *text;
    } expected[] = {
        {SCALE_JSON_TOKEN_OBJECT, "{"},     {SCALE_JSON_TOKEN_KEY, "\"a\""},
        {SCALE_JSON_TOKEN_ARRAY, "["},      {SCALE_JSON_TOKEN_NUMBER, "-1.5e3"},
        {SCALE_JSON_TOKEN_TRUE, "true"},    {SCALE_JSON_TOKEN_FALSE, "false"},
        {SCALE_JSON_TOKEN_NULL, "null"},    {SCALE_JSON_TOKEN_ARRAY, "["},
        {SCALE_JSON_TOKEN_ARRAY_END, "]"},  {SCALE_JSON_TOKEN_ARRAY_END, "]"},
        {SCALE_JSON_TOKEN_KEY, "\"b\\n\""}, {SCALE_JSON_TOKEN_STRING, "\"x\""},
        {SCALE_JSON_TOKEN_KEY, "\"c\""},    {SCALE_JSON_TOKEN_OBJECT, "{"},
        {SCALE_JSON_TOKEN_OBJECT_END, "}"}, {SCALE_JSON_TOKEN_OBJECT_END, "}"},
    };
    static const char bytes[] =
        " { \"a\" : [ -1.5e3 , true,false , null,[ ] ],\"b\\n\":\"x\", \"c\":{ }}\r\n";
    scale_slice text = text_of(bytes, sizeof bytes - 1), part;
    scale_json_reader reader;
    scale_json_reader_init(&reader, text, NULL);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        CHECK_INT(scale_json_reader_next(&reader, &part), expected[i].token);
        CHECK(text_is(part, expected[i].text));
        if (i == 1 || i == 11) CHECK(reader.plain);
        if (i == 10) CHECK(!reader.plain && scale_json_reader_in_object(&reader));
        if (i == 3) CHECK(reader.depth == 2 && !scale_json_reader_in_object(&reader));
    }
    CHECK_INT(scale_json_reader_next(&reader, &part), SCALE_JSON_TOKEN_END);
    CHECK_INT(scale_json_reader_next(&reader, NULL), SCALE_JSON_TOKEN_END);
    text_free(text);
}

static void an_error_stays(void) {
    scale_error error = SCALE_ERROR_INIT;
    scale_json_reader reader;
    scale_json_reader_init(&reader, (scale_slice){"[1,x]", 5}, NULL);
    CHECK_INT(scale_json_reader_next(&reader, NULL), SCALE_JSON_TOKEN_ARRAY);
    CHECK_INT(scale_json_reader_next(&reader, NULL), SCALE_JSON_TOKEN_NUMBER);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(scale_json_reader_next(&reader, NULL), SCALE_JSON_TOKEN_ERROR);
        CHECK_INT(scale_json_reader_position(&reader), 4);
    }
    CHECK_INT(scale_json_reader_fail(&reader, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "not JSON at byte 4: a value was expected");
}

static void a_slice_without_data_is_empty(void) {
    scale_slice nothing = {NULL, 0}, value;
    scale_json_number number;
    CHECK_INT(scale_json_check(nothing, NULL, NULL), SCALE_ERROR);
    CHECK_INT(scale_json_outline(nothing, NULL), SCALE_ERROR);
    CHECK_INT(scale_json_type_of(nothing), SCALE_JSON_TYPE_NONE);
    CHECK(!scale_json_get(nothing, "a", 1, &value));
    CHECK(!scale_json_number_read(nothing, &number));
    CHECK(!scale_json_string_equals(nothing, "", 0));
}

static void megabytes_are_read(void) {
    scale_slice letters = text_repeat("a\xC3\xA9\\n", 1 << 20), text = text_repeat("\"", letters.size + 2);
    memcpy((char *)text.data + 1, letters.data, letters.size);
    CHECK_INT(scale_json_check(text, NULL, NULL), SCALE_OK);
    text.size--;
    CHECK_INT(scale_json_check(text, NULL, NULL), SCALE_ERROR);
    text_free(letters);
    text_free(text);
}

static void types_are_told_by_the_first_byte(void) {
    static const char *const texts[] = {"", " {}", "\n[]", "\"\"", "-1", "true", "null"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK_INT(scale_json_type_of((scale_slice){texts[i], strlen(texts[i])}), i);
    CHECK_INT(scale_json_type_of((scale_slice){"x", 1}), SCALE_JSON_TYPE_NONE);
}

int main(void) {
    RUN(errors_name_the_byte);
    RUN(errors_in_numbers_name_the_byte);
    RUN(errors_in_strings_name_the_byte);
    RUN(bytes_that_are_not_utf8_are_refused);
    RUN(lone_surrogates_are_within_the_grammar);
    RUN(depth_is_bounded);
    RUN(deep_openings_are_refused_where_they_go_too_deep);
    RUN(an_outline_is_quotes_and_brackets);
    RUN(the_quick_outline_is_the_plain_one);
    RUN(outlines_hold_at_every_place);
    RUN(tokens_come_in_order);
    RUN(an_error_stays);
    RUN(a_slice_without_data_is_empty);
    RUN(megabytes_are_read);
    RUN(types_are_told_by_the_first_byte);
    return RESULT();
}
