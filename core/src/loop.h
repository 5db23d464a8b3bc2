/*
** loop.h - what clients and calls ask of their loop beside the public functions.
*/
#ifndef SCALE_LOOP_H
#define SCALE_LOOP_H

#include "scaleapi.h"
#include "transfer.h"

/* Things hang in lists through links of their own; a link that hangs nowhere points to itself. */
typedef struct scale__link {
    struct scale__link *next, *previous;
} scale__link;

static inline void scale__link_init(scale__link *link) {
    link->next = link->previous = link;
}

static inline bool scale__link_is_alone(const scale__link *link) {
    return link->next == link;
}

static inline void scale__link_remove(scale__link *link) {
    link->previous->next = link->next;
    link->next->previous = link->previous;
    scale__link_init(link);
}

static inline void scale__link_append(scale__link *list, scale__link *link) {
    link->next = list;
    link->previous = list->previous;
    list->previous->next = link;
    list->previous = link;
}

static inline void scale__link_prepend(scale__link *list, scale__link *link) {
    scale__link_append(list->next, link);
}

scale__transport *scale__loop_transport(scale_loop *loop);
double scale__loop_random(scale_loop *loop); /* in [0, 1) */

/* What clients of one server and key share hangs here; it is theirs to make and to free. */
scale__link *scale__loop_lanes(scale_loop *loop);

/* Clients hang in the loop's list, so that it can close them. */
typedef void (*scale__close_fn)(void *client);
typedef struct scale__member {
    scale__link link; /* must be first */
    scale__close_fn close;
    void *client;
} scale__member;
void scale__loop_join(scale_loop *loop, scale__member *member);

/* A call that has ended waits here for its done function. */
typedef struct scale__ending {
    scale__link link; /* must be first */
    void (*deliver)(void *call);
    void *call;
} scale__ending;
void scale__loop_end(scale_loop *loop, scale__ending *ending);

/* Counts calls that were started and have not been delivered. */
void scale__loop_count(scale_loop *loop, int change);

#endif
