/* hooks.c - the loop inside a host that takes descriptors and timers one by one, and has nothing but poll(2).
 */
#include <fcntl.h>
#include <poll.h>
#include <time.h>

#include "page_server.h"

/* ======================================================================== a host */

typedef struct host {
    struct pollfd watched[64];
    nfds_t count;
    int64_t due; /* ms, -1: the timer does not run */
    int told, most_watched;
    bool refuses, may_be_closed;
} host;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* One that is told off must have been told on, and must still be open: loops of some kinds insist on that. */
static bool watch(void *user, int descriptor, unsigned events) {
    host *h = user;
    nfds_t place = 0;
    h->told++;
    if (h->refuses) return false;
    while (place < h->count && h->watched[place].fd != descriptor) place++;
    if (events == 0) {
        CHECK(place < h->count);
        CHECK(h->may_be_closed || fcntl(descriptor, F_GETFD) != -1);
        h->watched[place] = h->watched[--h->count];
        return true;
    }
    if (place == h->count) h->count++;
    short wanted =
        (short)(((events & SCALE_READABLE) ? POLLIN : 0) | ((events & SCALE_WRITABLE) ? POLLOUT : 0));
    h->watched[place] = (struct pollfd){descriptor, wanted, 0};
    if ((int)h->count > h->most_watched) h->most_watched = (int)h->count;
    return true;
}

static void set_timer(void *user, int delay_ms) {
    host *h = user;
    h->due = delay_ms < 0 ? -1 : now() + delay_ms;
}

static host *attach(host *h) {
    scale_loop_hooks hooks = SCALE_LOOP_HOOKS_INIT;
    *h = (host){.due = -1};
    hooks.watch = watch;
    hooks.set_timer = set_timer;
    hooks.host = h;
    CHECK_INT(scale_loop_set_hooks(loop, &hooks, NULL), SCALE_OK);
    return h;
}

/* One turn of the host's loop. False when nothing is left that could wake it. */
static bool turn(host *h) {
    int64_t left = h->due < 0 ? -1 : h->due - now();
    if (h->count == 0 && h->due < 0) return false;
    int ready = poll(h->watched, h->count,
                     left < 0 && h->due >= 0   ? 0
                     : left > 2000 || left < 0 ? 2000
                                               : (int)left);
    bool over = h->due >= 0 && now() >= h->due;
    for (nfds_t i = 0; i < h->count; i++) CHECK((h->watched[i].revents & POLLNVAL) == 0);
    if (ready == 0 && !over) return h->due >= 0; /* it waited two seconds in vain */
    if (over) h->due = -1;
    CHECK_INT(scale_loop_step(loop, 0, NULL), SCALE_OK);
    return true;
}

/* ====================================================================== the tests */

static int done, failed;

static void on_done(scale_call *call, void *user) {
    (void)user;
    done++;
    if (scale_call_error(call)->kind != SCALE_NONE) failed++;
    scale_call_free(call);
}

static void start(const char *id) {
    scale_call *call = NULL;
    CHECK_INT(scale_call_new(&call, client, scale_operation_find("get_task"), NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_set_text(call, "task_id", id, strlen(id), NULL), SCALE_OK);
    CHECK_INT(scale_call_start(call, on_done, NULL, NULL), SCALE_OK);
}

#define TASK "{\"task_id\":\"x\"}"

/* What is started between two turns is told at once: nobody steps the loop by chance. */
static void calls_come_to_their_end(void) {
    static const char *const answers[] = {TASK, TASK, "503 {}", TASK, "404 {}", TASK};
    host h;
    set_up(answers);
    attach(&h);
    done = failed = 0;
    for (int i = 0; i < 5; i++) start("x");
    CHECK(h.due >= 0);
    while (done < 5 && turn(&h)) {}
    CHECK_INT(done, 5);
    CHECK_INT(failed, 1);
    CHECK_INT(heard, 6);
    CHECK(h.most_watched > 2); /* the listener, the server's and the client's sockets */
    tear_down();
    CHECK_INT(h.count, 0);
    CHECK_INT(h.due, -1);
}

static void count(scale_loop *its_loop, void *user) {
    (void)its_loop;
    ++*(int *)user;
}

static void timers_are_told(void) {
    static const char *const answers[] = {NULL};
    host h;
    int fired = 0;
    set_up(answers);
    attach(&h);
    turn(&h);
    scale_timer *timer = scale_loop_after(loop, 60000, count, &fired);
    CHECK(h.due > now() + 50000);
    scale_loop_after(loop, 20, count, &fired);
    CHECK(h.due <= now() + 20);
    scale_loop_after(loop, 30000, count, &fired);
    CHECK(h.due <= now() + 20); /* a later one is no news */
    while (fired == 0 && turn(&h)) {}
    CHECK_INT(fired, 1);
    CHECK(h.due > now() + 20000);
    scale_timer_cancel(loop, timer);
    tear_down();
    CHECK_INT(h.due, -1);
}

/* The clock of a host may be a little before the loop's: a step in which nothing was due yet is made up for.
 */
static void a_timer_that_fires_too_early_is_set_again(void) {
    static const char *const answers[] = {NULL};
    host h;
    int fired = 0;
    set_up(answers);
    attach(&h);
    scale_loop_after(loop, 30, count, &fired);
    h.due = -1;
    scale_loop_step(loop, 0, NULL);
    CHECK(h.due >= 0);
    while (fired == 0 && turn(&h)) {}
    CHECK_INT(fired, 1);
    tear_down();
}

static scale_call *start_one(void) {
    scale_call *call = NULL;
    CHECK_INT(scale_call_new(&call, client, scale_operation_find("get_task"), NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_set_text(call, "task_id", "x", 1, NULL), SCALE_OK);
    CHECK_INT(scale_call_start(call, on_done, NULL, NULL), SCALE_OK);
    return call;
}

/* Until nothing is due for long. */
static void come_to_rest(host *h) {
    int64_t until = now() + 500;
    while (h->due >= 0 && h->due < now() + 1500 && now() < until) {
        struct timespec moment = {0, 1000000};
        nanosleep(&moment, NULL);
        CHECK_INT(scale_loop_step(loop, 0, NULL), SCALE_OK);
    }
}

/* A call that is canceled between two turns is to be delivered. */
static void what_ends_between_two_turns_is_delivered(void) {
    static const char *const answers[] = {NULL};
    host h;
    set_up(answers);
    attach(&h);
    scale_loop_watch(loop, listener, 0, NULL, NULL, NULL); /* the server says nothing */
    done = failed = 0;
    scale_call *call = start_one();
    come_to_rest(&h);
    CHECK(h.due > now() + 1000);
    scale_call_cancel(call);
    CHECK(h.due >= 0 && h.due <= now());
    turn(&h);
    CHECK_INT(done, 1);
    tear_down();
}

/* libcurl closes such a socket without a word before; it is told off all the same, before anybody can wait
 * for it. */
static void a_socket_that_is_given_up_while_it_connects_is_told_off_at_once(void) {
    static const char *const answers[] = {NULL};
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fillers[12];
    host h;
    set_up(answers);
    attach(&h);
    scale_loop_watch(loop, listener, 0, NULL, NULL, NULL);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) { /* until no more connections fit */
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fillers[i], (struct sockaddr *)&address, size);
    }
    done = failed = 0;
    scale_call *call = start_one();
    come_to_rest(&h);
    CHECK_INT(h.count, 1);
    CHECK_INT(h.watched[0].events, POLLOUT);
    h.may_be_closed = true;
    scale_call_cancel(call);
    CHECK_INT(h.count, 0);
    turn(&h);
    CHECK_INT(done, 1);
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) close(fillers[i]);
    tear_down();
}

