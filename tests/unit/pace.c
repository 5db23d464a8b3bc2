/* pace.c - the number in flight, and the pauses; how well limits are used is pace_limiters.c's. */
#include "check.h"
#include "pace_world.h"

/* ================================================================== in flight */

static void it_doubles_each_round_trip_up_to_the_ceiling(void) {
    server s = {.latency = 50};
    start(100);
    run(&s, 49);
    CHECK_INT(pace.limit, 16);
    run(&s, 50);
    CHECK_INT(pace.limit, 32);
    run(&s, 50);
    CHECK_INT(pace.limit, 64);
    CHECK_TEXT(last_why, "a round trip without refusals");
    run(&s, 1000);
    CHECK_INT(pace.limit, 100);
    CHECK_INT(most_in_flight, 100);
}

static void a_small_ceiling_is_kept(void) {
    server s = {.latency = 50};
    start(1);
    run(&s, 1000);
    CHECK_INT(most_in_flight, 1);
    CHECK(answered >= 18);
    start(0);
    CHECK_INT(pace.limit, 1);
}

static void a_clean_server_is_used_as_the_ceiling_allows(void) {
    server s = {.latency = 50};
    start(32);
    run(&s, 5000);
    CHECK(answered > 28 * 5000 / 50);
}

static void growth_ends_where_more_in_flight_brings_no_more(void) {
    server s = {.latency = 50, .workers = 20};
    start(1000);
    run(&s, 8000);
    CHECK(most_in_flight <= 130);
    CHECK(answered > 8 * 20 * 20 * 9 / 10);
}

static void longer_answers_alone_do_not_end_growth(void) {
    /* From one round trip to the next answers take longer, but there are more of them. */
    server s = {.latency = 20};
    start(64);
    for (int i = 0; i < 50; i++) {
        s.latency = 20 + pace.limit;
        run(&s, 100);
    }
    CHECK_INT(pace.limit, 64);
}

static scale_landing busy_at_100(int64_t time, int n) {
    (void)time;
    return n == 100 ? SCALE_LANDED_BUSY : SCALE_LANDED_ANSWERED;
}

static void a_503_halves_it_and_ends_the_doubling(void) {
    server s = {.latency = 50, .word = busy_at_100};
    start(64);
    while (pace.doubling && now < 1001000) run(&s, 1);
    CHECK(pace.limit == 32);
    run(&s, 150);
    CHECK(pace.limit > 32 && pace.limit <= 36);
}

static scale_landing busy_together(int64_t time, int n) {
    (void)time;
    return n < 16 ? SCALE_LANDED_BUSY : SCALE_LANDED_ANSWERED;
}

static void what_was_in_flight_together_halves_it_once(void) {
    server s = {.latency = 50, .word = busy_together};
    start(64);
    run(&s, 52);
    CHECK_INT(pace.limit, 8);
    CHECK(scale_pace_wait(&pace, now) == -1);
}

static void it_never_falls_under_one(void) {
    start(64);
    for (int i = 0; i < 20; i++) {
        scale_pace_sent(&pace, now);
        scale_pace_landed(&pace, SCALE_LANDED_BUSY, now, -1, 0, now + 10);
        now += 20;
    }
    CHECK_INT(pace.limit, 1);
    CHECK_INT(scale_pace_wait(&pace, now), 0);
}

static void after_an_outage_it_starts_small(void) {
    server s = {.latency = 50};
    start(64);
    run(&s, 500);
    scale_pace_restart(&pace, now);
    CHECK_INT(pace.limit, 4);
    run(&s, 500);
    CHECK_INT(pace.limit, 64);
}

/* ===================================================================== the rate */

static void retry_after_holds_everything_back(void) {
    start(32);
    scale_pace_sent(&pace, now);
    CHECK_TEXT(scale_pace_landed(&pace, SCALE_LANDED_REFUSED, now, 7000, 0, now + 5), "429");
    CHECK_INT(scale_pace_wait(&pace, now + 5), 7000);
    CHECK_INT(scale_pace_wait(&pace, now + 7005), 0);
}

