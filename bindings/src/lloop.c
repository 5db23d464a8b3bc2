/*
** lloop.c - the loop of a lua_State, its timers and its watched descriptors, as userdata.
*/
#include <errno.h>
#include <string.h>

#include "lcore.h"
#include "linterrupt.h"

/* Registry: the state's loop, and the table that finds a userdata by its address. */
static const char loop_key = 'l';
static const char object_key = 'o';

typedef struct timer {
    lscale_pollable pollable; /* must be first */
    lscale_loop *owner;
    scale_timer *timer; /* NULL when it has fired or was canceled */
} timer;

typedef struct watch {
    lscale_pollable pollable; /* must be first */
    lscale_loop *owner;
    int descriptor; /* -1 when closed */
} watch;

/* ================================================================= ready list */

void lscale_make_ready(lscale_loop *loop, lscale_pollable *pollable) {
    if (pollable->loop != NULL) return;
    pollable->loop = loop;
    pollable->next = NULL;
    if (loop->last_ready == NULL)
        loop->first_ready = pollable;
    else
        loop->last_ready->next = pollable;
    loop->last_ready = pollable;
}

void lscale_unlink(lscale_pollable *pollable) {
    lscale_loop *loop = pollable->loop;
    if (loop == NULL) return;
    lscale_pollable *previous = NULL, *each = loop->first_ready;
    while (each != pollable) {
        previous = each;
        each = each->next;
    }
    if (previous == NULL)
        loop->first_ready = pollable->next;
    else
        previous->next = pollable->next;
    if (loop->last_ready == pollable) loop->last_ready = previous;
    pollable->loop = NULL;
}

void lscale_register(lua_State *L, void *address) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &object_key);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, address);
    lua_pop(L, 1);
}

/* Moves what is ready into the array at `list`, and says how many. When that raises, all are still linked. */
static lua_Integer hand_out(lua_State *L, lscale_loop *loop, int list) {
    lua_Integer count = 0;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &object_key);
    for (lscale_pollable *each = loop->first_ready; each != NULL; each = each->next) {
        lua_rawgetp(L, -1, each);
        lua_rawseti(L, list, ++count);
    }
    lua_pop(L, 1);
    while (loop->first_ready != NULL) lscale_unlink(loop->first_ready);
    return count;
}

/* ======================================================================= loop */

lscale_loop *lscale_check_loop(lua_State *L, int index) {
    lscale_loop *loop = luaL_checkudata(L, index, LSCALE_LOOP);
    if (loop->loop == NULL) luaL_error(L, "the loop was closed");
    return loop;
}

/* core.loop() -> the loop of this lua_State, made at the first call. */
static int get_loop(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &loop_key) == LUA_TUSERDATA) return 1;
    scale_error error = SCALE_ERROR_INIT;
    lscale_loop *loop = lua_newuserdatauv(L, sizeof *loop, 0);
    memset(loop, 0, sizeof *loop);
    luaL_setmetatable(L, LSCALE_LOOP);
    if (scale_loop_new(&loop->loop, NULL, &error) != SCALE_OK) return luaL_error(L, "%s", error.message);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loop_key);
    return 1;
}

static int close_loop(lua_State *L) {
    lscale_loop *loop = luaL_checkudata(L, 1, LSCALE_LOOP);
    scale_loop *open = loop->loop;
    loop->loop = NULL;
    while (loop->first_ready != NULL) lscale_unlink(loop->first_ready);
    scale_loop_free(open);
    lscale_free_changes(loop);
    return 0;
}