static void what_is_watched_already_is_told(void) {
    static const char *const answers[] = {NULL};
    host first, second;
    set_up(answers);
    scale_loop_step(loop, 0, NULL);
    attach(&first);
    CHECK_INT(first.count, 1);
    CHECK_INT(first.watched[0].fd, listener);
    attach(&second);
    CHECK_INT(first.count, 0);
    CHECK_INT(second.count, 1);
    CHECK_INT(scale_loop_set_hooks(loop, NULL, NULL), SCALE_OK);
    CHECK_INT(second.count, 0);
    tear_down();
}

/* A blocking call in the midst of it works as ever. */
static void waiting_works_too(void) {
    static const char *const answers[] = {TASK};
    host h;
    scale_call *call = NULL;
    set_up(answers);
    attach(&h);
    CHECK_INT(scale_call_new(&call, client, scale_operation_find("get_task"), NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_set_text(call, "task_id", "x", 1, NULL), SCALE_OK);
    CHECK_INT(scale_call_start(call, NULL, NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_wait(call, NULL), SCALE_OK);
    scale_call_free(call);
    tear_down();
    CHECK_INT(h.count, 0);
}

static void wrong_hooks_are_refused(void) {
    static const char *const answers[] = {NULL};
    scale_loop_hooks hooks = SCALE_LOOP_HOOKS_INIT, unset = {0};
    scale_error error = SCALE_ERROR_INIT;
    host h = {.due = -1, .refuses = true};
    set_up(answers);
    scale_loop_step(loop, 0, NULL);
    hooks.watch = watch;
    hooks.host = &h;
    CHECK_INT(scale_loop_set_hooks(loop, &hooks, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_USAGE);
    CHECK_INT(scale_loop_set_hooks(loop, &unset, NULL), SCALE_ERROR);
    hooks.set_timer = set_timer;
    error = (scale_error)SCALE_ERROR_INIT;
    CHECK_INT(scale_loop_set_hooks(loop, &hooks, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_NO_MEMORY);
    CHECK_INT(scale_loop_step(loop, 0, NULL), SCALE_ERROR);
    h.refuses = false;
    h.watched[0].fd = listener; /* it is told off */
    h.count = 1;
    tear_down();
}

/* A host that has our descriptor in the place of hooks need not step before it waits. */
static void a_watch_is_there_at_once(void) {
    static const char *const answers[] = {NULL};
    set_up(answers);
    struct pollfd ours = {scale_loop_descriptor(loop), POLLIN, 0};
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(write(ends[1], "x", 1), 1);
    CHECK_INT(poll(&ours, 1, 0), 0);
    CHECK_INT(scale_loop_watch(loop, ends[0], SCALE_READABLE, on_connection, NULL, NULL), SCALE_OK);
    CHECK_INT(scale_loop_timeout(loop), -1);
    CHECK_INT(poll(&ours, 1, 0), 1);
    CHECK_INT(scale_loop_watch(loop, ends[0], 0, NULL, NULL, NULL), SCALE_OK);
    CHECK_INT(poll(&ours, 1, 0), 0);
    close(ends[0]);
    close(ends[1]);
    tear_down();
}

int main(void) {
    RUN(calls_come_to_their_end);
    RUN(timers_are_told);
    RUN(a_timer_that_fires_too_early_is_set_again);
    RUN(what_ends_between_two_turns_is_delivered);
    RUN(a_socket_that_is_given_up_while_it_connects_is_told_off_at_once);
    RUN(what_is_watched_already_is_told);
    RUN(waiting_works_too);
    RUN(wrong_hooks_are_refused);
    RUN(a_watch_is_there_at_once);
    return RESULT();
}
