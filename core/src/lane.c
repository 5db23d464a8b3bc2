#include "lane.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "error.h"

#define CHANGES       32
#define PROBE_TIMEOUT 25000 /* with the pause before it less than a minute */
#define CALM          4     /* in such a part of what may be in flight, retries go without a budget */

struct scale__lane {
    scale__link link; /* must be first: in the loop's list */
    scale_loop *loop;
    char *name; /* base URL, line end, key */
    scale__link members;
    int64_t give_up_after;
    size_t unfinished; /* bulk calls */
    size_t awaited;    /* requests in flight whose answer is due within a time */
    int64_t awaited_since;
    scale_pace pace;
    scale_breaker breaker;
    scale_timer *timer;
    int64_t due; /* of the timer */
    char last_cause[sizeof((scale_change *)NULL)->why];
    scale_change changes[CHANGES]; /* a ring: the oldest is lost when there is no room */
    unsigned changes_written, changes_read;
};

/* ==================================================================== members */

static scale__lane_member *first_member(scale__lane *lane) {
    return (scale__lane_member *)(void *)lane->members.next;
}

/* The lane is as patient, and as wide, as the most so of its members. */
static void measure_members(scale__lane *lane) {
    int ceiling = 1;
    lane->give_up_after = 0;
    for (scale__link *link = lane->members.next; link != &lane->members; link = link->next) {
        const scale__lane_member *member = (scale__lane_member *)(void *)link;
        if (member->ceiling > ceiling) ceiling = member->ceiling;
        if (member->give_up_after > lane->give_up_after) lane->give_up_after = member->give_up_after;
    }
    scale_pace_set_ceiling(&lane->pace, ceiling);
}

static scale__lane *find(scale_loop *loop, const char *name) {
    scale__link *lanes = scale__loop_lanes(loop);
    for (scale__link *link = lanes->next; link != lanes; link = link->next) {
        scale__lane *lane = (scale__lane *)(void *)link;
        if (strcmp(lane->name, name) == 0) return lane;
    }
    return NULL;
}

/* Takes the name. */
static scale__lane *make(scale_loop *loop, char *name, int ceiling) {
    scale__lane *lane = scale__allocate_zero(sizeof *lane);
    if (lane == NULL) {
        scale__release(name);
        return NULL;
    }
    lane->loop = loop;
    lane->name = name;
    scale__link_init(&lane->link);
    scale__link_init(&lane->members);
    scale_pace_init(&lane->pace, ceiling, scale_loop_now(loop));
    scale_breaker_init(&lane->breaker, scale_loop_now(loop));
    scale__link_append(scale__loop_lanes(loop), &lane->link);
    return lane;
}

static char *name_of(const char *base_url, const char *key) {
    size_t base = strlen(base_url), size = base + 1 + strlen(key);
    char *name = scale__allocate(size + 1);
    if (name != NULL) snprintf(name, size + 1, "%s\n%s", base_url, key);
    return name;
}

scale_status scale__lane_join(scale__lane_member *member, scale_loop *loop, const char *base_url,
                              const char *key, scale_error *error) {
    char *name = name_of(base_url, key);
    if (name == NULL) return scale__fail_no_memory(error);
    member->lane = find(loop, name);
    if (member->lane != NULL)
        scale__release(name);
    else
        member->lane = make(loop, name, member->ceiling);
    if (member->lane == NULL) return scale__fail_no_memory(error);
    scale__link_append(&member->lane->members, &member->link);
    measure_members(member->lane);
    return SCALE_OK;
}

void scale__lane_leave(scale__lane_member *member) {
    scale__lane *lane = member->lane;
    if (lane == NULL) return;
    member->lane = NULL;
    scale__link_remove(&member->link);
    if (!scale__link_is_alone(&lane->members)) {
        measure_members(lane);
        return;
    }
    scale_timer_cancel(lane->loop, lane->timer);
    scale__link_remove(&lane->link);
    scale__release(lane->name);
    scale__release(lane);
}

/* ==================================================================== changes */

