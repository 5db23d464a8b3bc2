/*
** pace_world.h - servers that limit, slow down or refuse, on a clock of its own, a millisecond a turn, with
** as much work as the pace allows. Chance is the same in each run.
*/
#ifndef PACE_WORLD_H
#define PACE_WORLD_H

#include <string.h>

#include "scaleapi.h"

#define MOST_FLIGHTS 4096
#define RING         8192 /* ms that anything may take */
#define MOST_LOGGED  65536

typedef enum limiter {
    NO_LIMITER,
    BUCKET,     /* fills with the limit, up to `burst`; a request takes one */
    WINDOW,     /* `limit` times the window's length, from each start of a window */
    SLIDING,    /* the same in any such time */
    LEAKY,      /* `burst` wait in a queue that is served at the limit */
    CONCURRENCY /* `burst` at work at once */
} limiter;

#define SAYS_WHEN    (-2) /* Retry-After: when there is room, to the millisecond */
#define SAYS_NOTHING (-1)

typedef struct server {
    limiter kind;
    double limit, burst;                       /* requests a second */
    int64_t window;                            /* ms */
    int64_t retry_after;                       /* of a refusal, ms, or SAYS_… */
    int64_t travel, latency, jitter;           /* ms one way, at work, by chance on each of them */
    int64_t refusal;                           /* ms until it says no */
    int workers;                               /* 0: any number at once */
    scale_landing (*word)(int64_t now, int n); /* what else it says to the n-th; or NULL */
    int64_t stall_every, stall;                /* ms in which the client cannot run */

    double level;
    int64_t filled, window_number;
    int in_window, at_work;
    int64_t logged[MOST_LOGGED]; /* SLIDING: a ring of when */
    unsigned log_first, log_count;
    int64_t free_at[256]; /* workers */
} server;

typedef struct flight {
    int64_t sent_at, retry_after;
    scale_landing end;
    enum { COMES, LEAVES, LANDS } next;
    bool worked;
    struct flight *after;
} flight;

static scale_pace pace;
static int64_t now;
static int sent, answered, refused, changes, most_in_flight;
static const char *last_why;
static flight flight_store[MOST_FLIGHTS], *unused_flights;
static flight *ring_first[RING], *ring_last[RING];
static unsigned long long chance_state;

static double chance(void) {
    chance_state = chance_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(chance_state >> 33) / 2147483648.0;
}

static void start(int ceiling) {
    chance_state = 7;
    now = 1000000;
    sent = answered = refused = changes = most_in_flight = 0;
    last_why = NULL;
    memset(ring_first, 0, sizeof ring_first);
    memset(ring_last, 0, sizeof ring_last);
    unused_flights = NULL;
    for (int i = 0; i < MOST_FLIGHTS; i++) {
        flight_store[i].after = unused_flights;
        unused_flights = &flight_store[i];
    }
    scale_pace_init(&pace, ceiling, now);
}

static void put_at(flight *f, int64_t due) {
    int64_t slot = (due > now + RING - 1 ? now + RING - 1 : due) % RING;
    f->after = NULL;
    if (ring_first[slot] == NULL)
        ring_first[slot] = f;
    else
        ring_last[slot]->after = f;
    ring_last[slot] = f;
}

static int64_t about(const server *s, int64_t ms) {
    return ms + (s->jitter > 0 ? (int64_t)(chance() * (double)(s->jitter + 1)) : 0);
}

/* ==================================================================== limiters */

/* ms until there is room for one; 0: there is, and it is taken. */
static int64_t bucket_wait(server *s) {
    s->level += (double)(now - s->filled) * s->limit / 1000.0;
    s->filled = now;
    if (s->level > s->burst) s->level = s->burst;
    if (s->level < 1) return (int64_t)((1 - s->level) * 1000 / s->limit) + 1;
    s->level -= 1;
    return 0;
}

static int64_t window_wait(server *s) {
    if (now / s->window != s->window_number) s->in_window = 0;
    s->window_number = now / s->window;
    if (s->in_window >= s->limit * (double)s->window / 1000) return s->window - now % s->window;
    s->in_window++;
    return 0;
}

