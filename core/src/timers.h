/*
** timers.h - a heap of things to do later. Belongs to the loop.
*/
#ifndef SCALE_TIMERS_H
#define SCALE_TIMERS_H

#include "scaleapi.h"

struct scale_timer {
    int64_t due;    /* loop's clock, ms */
    uint64_t order; /* of equal ones, the one set first fires first */
    size_t place;
    scale_timer_fn fire;
    void *user;
};

typedef struct scale__timers {
    scale_timer **heap;
    size_t count, room;
    uint64_t next_order;
} scale__timers;

/* NULL when out of memory. */
scale_timer *scale__timers_add(scale__timers *timers, int64_t due, scale_timer_fn fire, void *user);
void scale__timers_remove(scale__timers *timers, scale_timer *timer); /* frees it */
/* The one that is due first, or NULL. */
scale_timer *scale__timers_first(const scale__timers *timers);
void scale__timers_clear(scale__timers *timers);

#endif
