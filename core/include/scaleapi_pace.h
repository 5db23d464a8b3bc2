/*
** scaleapi_pace.h - how fast to send to a server that says no, grows slow or goes away. Part of scaleapi.h.
**
** Three small machines that know neither clock nor network: they are told the time (any monotonic
** milliseconds), what was sent and how it ended, and say when the next request may go. The client runs its
** bulk calls on them; a C program can run other work on them. They allocate nothing.
*/
#ifndef SCALEAPI_PACE_H
#define SCALEAPI_PACE_H

#include <stdbool.h>
#include <stdint.h>

#ifndef SCALE_API
#error "include scaleapi.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* How a request ended, as far as it tells something of the server. */
typedef enum scale_landing {
    SCALE_LANDED_ANSWERED, /* the server works: any answer but those below */
    SCALE_LANDED_REFUSED,  /* 429 */
    SCALE_LANDED_BUSY,     /* 503, or no answer in time */
    SCALE_LANDED_FAILED,   /* another failure of the server or the network */
    SCALE_LANDED_DROPPED   /* given up by us: tells nothing */
} scale_landing;

/* ==================================================================== pace */

/*
** How many requests may be in flight, and how many may go in a second. The first doubles per round trip until
** the server says no (429, 503) or nothing in time; from then on it grows by one a round trip and is halved
** by each such word. It does not grow while more in flight brings longer answers and no more of them. The
** second is free until the first 429; then it stays a little under what the server lets through between two
** of them, and is tried a little higher now and then. A 429 stops all for as long as the server says, a
** second at least.
*/
typedef struct scale_pace {
    int ceiling, limit, in_flight; /* the most there may ever be; may be now; are */
    double rate;                   /* requests a second; 0 while none is known */
    double latency;                /* ms, smoothed; 0 while none is known */

    /* the rest is the machine's own */
    bool doubling, held;
    int round_answers, round_peak, sent_limit, checked_limit, refusals, trust;
    int64_t round_began, cut_at, refused_at, no_growth_until;
    double round_latency, checked_latency, checked_throughput;
    int64_t paused_until, raise_at, steady_for, filled_at, quiet_since;
    double tokens, step, stood;
    double passed; /* requests let through since then */
    int64_t count_began;
} scale_pace;

/* Starts with min(ceiling, 16) in flight and no rate. `ceiling` is at least 1. */
SCALE_API void scale_pace_init(scale_pace *pace, int ceiling, int64_t now);

/* From now on so many at most, at least 1; what is in flight above it lands as it does. */
SCALE_API void scale_pace_set_ceiling(scale_pace *pace, int ceiling);

/* How long until a request may go: 0 at once, else ms; -1: not before another one has landed. */
SCALE_API int64_t scale_pace_wait(scale_pace *pace, int64_t now);

/* A request went out: scale_pace_landed is to be told once when it ends, however it does. */
SCALE_API void scale_pace_sent(scale_pace *pace, int64_t now);

/* A request that was sent at `sent_at` has ended. `retry_after` is what the server asked for (ms, -1),
** `random` in [0, 1). Returns why the limit or the rate changed, or NULL if they did not. Never freed. */
SCALE_API const char *scale_pace_landed(scale_pace *pace, scale_landing landing, int64_t sent_at,
                                        int64_t retry_after, double random, int64_t now);

/* After an outage: from a few in flight up again, doubling. */
SCALE_API void scale_pace_restart(scale_pace *pace, int64_t now);

/* ================================================================== budget */

/* Retries in store. Starts with 50; a retry takes one, a call that the server answered gives a quarter, so
** that in the long run at most a fifth of all requests are retries. */
typedef struct scale_budget {
    double retries;
} scale_budget;

/* Fills the store. */
SCALE_API void scale_budget_init(scale_budget *budget);

/* The server has answered a call. */
SCALE_API void scale_budget_refill(scale_budget *budget);

/* Is there a whole retry in store? Takes nothing. */
SCALE_API bool scale_budget_has(const scale_budget *budget);

SCALE_API bool scale_budget_take(scale_budget *budget); /* false, and nothing taken, when it is empty */

/* ================================================================= breaker */

/*
** Closed, requests go. After six failures in a row it opens: nothing goes but one probe at a time, after
** pauses that grow from a second to half a minute. An answer closes it. When nothing has succeeded for too
** long it is given up: a probe may still go when its time has come, but nobody should wait for it.
*/
typedef enum scale_breaker_state {
    SCALE_BREAKER_CLOSED,
    SCALE_BREAKER_OPEN,
    SCALE_BREAKER_PROBING,
    SCALE_BREAKER_GIVEN_UP
} scale_breaker_state;

typedef struct scale_breaker {
    scale_breaker_state state;

    /* the rest is the machine's own */
    int failures;  /* in a row */
    bool probing;  /* a probe is in flight */
    bool troubled; /* something failed or was refused since the last success */
    int64_t pause, next, since;
} scale_breaker;

/* Starts closed. */
SCALE_API void scale_breaker_init(scale_breaker *breaker, int64_t now);

/* Work begins after there was none: the time that counts for giving up starts anew. */
SCALE_API void scale_breaker_begin(scale_breaker *breaker, int64_t now);

/* As scale_pace_wait. */
SCALE_API int64_t scale_breaker_wait(const scale_breaker *breaker, int64_t now);

/* A request went out. True: it is a probe, which scale_breaker_landed is to be told. */
SCALE_API bool scale_breaker_sent(scale_breaker *breaker);

/* Returns why the state changed, or NULL. Never freed. */
SCALE_API const char *scale_breaker_landed(scale_breaker *breaker, scale_landing landing, bool probe,
                                           int64_t retry_after, double random, int64_t now);

/* How long until it is to be given up, if nothing succeeds till then: ms, 0: now. Once something failed, the
** time since the last success counts; while nothing did, only that in which requests were in flight without
** a break: since `awaited_since`, -1: none is. -1: nothing is wrong, or it was given up already. */
SCALE_API int64_t scale_breaker_patience(const scale_breaker *breaker, int64_t give_up_after,
                                         int64_t awaited_since, int64_t now);
SCALE_API void scale_breaker_give_up(scale_breaker *breaker, int64_t now);

/* "closed", "open", "probing", "given_up". Never NULL, never freed. */
SCALE_API const char *scale_breaker_state_name(scale_breaker_state state);

#ifdef __cplusplus
}
#endif

#endif