static int64_t sliding_wait(server *s) {
    while (s->log_count > 0 && s->logged[s->log_first % MOST_LOGGED] <= now - s->window) {
        s->log_first++;
        s->log_count--;
    }
    if (s->log_count >= s->limit * (double)s->window / 1000)
        return s->logged[s->log_first % MOST_LOGGED] + s->window - now;
    s->logged[(s->log_first + s->log_count++) % MOST_LOGGED] = now;
    return 0;
}

/* level: ms of work in the queue. */
static int64_t leaky_wait(server *s) {
    s->level -= (double)(now - s->filled);
    s->filled = now;
    if (s->level < 0) s->level = 0;
    double most = s->burst * 1000 / s->limit;
    if (s->level > most) return (int64_t)(s->level - most) + 1;
    s->level += 1000 / s->limit;
    return 0;
}

static int64_t limiter_wait(server *s) {
    switch (s->kind) {
    case BUCKET: return bucket_wait(s);
    case WINDOW: return window_wait(s);
    case SLIDING: return sliding_wait(s);
    case LEAKY: return leaky_wait(s);
    case CONCURRENCY: return s->at_work >= s->burst ? s->latency : 0;
    default: return 0;
    }
}

/* ====================================================================== the way */

static int64_t done_at(server *s) {
    int64_t begins = now;
    if (s->kind == LEAKY) begins += (int64_t)(s->level - 1000 / s->limit);
    if (s->workers == 0) return begins + about(s, s->latency);
    int first = 0;
    for (int i = 1; i < s->workers; i++)
        if (s->free_at[i] < s->free_at[first]) first = i;
    if (s->free_at[first] > begins) begins = s->free_at[first];
    return s->free_at[first] = begins + about(s, s->latency);
}

static void come(server *s, flight *f) {
    int64_t wait = f->end == SCALE_LANDED_ANSWERED ? limiter_wait(s) : 0;
    f->worked = wait == 0;
    f->next = LEAVES;
    if (f->worked) {
        s->at_work++;
        put_at(f, done_at(s));
        return;
    }
    f->end = SCALE_LANDED_REFUSED;
    f->retry_after = s->retry_after == SAYS_WHEN ? wait : s->retry_after;
    put_at(f, now + s->refusal);
}

static void land(flight *f) {
    answered += f->end == SCALE_LANDED_ANSWERED;
    refused += f->end == SCALE_LANDED_REFUSED;
    const char *why = scale_pace_landed(&pace, f->end, f->sent_at, f->retry_after, chance(), now);
    if (why != NULL) {
        last_why = why;
        changes++;
    }
    f->after = unused_flights;
    unused_flights = f;
}

static void go_on(server *s, flight *f) {
    switch (f->next) {
    case COMES: come(s, f); break;
    case LEAVES:
        if (f->worked) s->at_work--;
        f->next = LANDS;
        put_at(f, now + about(s, s->travel));
        break;
    case LANDS: land(f); break;
    }
}

static void take_off(server *s) {
    flight *f = unused_flights;
    unused_flights = f->after;
    *f = (flight){.sent_at = now, .retry_after = -1, .end = SCALE_LANDED_ANSWERED};
    if (s->word != NULL) f->end = s->word(now, sent);
    sent++;
    scale_pace_sent(&pace, now);
    if (pace.in_flight > most_in_flight) most_in_flight = pace.in_flight;
    put_at(f, now + about(s, s->travel));
}

/* What is due, and what comes of it in the same millisecond. */
static void turn(server *s) {
    int64_t slot = now % RING;
    for (flight *f; (f = ring_first[slot]) != NULL;) {
        ring_first[slot] = f->after;
        go_on(s, f);
    }
}

/* So many ms of as much work as the pace allows. */
static void run(server *s, int64_t ms) {
    for (int64_t until = now + ms; now < until; now++) {
        bool stalled = s->stall_every > 0 && now % s->stall_every < s->stall;
        turn(s);
        while (!stalled && unused_flights != NULL && scale_pace_wait(&pace, now) == 0) take_off(s);
        turn(s); /* to a server that is no way off */
    }
}

#endif
