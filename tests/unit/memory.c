/* memory.c - every allocation of core fails once, in turn: a clean error, nothing lost, nothing leaked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "failing.h"
#include "scaleapi.h"
#include "small_server.h"

static const scripted script[] = {
    {"POST /v2/task/chat", "409 Conflict\r\n\r\n{\"error\":\"taken\"}"},
    {"GET /v1/tasks?unique_id=u",
     "200 OK\r\n\r\n{\"docs\":[{\"task_id\":\"t1\",\"project\":\"p\",\"metadata\":{\"a\":1}}]}"},
    {"GET /v2/task?task_id=t1", "200 OK\r\n\r\n{\"task_id\":\"t1\"}"},
    {"POST /v2/batch/pause", "500 Broken\r\n\r\n"},
    {"GET /v2/batch?batch_name=b", "200 OK\r\n\r\n{\"id\":\"1\",\"status\":\"paused\"}"},
    {"GET /v2/datasets/task/", "302 Found\r\nLocation: /file\r\n\r\n"},
    {"POST /v1/studio/batches/set_priorities", "200 OK\r\n\r\n[]"},
    {"GET /v1/tasks?project=l HTTP",
     "200 OK\r\n\r\n{\"docs\":[{\"task_id\":\"1\"},{\"task_id\":\"2\"}],\"next_token\":\"a\\u002F\"}"},
    {"GET /v1/tasks?project=l&next_token=a%2F", "200 OK\r\n\r\n{\"docs\":[],\"next_token\":\"b\"}"},
    {"GET /v1/tasks?project=l&next_token=b",
     "200 OK\r\n\r\n{\"docs\":[{\"task_id\":\"3\"}],\"next_token\":\"c\"}"},
    {"GET /v1/tasks?project=l&next_token=c", "200 OK\r\n\r\n{\"docs\":[{\"task_id\":\"4\"}]}"},
    {NULL, NULL},
};

/* ==================================================================== the work */

static scale_loop *loop;
static scale_client *client;

static double no_pause(void *user) {
    (void)user;
    return 0.0;
}

/* With limits that allow what is done here. */
static scale_limits *make_limits(scale_error *error) {
    static const char *const operations[] = {"read", "*", NULL}, *const hosts[] = {"127.0.0.1", "*.x", NULL};
    scale_limits_options options = SCALE_LIMITS_OPTIONS_INIT;
    scale_limits *limits;
    options.operations = operations;
    options.hosts = hosts;
    scale_limits_new(&limits, &options, error);
    return limits;
}

static scale_status open_client(const char *url, scale_error *error) {
    scale_loop_options loop_options = SCALE_LOOP_OPTIONS_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    loop = NULL;
    client = NULL;
    loop_options.random = no_pause;
    options.api_key = "test_key";
    options.base_url = url;
    options.max_attempts = 1;
    options.give_up_after = 5;
    if (scale_loop_new(&loop, &loop_options, error) != SCALE_OK) return SCALE_ERROR;
    if ((options.limits = make_limits(error)) == NULL) return SCALE_ERROR;
    scale_status status = scale_client_new(&client, loop, &options, error);
    scale_limits_free(options.limits);
    return status;
}

static void close_client(void) {
    scale_client_free(client);
    scale_loop_free(loop);
}

/* One batch and one upload, to a server that is not there. Returns the kind of the first error. */
static scale_kind unreachable(const char *url) {
    scale_error error = SCALE_ERROR_INIT;
    scale_call *task = NULL, *file = NULL;
    (void)url;
    if (open_client("http://127.0.0.1:1/", &error) == SCALE_OK &&
        scale_call_new(&task, client, scale_operation_find("create_batch"), NULL, &error) == SCALE_OK &&
        scale_call_set_text(task, "project", "p", 1, &error) == SCALE_OK &&
        scale_call_set_text(task, "batch_name", "b \xC3\xA9", 4, &error) == SCALE_OK &&
        scale_call_set_json(task, "metadata", "{\"a\":[1]}", 9, &error) == SCALE_OK &&
        scale_call_start(task, NULL, NULL, &error) == SCALE_OK &&
        scale_call_new(&file, client, scale_operation_find("upload_file"), NULL, &error) == SCALE_OK &&
        scale_call_set_text(file, "display_name", "d", 1, &error) == SCALE_OK &&
        scale_call_set_file_data(file, "bytes", 5, "a.txt", &error) == SCALE_OK &&
        scale_call_start(file, NULL, NULL, &error) == SCALE_OK) {
        scale_call_wait(task, &error);
        scale_call_wait(file, NULL);
    }
    scale_call_free(task);
    scale_call_free(file);
    close_client();
    return error.kind;
}

/* Starts the call with this body and waits for it. */
static void finish(scale_call *call, const char *body, scale_error *error) {
    if (call != NULL && (body == NULL || scale_call_set_body(call, body, strlen(body), error) == SCALE_OK) &&
        scale_call_start(call, NULL, NULL, error) == SCALE_OK)
        scale_call_wait(call, error);
    scale_call_free(call);
}

static scale_call *new_call(const char *name, const scale_call_options *options, scale_error *error) {
    scale_call *call = NULL;
    if (error->kind == SCALE_NONE) scale_call_new(&call, client, scale_operation_find(name), options, error);
    return call;
}

