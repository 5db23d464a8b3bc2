/*
** loop.c - epoll, timers, and the list of calls that have ended. Its hooks serve libcurl's
** sockets; what a host watches stands in the same table.
*/
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "error.h"
#include "options.h"
#include "timers.h"

#define EVENTS_AT_ONCE 128
#define NEVER          INT64_MAX

/* A descriptor that is watched: for libcurl when `watch` is NULL, else for the host. */
typedef struct slot {
    unsigned wanted, applied; /* what it should be, and what epoll was told */
    unsigned told;            /* what the host's hook was told */
    bool dirty;
    bool lasting; /* on_forget will tell when it is closed */
    scale_watch_fn watch;
    void *user;
} slot;

struct scale_loop {
    int epoll;
    slot *slots; /* by descriptor */
    int slot_count;
    int *dirty; /* descriptors whose wanted and applied may differ */
    int dirty_count;
    scale__timers timers;
    int64_t transport_due;
    scale__transport *transport;
    scale__link members, endings, lanes;
    size_t unfinished;
    uint64_t random_state;
    int left_off; /* the descriptor that the last turn had no time for; -1: it had for all */
    bool broken;  /* a socket could not be watched: libcurl's handle is of no more use */
    scale_loop_options options;
    scale_loop_hooks hooks; /* NULLs when the host has none */
    int64_t told_due;       /* when its timer fires */
    int steps;              /* inside each other */
};

/* ========================================================== clock and chance */

