/*
** lua_memory.c - every allocation of the Lua module, Lua's own and core's, fails once, in turn, while a small
** workflow runs: it ends well or in an error, the same lua_State runs the next one, and nothing is left when
** it is closed. Where all of them take too long, as under sanitizers, it is every third, fifth, … of them.
*/
#include <time.h>

#include "check.h"
#include "lua_workflow.h"
#include "scaleapi.h"
#include "small_server.h"

#define SECONDS      3.0 /* of this process, for each of the tests */
#define CHECK_EVERY  50  /* failures, until a run without one must go well */
#define MOST_SECONDS 20  /* of one run; then it hangs */

/* ================================================================== allocators */

/* Which allocation fails (0: none), how many there were, and what is held. Lua collects garbage when one
** fails and tries again: then that fails too, unless it is only to collect. */
static long fail_at, allocations, core_alive;
static size_t lua_alive;
static bool only_collect, fails_again;

static bool fails(void) {
    return ++allocations == fail_at;
}

static void *lua_allocate(void *user, void *block, size_t before, size_t size) {
    (void)user;
    if (block == NULL) before = 0; /* then it tells what the block is for */
    if (size == 0) {
        lua_alive -= before;
        free(block);
        return NULL;
    }
    if (size > before) {
        bool again = fails_again;
        fails_again = false;
        if (again) return NULL;
        if (fails()) {
            fails_again = !only_collect;
            return NULL;
        }
    }
    void *moved = realloc(block, size);
    if (moved != NULL) lua_alive = lua_alive - before + size;
    return moved;
}

static void *core_allocate(size_t size, void *user) {
    (void)user;
    if (fails() && !only_collect) return NULL;
    core_alive++;
    return malloc(size);
}

static void *core_resize(void *block, size_t size, void *user) {
    if (block == NULL) return core_allocate(size, user);
    return fails() && !only_collect ? NULL : realloc(block, size);
}

static void core_release(void *block, void *user) {
    (void)user;
    core_alive--;
    free(block);
}

static void fail(long number) {
    fails_again = false;
    allocations = 0;
    fail_at = number;
}

/* ==================================================================== the work */

static const char limited[] = "local url = ...\n"
                              "local limited, environment = require('scaleapi').limited { api_key = 'k', "
                              "base_url = url, hosts = { '*' } }\n"
                              "environment.url = url\n"
                              "assert(load('assert(scaleapi.client():get_task \"t1\".status == \"pending\") "
                              "assert(scaleapi.fetch(url .. \"/file\"))',\n"
                              "    '=script', 't', environment))()\n";

static bool call(lua_State *L, lua_CFunction function, const char *url, const char *text) {
    lua_settop(L, 0);
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, (void *)(uintptr_t)url);
    lua_pushlightuserdata(L, (void *)(uintptr_t)text);
    alarm(MOST_SECONDS);
    bool fine = lua_pcall(L, 2, 0, 0) == LUA_OK;
    alarm(0);
    return fine;
}

/* Runs the program while an allocation fails. */
static bool run_failing(lua_State *L, const char *url, const char *text, long number) {
    fail(number);
    bool fine = call(L, run_text, url, text);
    fail_at = 0;
    return fine;
}

/* What is said must be why: that there is no memory, in whatever words it came up. */
static bool is_about_memory(lua_State *L) {
    const char *said = luaL_tolstring(L, -1, NULL);
    bool right = strstr(said, "memory") != NULL || strstr(said, "stack overflow") != NULL;
    if (!right) printf("allocation failed, and the error is: %s\n", said);
    lua_pop(L, 1);
    return right;
}

static void must_run(lua_State *L, const char *url, const char *text, long after) {
    if (run_failing(L, url, text, 0)) return;
    printf("after allocation %ld had failed: %s\n", after, luaL_tolstring(L, -1, NULL));
    CHECK(!"the state works as before");
}

static lua_State *open_state(void) {
    lua_State *L = lua_newstate(lua_allocate, NULL);
    if (L != NULL && call(L, open_all, NULL, NULL)) return L;
    if (L != NULL) lua_close(L);
    return NULL;
}

static void close_state(lua_State *L) {
    lua_close(L);
    CHECK_INT(lua_alive, 0);
    CHECK_INT(core_alive, 0);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The next allocation that is to fail: the very next one, or further on where the time is short. */
static long after(long number, long count, double begun, long tried) {
    double spent = now() - begun, left = SECONDS - spent;
    double wanted = (double)(count - number) * (spent / (double)tried) / (left > 0.1 ? left : 0.1);
    return number + (wanted > 1.0 ? (long)wanted + 1 : 1);
}

/* ==================================================================== the tests */

static char url[64];

/* One state lives through all failures. */
static void fail_in_one_state(const char *text) {
    lua_State *L = open_state();
    must_run(L, url, text, 0);
    must_run(L, url, text, 0);
    long count = allocations, errors = 0, tried = 0;
    double begun = now();
    CHECK(count > 200);
    for (long n = 1; n <= count; n = after(n, count, begun, tried)) {
        tried++;
        if (!run_failing(L, url, text, n)) {
            errors++;
            if (!only_collect && !is_about_memory(L)) {
                printf("it was allocation %ld\n", n);
                CHECK(!"the error says why");
            }
            if (only_collect) printf("allocation %ld: %s\n", n, luaL_tolstring(L, -1, NULL));
        }
        if (tried % CHECK_EVERY == 0) must_run(L, url, text, n);
    }
    must_run(L, url, text, count);
    if (only_collect)
        CHECK_INT(errors, 0);
    else
        CHECK(errors > tried / 2 && tried > 100);
    close_state(L);
}

static void a_workflow(void) {
    fail_in_one_state(workflow);
}

static void with_limits(void) {
    fail_in_one_state(limited);
}

/* Lua finds memory after all, by collecting garbage, wherever it asks for some: nothing that is in use goes.
 */
static void garbage_is_collected_at_any_time(void) {
    only_collect = true;
    fail_in_one_state(workflow);
    only_collect = false;
}

/* A state that has just been made is closed when something has failed: at its beginning, too. */
static void a_state_is_closed_after_it(void) {
    fail(0);
    lua_State *L = open_state();
    CHECK(call(L, run_text, url, workflow));
    long count = allocations, tried = 0;
    close_state(L);
    double begun = now();
    for (long n = 1; n <= count; n = after(n, count, begun, tried)) {
        tried++;
        fail(n);
        L = open_state();
        if (L != NULL) {
            call(L, run_text, url, workflow);
            lua_close(L);
        }
        fail_at = 0;
        CHECK_INT(lua_alive, 0);
        CHECK_INT(core_alive, 0);
    }
}

int main(void) {
    static const scale_memory hooks = {core_allocate, core_resize, core_release, NULL};
    scale_set_memory(&hooks);
    pid_t server = start_server(workflow_script, url, sizeof url);
    RUN(a_workflow);
    RUN(with_limits);
    RUN(garbage_is_collected_at_any_time);
    RUN(a_state_is_closed_after_it);
    stop_server(server);
    return RESULT();
}
