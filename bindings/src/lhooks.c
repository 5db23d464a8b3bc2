/*
** lhooks.c - what a host with a loop of its own is to watch: core's hooks note it here, since they are called
** where Lua must not run; the scheduler hands it on after core has returned.
*/
#include "lcore.h"

/* The descriptor is to be watched for these events; in the order in which they came, so that one that was
** closed and came again is told off first. */
typedef struct lscale_change {
    int descriptor;
    unsigned events;
} change;

/* Lua's allocator raises no error when it is called by itself. */
static bool make_room(lscale_loop *loop) {
    if (loop->change_count < loop->change_room) return true;
    size_t room = loop->change_room == 0 ? 16 : loop->change_room * 2;
    change *changes = loop->allocate(loop->allocator, loop->changes, loop->change_room * sizeof *changes,
                                     room * sizeof *changes);
    if (changes == NULL) return false;
    loop->changes = changes;
    loop->change_room = room;
    return true;
}

static bool on_watch(void *user, int descriptor, unsigned events) {
    lscale_loop *loop = user;
    if (!make_room(loop)) return false;
    loop->changes[loop->change_count++] = (change){descriptor, events};
    return true;
}

/* The scheduler asks loop:timeout() itself: it knows of jobs too. */
static void on_set_timer(void *user, int delay_ms) {
    (void)user;
    (void)delay_ms;
}

/* loop:attach(true | false): notes, from now on or no longer, what is to be watched. */
static int attach(lua_State *L) {
    lscale_loop *loop = lscale_check_loop(L, 1);
    scale_loop_hooks hooks = SCALE_LOOP_HOOKS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    bool begins = lua_toboolean(L, 2);
    loop->allocate = lua_getallocf(L, &loop->allocator);
    hooks.watch = on_watch;
    hooks.set_timer = on_set_timer;
    hooks.host = loop;
    if (scale_loop_set_hooks(loop->loop, begins ? &hooks : NULL, &error) == SCALE_OK) return 0;
    return luaL_error(L, "%s", error.message);
}

/* loop:change() -> the next descriptor, and "r", "w", "rw" or nil for what it is to be watched for; nothing
** when there is none. */
static int take_change(lua_State *L) {
    static const char *const names[] = {NULL, "r", "w", "rw"};
    lscale_loop *loop = lscale_check_loop(L, 1);
    if (loop->change_next == loop->change_count) {
        loop->change_next = loop->change_count = 0;
        return 0;
    }
    const change *taken = &loop->changes[loop->change_next++];
    lua_pushinteger(L, taken->descriptor);
    lua_pushstring(L, names[taken->events & (SCALE_READABLE | SCALE_WRITABLE)]);
    return 2;
}

void lscale_free_changes(lscale_loop *loop) {
    if (loop->changes == NULL) return;
    loop->allocate(loop->allocator, loop->changes, loop->change_room * sizeof *loop->changes, 0);
    loop->changes = NULL;
    loop->change_next = loop->change_count = loop->change_room = 0;
}

void lscale_open_hooks(lua_State *L) {
    static const luaL_Reg methods[] = {{"attach", attach}, {"change", take_change}, {NULL, NULL}};
    luaL_getmetatable(L, LSCALE_LOOP);
    lua_getfield(L, -1, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 2);
}
