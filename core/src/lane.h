/*
** lane.h - what the clients of one base URL and key on one loop share, since one server counts their requests
** together: the pace and the breaker of bulk calls, and what is told of their changes.
*/
#ifndef SCALE_LANE_H
#define SCALE_LANE_H

#include "loop.h"
#include "scaleapi.h"

typedef struct scale__lane scale__lane;

/* A client as its lane sees it. */
typedef struct scale__lane_member {
    scale__link link; /* must be first */
    scale__lane *lane;
    int ceiling;
    int64_t give_up_after;
    void (*wake)(void *client);    /* a bulk call may be sent now */
    void (*give_up)(void *client); /* nothing has succeeded for too long: all bulk calls are to end */
    void *client;
} scale__lane_member;

/* Finds the lane, or makes it; the last member to leave frees it. */
scale_status scale__lane_join(scale__lane_member *member, scale_loop *loop, const char *base_url,
                              const char *key, scale_error *error);
void scale__lane_leave(scale__lane_member *member); /* one that never joined is fine */

/* A bulk call was started, has ended. */
void scale__lane_begin(scale__lane *lane);
void scale__lane_end(scale__lane *lane);

/* How long until a bulk call may be sent: ms, 0: now; -1: not before another has landed. */
int64_t scale__lane_wait(scale__lane *lane);

/* Sees to it that the members are woken in so many ms (-1: when another lands), and that all is given up when
** the time has come. False: no memory. */
bool scale__lane_arm(scale__lane *lane, int64_t wait);

/* A bulk call's request left. `awaited`: its answer is due within a time; that of a large file, which takes
** as long as it takes, is not. True: it is a probe. */
bool scale__lane_sent(scale__lane *lane, bool awaited);

typedef struct scale__lane_landing {
    scale_landing landing;
    bool probe, awaited;
    int64_t sent_at, retry_after;
    const char *cause; /* what went wrong, in words; or NULL */
} scale__lane_landing;
void scale__lane_landed(scale__lane *lane, const scale__lane_landing *landed);

bool scale__lane_is_idle(const scale__lane *lane); /* nothing is in flight */
bool scale__lane_is_calm(const scale__lane *lane); /* less than a quarter of what may be in flight is */
bool scale__lane_is_open(const scale__lane *lane); /* nothing but probes goes out */
bool scale__lane_is_given_up(const scale__lane *lane);
int64_t scale__lane_give_up_after(const scale__lane *lane);
const char *scale__lane_last_cause(const scale__lane *lane); /* "" when nothing went wrong yet */
/* A probe that is not answered by then is taken for failed, ms. */
int64_t scale__lane_probe_timeout(const scale__lane *lane);

void scale__lane_describe(const scale__lane *lane, scale_client_pace *pace);
bool scale__lane_next_change(scale__lane *lane, scale_change *change);

#endif
