/* server_clock.c - the server's time from dates and what has passed, and whether a text is earlier. */
#include "server_clock.h"

#include "check.h"

#define MOMENT 1623966396 /* 2021-06-17T21:46:36Z */

static void test_tells_no_time_before_it_was_told_one(void) {
    scale__server_clock clock = {0, 0, false};
    int64_t time = 7;
    CHECK(!scale__server_clock_at(&clock, 1000, &time));
    CHECK(scale__server_clock_is_old(&clock, 0));
    scale__server_clock_set(&clock, -1, 1000);
    scale__server_clock_set(&clock, 0, 1000);
    scale__server_clock_set(&clock, INT64_MAX, 1000);
    CHECK(!scale__server_clock_at(&clock, 1000, &time));
    CHECK_INT(time, 7);
}

static void test_adds_what_has_passed(void) {
    scale__server_clock clock = {0, 0, false};
    int64_t time = 0;
    scale__server_clock_set(&clock, MOMENT, 5000);
    CHECK(scale__server_clock_at(&clock, 5000, &time));
    CHECK_INT(time, MOMENT * INT64_C(1000));
    CHECK(scale__server_clock_at(&clock, 7500, &time));
    CHECK_INT(time, MOMENT * INT64_C(1000) + 2500);
    CHECK(scale__server_clock_at(&clock, 1000, &time));
    CHECK_INT(time, MOMENT * INT64_C(1000) - 4000);
    CHECK(!scale__server_clock_is_old(&clock, 5999));
    CHECK(scale__server_clock_is_old(&clock, 6000));
}

static void test_keeps_what_it_knows_when_an_answer_has_no_date(void) {
    scale__server_clock clock = {0, 0, false};
    int64_t time = 0;
    scale__server_clock_set(&clock, MOMENT, 5000);
    scale__server_clock_set(&clock, -1, 9000);
    CHECK(scale__server_clock_at(&clock, 9000, &time));
    CHECK_INT(time, MOMENT * INT64_C(1000) + 4000);
    scale__server_clock_set(&clock, MOMENT - 3600, 9000);
    CHECK(scale__server_clock_at(&clock, 9000, &time));
    CHECK_INT(time, (MOMENT - 3600) * INT64_C(1000));
}

static bool is_before(const char *json, int64_t time) {
    return scale__server_clock_is_before((scale_slice){json, strlen(json)}, time);
}

static void test_compares_by_whole_seconds(void) {
    int64_t time = MOMENT * INT64_C(1000);
    CHECK(is_before("\"2021-06-17T21:46:35.999Z\"", time));
    CHECK(is_before("\"2021-06-17T21:46:35Z\"", time + 999));
    CHECK(is_before("\"2021-06-17T21:46:35.123456+00:00\"", time));
    CHECK(is_before("\"2020-12-31T23:59:59.9Z\"", time));
    CHECK(!is_before("\"2021-06-17T21:46:36.000Z\"", time));
    CHECK(!is_before("\"2021-06-17T21:46:36.000Z\"", time + 999));
    CHECK(is_before("\"2021-06-17T21:46:36.000Z\"", time + 1000));
    CHECK(!is_before("\"2021-06-18T00:00:00.000Z\"", time));
}

static void test_takes_nothing_else_for_a_time(void) {
    static const char *const others[] = {"null",
                                         "0",
                                         "\"\"",
                                         "\"",
                                         "{}",
                                         "\"2021-06-17\"",
                                         "\"2021-06-17T21:46:35\"",
                                         "\"2021-06-17T21:46:35.\"",
                                         "\"2021-06-17T21:46:35+02:00\"",
                                         "\"2021-06-17T21:46:35-00:00\"",
                                         "\"2021-06-17 21:46:35Z\"",
                                         "\"2021-06-17T21:46:3xZ\"",
                                         "\"2021-06-17T21:46:35Z \"",
                                         "\"2021-06-17T21:46:35X\"",
                                         "\"-021-06-17T21:46:35Z\""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bool before = is_before(others[i], (MOMENT + 86400) * INT64_C(1000));
        CHECK_TEXT(before ? others[i] : "no", "no");
    }
    CHECK(!scale__server_clock_is_before((scale_slice){NULL, 0}, MOMENT * INT64_C(1000)));
    CHECK(!is_before("\"1960-01-01T00:00:00Z\"", -1));
    CHECK(!is_before("\"2021-06-17T21:46:35Z\"", INT64_MAX));
}

int main(void) {
    RUN(test_tells_no_time_before_it_was_told_one);
    RUN(test_adds_what_has_passed);
    RUN(test_keeps_what_it_knows_when_an_answer_has_no_date);
    RUN(test_compares_by_whole_seconds);
    RUN(test_takes_nothing_else_for_a_time);
    return RESULT();
}
