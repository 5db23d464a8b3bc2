/*
** pace_limiters.c - the pace against limiters of many kinds: how much of the limit is used, and how many
** requests are refused. With the word "table" it prints what it measures.
*/
#include "check.h"
#include "pace_world.h"

#define CEILING    400
#define SETTLED_MS 20000
#define MEASURED_S 240

static server the_server; /* large */

typedef struct result {
    double used, part; /* of the limit; of the requests */
} result;

static server *fresh(server s) {
    the_server = s;
    return &the_server;
}

static result measure(server *s, int64_t ms) {
    int answered_before = answered, refused_before = refused;
    run(s, ms);
    double all = answered + refused - answered_before - refused_before;
    result r = {(answered - answered_before) / (s->limit * (double)ms / 1000),
                (refused - refused_before) / (all > 0 ? all : 1)};
    return r;
}

static void begin(server *s) {
    start(CEILING);
    s->level = s->kind == BUCKET ? s->burst : 0;
    s->filled = now;
}

typedef struct kind {
    const char *name;
    limiter kind;
    double burst; /* of a second's worth; 0: one */
    int64_t window;
} kind;

enum {
    BUCKET_OF_1,
    SMALL_BUCKET,
    FULL_BUCKET,
    LARGE_BUCKET,
    WINDOW_1,
    WINDOW_10,
    WINDOW_60,
    SLIDING_1,
    SLIDING_60,
    QUEUE,
    CONCURRENT,
    KINDS
};

static const kind kinds[KINDS] = {
    [BUCKET_OF_1] = {"bucket of 1", BUCKET, 0, 0},      [SMALL_BUCKET] = {"bucket of 1/5 s", BUCKET, 0.2, 0},
    [FULL_BUCKET] = {"bucket of 1 s", BUCKET, 1, 0},    [LARGE_BUCKET] = {"bucket of 10 s", BUCKET, 10, 0},
    [WINDOW_1] = {"window of 1 s", WINDOW, 0, 1000},    [WINDOW_10] = {"window of 10 s", WINDOW, 0, 10000},
    [WINDOW_60] = {"window of 60 s", WINDOW, 0, 60000}, [SLIDING_1] = {"sliding 1 s", SLIDING, 0, 1000},
    [SLIDING_60] = {"sliding 60 s", SLIDING, 0, 60000}, [QUEUE] = {"queue of 1/5 s", LEAKY, 0.2, 0},
    [CONCURRENT] = {"concurrency", CONCURRENCY, 0, 0},
};

static const double limits[] = {5, 50, 500};
static const int64_t latencies[] = {5, 50, 500};
static const int64_t words[] = {1000, SAYS_WHEN, SAYS_NOTHING};
static const char *const word_names[] = {"1 s", "exact", "none"};

static server make(const kind *k, double limit, int64_t latency, int64_t retry_after, int64_t jitter) {
    server s = {.kind = k->kind, .limit = limit, .window = k->window, .retry_after = retry_after};
    s.travel = latency / 5;
    s.latency = latency - 2 * s.travel;
    s.jitter = jitter;
    s.burst = k->burst * limit < 1 ? 1 : k->burst * limit;
    if (k->kind == CONCURRENCY) {
        s.burst = limit * (double)latency / 1000 < 1 ? 1 : (int)(limit * (double)latency / 1000);
        s.limit = s.burst * 1000 / ((double)s.latency + (double)jitter / 2);
    }
    return s;
}

static bool holds(result r) {
    return r.used >= 0.9 && r.part <= 0.02;
}

static result settled(server s) {
    server *it = fresh(s);
    begin(it);
    run(it, SETTLED_MS);
    return measure(it, MEASURED_S * 1000);
}

/* How much of the limit is used until a minute's worth is answered, the finding of the limit included. */
static double first_minute(server s, int64_t begins_after) {
    server *it = fresh(s);
    begin(it);
    now += begins_after;
    it->filled = now;
    scale_pace_init(&pace, CEILING, now);
    int64_t began = now;
    while (answered < s.limit * 60) run(it, 10);
    return 60000.0 / (double)(now - began);
}

/* ====================================================================== the table */

static void print_one(const kind *k, int word, int64_t jitter_percent) {
    printf("%-16s %-6s %3d%%", k->name, word_names[word], (int)jitter_percent);
    for (int i = 0; i < 9; i++) {
        int64_t latency = latencies[i % 3], jitter = latency * jitter_percent / 100;
        server s = make(k, limits[i / 3], latency, words[word], jitter);
        result r = settled(s);
        double first = first_minute(s, 0);
        printf(" %3.0f:%3.0f/%4.1f%c", first * 100, r.used * 100, r.part * 100, holds(r) ? ' ' : '!');
    }
    printf("\n");
}

