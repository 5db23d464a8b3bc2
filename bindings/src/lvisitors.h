/*
** lvisitors.h - who is connected to a server, in the order in which they last showed life: so that one who
** only sits there can be shown out when all seats are taken. Knows sockets and the clock; no HTTP, no Lua.
*/
#ifndef LSCALE_VISITORS_H
#define LSCALE_VISITORS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct visitor {
    struct visitor *older, *newer; /* both NULL also when in no list */
    int64_t seen;                  /* milliseconds, when it last showed life */
    int socket;
    bool waits; /* in the list: it is its turn to say something */
} visitor;

typedef struct visitors {
    visitor *oldest, *newest;
} visitors;

/* One who is new, or has shown life: waits as the newest. Nobody (NULL) is fine, here and below. */
void lscale_visitor_seen(visitors *all, visitor *v);

/* One who waits for us, or is gone: not in the list. */
void lscale_visitor_leave(visitors *all, visitor *v);

/* Ends the connections of those who have shown no life for so many milliseconds, `most` of them at most, the
** oldest first. Says how many that were. The sockets stay open, for their owner to close. */
int lscale_visitors_show_out(visitors *all, int64_t milliseconds, int most);

#endif