/* loop:step(milliseconds, list) -> count. Fills list[1..count] with the timers, watches and calls that
** became ready; -1 waits for as long as it takes. Raises "interrupted!" after Ctrl-C in the host. */
static int step(lua_State *L) {
    lscale_loop *loop = lscale_check_loop(L, 1);
    int timeout = (int)luaL_checkinteger(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    scale_error error = SCALE_ERROR_INIT;
    lscale_interrupt_check(L);
    if (scale_loop_step(loop->loop, timeout, &error) != SCALE_OK) return luaL_error(L, "%s", error.message);
    lscale_interrupt_check(L);
    lua_pushinteger(L, hand_out(L, loop, 3));
    return 1;
}

/* loop:descriptor(), loop:timeout() in ms, for a host's own loop */
static int descriptor(lua_State *L) {
    lua_pushinteger(L, scale_loop_descriptor(lscale_check_loop(L, 1)->loop));
    return 1;
}

static int timeout(lua_State *L) {
    lua_pushinteger(L, scale_loop_timeout(lscale_check_loop(L, 1)->loop));
    return 1;
}

/* loop:now() -> seconds on a monotonic clock, milliseconds exact */
static int now(lua_State *L) {
    lua_pushnumber(L, (lua_Number)scale_loop_now(lscale_check_loop(L, 1)->loop) / 1000.0);
    return 1;
}

/* ===================================================================== timers */

static void on_timer(scale_loop *loop, void *user) {
    timer *t = user;
    (void)loop;
    t->timer = NULL;
    lscale_make_ready(t->owner, &t->pollable);
}

/* loop:after(seconds) -> a timer that becomes ready once */
static int after(lua_State *L) {
    lscale_loop *loop = lscale_check_loop(L, 1);
    int delay = lscale_milliseconds(L, luaL_checknumber(L, 2), "the delay");
    timer *t = lua_newuserdatauv(L, sizeof *t, 1);
    memset(t, 0, sizeof *t);
    t->owner = loop;
    luaL_setmetatable(L, LSCALE_TIMER);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    lscale_register(L, t);
    t->timer = scale_loop_after(loop->loop, delay, on_timer, t);
    if (t->timer == NULL) return luaL_error(L, "out of memory");
    return 1;
}

static int cancel_timer(lua_State *L) {
    timer *t = luaL_checkudata(L, 1, LSCALE_TIMER);
    if (t->timer != NULL && t->owner->loop != NULL) scale_timer_cancel(t->owner->loop, t->timer);
    t->timer = NULL;
    lscale_unlink(&t->pollable);
    return 0;
}

/* ==================================================================== watches */

static void on_watch(scale_loop *loop, int fd, unsigned events, void *user) {
    watch *w = user;
    (void)loop;
    (void)fd;
    (void)events;
    lscale_make_ready(w->owner, &w->pollable);
}

/* loop:watch(descriptor, "r" | "w" | "rw") -> a watch that becomes ready whenever the descriptor is */
static int make_watch(lua_State *L) {
    static const char *const names[] = {"r", "w", "rw", NULL};
    static const unsigned values[] = {SCALE_READABLE, SCALE_WRITABLE, SCALE_READABLE | SCALE_WRITABLE};
    lscale_loop *loop = lscale_check_loop(L, 1);
    int fd = (int)luaL_checkinteger(L, 2);
    unsigned events = values[luaL_checkoption(L, 3, "r", names)];
    scale_error error = SCALE_ERROR_INIT;
    watch *w = lua_newuserdatauv(L, sizeof *w, 1);
    memset(w, 0, sizeof *w);
    w->owner = loop;
    w->descriptor = -1;
    luaL_setmetatable(L, LSCALE_WATCH);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    lscale_register(L, w);
    if (scale_loop_watch(loop->loop, fd, events, on_watch, w, &error) != SCALE_OK)
        return luaL_error(L, "%s", error.message);
    w->descriptor = fd;
    return 1;
}

static int close_watch(lua_State *L) {
    watch *w = luaL_checkudata(L, 1, LSCALE_WATCH);
    if (w->descriptor >= 0 && w->owner->loop != NULL)
        scale_loop_watch(w->owner->loop, w->descriptor, 0, NULL, NULL, NULL);
    w->descriptor = -1;
    lscale_unlink(&w->pollable);
    return 0;
}

/* ==================================================================== opening */

/* core.running(thread | nil): which coroutine runs, for the host's Ctrl-C. */
static int set_running(lua_State *L) {
    lscale_interrupt *interrupt = lua_touserdata(L, lua_upvalueindex(1));
    if (interrupt != NULL) interrupt->running = lua_tothread(L, 1);
    return 0;
}

void lscale_open_loop(lua_State *L) {
    static const luaL_Reg loop_methods[] = {
        {"step", step},   {"descriptor", descriptor}, {"timeout", timeout},  {"now", now},
        {"after", after}, {"watch", make_watch},      {"close", close_loop}, {NULL, NULL}};
    static const luaL_Reg timer_methods[] = {{"cancel", cancel_timer}, {NULL, NULL}};
    static const luaL_Reg watch_methods[] = {{"close", close_watch}, {NULL, NULL}};
    lscale_make_class(L, LSCALE_LOOP, loop_methods, close_loop);
    lscale_make_class(L, LSCALE_TIMER, timer_methods, cancel_timer);
    lscale_make_class(L, LSCALE_WATCH, watch_methods, close_watch);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &object_key) != LUA_TTABLE) {
        lua_newtable(L);
        lua_createtable(L, 0, 1);
        lua_pushliteral(L, "v");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &object_key);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, get_loop);
    lua_setfield(L, -2, "loop");
    lua_pushlightuserdata(L, lscale_interrupt_get(L));
    lua_pushcclosure(L, set_running, 1);
    lua_setfield(L, -2, "running");
}