__attribute__((format(printf, 3, 4))) static void note(scale__lane *lane, const char *why, const char *format,
                                                       ...) {
    scale_change *change = &lane->changes[lane->changes_written++ % CHANGES];
    if (lane->changes_written - lane->changes_read > CHANGES) lane->changes_read++;
    change->time = scale_loop_now(lane->loop);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(change->what, sizeof change->what, format, arguments);
    va_end(arguments);
    scale__fit_text(change->why, sizeof change->why, why, strlen(why));
}

static void note_pace(scale__lane *lane, const scale_pace *before, const char *why) {
    const scale_pace *pace = &lane->pace;
    if (why == NULL) return;
    if (pace->limit != before->limit) note(lane, why, "in flight %d -> %d", before->limit, pace->limit);
    if (pace->rate == before->rate) return;
    if (before->rate <= 0)
        note(lane, why, "requests a second: any -> %.1f", pace->rate);
    else
        note(lane, why, "requests a second: %.1f -> %.1f", before->rate, pace->rate);
}

static void note_state(scale__lane *lane, scale_breaker_state before, const char *why) {
    scale_breaker_state state = lane->breaker.state;
    if (state == before || why == NULL) return;
    note(lane, why, "breaker: %s -> %s", scale_breaker_state_name(before), scale_breaker_state_name(state));
}

bool scale__lane_next_change(scale__lane *lane, scale_change *change) {
    if (lane->changes_read == lane->changes_written) return false;
    *change = lane->changes[lane->changes_read++ % CHANGES];
    return true;
}

/* ====================================================================== waking */

/* Each in its turn is the first to be asked. */
static void wake_all(scale__lane *lane) {
    scale__link *first = lane->members.next;
    scale__link_remove(first);
    scale__link_append(&lane->members, first);
    for (scale__link *link = lane->members.next; link != &lane->members; link = link->next) {
        const scale__lane_member *member = (scale__lane_member *)(void *)link;
        member->wake(member->client);
    }
}

static void give_up(scale__lane *lane) {
    scale_breaker_state before = lane->breaker.state;
    scale_breaker_give_up(&lane->breaker, scale_loop_now(lane->loop));
    note_state(lane, before, "nothing has succeeded for too long");
    for (scale__link *link = lane->members.next; link != &lane->members; link = link->next) {
        const scale__lane_member *member = (scale__lane_member *)(void *)link;
        member->give_up(member->client);
    }
}

static int64_t patience(const scale__lane *lane) {
    return scale_breaker_patience(&lane->breaker, lane->give_up_after,
                                  lane->awaited > 0 ? lane->awaited_since : -1, scale_loop_now(lane->loop));
}

static void on_timer(scale_loop *loop, void *user) {
    scale__lane *lane = user;
    (void)loop;
    lane->timer = NULL;
    if (lane->unfinished > 0 && patience(lane) == 0) give_up(lane);
    wake_all(lane);
    if (lane->unfinished > 0) scale__lane_arm(lane, -1);
}

bool scale__lane_arm(scale__lane *lane, int64_t wait) {
    int64_t left = patience(lane);
    if (wait < 0 || (left >= 0 && left < wait)) wait = left;
    if (wait < 0) return true;
    int64_t due = scale_loop_now(lane->loop) + wait;
    if (lane->timer != NULL && lane->due <= due) return true;
    scale_timer *timer = scale_loop_after(lane->loop, wait, on_timer, lane);
    if (timer == NULL) return lane->timer != NULL;
    scale_timer_cancel(lane->loop, lane->timer);
    lane->timer = timer;
    lane->due = due;
    return true;
}

void scale__lane_begin(scale__lane *lane) {
    if (lane->unfinished++ == 0) scale_breaker_begin(&lane->breaker, scale_loop_now(lane->loop));
}

void scale__lane_end(scale__lane *lane) {
    if (--lane->unfinished > 0) return;
    scale_timer_cancel(lane->loop, lane->timer);
    lane->timer = NULL;
}

/* ===================================================================== requests */

