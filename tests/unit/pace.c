/* pace.c - the pace against servers of several kinds, on a clock of its own, a millisecond a turn. */
#include <stdlib.h>

#include "check.h"
#include "scaleapi.h"

#define MOST 4096

/* A server: how long it takes when so many are in flight, and whom it refuses. */
typedef struct server {
    int64_t latency;                           /* ms of one request */
    int workers;                               /* 0: any number at once */
    double limit;                              /* requests a second, 0: none */
    bool windows;                              /* counted by the second instead of a bucket that fills */
    int64_t retry_after;                       /* of a refusal */
    scale_landing (*word)(int64_t now, int n); /* what else it says to the n-th; or NULL */
    double tokens;
    int64_t filled, window;
    int in_window;
    int64_t free_at[256]; /* workers */
} server;

static int64_t flights_sent[MOST], flights_due[MOST];
static scale_landing flights_end[MOST];
static int flights, sent, answered, refused, most_in_flight;
static int64_t now;
static scale_pace pace;
static const char *last_why;

static void start(int ceiling) {
    srand(7);
    now = 1000000;
    flights = sent = answered = refused = most_in_flight = 0;
    scale_pace_init(&pace, ceiling, now);
}

static bool refuses(server *s) {
    if (s->limit <= 0) return false;
    if (s->windows) {
        if (now / 1000 != s->window) s->in_window = 0;
        s->window = now / 1000;
        return s->in_window++ >= s->limit;
    }
    double room = s->limit > 1 ? s->limit : 1;
    s->tokens += (double)(now - s->filled) * s->limit / 1000.0;
    s->filled = now;
    if (s->tokens > room) s->tokens = room;
    if (s->tokens < 1) return true;
    s->tokens -= 1;
    return false;
}

static int64_t finishes(server *s) {
    if (s->workers == 0) return now + s->latency;
    int first = 0;
    for (int i = 1; i < s->workers; i++)
        if (s->free_at[i] < s->free_at[first]) first = i;
    int64_t from = s->free_at[first] > now ? s->free_at[first] : now;
    return s->free_at[first] = from + s->latency;
}

static void take_off(server *s) {
    flights_sent[flights] = now;
    flights_end[flights] = s->word != NULL ? s->word(now, sent) : SCALE_LANDED_ANSWERED;
    if (refuses(s)) flights_end[flights] = SCALE_LANDED_REFUSED;
    flights_due[flights] = flights_end[flights] == SCALE_LANDED_REFUSED ? now + 20 : finishes(s);
    flights++;
    sent++;
    scale_pace_sent(&pace, now);
    if (pace.in_flight > most_in_flight) most_in_flight = pace.in_flight;
}

static void land(server *s) {
    for (int i = 0; i < flights;) {
        if (flights_due[i] > now) {
            i++;
            continue;
        }
        scale_landing end = flights_end[i];
        answered += end == SCALE_LANDED_ANSWERED;
        refused += end == SCALE_LANDED_REFUSED;
        const char *why =
            scale_pace_landed(&pace, end, flights_sent[i], end == SCALE_LANDED_REFUSED ? s->retry_after : -1,
                              (double)rand() / ((double)RAND_MAX + 1), now);
        if (why != NULL) last_why = why;
        flights--;
        flights_due[i] = flights_due[flights];
        flights_sent[i] = flights_sent[flights];
        flights_end[i] = flights_end[flights];
    }
}

/* So many ms of as much work as the pace allows. */
static void run(server *s, int64_t ms) {
    for (int64_t until = now + ms; now < until; now++) {
        land(s);
        while (flights < MOST && scale_pace_wait(&pace, now) == 0) take_off(s);
    }
}

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

/* Finds the limit; from 20 s on, most of it is used and few are refused. */
static void check_limited(server s, int ceiling, double least_used, double most_refused) {
    start(ceiling);
    s.tokens = s.limit;
    s.filled = now;
    run(&s, 20000);
    int answered_before = answered, refused_before = refused, sent_before = sent;
    run(&s, 120000);
    double used = (answered - answered_before) / (120 * s.limit);
    double part = (double)(refused - refused_before) / (sent - sent_before);
    if (used < least_used || part > most_refused)
        printf("limit %g, latency %d, windows %d: %.3f used, %.4f refused (%d before)\n", s.limit,
               (int)s.latency, s.windows, used, part, refused_before);
    CHECK(used >= least_used);
    CHECK(part <= most_refused);
}

static void a_limit_with_a_bucket_is_found_and_used(void) {
    static const double limits[] = {5, 50, 300};
    static const int64_t latencies[] = {5, 50, 400};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            check_limited((server){.latency = latencies[j], .limit = limits[i], .retry_after = 1000}, 200,
                          0.9, 0.02);
}

static void a_limit_by_the_second_is_found_and_used(void) {
    static const double limits[] = {20, 50, 300};
    for (int i = 0; i < 3; i++)
        for (int64_t latency = 5; latency <= 400; latency *= 9)
            check_limited(
                (server){.latency = latency, .limit = limits[i], .windows = true, .retry_after = 1000}, 200,
                0.9, 0.02);
}

static void without_retry_after_too(void) {
    check_limited((server){.latency = 50, .limit = 50, .retry_after = -1}, 50, 0.9, 0.02);
    check_limited((server){.latency = 50, .limit = 50, .windows = true, .retry_after = -1}, 50, 0.9, 0.02);
}

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

static void a_limit_that_is_lifted_is_left_behind(void) {
    server s = {.latency = 50, .limit = 10, .retry_after = 1000};
    start(32);
    run(&s, 30000);
    CHECK(pace.rate < 12);
    s.limit = 0;
    run(&s, 90000);
    CHECK(pace.rate > 200);
}

static void a_rest_is_not_taken_for_slowness(void) {
    server s = {.latency = 50};
    start(16);
    run(&s, 1000);
    while (flights > 0) {
        land(&s);
        now++;
    }
    now += 4500;
    s.limit = 100;
    s.tokens = 100;
    s.filled = now;
    s.retry_after = 1000;
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
    RUN(a_limit_with_a_bucket_is_found_and_used);
    RUN(a_limit_by_the_second_is_found_and_used);
    RUN(without_retry_after_too);
    RUN(retry_after_holds_everything_back);
    RUN(a_retry_after_beyond_all_numbers_does_no_harm);
    RUN(refusals_without_an_answer_pause_longer_each_time);
    RUN(a_limit_that_is_lifted_is_left_behind);
    RUN(a_rest_is_not_taken_for_slowness);
    RUN(what_is_given_up_tells_nothing);
    return RESULT();
}
