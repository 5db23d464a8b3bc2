/*
** server_clock.h - what time it is for the server, by the Date of its answers and what has passed since.
** Our own clock may be hours off.
*/
#ifndef SCALE_SERVER_CLOCK_H
#define SCALE_SERVER_CLOCK_H

#include "scaleapi.h"

typedef struct scale__server_clock {
    int64_t date; /* what an answer said, s since 1970 */
    int64_t at;   /* when it came, ms of the loop's clock */
    bool is_set;
} scale__server_clock;

/* An answer with that date came now; -1: it had none. */
void scale__server_clock_set(scale__server_clock *clock, int64_t date, int64_t now);

/* Is it worth the while to read an answer's date again? */
bool scale__server_clock_is_old(const scale__server_clock *clock, int64_t now);

/* The server's time at a moment of the loop's clock, ms since 1970. As dates are whole seconds and answers
** take their time, it is up to a second and an answer's way early, and never late. False: unknown. */
bool scale__server_clock_at(const scale__server_clock *clock, int64_t moment, int64_t *time);

/* True when `text`, a JSON string such as "2021-06-17T21:46:36.359Z", is earlier, by whole seconds. False
** too when it is not there, or no time in UTC. */
bool scale__server_clock_is_before(scale_slice text, int64_t time);

#endif