int64_t scale__lane_wait(scale__lane *lane) {
    int64_t now = scale_loop_now(lane->loop);
    int64_t wait = scale_breaker_wait(&lane->breaker, now);
    int64_t of_pace = wait < 0 ? 0 : scale_pace_wait(&lane->pace, now);
    if (of_pace < 0) return of_pace;
    return wait < 0 || wait > of_pace ? wait : of_pace;
}

bool scale__lane_sent(scale__lane *lane, bool awaited) {
    int64_t now = scale_loop_now(lane->loop);
    scale_breaker_state before = lane->breaker.state;
    scale_pace_sent(&lane->pace, now);
    bool probe = scale_breaker_sent(&lane->breaker);
    note_state(lane, before, "one request tries the server");
    if (awaited && lane->awaited++ == 0) {
        lane->awaited_since = now;
        scale__lane_arm(lane, -1); /* without memory for it, giving up waits until something lands */
    }
    return probe;
}

static void tell_breaker(scale__lane *lane, const scale__lane_landing *landed, int64_t now) {
    char text[2 * sizeof lane->last_cause];
    scale_breaker_state before = lane->breaker.state;
    scale_pace pace_before = lane->pace;
    const char *why = scale_breaker_landed(&lane->breaker, landed->landing, landed->probe,
                                           landed->retry_after, scale__loop_random(lane->loop), now);
    if (why == NULL) return;
    bool closed = lane->breaker.state == SCALE_BREAKER_CLOSED;
    snprintf(text, sizeof text, "%s%s%s", why, closed ? "" : ": ", closed ? "" : lane->last_cause);
    note_state(lane, before, text);
    if (closed) scale_pace_restart(&lane->pace, now);
    note_pace(lane, &pace_before, why);
}

static void keep_cause(scale__lane *lane, const char *cause) {
    if (cause != NULL) scale__fit_text(lane->last_cause, sizeof lane->last_cause, cause, strlen(cause));
}

void scale__lane_landed(scale__lane *lane, const scale__lane_landing *landed) {
    int64_t now = scale_loop_now(lane->loop);
    if (landed->awaited) lane->awaited--;
    keep_cause(lane, landed->cause);
    tell_breaker(lane, landed, now);
    scale_pace before = lane->pace;
    const char *why = scale_pace_landed(&lane->pace, landed->landing, landed->sent_at, landed->retry_after,
                                        scale__loop_random(lane->loop), now);
    note_pace(lane, &before, why);
    /* There is a place: who asked for this request asks again by itself, others must be told. */
    bool shared = first_member(lane)->link.next != &lane->members;
    scale__lane_arm(lane, shared ? 0 : -1);
}

/* ====================================================================== questions */

bool scale__lane_is_idle(const scale__lane *lane) {
    return lane->pace.in_flight == 0;
}

bool scale__lane_is_calm(const scale__lane *lane) {
    return lane->pace.in_flight * CALM < lane->pace.limit;
}

bool scale__lane_is_open(const scale__lane *lane) {
    return lane->breaker.state != SCALE_BREAKER_CLOSED;
}

bool scale__lane_is_given_up(const scale__lane *lane) {
    return lane->breaker.state == SCALE_BREAKER_GIVEN_UP;
}

int64_t scale__lane_give_up_after(const scale__lane *lane) {
    return lane->give_up_after;
}

const char *scale__lane_last_cause(const scale__lane *lane) {
    return lane->last_cause;
}

int64_t scale__lane_probe_timeout(const scale__lane *lane) {
    int64_t usual = (int64_t)(lane->pace.latency * 4);
    int64_t timeout = usual > PROBE_TIMEOUT ? usual : PROBE_TIMEOUT;
    return timeout < lane->give_up_after ? timeout : lane->give_up_after;
}

void scale__lane_describe(const scale__lane *lane, scale_client_pace *pace) {
    pace->limit = lane->pace.limit;
    pace->in_flight = lane->pace.in_flight;
    pace->rate = lane->pace.rate;
    pace->state = lane->breaker.state;
}