static void print_table(void) {
    printf("%% of the limit used for the first minute's worth : from 20 s on / %% refused then; ! is less "
           "than promised\n"
           "%-27s",
           "limiter, Retry-After, jitter");
    for (int i = 0; i < 9; i++) printf(" %5g/s, %3d ms ", limits[i / 3], (int)latencies[i % 3]);
    printf("\n");
    for (int i = 0; i < KINDS; i++)
        for (int word = 0; word < 2; word++)
            for (int64_t jitter = 0; jitter <= 20; jitter += 20) print_one(&kinds[i], word, jitter);
}

/* ====================================================================== promises */

static void check_kind(int number, double limit, int64_t latency, int64_t jitter) {
    const kind *k = &kinds[number];
    for (size_t word = 0; word < 3; word++) {
        result r = settled(make(k, limit, latency, words[word], jitter));
        if (!holds(r))
            printf("%s, Retry-After %s, %g/s, %d ms: %.3f used, %.4f refused\n", k->name, word_names[word],
                   limit, (int)latency, r.used, r.part);
        CHECK(holds(r));
    }
}

static void limits_by_the_second_are_used_and_kept(void) {
    static const int by_the_second[] = {SMALL_BUCKET, FULL_BUCKET, LARGE_BUCKET, WINDOW_1, SLIDING_1, QUEUE};
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 9; j++) check_kind(by_the_second[i], limits[j / 3], latencies[j % 3], 0);
}

static void jitter_does_not_matter_while_it_is_less_than_the_bucket(void) {
    static const int by_the_second[] = {SMALL_BUCKET, FULL_BUCKET, LARGE_BUCKET, WINDOW_1, SLIDING_1, QUEUE};
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 9; j++)
            if (latencies[j % 3] < 500)
                check_kind(by_the_second[i], limits[j / 3], latencies[j % 3], latencies[j % 3] / 5);
    for (int j = 0; j < 3; j++) check_kind(FULL_BUCKET, limits[j], 500, 100);
}

/* One by one without any slack, or so many at work: only evenly paced, and on a line without jitter. */
static void limits_without_slack_are_used_on_a_quiet_line(void) {
    for (int j = 0; j < 2; j++) check_kind(BUCKET_OF_1, limits[j], 5, 0);
    for (int j = 0; j < 9; j++) check_kind(CONCURRENT, limits[j / 3], latencies[j % 3], 0);
}

static void a_limit_by_the_minute_is_used_in_full(void) {
    for (int j = 0; j < 9; j++) {
        result r = settled(make(&kinds[WINDOW_60], limits[j / 3], latencies[j % 3], 1000, 0));
        CHECK(r.used >= 0.9);
        CHECK(r.part <= 0.1);
        if (limits[j / 3] >= 50 && latencies[j % 3] <= 50) CHECK(r.part <= 0.02);
    }
}

/* It depends on when in a window it begins, so the mean of forty begins counts. */
static void the_first_minute_is_not_wasted(void) {
    static const int by_the_second[] = {FULL_BUCKET, WINDOW_1, SLIDING_1, QUEUE};
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        for (int j = 0; j < 40; j++) {
            int64_t latency = latencies[j % 2];
            sum += first_minute(make(&kinds[by_the_second[i]], 50, latency, 1000, latency / 10), j * 25);
        }
        if (sum / 40 < 0.9) printf("%s: %.3f\n", kinds[by_the_second[i]].name, sum / 40);
        CHECK(sum / 40 >= 0.9);
    }
}

/* From ten seconds after a change on: what is refused; from a minute after it on: what is used. */
static void check_change(int number, double from, double to) {
    server *s = fresh(make(&kinds[number], from, 50, 1000, 0));
    begin(s);
    run(s, 60000);
    s->burst *= to / from;
    s->limit = to;
    run(s, 10000);
    result r = measure(s, 50000), later = measure(s, 60000);
    if (r.part > 0.02 || later.used < 0.9)
        printf("%s, %g -> %g: %.4f refused, %.3f used\n", kinds[number].name, from, to, r.part, later.used);
    CHECK(r.part <= 0.02);
    CHECK(later.used >= 0.9);
}

static void a_changed_limit_is_followed(void) {
    static const int by_the_second[] = {SMALL_BUCKET, FULL_BUCKET, WINDOW_1, SLIDING_1, QUEUE};
    for (int i = 0; i < 5; i++) {
        check_change(by_the_second[i], 200, 20);
        check_change(by_the_second[i], 20, 200);
    }
}

/* Few enough to be read: a line for each step and each refusal that told something. */
static void changes_are_few(void) {
    server *s = fresh(make(&kinds[FULL_BUCKET], 50, 50, 1000, 0));
    begin(s);
    run(s, 20000);
    changes = 0;
    run(s, 240000);
    CHECK(changes <= 240000 / 3000);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "table") == 0) {
        print_table();
        return 0;
    }
    RUN(limits_by_the_second_are_used_and_kept);
    RUN(jitter_does_not_matter_while_it_is_less_than_the_bucket);
    RUN(limits_without_slack_are_used_on_a_quiet_line);
    RUN(a_limit_by_the_minute_is_used_in_full);
    RUN(the_first_minute_is_not_wasted);
    RUN(a_changed_limit_is_followed);
    RUN(changes_are_few);
    return RESULT();
}