static void a_retry_after_beyond_all_numbers_does_no_harm(void) {
    start(32);
    scale_pace_sent(&pace, now);
    scale_pace_landed(&pace, SCALE_LANDED_REFUSED, now, INT64_MAX, 0.999, now + 5);
    CHECK(scale_pace_wait(&pace, now + 5) > 1000000);
}

static void refusals_without_an_answer_pause_longer_each_time(void) {
    static const int64_t pauses[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    start(32);
    for (int i = 0; i < 8; i++) {
        scale_pace_sent(&pace, now);
        scale_pace_landed(&pace, SCALE_LANDED_REFUSED, now, -1, 0, now + 1);
        now++;
        CHECK_INT(scale_pace_wait(&pace, now), pauses[i]);
        now += pauses[i];
    }
}

static void a_short_retry_after_is_a_second(void) {
    start(32);
    scale_pace_sent(&pace, now);
    scale_pace_landed(&pace, SCALE_LANDED_REFUSED, now, 10, 0, now + 5);
    CHECK_INT(scale_pace_wait(&pace, now + 5), 1000);
}

/* Refused without an answer since the last pause: one tries, and the others wait for it. */
static void after_a_pause_that_was_too_short_one_tries(void) {
    start(32);
    for (int i = 0; i < 2; i++) {
        scale_pace_sent(&pace, now);
        scale_pace_landed(&pace, SCALE_LANDED_REFUSED, now, 1000, 0, now + 5);
        now += 5 + 1000 * (i + 1);
    }
    CHECK_INT(scale_pace_wait(&pace, now), 0);
    scale_pace_sent(&pace, now);
    CHECK_INT(scale_pace_wait(&pace, now), -1);
    scale_pace_landed(&pace, SCALE_LANDED_ANSWERED, now, -1, 0, now + 5);
    CHECK_INT(scale_pace_wait(&pace, now + 5), 0);
    scale_pace_sent(&pace, now + 5);
    CHECK_INT(scale_pace_wait(&pace, now + 1000), 0);
}

static void a_limit_that_is_lifted_is_left_behind(void) {
    server s = {.kind = BUCKET, .latency = 50, .limit = 10, .burst = 10, .retry_after = 1000};
    start(32);
    run(&s, 30000);
    CHECK(pace.rate < 12);
    s.kind = NO_LIMITER;
    run(&s, 90000);
    CHECK(pace.rate > 200);
}

static void a_rest_is_not_taken_for_slowness(void) {
    server s = {.latency = 50};
    start(16);
    run(&s, 1000);
    for (; pace.in_flight > 0; now++) turn(&s);
    now += 4500;
    s = (server){.kind = BUCKET,
                 .latency = 50,
                 .limit = 100,
                 .burst = 100,
                 .level = 100,
                 .retry_after = 1000,
                 .filled = now};
    while (refused == 0) run(&s, 1);
    CHECK(pace.rate > 60);
}

static void what_is_given_up_tells_nothing(void) {
    start(16);
    scale_pace_sent(&pace, now);
    CHECK(scale_pace_landed(&pace, SCALE_LANDED_DROPPED, now, -1, 0, now + 60000) == NULL);
    CHECK_INT(pace.in_flight, 0);
    CHECK_INT(pace.limit, 16);
    CHECK(pace.latency == 0);
}

int main(void) {
    RUN(it_doubles_each_round_trip_up_to_the_ceiling);
    RUN(a_small_ceiling_is_kept);
    RUN(a_clean_server_is_used_as_the_ceiling_allows);
    RUN(growth_ends_where_more_in_flight_brings_no_more);
    RUN(longer_answers_alone_do_not_end_growth);
    RUN(a_503_halves_it_and_ends_the_doubling);
    RUN(what_was_in_flight_together_halves_it_once);
    RUN(it_never_falls_under_one);
    RUN(after_an_outage_it_starts_small);
    RUN(retry_after_holds_everything_back);
    RUN(a_retry_after_beyond_all_numbers_does_no_harm);
    RUN(refusals_without_an_answer_pause_longer_each_time);
    RUN(a_short_retry_after_is_a_second);
    RUN(after_a_pause_that_was_too_short_one_tries);
    RUN(a_limit_that_is_lifted_is_left_behind);
    RUN(a_rest_is_not_taken_for_slowness);
    RUN(what_is_given_up_tells_nothing);
    return RESULT();
}