/* Outcomes that are looked up, an answer that is an address, a list of names. */
static scale_kind looked_up(const char *url) {
    static const char chat[] =
        "{\"project_name\":\"p\",\"unique_id\":\"u\",\"metadata\":{\"a\":1},\"template_variables\":{}}";
    scale_error error = SCALE_ERROR_INIT;
    scale_call_options options = SCALE_CALL_OPTIONS_INIT, repeated = SCALE_CALL_OPTIONS_INIT;
    options.accept_existing = true;
    options.idempotency_key = "k";
    repeated.max_attempts = 2;
    if (open_client(url, &error) == SCALE_OK) {
        finish(new_call("v2.create_chat_task", &options, &error), chat, &error);
        finish(new_call("v2.pause_batch", &repeated, &error), "{\"batch_name\":\"b\"}", &error);
        scale_call *address = new_call("v2.get_dataset_task_response_url", NULL, &error);
        if (address != NULL) scale_call_set_text(address, "task_id", "t", 1, &error);
        if (address != NULL) scale_call_set_text(address, "attachment_id", "a", 1, &error);
        finish(address, NULL, &error);
        scale_call *names = new_call("set_studio_batches_priorities", NULL, &error);
        if (names != NULL) scale_call_set_json(names, "batch_names", "[\"a\",\"b\"]", 9, &error);
        finish(names, NULL, &error);
    }
    close_client();
    return error.kind;
}

/* A list over four pages, one of them empty: all of it, or an error. */
static scale_kind listed(const char *url) {
    scale_error error = SCALE_ERROR_INIT;
    scale_list *list = NULL;
    scale_slice document;
    int count = 0, got = -1;
    if (open_client(url, &error) == SCALE_OK) {
        scale_call *call = new_call("get_tasks", NULL, &error);
        if (call != NULL && scale_call_set_text(call, "project_name", "l", 1, &error) != SCALE_OK) {
            scale_call_free(call);
            call = NULL;
        }
        if (call != NULL && scale_list_open(&list, call, NULL, NULL, &error) == SCALE_OK)
            while ((got = scale_list_next(list, &document, &error)) == 1) count++;
    }
    CHECK(got == 0 ? count == 4 && error.kind == SCALE_NONE : error.kind != SCALE_NONE);
    scale_list_free(list);
    close_client();
    return error.kind;
}

/* Bulk calls to a server that is not there: they pause, wait, and are given up. Each ends. */
static scale_kind given_up(const char *url) {
    scale_error error = SCALE_ERROR_INIT;
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    scale_call *calls[8] = {NULL};
    (void)url;
    options.bulk = true;
    if (open_client("http://127.0.0.1:1/", &error) == SCALE_OK) {
        for (int i = 0; i < 8; i++) {
            calls[i] = new_call("get_task", &options, &error);
            if (calls[i] == NULL || scale_call_set_text(calls[i], "task_id", "t", 1, &error) != SCALE_OK ||
                scale_call_start(calls[i], NULL, NULL, &error) != SCALE_OK)
                break;
        }
        for (int i = 0; i < 8 && calls[i] != NULL; i++) scale_call_wait(calls[i], &error);
    }
    for (int i = 0; i < 8; i++) scale_call_free(calls[i]);
    close_client();
    /* On a slow machine the time is over before the first has failed. */
    return error.kind == SCALE_UNAVAILABLE ? SCALE_NETWORK : error.kind;
}

/* ==================================================================== the tests */

/* Runs the work once for each of its allocations, which fails. `expected` is how it ends when none does. */
static void fail_each_allocation(scale_kind (*work)(const char *url), const char *url, scale_kind expected) {
    use_failing_memory();
    fail_at = 0;
    allocations = 0;
    CHECK_INT(work(url), expected);
    CHECK_INT(alive, 0);
    long all = allocations;
    CHECK(all > 20);
    for (long n = 1; n <= all; n++) {
        fail_at = n;
        allocations = 0;
        scale_kind kind = work(url);
        CHECK(kind != SCALE_USAGE && (kind != SCALE_NONE || expected == SCALE_NONE));
        CHECK_INT(alive, 0);
    }
    scale_set_memory(NULL);
}

static void the_nth_allocation_fails(void) {
    fail_each_allocation(unreachable, NULL, SCALE_NETWORK);
}

static void the_nth_allocation_fails_in_bulk(void) {
    fail_each_allocation(given_up, NULL, SCALE_NETWORK);
}

static void the_nth_allocation_fails_in_a_look_up(void) {
    char url[64];
    pid_t server = start_server(script, url, sizeof url);
    fail_each_allocation(looked_up, url, SCALE_NONE);
    stop_server(server);
}

static void the_nth_allocation_fails_in_a_list(void) {
    char url[64];
    pid_t server = start_server(script, url, sizeof url);
    fail_each_allocation(listed, url, SCALE_NONE);
    stop_server(server);
}

int main(void) {
    RUN(the_nth_allocation_fails);
    RUN(the_nth_allocation_fails_in_bulk);
    RUN(the_nth_allocation_fails_in_a_look_up);
    RUN(the_nth_allocation_fails_in_a_list);
    return RESULT();
}
