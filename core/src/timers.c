#include "timers.h"

#include "alloc.h"

static bool is_before(const scale_timer *a, const scale_timer *b) {
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(scale__timers *timers, scale_timer *timer, size_t place) {
    timers->heap[place] = timer;
    timer->place = place;
}

static void rise(scale__timers *timers, scale_timer *timer) {
    size_t place = timer->place;
    while (place > 0 && is_before(timer, timers->heap[(place - 1) / 2])) {
        put(timers, timers->heap[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    put(timers, timer, place);
}

static void sink(scale__timers *timers, scale_timer *timer) {
    size_t place = timer->place;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= timers->count) break;
        if (child + 1 < timers->count && is_before(timers->heap[child + 1], timers->heap[child])) child++;
        if (!is_before(timers->heap[child], timer)) break;
        put(timers, timers->heap[child], place);
        place = child;
    }
    put(timers, timer, place);
}

scale_timer *scale__timers_add(scale__timers *timers, int64_t due, scale_timer_fn fire, void *user) {
    if (timers->count == timers->room) {
        size_t room = timers->room == 0 ? 16 : timers->room * 2;
        scale_timer **heap = scale__resize(timers->heap, room * sizeof *heap);
        if (heap == NULL) return NULL;
        timers->heap = heap;
        timers->room = room;
    }
    scale_timer *timer = scale__allocate_zero(sizeof *timer);
    if (timer == NULL) return NULL;
    timer->due = due;
    timer->order = timers->next_order++;
    timer->fire = fire;
    timer->user = user;
    put(timers, timer, timers->count++);
    rise(timers, timer);
    return timer;
}

void scale__timers_remove(scale__timers *timers, scale_timer *timer) {
    scale_timer *last = timers->heap[--timers->count];
    if (last != timer) {
        put(timers, last, timer->place);
        rise(timers, last);
        sink(timers, last);
    }
    scale__release(timer);
}

scale_timer *scale__timers_first(const scale__timers *timers) {
    return timers->count == 0 ? NULL : timers->heap[0];
}

void scale__timers_clear(scale__timers *timers) {
    while (timers->count > 0) scale__release(timers->heap[--timers->count]);
    scale__release(timers->heap);
    timers->heap = NULL;
    timers->room = 0;
}