int64_t scale_loop_now(const scale_loop *loop) {
    if (loop->options.clock != NULL) return loop->options.clock(loop->options.user);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* xorshift64*: pauses need spread, not secrecy. */
double scale__loop_random(scale_loop *loop) {
    if (loop->options.random != NULL) return loop->options.random(loop->options.user);
    uint64_t x = loop->random_state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    loop->random_state = x;
    return (double)((x * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0;
}

static void seed(scale_loop *loop) {
    if (getrandom(&loop->random_state, sizeof loop->random_state, GRND_NONBLOCK) < 0)
        loop->random_state = (uint64_t)time(NULL) ^ ((uint64_t)getpid() << 32);
    if (loop->random_state == 0) loop->random_state = 1;
}

/* ============================================================ a host's own loop */

/* Each in its turn: a number that is closed and used again is told off before it is told on. */
static void tell(scale_loop *loop, int descriptor, unsigned events) {
    slot *s = &loop->slots[descriptor];
    if (s->told == events) return;
    s->told = events;
    bool fine = loop->hooks.watch(loop->hooks.host, descriptor, events);
    if (!fine && events != 0) loop->broken = true;
}

/* Before the number is closed, if it is told of that at all. */
static void tell_off(scale_loop *loop, int descriptor) {
    if (loop->slots[descriptor].told != 0) tell(loop, descriptor, 0);
}

/* INT64_MIN: now; NEVER: nothing is. */
static int64_t next_due(const scale_loop *loop) {
    const scale_timer *timer = scale__timers_first(&loop->timers);
    if (!scale__link_is_alone(&loop->endings) || scale__transport_has_finished(loop->transport))
        return INT64_MIN;
    return timer != NULL && timer->due < loop->transport_due ? timer->due : loop->transport_due;
}

/* The host's timer fires once, and may have fired too early: it is told anew after each step. */
static void tell_timer(scale_loop *loop) {
    if (loop->hooks.set_timer == NULL) return;
    int64_t due = next_due(loop);
    if (due == NEVER && loop->told_due == NEVER) return;
    loop->told_due = due;
    loop->hooks.set_timer(loop->hooks.host, scale_loop_timeout(loop));
}

/* Something was started while nobody steps the loop: the host must know if it is due before its timer. */
static void hurry(scale_loop *loop) {
    if (loop->hooks.set_timer == NULL || loop->steps > 0) return;
    if (next_due(loop) < loop->told_due) tell_timer(loop);
}

scale_status scale_loop_set_hooks(scale_loop *loop, const scale_loop_hooks *given, scale_error *error) {
    static const scale_loop_hooks none = SCALE_LOOP_HOOKS_INIT;
    scale_loop_hooks hooks = none;
    if (given != NULL && scale__take_options(&hooks, sizeof hooks, given, error) != SCALE_OK)
        return SCALE_ERROR;
    if ((hooks.watch == NULL) != (hooks.set_timer == NULL))
        return scale__fail(error, SCALE_USAGE, "a loop's hooks are watch and set_timer, both");
    for (int i = 0; i < loop->slot_count; i++) tell_off(loop, i);
    if (loop->told_due != NEVER) loop->hooks.set_timer(loop->hooks.host, -1);
    loop->told_due = NEVER;
    loop->hooks = hooks;
    for (int i = 0; i < loop->slot_count && hooks.watch != NULL; i++) tell(loop, i, loop->slots[i].applied);
    tell_timer(loop);
    if (!loop->broken) return SCALE_OK;
    return scale__fail_no_memory(error);
}

/* ================================================================= the table */

static bool make_slots(scale_loop *loop, int descriptor) {
    if (descriptor < loop->slot_count) return true;
    int count = loop->slot_count == 0 ? 64 : loop->slot_count;
    while (count <= descriptor) count *= 2;
    int *dirty = scale__resize(loop->dirty, (size_t)count * sizeof *dirty);
    if (dirty == NULL) return false;
    loop->dirty = dirty;
    slot *slots = scale__resize(loop->slots, (size_t)count * sizeof *slots);
    if (slots == NULL) return false;
    memset(slots + loop->slot_count, 0, (size_t)(count - loop->slot_count) * sizeof *slots);
    loop->slots = slots;
    loop->slot_count = count;
    return true;
}

static void mark_dirty(scale_loop *loop, int descriptor) {
    if (loop->slots[descriptor].dirty) return;
    loop->slots[descriptor].dirty = true;
    loop->dirty[loop->dirty_count++] = descriptor;
}

/* Tells epoll at once: the number may stand for another socket by the end of the turn. */
static void unwatch(scale_loop *loop, int descriptor) {
    slot *s = &loop->slots[descriptor];
    tell_off(loop, descriptor);
    if (s->applied != 0) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, NULL);
    s->wanted = s->applied = 0;
}

static bool on_watch(void *user, int descriptor, unsigned events) {
    scale_loop *loop = user;
    if (!make_slots(loop, descriptor)) {
        loop->broken = true;
        return false;
    }
    loop->slots[descriptor].wanted = events;
    loop->slots[descriptor].watch = NULL;
    if (events == 0) tell_off(loop, descriptor); /* it may be closed before this turn is over */
    if (events == 0 && !loop->slots[descriptor].lasting)
        unwatch(loop, descriptor);
    else
        mark_dirty(loop, descriptor);
    return true;
}

/* A socket that is given up while it connects is closed without a word, too: the kernel has forgotten
** whatever had this number. Without memory, it is unwatched at once each time: right, if slower. */
static void on_opened(void *user, int descriptor) {
    scale_loop *loop = user;
    if (!make_slots(loop, descriptor)) return;
    tell_off(loop, descriptor);
    loop->slots[descriptor].wanted = loop->slots[descriptor].applied = 0;
    loop->slots[descriptor].lasting = true;
}

static void on_forget(void *user, int descriptor) {
    scale_loop *loop = user;
    if (descriptor >= loop->slot_count) return;
    unwatch(loop, descriptor);
    loop->slots[descriptor].lasting = false;
}

static void on_set_timer(void *user, long delay) {
    scale_loop *loop = user;
    loop->transport_due = delay < 0 ? NEVER : scale_loop_now(loop) + delay;
    hurry(loop);
}

/* Tells epoll the net change only: most sockets change back and forth within a turn. */
static scale_status apply(scale_loop *loop, scale_error *error) {
    while (loop->dirty_count > 0) {
        int descriptor = loop->dirty[--loop->dirty_count];
        slot *s = &loop->slots[descriptor];
        s->dirty = false;
        if (loop->hooks.watch != NULL) tell(loop, descriptor, s->wanted);
        if (s->wanted == s->applied) continue;
        struct epoll_event event = {.data.fd = descriptor};
        if (s->wanted & SCALE_READABLE) event.events |= EPOLLIN;
        if (s->wanted & SCALE_WRITABLE) event.events |= EPOLLOUT;
        int how = s->wanted == 0 ? EPOLL_CTL_DEL : s->applied == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        int failed = epoll_ctl(loop->epoll, how, descriptor, &event);
        /* Another descriptor has the number of one that was closed without a word. */
        if (failed && how == EPOLL_CTL_MOD && errno == ENOENT)
            failed = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, descriptor, &event);
        if (failed && s->wanted != 0)
            return scale__fail(error, SCALE_NETWORK, "cannot watch descriptor %d: %s", descriptor,
                               strerror(errno));
        s->applied = s->wanted;
    }
    return SCALE_OK;
}

scale_status scale_loop_watch(scale_loop *loop, int descriptor, unsigned events, scale_watch_fn watch,
                              void *user, scale_error *error) {
    if (descriptor < 0 || (events != 0 && watch == NULL))
        return scale__fail(error, SCALE_USAGE, "scale_loop_watch needs a descriptor and a function");
    if (!make_slots(loop, descriptor)) return scale__fail_no_memory(error);
    slot *s = &loop->slots[descriptor];
    s->wanted = events;
    s->watch = watch;
    s->user = user;
    mark_dirty(loop, descriptor);
    /* The owner may close the descriptor right after this; or wait for it without a step before that. */
    return events == 0 || loop->steps == 0 ? apply(loop, error) : SCALE_OK;
}

/* ==================================================================== timers */

scale_timer *scale_loop_after(scale_loop *loop, int64_t delay_ms, scale_timer_fn fire, void *user) {
    int64_t due = scale_loop_now(loop) + (delay_ms > 0 ? delay_ms : 0);
    scale_timer *timer = scale__timers_add(&loop->timers, due, fire, user);
    hurry(loop);
    return timer;
}

void scale_timer_cancel(scale_loop *loop, scale_timer *timer) {
    if (timer != NULL) scale__timers_remove(&loop->timers, timer);
}

/* Fires what was due when it began, so that a timer that sets a timer cannot hold the loop. Says
** whether anything was. */
static bool fire_due(scale_loop *loop) {
    bool fired = false;
    int64_t now = scale_loop_now(loop);
    uint64_t newest = loop->timers.next_order;
    scale_timer *timer;
    while ((timer = scale__timers_first(&loop->timers)) != NULL && timer->due <= now &&
           timer->order < newest) {
        scale_timer_fn fire = timer->fire;
        void *user = timer->user;
        scale__timers_remove(&loop->timers, timer);
        fire(loop, user);
        fired = true;
    }
    if (loop->transport_due <= now) {
        loop->transport_due = NEVER;
        scale__transport_timer(loop->transport);
    }
    return fired;
}

/* ==================================================================== a turn */

int scale_loop_timeout(const scale_loop *loop) {
    int64_t due = next_due(loop);
    if (due == NEVER) return -1;
    int64_t left = due == INT64_MIN ? 0 : due - scale_loop_now(loop);
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static int shorter(int a, int b) {
    if (a < 0) return b;
    return b < 0 || a < b ? a : b;
}

static void dispatch(scale_loop *loop, int descriptor, uint32_t happened) {
    slot s = loop->slots[descriptor];
    unsigned events = 0;
    if (s.wanted == 0) return; /* ended by an earlier event of this turn */
    if (happened & (EPOLLIN | EPOLLHUP | EPOLLERR)) events |= SCALE_READABLE;
    if (happened & (EPOLLOUT | EPOLLERR)) events |= SCALE_WRITABLE;
    if (s.watch != NULL)
        s.watch(loop, descriptor, events, s.user);
    else
        scale__transport_ready(loop->transport, descriptor, events);
}

/* Calls the done functions of what has ended by now; what ends meanwhile waits for the next turn. */
static void deliver(scale_loop *loop) {
    scale__link ready;
    scale__link_init(&ready);
    while (!scale__link_is_alone(&loop->endings)) {
        scale__link *link = loop->endings.next;
        scale__link_remove(link);
        scale__link_append(&ready, link);
    }
    while (!scale__link_is_alone(&ready)) {
        scale__ending *ending = (scale__ending *)(void *)ready.next;
        scale__link_remove(&ending->link);
        ending->deliver(ending->call);
    }
}

/* Where the descriptor is among the events; 0 when it is not. */
static int place_of(int descriptor, const struct epoll_event *events, int count) {
    for (int i = 0; i < count; i++)
        if (events[i].data.fd == descriptor) return i;
    return 0;
}

/* The loop's host may have other things to do: after a millisecond the rest is left, which is ready in the
** next turn again. That begins where this one left off, for epoll tells them in the same order each time. */
static void dispatch_some(scale_loop *loop, const struct epoll_event *events, int count) {
    int64_t began = scale_loop_now(loop);
    int first = place_of(loop->left_off, events, count), done = 0;
    while (done < count && (done == 0 || scale_loop_now(loop) == began)) {
        const struct epoll_event *event = &events[(first + done++) % count];
        dispatch(loop, event->data.fd, event->events);
    }
    loop->left_off = done < count ? events[(first + done) % count].data.fd : -1;
}

static scale_status step(scale_loop *loop, int timeout_ms, scale_error *error) {
    struct epoll_event events[EVENTS_AT_ONCE];
    if (fire_due(loop)) timeout_ms = 0; /* whoever set the timer waits for it */
    scale__transport_deliver(loop->transport);
    if (loop->broken) return scale__fail_no_memory(error);
    if (apply(loop, error) != SCALE_OK) return SCALE_ERROR;
    int count =
        epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, shorter(timeout_ms, scale_loop_timeout(loop)));
    if (count < 0 && errno != EINTR)
        return scale__fail(error, SCALE_NETWORK, "waiting for events failed: %s", strerror(errno));
    dispatch_some(loop, events, count);
    fire_due(loop);
    scale__transport_deliver(loop->transport);
    deliver(loop);
    /* What done functions have started goes out before the host waits again. */
    if (loop->transport_due <= scale_loop_now(loop)) fire_due(loop);
    return loop->broken ? scale__fail_no_memory(error) : apply(loop, error);
}

scale_status scale_loop_step(scale_loop *loop, int timeout_ms, scale_error *error) {
    loop->steps++;
    scale_status status = step(loop, timeout_ms, error);
    loop->steps--;
    tell_timer(loop);
    return status;
}

int scale_loop_descriptor(const scale_loop *loop) {
    return loop->epoll;
}

/* ======================================================== members and endings */

scale__transport *scale__loop_transport(scale_loop *loop) {
    return loop->transport;
}

scale__link *scale__loop_lanes(scale_loop *loop) {
    return &loop->lanes;
}

void scale__loop_join(scale_loop *loop, scale__member *member) {
    scale__link_append(&loop->members, &member->link);
}

void scale__loop_end(scale_loop *loop, scale__ending *ending) {
    scale__link_append(&loop->endings, &ending->link);
    hurry(loop);
}

void scale__loop_count(scale_loop *loop, int change) {
    loop->unfinished = (size_t)((ptrdiff_t)loop->unfinished + change);
}

size_t scale_loop_unfinished(const scale_loop *loop) {
    return loop->unfinished;
}

/* ============================================================== life and death */

scale_status scale_loop_new(scale_loop **result, const scale_loop_options *options, scale_error *error) {
    *result = NULL;
    scale_loop_options taken = SCALE_LOOP_OPTIONS_INIT;
    if (options != NULL && scale__take_options(&taken, sizeof taken, options, error) != SCALE_OK)
        return SCALE_ERROR;
    scale_loop *loop = scale__allocate_zero(sizeof *loop);
    if (loop == NULL) return scale__fail_no_memory(error);
    loop->options = taken;
    loop->transport_due = loop->told_due = NEVER;
    loop->left_off = -1;
    scale__link_init(&loop->members);
    scale__link_init(&loop->endings);
    scale__link_init(&loop->lanes);
    seed(loop);
    const scale__transport_hooks hooks = {on_watch, on_opened, on_forget, on_set_timer, loop};
    scale_status status;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        status = scale__fail(error, SCALE_NETWORK, "cannot make an event descriptor: %s", strerror(errno));
    else
        status = scale__transport_new(&loop->transport, &hooks, error);
    if (status != SCALE_OK) {
        scale_loop_free(loop);
        return SCALE_ERROR;
    }
    *result = loop;
    return SCALE_OK;
}

void scale_loop_free(scale_loop *loop) {
    if (loop == NULL) return;
    while (!scale__link_is_alone(&loop->members)) {
        scale__member *member = (scale__member *)(void *)loop->members.next;
        scale__link_remove(&member->link);
        member->close(member->client);
    }
    while (!scale__link_is_alone(&loop->endings)) scale__link_remove(loop->endings.next);
    scale__transport_free(loop->transport);
    scale__timers_clear(&loop->timers);
    scale_loop_set_hooks(loop, NULL, NULL);
    if (loop->epoll >= 0) close(loop->epoll);
    scale__release(loop->slots);
    scale__release(loop->dirty);
    scale__release(loop);
}
