/*
** lscheduler.c - what every wait passes: which job runs, which can go on, and the one place that puts a job
** to sleep. The rest of scheduling is scheduler.lua's, and so are jobs: tables, of whose fields these are
** read here: `_thread` (its coroutine), `_arguments` (what it begins with, until it does), `_ok` (nil until
** it has ended), `_urgent`, `_canceling`, and `_wait` (what it sleeps on).
**
** A wait is a table; or the call itself that a job waits for, which wakes it without a table between them:
** `sleepers` has the job, the call knows where.
*/
#include "lscheduler.h"
#include "linterrupt.h"

static const char scheduler_key = 's'; /* registry: the state's scheduler */

/* What it keeps in the registry, in places with numbers, which are quicker to find. */
enum { CURRENT, SLEEPERS, READY, URGENT, DRIVE, CANCELED, ENDED, PLACES };

static char wait_mark; /* what a job of ours yields; anything else is a foreign yield */

typedef struct queue {
    lua_Integer first, last; /* places in its table */
} queue;

typedef struct scheduler {
    queue ready, urgent;
    int places[PLACES];
    lua_Integer asleep; /* how many calls are waited for by jobs */
    lua_State *running; /* the current job's coroutine; NULL: no job runs */
    lscale_interrupt *interrupt;
} scheduler;

static scheduler *get(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &scheduler_key);
    scheduler *s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return s;
}

static int push(lua_State *L, const scheduler *s, int what) {
    return lua_rawgeti(L, LUA_REGISTRYINDEX, s->places[what]);
}

/* [-1, +0] */
static void keep(lua_State *L, const scheduler *s, int what) {
    lua_rawseti(L, LUA_REGISTRYINDEX, s->places[what]);
}

/* Pushes a field of the job at `job`. */
static int push_field(lua_State *L, int job, const char *name) {
    job = lua_absindex(L, job);
    lua_pushstring(L, name);
    return lua_rawget(L, job);
}

static bool has_field(lua_State *L, int job, const char *name) {
    bool is_there = push_field(L, job, name) != LUA_TNIL && lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is_there;
}

/* The field becomes the value on the top. [-1, +0] */
static void set_field(lua_State *L, int table, const char *name) {
    table = lua_absindex(L, table);
    lua_pushstring(L, name);
    lua_insert(L, -2);
    lua_rawset(L, table);
}

/* ====================================================================== queues */

static lua_Integer length(const queue *q) {
    return q->last - q->first + 1;
}

static queue *queue_of(scheduler *s, int which) {
    return which == URGENT ? &s->urgent : &s->ready;
}

/* The job on the top can go on. [-1, +0] */
static void make_ready(lua_State *L, scheduler *s) {
    int which = has_field(L, -1, "_urgent") ? URGENT : READY;
    queue *q = queue_of(s, which);
    push(L, s, which);
    lua_insert(L, -2);
    lua_rawseti(L, -2, q->last + 1);
    q->last++;
    lua_pop(L, 1);
}

/* Pushes the first job of the queue and takes it out. */
static void take(lua_State *L, scheduler *s, int which) {
    queue *q = queue_of(s, which);
    push(L, s, which);
    lua_rawgeti(L, -1, q->first);
    lua_pushnil(L);
    lua_rawseti(L, -3, q->first);
    if (length(q) > 1)
        q->first++;
    else
        *q = (queue){1, 0}; /* the same places again: the table need not grow */
    lua_remove(L, -2);
}

/* ready(job): it goes on in the next turn. */
static int ready(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    make_ready(L, get(L));
    return 0;
}

/* state() -> how many jobs can go on, how many of them are urgent, how many wait for a call */
static int state(lua_State *L) {
    const scheduler *s = get(L);
    lua_pushinteger(L, length(&s->ready) + length(&s->urgent));
    lua_pushinteger(L, length(&s->urgent));
    lua_pushinteger(L, s->asleep);
    return 3;
}

/* current() -> the job that runs | nil */
static int current(lua_State *L) {
    push(L, get(L), CURRENT);
    return 1;
}

/* ===================================================================== sleeping */

/* Pushes the current job if it is what runs here, and can sleep. */
static bool push_sleepy(lua_State *L, const scheduler *s) {
    if (s->running != L || !lua_isyieldable(L)) return false;
    push(L, s, CURRENT);
    return true;
}

/* Raises kind `canceled` if the job on the top is to end. */
static void check_canceling(lua_State *L, const scheduler *s) {
    if (!has_field(L, -1, "_canceling")) return;
    push(L, s, CANCELED);
    lua_insert(L, -2);
    lua_call(L, 1, 0);
}

