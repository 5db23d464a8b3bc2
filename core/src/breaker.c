/*
** breaker.c - whether to send at all to a server that seems to be away.
*/
#include "scaleapi.h"

#define FAILURES_TO_OPEN 6
#define FIRST_PAUSE      1000
#define MOST_PAUSE       30000

void scale_breaker_init(scale_breaker *breaker, int64_t now) {
    *breaker = (scale_breaker){.state = SCALE_BREAKER_CLOSED, .since = now};
}

void scale_breaker_begin(scale_breaker *breaker, int64_t now) {
    if (breaker->state == SCALE_BREAKER_GIVEN_UP) return;
    breaker->since = now;
    breaker->troubled = breaker->state != SCALE_BREAKER_CLOSED;
}

int64_t scale_breaker_wait(const scale_breaker *breaker, int64_t now) {
    if (breaker->state == SCALE_BREAKER_CLOSED) return 0;
    if (breaker->probing) return -1;
    return breaker->next > now ? breaker->next - now : 0;
}

bool scale_breaker_sent(scale_breaker *breaker) {
    if (breaker->state == SCALE_BREAKER_CLOSED) return false;
    if (breaker->state == SCALE_BREAKER_OPEN) breaker->state = SCALE_BREAKER_PROBING;
    breaker->probing = true;
    return true;
}

static const char *close_again(scale_breaker *breaker) {
    bool was_closed = breaker->state == SCALE_BREAKER_CLOSED;
    breaker->state = SCALE_BREAKER_CLOSED;
    breaker->failures = 0;
    breaker->probing = false;
    breaker->pause = 0;
    return was_closed ? NULL : "the server answers again";
}

/* The next probe goes after a pause of which an eighth is by chance, and not before the server said. */
static void wait_for_probe(scale_breaker *breaker, int64_t retry_after, double random, int64_t now) {
    breaker->pause = breaker->pause == 0 ? FIRST_PAUSE : breaker->pause * 2;
    if (breaker->pause > MOST_PAUSE) breaker->pause = MOST_PAUSE;
    int64_t pause = breaker->pause - (int64_t)((double)breaker->pause * random / 8);
    if (retry_after > MOST_PAUSE) retry_after = MOST_PAUSE;
    breaker->next = now + (retry_after > pause ? retry_after : pause);
}

static const char *fail(scale_breaker *breaker, bool probe, int64_t retry_after, double random, int64_t now) {
    breaker->troubled = true;
    breaker->failures++;
    if (breaker->state == SCALE_BREAKER_CLOSED) {
        if (breaker->failures < FAILURES_TO_OPEN) return NULL;
        breaker->state = SCALE_BREAKER_OPEN;
        wait_for_probe(breaker, retry_after, random, now);
        return "six failures in a row";
    }
    if (!probe) return NULL; /* it left before the outage was known */
    breaker->probing = false;
    wait_for_probe(breaker, retry_after, random, now);
    if (breaker->state == SCALE_BREAKER_GIVEN_UP) return NULL;
    breaker->state = SCALE_BREAKER_OPEN;
    return "the probe failed";
}

const char *scale_breaker_landed(scale_breaker *breaker, scale_landing landing, bool probe,
                                 int64_t retry_after, double random, int64_t now) {
    switch (landing) {
    case SCALE_LANDED_ANSWERED:
        breaker->since = now;
        breaker->troubled = false;
        return close_again(breaker);
    case SCALE_LANDED_REFUSED: /* the server is there, but nothing has succeeded */
        breaker->troubled = true;
        if (breaker->state != SCALE_BREAKER_GIVEN_UP) return close_again(breaker);
        return fail(breaker, probe, retry_after, random, now);
    case SCALE_LANDED_BUSY:
    case SCALE_LANDED_FAILED: return fail(breaker, probe, retry_after, random, now);
    default: break;
    }
    if (probe && breaker->state != SCALE_BREAKER_CLOSED) breaker->probing = false;
    if (breaker->state == SCALE_BREAKER_PROBING && !breaker->probing) breaker->state = SCALE_BREAKER_OPEN;
    return NULL;
}

/* A server that is only silent has failed nothing yet: it is out of patience when all that time an answer was
** waited for. The rows that wait for their turn at a slow pace are no trouble. */
int64_t scale_breaker_patience(const scale_breaker *breaker, int64_t give_up_after, int64_t awaited_since,
                               int64_t now) {
    int64_t since = breaker->since;
    if (breaker->state == SCALE_BREAKER_GIVEN_UP) return -1;
    if (!breaker->troubled && awaited_since < 0) return -1;
    if (!breaker->troubled && awaited_since > since) since = awaited_since;
    int64_t left = since + give_up_after - now;
    return left > 0 ? left : 0;
}

void scale_breaker_give_up(scale_breaker *breaker, int64_t now) {
    if (breaker->state == SCALE_BREAKER_CLOSED) {
        breaker->pause = MOST_PAUSE;
        breaker->next = now + MOST_PAUSE;
    }
    breaker->state = SCALE_BREAKER_GIVEN_UP;
}

const char *scale_breaker_state_name(scale_breaker_state state) {
    static const char *const names[] = {"closed", "open", "probing", "given_up"};
    return names[state];
}
