/*
** lvisitors.c - see lvisitors.h.
*/
#include "lvisitors.h"

#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void lscale_visitor_leave(visitors *all, visitor *v) {
    if (v == NULL || !v->waits) return;
    if (v->older != NULL)
        v->older->newer = v->newer;
    else
        all->oldest = v->newer;
    if (v->newer != NULL)
        v->newer->older = v->older;
    else
        all->newest = v->older;
    v->older = v->newer = NULL;
    v->waits = false;
}

void lscale_visitor_seen(visitors *all, visitor *v) {
    if (v == NULL) return;
    lscale_visitor_leave(all, v);
    v->seen = now();
    v->waits = true;
    v->older = all->newest;
    if (v->older != NULL)
        v->older->newer = v;
    else
        all->oldest = v;
    all->newest = v;
}

int lscale_visitors_show_out(visitors *all, int64_t milliseconds, int most) {
    int count = 0;
    int64_t latest = now() - milliseconds;
    while (count < most && all->oldest != NULL && all->oldest->seen <= latest) {
        visitor *v = all->oldest;
        lscale_visitor_leave(all, v);
        shutdown(v->socket, SHUT_RDWR);
        count++;
    }
    return count;
}