/* To be called first by what goes on after a wait; a job may have been canceled meanwhile. */
static void awake(lua_State *L, int status) {
    if (status != LUA_YIELD) return;
    const scheduler *s = get(L);
    push(L, s, CURRENT);
    check_canceling(L, s);
    lua_pop(L, 1);
}

/* Puts the job on the top to sleep on what is at `wait`. */
static int fall_asleep(lua_State *L, int wait, lua_KFunction then) {
    lua_pushvalue(L, wait);
    set_field(L, -2, "_wait");
    lua_settop(L, wait);
    lua_pushlightuserdata(L, &wait_mark);
    return lua_yieldk(L, 1, 0, then);
}

/* Nobody can sleep here: carries everything on until the wait is over. */
static int drive(lua_State *L, const scheduler *s, int wait, lua_KFunction then) {
    lua_settop(L, wait);
    push(L, s, DRIVE);
    lua_pushvalue(L, wait);
    lua_callk(L, 1, 0, 0, then);
    return then(L, LUA_OK, 0);
}

static int await_over(lua_State *L, int status, lua_KContext context) {
    (void)context;
    awake(L, status);
    return 0;
}

/* await(wait): waits until the wait is over. Raises kind `canceled` in a job that was canceled meanwhile. */
static int await(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (has_field(L, 1, "done")) return 0;
    const scheduler *s = get(L);
    if (!push_sleepy(L, s)) return drive(L, s, 1, await_over);
    check_canceling(L, s);
    lua_pushvalue(L, -1);
    set_field(L, 1, "job");
    return fall_asleep(L, 1, await_over);
}

static int call_over(lua_State *L, int status, lua_KContext context) {
    (void)context;
    lscale_pollable *pollable = lua_touserdata(L, -1);
    awake(L, status);
    return pollable->then(L);
}

int lscale_await(lua_State *L, lscale_pollable *pollable, lua_CFunction then) {
    scheduler *s = get(L);
    int call = lua_gettop(L);
    pollable->then = then;
    if (!push_sleepy(L, s)) {
        lscale_register(L, pollable);
        return drive(L, s, call, call_over);
    }
    check_canceling(L, s);
    push(L, s, SLEEPERS);
    lua_pushvalue(L, -2);
    pollable->sleeper = luaL_ref(L, -2);
    lua_pop(L, 1);
    s->asleep++;
    return fall_asleep(L, call, call_over);
}

void lscale_wake(lua_State *L, lscale_pollable *pollable) {
    scheduler *s = get(L);
    push(L, s, SLEEPERS);
    lua_rawgeti(L, -1, pollable->sleeper);
    lua_pushnil(L);
    set_field(L, -2, "_wait");
    make_ready(L, s);
    luaL_unref(L, -1, pollable->sleeper);
    lua_pop(L, 1);
    pollable->sleeper = 0;
    s->asleep--;
}

/* wake(call): the job that sleeps on it goes on, if one does. */
static int wake(lua_State *L) {
    lscale_pollable *pollable = luaL_checkudata(L, 1, LSCALE_CALL);
    if (pollable->sleeper != 0) lscale_wake(L, pollable);
    return 0;
}

/* settle(): wakes the jobs whose calls have ended without becoming ready, as those of a closed client do. */
static int settle(lua_State *L) {
    push(L, get(L), SLEEPERS);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(L, 1, i) == LUA_TTABLE && push_field(L, -1, "_wait") == LUA_TUSERDATA) {
            lscale_pollable *pollable = lua_touserdata(L, -1);
            if (lscale_call_has_ended(pollable)) lscale_wake(L, pollable);
        }
        lua_settop(L, 1);
    }
    return 0;
}

/* ===================================================================== resuming */

/* Moves what the job begins with, if it has not begun, to its coroutine. Returns how much that is; -1 when
** there is no memory for it. */
static int give_arguments(lua_State *L, int job, lua_State *thread) {
    if (push_field(L, job, "_arguments") == LUA_TNIL) {
        lua_pop(L, 1);
        return 0;
    }
    int arguments = lua_gettop(L);
    push_field(L, arguments, "n");
    int count = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (!lua_checkstack(L, count + 2) || !lua_checkstack(thread, count)) return -1;
    for (int i = 1; i <= count; i++) lua_rawgeti(L, arguments, i);
    lua_xmove(L, thread, count);
    lua_pushnil(L);
    set_field(L, job, "_arguments");
    lua_pop(L, 1);
    return count;
}

