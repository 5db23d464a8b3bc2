/*
** threads.c - two loops, and two lua_States, in two threads of one process, at work at once: for
** ThreadSanitizer, which ends the program with an error when they share what they must not.
*/
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "check.h"
#include "lua_workflow.h"
#include "scaleapi.h"
#include "small_server.h"

#define THREADS 2
#define ROUNDS  4
#define CALLS   20

/* Lua and libcurl are not compiled for it: what they do among themselves is theirs. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "ignore_noninstrumented_modules=1:halt_on_error=0:exitcode=66";
}

static char url[64];
static pthread_barrier_t together;
static atomic_int failures;

static void complain(const char *what) {
    fprintf(stderr, "%s\n", what);
    atomic_fetch_add(&failures, 1);
}

/* Each round begins and ends a loop, or a state, at the same moment as the other thread. */
static void *run_rounds(void *user) {
    void (*const *round)(void) = user;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&together);
        (*round)();
    }
    return NULL;
}

static void in_two_threads(void (*round)(void)) {
    pthread_t threads[THREADS];
    atomic_store(&failures, 0);
    pthread_barrier_init(&together, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) CHECK_INT(pthread_create(&threads[i], NULL, run_rounds, &round), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
    CHECK_INT(atomic_load(&failures), 0);
}

/* ========================================================================= C */

static scale_call *start_call(scale_client *client, const char *id, bool bulk) {
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    scale_call *call = NULL;
    options.bulk = bulk;
    if (scale_call_new(&call, client, scale_operation_find("get_task"), &options, &error) != SCALE_OK ||
        scale_call_set_text(call, "task_id", id, strlen(id), &error) != SCALE_OK ||
        scale_call_start(call, NULL, NULL, &error) != SCALE_OK)
        complain(error.message);
    return call;
}

static void make_calls(scale_client *client) {
    scale_call *calls[CALLS];
    for (int i = 0; i < CALLS; i++) calls[i] = start_call(client, i % 5 == 4 ? "nobody" : "t1", i % 2 == 0);
    for (int i = 0; i < CALLS; i++) {
        scale_error error = SCALE_ERROR_INIT;
        bool fine = scale_call_wait(calls[i], &error) == SCALE_OK;
        if (fine == (i % 5 == 4) || (!fine && error.kind != SCALE_NOT_FOUND)) complain(error.message);
        scale_call_free(calls[i]);
    }
}

static void fetch_file(scale_loop *loop) {
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    scale_error error = SCALE_ERROR_INIT;
    scale_exchange *exchange;
    char address[128];
    snprintf(address, sizeof address, "%s/file", url);
    request.url = address;
    if (scale_exchange_start(&exchange, loop, &request, NULL, NULL, &error) != SCALE_OK ||
        scale_exchange_wait(exchange, &error) != SCALE_OK)
        complain(error.message);
    scale_exchange_free(exchange);
}

static void use_a_loop(void) {
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    scale_limits_options limits_options = SCALE_LIMITS_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    scale_loop *loop = NULL;
    scale_client *client = NULL;
    if (scale_limits_new(&options.limits, &limits_options, &error) != SCALE_OK) complain(error.message);
    options.api_key = "live_x";
    options.base_url = url;
    if (scale_loop_new(&loop, NULL, &error) != SCALE_OK ||
        scale_client_new(&client, loop, &options, &error) != SCALE_OK)
        complain(error.message);
    make_calls(client);
    fetch_file(loop);
    scale_limits_free(options.limits);
    scale_client_free(client);
    scale_loop_free(loop);
}

static void two_loops(void) {
    in_two_threads(use_a_loop);
}

/* ======================================================================= Lua */

static void use_a_state(void) {
    lua_State *L = luaL_newstate();
    lua_pushcfunction(L, open_all);
    lua_call(L, 0, 0);
    for (int i = 0; i < 3; i++) {
        lua_pushcfunction(L, run_text);
        lua_pushlightuserdata(L, url);
        lua_pushlightuserdata(L, (void *)(uintptr_t)workflow);
        if (lua_pcall(L, 2, 0, 0) != LUA_OK) complain(luaL_tolstring(L, -1, NULL));
        lua_settop(L, 0);
    }
    lua_close(L);
}

static void two_states(void) {
    in_two_threads(use_a_state);
}

int main(void) {
    pid_t server = start_server(workflow_script, url, sizeof url);
    RUN(two_loops);
    RUN(two_states);
    stop_server(server);
    return RESULT();
}
