#include "retry.h"

#define BASE_PAUSE      250
#define MOST_PAUSE      20000
#define BUSY_BASE_PAUSE 1000
#define BUSY_MOST_PAUSE 60000

bool scale__failure_is_passing(const scale__failure *failure) {
    if (failure->code == 0) return failure->passing;
    if (failure->code >= 200 && failure->code < 300) return failure->kind == SCALE_BAD_ANSWER;
    switch (failure->code) {
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
    case 529:
    case 530: return true;
    default: return failure->code >= 520 && failure->code <= 524;
    }
}

bool scale__failure_is_unclear(const scale__failure *failure) {
    if (!failure->sent) return false;
    if (failure->code == 0) return true;
    if (failure->code >= 200 && failure->code < 300) return true;
    return failure->code >= 500 && failure->code != 501 && failure->code != 505;
}

/* Full jitter: anything between nothing and a bound that doubles with each attempt. */
static int64_t jittered_pause(const scale__failure *failure, const scale__attempt *attempt) {
    bool busy = failure->code == 429 || failure->code == 503;
    int64_t bound = busy ? BUSY_BASE_PAUSE : BASE_PAUSE;
    int64_t most = busy ? BUSY_MOST_PAUSE : MOST_PAUSE;
    for (int i = 1; i < attempt->number && bound < most; i++) bound *= 2;
    if (bound > most) bound = most;
    return (int64_t)((double)bound * attempt->random);
}

scale__verdict scale__retry_decide(const scale__failure *failure, const scale__attempt *attempt,
                                   int64_t *pause) {
    if (scale__failure_is_unclear(failure) && !attempt->repeatable) return SCALE__END_AMBIGUOUS;
    if (!scale__failure_is_passing(failure) || attempt->number >= attempt->most) return SCALE__GIVE_UP;
    *pause = jittered_pause(failure, attempt);
    if (failure->retry_after > *pause) *pause = failure->retry_after;
    return *pause < attempt->deadline - attempt->now ? SCALE__SEND_AGAIN : SCALE__GIVE_UP;
}
