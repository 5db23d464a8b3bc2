/*
** retry.h - when a failed request is sent again. Pure: what it needs is given, nothing is kept.
*/
#ifndef SCALE_RETRY_H
#define SCALE_RETRY_H

#include "scaleapi.h"

/* One attempt that did not succeed. */
typedef struct scale__failure {
    scale_kind kind;
    int code;            /* HTTP status, 0 without an answer */
    bool sent;           /* the first byte of the request left */
    bool passing;        /* without an answer: another attempt may fare better */
    int64_t retry_after; /* ms, -1 when the server did not say */
} scale__failure;

typedef struct scale__attempt {
    int number; /* of this attempt, from 1 */
    int most;
    bool repeatable; /* the operation may be sent again after an unclear outcome */
    int64_t now, deadline;
    double random; /* in [0, 1) */
} scale__attempt;

typedef enum scale__verdict { SCALE__GIVE_UP, SCALE__SEND_AGAIN, SCALE__END_AMBIGUOUS } scale__verdict;

/* True when another attempt, later, may succeed. */
bool scale__failure_is_passing(const scale__failure *failure);

/* True when the server may have done what was asked. */
bool scale__failure_is_unclear(const scale__failure *failure);

/* What to do now; with SCALE__SEND_AGAIN `*pause` is how long to wait first, ms. */
scale__verdict scale__retry_decide(const scale__failure *failure, const scale__attempt *attempt,
                                   int64_t *pause);

#endif
