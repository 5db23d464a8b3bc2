/* json_value.c - strings and numbers: from their spelling to values and back, exactly. */
#include <locale.h>
#include <math.h>

#include "check.h"
#include "json_text.h"
#include "json/scan.h"

/* ===================================================================== strings */

/* The decoded string with NULs shown as '0', or the message. */
static const char *decoded(const char *bytes) {
    static char room[2048];
    static scale_error error;
    size_t size = 0;
    scale_slice text = text_of(bytes, strlen(bytes));
    char *exact = malloc(text.size + 1);
    error = (scale_error)SCALE_ERROR_INIT;
    scale_status status = scale_json_string(text, exact, &size, &error);
    if (status == SCALE_OK) memcpy(room, exact, size);
    for (size_t i = 0; i < size; i++)
        if (room[i] == '\0') room[i] = '0';
    room[size] = '\0';
    free(exact);
    text_free(text);
    return status == SCALE_OK ? room : error.message;
}

static void escapes_are_decoded(void) {
    CHECK_TEXT(decoded("\"\""), "");
    CHECK_TEXT(decoded("\"plain\""), "plain");
    CHECK_TEXT(decoded("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\b\f\n\r\t");
    CHECK_TEXT(decoded("\"a\\u0041\\u00e9\\u00E9\\u20ac\\uFFFF\""),
               "aA\xC3\xA9\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF");
    CHECK_TEXT(decoded("\"\\n1234\\\\u0041\\tbeef\""), "\n1234\\u0041\tbeef");
    CHECK_TEXT(decoded("\"\\u0000x\\u007f\\u0080\\u07ff\\u0800\""), "0x\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80");
}

static void surrogates_pair_up(void) {
    CHECK_TEXT(decoded("\"\\ud83d\\ude00\""), "\xF0\x9F\x98\x80");
    CHECK_TEXT(decoded("\"\\ud7ff\\ue000\""), "\xED\x9F\xBF\xEE\x80\x80");
    CHECK_TEXT(decoded("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
}

static void a_lone_surrogate_cannot_be_decoded(void) {
    CHECK_TEXT(decoded("\"ab\\ud800\""), "not JSON at byte 4: a lone surrogate, which UTF-8 cannot hold");
    CHECK_TEXT(decoded("\"\\udfff\""), "not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold");
    CHECK_TEXT(decoded("\"\\udbff\""), "not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold");
    CHECK_TEXT(decoded("\"\\udc00\""), "not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold");
    CHECK_TEXT(decoded("\"\\ud800x\""), "not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold");
    CHECK_TEXT(decoded("\"\\ud83d\\nde00\""),
               "not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold");
    CHECK_TEXT(decoded("\"\\ud800\\n\""), "not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold");
    CHECK_TEXT(decoded("\"\\ud800\\ud800\\udc00\""),
               "not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold");
}

static void what_is_no_string_is_refused(void) {
    CHECK_TEXT(decoded(""), "not JSON at byte 1: a string was expected");
    CHECK_TEXT(decoded("12"), "not JSON at byte 1: a string was expected");
    CHECK_TEXT(decoded("\""), "not JSON at byte 2: the text ends inside a string");
    CHECK_TEXT(decoded("\"a\\\""), "not JSON at byte 5: the text ends inside a string");
    CHECK_TEXT(decoded("\"a\"x"), "not JSON at byte 4: something stands behind the string");
    CHECK_TEXT(decoded("\"\xFF\""), "not JSON at byte 2: bytes that are not UTF-8");
}

static void what_a_reader_read_is_decoded(void) {
    scale_slice text = text_of("[\"a\\n\",\"x\\ud800\"]", 17), part;
    scale_json_reader reader;
    char room[16];
    size_t size;
    scale_json_reader_init(&reader, text, NULL);
    scale_json_reader_next(&reader, NULL);
    CHECK_INT(scale_json_reader_next(&reader, &part), SCALE_JSON_TOKEN_STRING);
    CHECK(scale_json_reader_string(&reader, part, room, &size) && size == 2 && memcmp(room, "a\n", 2) == 0);
    CHECK_INT(scale_json_reader_next(&reader, &part), SCALE_JSON_TOKEN_STRING);
    CHECK(!scale_json_reader_string(&reader, part, room, &size));
    CHECK_INT(scale_json_reader_position(&reader), 10);
    CHECK_TEXT(reader.problem, "a lone surrogate, which UTF-8 cannot hold");
    CHECK_INT(scale_json_reader_next(&reader, &part), SCALE_JSON_TOKEN_ERROR);
    text_free(text);
}

static bool equals(const char *bytes, const char *text, size_t size) {
    scale_slice value = text_of(bytes, strlen(bytes));
    bool equal = scale_json_string_equals(value, text, size);
    text_free(value);
    return equal;
}

static void strings_are_compared_decoded(void) {
    CHECK(equals("\"status\"", "status", 6));
    CHECK(equals("\"st\\u0061tus\"", "status", 6));
    CHECK(equals("\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80", 4));
    CHECK(equals("\"a\\u0000b\"", "a\0b", 3));
    CHECK(equals("\"\"", "", 0));
    CHECK(!equals("\"status\"", "statu", 5));
    CHECK(!equals("\"status\"", "statusx", 7));
    CHECK(!equals("\"st\\u0061tu\"", "status", 6));
    CHECK(!equals("\"st\\u0061tusx\"", "status", 6));
    CHECK(!equals("\"a\\qb\"", "aqb", 3));
    CHECK(!equals("\"\\ud800\"", "\xF0\x9F\x98\x80", 4));
    CHECK(!equals("12", "1", 1));
}

/* ===================================================================== numbers */

static scale_json_number number(const char *bytes) {
    scale_json_number result = {SCALE_JSON_LONG, -1, -1};
    scale_slice text = text_of(bytes, strlen(bytes));
    if (!scale_json_number_read(text, &result)) result.integer = -2;
    text_free(text);
    return result;
}

static void check_integer(const char *text, int64_t expected) {
    scale_json_number n = number(text);
    if (n.kind != SCALE_JSON_INTEGER || n.integer != expected) check_report(text, 0, "integer", "", text);
}

static void check_double(const char *text, double expected) {
    scale_json_number n = number(text);
    bool same = n.real == expected && signbit(n.real) == signbit(expected);
    if (n.kind != SCALE_JSON_DOUBLE || !same) check_report(text, 0, "double", "", text);
}

static void integers_are_whole(void) {
    check_integer("0", 0);
    check_integer("-1", -1);
    check_integer("1623966396359000123", 1623966396359000123);
    check_integer("9223372036854775807", INT64_MAX);
    check_integer("-9223372036854775808", INT64_MIN);
}

static void doubles_are_the_nearest(void) {
    check_double("-0", -0.0);
    check_double("-0.0", -0.0);
    check_double("0e99999", 0.0);
    check_double("10.0", 10.0);
    check_double("1E2", 100.0);
    check_double("12345.678901234567", 12345.678901234567);
    check_double("0.1", 0.1);
    check_double("1e22", 1e22);
    check_double("1e23", 1e23);
    check_double("9007199254740993.0", 9007199254740992.0); /* a tie, to even */
    check_double("9007199254740995.0", 9007199254740996.0);
    check_double("9007199254740993.00000000000000000000000000001", 9007199254740994.0);
    check_double("1.7976931348623157e308", 1.7976931348623157e308);
    check_double("2.2250738585072014e-308", 2.2250738585072014e-308);
    check_double("4.9e-324", 4.9406564584124654e-324);
    check_double("2.2250738585072011e-308", 2.2250738585072011e-308);
    check_double("0.000000000000000000000000000000000000001", 1e-39);
    check_double("100000000000000000000000000000000000000.0", 1e38);
}

static void what_fits_neither_keeps_its_spelling(void) {
    CHECK_INT(number("9223372036854775808").kind, SCALE_JSON_LONG);
    CHECK_INT(number("-9223372036854775809").kind, SCALE_JSON_LONG);
    CHECK_INT(number("18446744073709551615").kind, SCALE_JSON_LONG);
    CHECK(number("18446744073709551616").real == 18446744073709551616.0);
    CHECK_INT(number("1e309").kind, SCALE_JSON_LONG);
    CHECK_INT(number("-1e99999999999999999999").kind, SCALE_JSON_LONG);
    CHECK_INT(number("1e-400").kind, SCALE_JSON_LONG);
    CHECK_INT(number("1e-99999999999999999999").kind, SCALE_JSON_LONG);
}

static void what_is_no_number_is_refused(void) {
    static const char *const texts[] = {"",    "-",   "+1", "01", "1.", ".1", "1e",
                                        "1e+", "0x1", "1 ", " 1", "1a", "inf"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) CHECK_INT(number(texts[i]).integer, -2);
}

/* 0.5 and then digits without end: the sum of all of them decides a tie. */
static void digits_without_end_are_read(void) {
    char text[5000];
    int size = snprintf(text, sizeof text, "9007199254740993.");
    memset(text + size, '0', 3000);
    text[size + 3000] = '\0';
    check_double(text, 9007199254740992.0);
    text[size + 2999] = '1';
    check_double(text, 9007199254740994.0);
    memset(text, '0', 4000);
    text[1] = '.';
    text[4000] = '1';
    text[4001] = '\0';
    CHECK_INT(number(text).kind, SCALE_JSON_LONG);
    strcat(text, "e4000");
    check_double(text, 10.0);
}

static const char *written(double value) {
    static char text[SCALE_JSON_NUMBER_SIZE + 1];
    text[scale_json_number_write(text, value)] = '\0';
    return text;
}

static void doubles_are_written_short(void) {
    CHECK_TEXT(written(0.0), "0.0");
    CHECK_TEXT(written(-0.0), "-0.0");
    CHECK_TEXT(written(10.0), "10.0");
    CHECK_TEXT(written(-1.5), "-1.5");
    CHECK_TEXT(written(0.1), "0.1");
    CHECK_TEXT(written(0.1 + 0.2), "0.30000000000000004");
    CHECK_TEXT(written(12345.678901234567), "12345.678901234567");
    CHECK_TEXT(written(1e15), "1000000000000000.0");
    CHECK_TEXT(written(9007199254740993.0), "9007199254740992.0");
    CHECK_TEXT(written(1e16), "1e+16");
    CHECK_TEXT(written(1e300), "1e+300");
    CHECK_TEXT(written(0.0001), "0.0001");
    CHECK_TEXT(written(0.00001), "0.00001");
    CHECK_TEXT(written(0.000001), "1e-6");
    CHECK_TEXT(written(1.25e-7), "1.25e-7");
    CHECK_TEXT(written(5e-324), "5e-324");
    CHECK_TEXT(written(2.2250738585072014e-308), "2.2250738585072014e-308");
    CHECK_TEXT(written(1.7976931348623157e308), "1.7976931348623157e+308");
    CHECK_TEXT(written(5.684341886080802e-14), "5.684341886080802e-14"); /* 2^-44: a digit above */
    CHECK_TEXT(written(9.5367431640625e-7), "9.5367431640625e-7");
    CHECK_INT(scale_json_number_write((char[SCALE_JSON_NUMBER_SIZE]){""}, (double)NAN), 0);
    CHECK_INT(scale_json_number_write((char[SCALE_JSON_NUMBER_SIZE]){""}, (double)-INFINITY), 0);
}

/* Against the C library, which is slow and right. */
static void check_round_trip(double value) {
    char text[SCALE_JSON_NUMBER_SIZE + 1], other[64];
    text[scale_json_number_write(text, value)] = '\0';
    int shortest = 1;
    while (snprintf(other, sizeof other, "%.*e", shortest - 1, value), strtod(other, NULL) != value)
        shortest++;
    size_t digits = 0;
    const char *first = text + strspn(text, "-0.");
    for (const char *at = first; *at != '\0' && *at != 'e'; at++)
        if (*at != '.') digits++;
    if (strchr(text, 'e') == NULL && strcmp(text + strlen(text) - 2, ".0") == 0) digits = 0;
    if (number(text).real != value || strtod(text, NULL) != value || digits > (size_t)shortest)
        check_report(text, 0, "round trip", text, other);
    snprintf(other, sizeof other, "%.20e", value);
    if (number(other).real != value) check_report(other, 0, "reading", text, other);
}

static void doubles_survive_a_round_trip(void) {
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 60000; i++) {
        double value;
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        if (i % 3 == 0)
            memcpy(&value, &random, sizeof value);
        else if (i % 3 == 1)
            value = (double)(random >> 40) / 1000.0;
        else
            value = ldexp((double)(random >> 11), -(int)(random % 64));
        if (isfinite(value) && value != 0) check_round_trip(value);
    }
    for (int power = -1074; power < 1024; power++) check_round_trip(ldexp(1.0, power));
}

static void locales_do_not_matter(void) {
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "pl_PL.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof commas / sizeof *commas && !found; i++)
        found = setlocale(LC_ALL, commas[i]) != NULL;
    check_double("1.5e300", 1.5e300);
    CHECK_TEXT(written(1.5e300), "1.5e+300");
    setlocale(LC_ALL, "C");
}

/* ================================================================== comparing */

static bool same(const char *one, const char *other) {
    return scale__json_number_equals((scale_slice){one, strlen(one)}, (scale_slice){other, strlen(other)}) &&
           scale__json_number_equals((scale_slice){other, strlen(other)}, (scale_slice){one, strlen(one)});
}

static void numbers_are_compared_by_value(void) {
    CHECK(same("10", "10.0"));
    CHECK(same("10", "1e1"));
    CHECK(same("0.5", "5E-1"));
    CHECK(same("0", "-0"));
    CHECK(same("0", "0.0e5"));
    CHECK(same("1e400", "10.00e399"));
    CHECK(same("18446744073709551616", "1.8446744073709551616e19"));
    CHECK(same("100000000000000000000", "1e20"));
    CHECK(!same("9007199254740993", "9007199254740992"));
    CHECK(!same("9007199254740993", "9007199254740992.0"));
    CHECK(!same("9223372036854775807", "9223372036854775808.0"));
    CHECK(!same("18446744073709551615", "18446744073709551616"));
    CHECK(!same("1e400", "-1e400"));
    CHECK(!same("1e400", "1e401"));
    CHECK(!same("1e-400", "0"));
    CHECK(!same("1", "2"));
    CHECK(!same("1", "x"));
}

int main(void) {
    RUN(escapes_are_decoded);
    RUN(surrogates_pair_up);
    RUN(a_lone_surrogate_cannot_be_decoded);
    RUN(what_is_no_string_is_refused);
    RUN(what_a_reader_read_is_decoded);
    RUN(strings_are_compared_decoded);
    RUN(integers_are_whole);
    RUN(doubles_are_the_nearest);
    RUN(what_fits_neither_keeps_its_spelling);
    RUN(what_is_no_number_is_refused);
    RUN(digits_without_end_are_read);
    RUN(doubles_are_written_short);
    RUN(doubles_survive_a_round_trip);
    RUN(locales_do_not_matter);
    RUN(numbers_are_compared_by_value);
    return RESULT();
}
