/*
** pace_limiters.c - the pace against limiters of many kinds: how much of the limit is used, and how many requests are refused.
** With the word "table" it prints what it measures.
*/
#include <stdlib.h>

#include "check.h"
#include "pace_world.h"

#define CEILING    400
#define SETTLED_MS 20000
#define MEASURED_S 240

static server the_server; /* large */
static bool prints;

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

static const kind kinds[] = {
    {"bucket of 1", BUCKET, 0, 0},          {"bucket of 1/5 s", BUCKET, 0.2, 0},
    {"bucket of 1 s", BUCKET, 1, 0},        {"bucket of 10 s", BUCKET, 10, 0},
    {"window of 1 s", WINDOW, 0, 1000},     {"window of 10 s", WINDOW, 0, 10000},
    {"window of 60 s", WINDOW, 0, 60000},   {"sliding 1 s", SLIDING, 0, 1000},
    {"sliding 60 s", SLIDING, 0, 60000},    {"queue of 1/5 s", LEAKY, 0.2, 0},
    {"concurrency", CONCURRENCY, 0, 0},
};
#define KINDS (sizeof kinds / sizeof *kinds)

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

/* The first minute, the finding of the limit included. */
static result first_minute(server s) {
    server *it = fresh(s);
    begin(it);
    return measure(it, 60000);
}

static void print_one(const kind *k, int word, int64_t jitter_percent) {
    printf("%-16s %-6s %3d%%", k->name, word_names[word], (int)jitter_percent);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            server s = make(k, limits[i], latencies[j], words[word], latencies[j] * jitter_percent / 100);
            result r = settled(s), m = first_minute(s);
            printf(" %3.0f:%3.0f/%4.1f%c", m.used * 100, r.used * 100, r.part * 100, holds(r) && m.used > .9 ? ' ' : '!');
        }
    printf("\n");
}

static void print_table(void) {
    printf("%% of the limit used/%% refused, by limit (a second) and latency (ms)\n%-28s", "limiter, Retry-After, jitter");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) printf(" %4g,%-5d", limits[i], (int)latencies[j]);
    printf("\n");
    for (size_t i = 0; i < KINDS; i++)
        for (int word = 0; word < 3; word++)
            for (int64_t jitter = 0; jitter <= 20; jitter += 20) print_one(&kinds[i], word, jitter);
}

int main(int argc, char **argv) {
    prints = argc > 1 && strcmp(argv[1], "table") == 0;
    if (prints) print_table();
    return RESULT();
}