/* The job has not gone to sleep on a wait of ours: says so, and what its coroutine gave. */
static void tell_end(lua_State *L, const scheduler *s, int job, lua_State *thread, int status, int count) {
    bool fine = status == LUA_OK || status == LUA_YIELD;
    if (!fine && count >= 0) count = 1; /* the error */
    if (count < 0 || !lua_checkstack(L, count + 3)) fine = false, count = 0;
    push(L, s, ENDED);
    lua_pushvalue(L, job);
    lua_pushboolean(L, fine);
    if (count > 0)
        lua_xmove(thread, L, count);
    else if (!fine)
        lua_pushliteral(L, "not enough memory");
    lua_call(L, lua_gettop(L) - job - 1, 0);
}

/* Notes the job on the top, or nil, as the one that runs. [-1, +0] */
static void run_as(lua_State *L, scheduler *s) {
    s->running = NULL;
    if (lua_istable(L, -1)) {
        push_field(L, -1, "_thread");
        s->running = lua_tothread(L, -1);
        lua_pop(L, 1);
    }
    if (s->interrupt != NULL) s->interrupt->running = s->running;
    keep(L, s, CURRENT);
}

/* Carries the job on the top on, if it has not ended. [-1, +0] */
static void resume(lua_State *L, scheduler *s) {
    int job = lua_gettop(L), status = LUA_ERRMEM, count = 0;
    push(L, s, CURRENT); /* the job of before */
    push_field(L, job, "_thread");
    lua_State *thread = lua_tothread(L, -1);
    bool has_begun = lua_status(thread) == LUA_YIELD;
    if (!has_begun && push_field(L, job, "_ok") != LUA_TNIL) {
        lua_settop(L, job - 1);
        return;
    }
    if (!has_begun) count = give_arguments(L, job, thread);
    lua_pushvalue(L, job);
    run_as(L, s);
    if (count >= 0) status = lua_resume(thread, L, count, &count);
    bool sleeps = status == LUA_YIELD && count == 1 && lua_touserdata(thread, -1) == &wait_mark;
    lua_settop(L, job + 1);
    run_as(L, s);
    if (sleeps)
        lua_pop(thread, 1);
    else
        tell_end(L, s, job, thread, status, count);
    lua_settop(L, job - 1);
}

/* run_as(job | nil): what runs is this one again, after an error. */
static int run_as_this(lua_State *L) {
    lua_settop(L, 1);
    run_as(L, get(L));
    return 0;
}

/* run(urgent, until | nil): carries as many jobs on as are in the queue by now, unless a drive inside has
** done so; until then, by loop:now(), if a time is given. */
static int run(lua_State *L) {
    scheduler *s = get(L);
    int which = lua_toboolean(L, 1) ? URGENT : READY;
    bool limited = !lua_isnoneornil(L, 2);
    lua_Number until = lua_tonumber(L, 2);
    const queue *q = queue_of(s, which);
    for (lua_Integer left = length(q); left > 0 && length(q) > 0; left--) {
        take(L, s, which);
        resume(L, s);
        if (limited && lscale_now(L) > until) break;
    }
    return 0;
}

/* ====================================================================== opening */

/* hooks(drive, canceled, ended): drive(wait) carries everything on until the wait is over; canceled(job)
** raises that the job was; ended(job, ok, …) is told of a coroutine that yielded otherwise than by a wait,
** has returned or raised. */
static int set_hooks(lua_State *L) {
    static const int places[] = {DRIVE, CANCELED, ENDED};
    for (int i = 0; i < 3; i++) {
        luaL_checktype(L, i + 1, LUA_TFUNCTION);
        lua_pushvalue(L, i + 1);
        keep(L, get(L), places[i]);
    }
    return 0;
}

static void make(lua_State *L) {
    scheduler *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (scheduler){.ready = {1, 0}, .urgent = {1, 0}, .interrupt = lscale_interrupt_get(L)};
    for (int i = 0; i < PLACES; i++) {
        if (i == SLEEPERS || i == READY || i == URGENT)
            lua_newtable(L);
        else
            lua_pushboolean(L, false);
        s->places[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &scheduler_key);
}

void lscale_open_scheduler(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"ready", ready},   {"wake", wake}, {"state", state},        {"current", current}, {"await", await},
        {"settle", settle}, {"run", run},   {"run_as", run_as_this}, {"hooks", set_hooks}, {NULL, NULL}};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &scheduler_key) == LUA_TNIL) make(L);
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "scheduler");
}
