/*
** spare.h - a block of memory that is kept for the next answer that needs a large one. Pages of a list are
** large and come one after another: each in memory that is fresh from the system costs more than to fetch it.
**
** Pages outlive their client, and may be freed in another thread: a spare has holders, the last of whom
** frees it, and what is kept passes from hand to hand in one atomic step.
*/
#ifndef SCALE_SPARE_H
#define SCALE_SPARE_H

#include "buffer.h"

typedef struct scale__spare scale__spare;

scale__spare *scale__spare_new(void); /* with one holder; NULL when out of memory */
scale__spare *scale__spare_hold(scale__spare *spare);
void scale__spare_leave(scale__spare *spare); /* NULL is fine */

/* Gives an empty buffer what is kept, if anything is. */
void scale__spare_take(scale__spare *spare, scale__buffer *buffer);

/* Keeps the block of `room` bytes instead of what was kept, or releases it when it is too large. */
void scale__spare_give(scale__spare *spare, char *block, size_t room);

#endif
