/* loop.c - timers, watched descriptors and calls from C, without a server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "check.h"
#include "scaleapi.h"

static int64_t fake_now;

static int64_t fake_clock(void *user) {
    (void)user;
    return fake_now;
}

static double no_jitter(void *user) {
    (void)user;
    return 0.5;
}

static scale_loop *new_loop(bool fake) {
    scale_loop_options options = SCALE_LOOP_OPTIONS_INIT;
    scale_loop *loop = NULL;
    if (fake) options.clock = fake_clock;
    options.random = no_jitter;
    CHECK_INT(scale_loop_new(&loop, &options, NULL), SCALE_OK);
    return loop;
}

/* ==================================================================== timers */

static char fired[64];

static void note(scale_loop *loop, void *user) {
    (void)loop;
    strncat(fired, user, sizeof fired - strlen(fired) - 1);
}

static void note_and_set(scale_loop *loop, void *user) {
    note(loop, user);
    scale_loop_after(loop, 0, note_and_set, user);
}

static void timers_fire_in_order_and_once(void) {
    scale_loop *loop = new_loop(true);
    fake_now = 1000;
    fired[0] = '\0';
    scale_loop_after(loop, 30, note, "c");
    scale_loop_after(loop, 10, note, "a");
    scale_timer *gone = scale_loop_after(loop, 15, note, "x");
    scale_loop_after(loop, 10, note, "b");
    CHECK_INT(scale_loop_timeout(loop), 10);
    scale_timer_cancel(loop, gone);
    scale_loop_step(loop, 0, NULL);
    CHECK_TEXT(fired, "");
    fake_now += 29;
    scale_loop_step(loop, 0, NULL);
    CHECK_TEXT(fired, "ab");
    fake_now += 1;
    scale_loop_step(loop, 0, NULL);
    CHECK_TEXT(fired, "abc");
    CHECK_INT(scale_loop_timeout(loop), -1);
    scale_loop_free(loop);
}

static void many_timers_keep_their_order(void) {
    scale_loop *loop = new_loop(true);
    scale_timer *timers[500];
    static char letters[500][2];
    fired[0] = '\0';
    for (int i = 0; i < 500; i++) {
        letters[i][0] = (char)('a' + i % 26);
        timers[i] = scale_loop_after(loop, (i * 7919) % 500, note, letters[i]);
    }
    for (int i = 0; i < 500; i++)
        if (i % 50 != 0) scale_timer_cancel(loop, timers[i]);
    fake_now += 1000;
    scale_loop_step(loop, 0, NULL);
    CHECK_INT(strlen(fired), 10);
    char expected[11] = "";
    for (int due = 0; due < 500; due++)
        for (int i = 0; i < 500; i += 50)
            if ((i * 7919) % 500 == due) expected[strlen(expected)] = letters[i][0];
    CHECK_TEXT(fired, expected);
    scale_loop_free(loop);
}

static void a_timer_that_sets_a_timer_does_not_hold_the_loop(void) {
    scale_loop *loop = new_loop(true);
    fired[0] = '\0';
    scale_loop_after(loop, 0, note_and_set, "x");
    scale_loop_step(loop, 0, NULL);
    size_t once = strlen(fired);
    CHECK(once >= 1 && once <= 3);
    scale_loop_step(loop, 0, NULL);
    CHECK(strlen(fired) > once);
    scale_loop_free(loop);
}

static void a_timer_that_was_due_already_ends_the_wait(void) {
    scale_loop *loop = new_loop(true);
    struct timespec before, after;
    fired[0] = '\0';
    scale_loop_after(loop, 0, note, "x");
    clock_gettime(CLOCK_MONOTONIC, &before);
    scale_loop_step(loop, 5000, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK_TEXT(fired, "x");
    CHECK(after.tv_sec - before.tv_sec < 4);
    scale_loop_free(loop);
}

/* =================================================================== watches */

static int seen_events;

static void on_ready(scale_loop *loop, int descriptor, unsigned events, void *user) {
    char byte;
    (void)user;
    seen_events |= (int)events;
    CHECK_INT(read(descriptor, &byte, 1), 1);
    scale_loop_watch(loop, descriptor, 0, NULL, NULL, NULL);
}

static void watches_call_back_until_they_end(void) {
    scale_loop *loop = new_loop(false);
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    seen_events = 0;
    CHECK_INT(scale_loop_watch(loop, ends[0], SCALE_READABLE, on_ready, NULL, NULL), SCALE_OK);
    scale_loop_step(loop, 0, NULL);
    CHECK_INT(seen_events, 0);
    CHECK_INT(write(ends[1], "ab", 2), 2);
    scale_loop_step(loop, 1000, NULL);
    CHECK_INT(seen_events, SCALE_READABLE);
    scale_loop_step(loop, 0, NULL); /* the second byte is nobody's now */
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale_loop_watch(loop, -1, SCALE_READABLE, on_ready, NULL, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_USAGE);
    close(ends[0]);
    close(ends[1]);
    scale_loop_free(loop);
}

/* Stays ready, and takes longer than a turn has. */
static void be_slow(scale_loop *loop, int descriptor, unsigned events, void *user) {
    (void)loop;
    (void)descriptor;
    (void)events;
    fake_now += 5;
    ++*(int *)user;
}

static void slow_watches_starve_nobody(void) {
    scale_loop *loop = new_loop(true);
    int ends[3][2], called[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        CHECK_INT(pipe(ends[i]), 0);
        CHECK_INT(write(ends[i][1], "a", 1), 1);
        CHECK_INT(scale_loop_watch(loop, ends[i][0], SCALE_READABLE, be_slow, &called[i], NULL), SCALE_OK);
    }
    for (int turn = 0; turn < 6; turn++) scale_loop_step(loop, 0, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(called[i], 2);
        close(ends[i][0]);
        close(ends[i][1]);
    }
    scale_loop_free(loop);
}

/* ===================================================================== calls */

static scale_client *new_client(scale_loop *loop, const char *url) {
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    scale_client *client = NULL;
    scale_error error = SCALE_ERROR_INIT;
    options.api_key = "test_key";
    options.base_url = url;
    options.max_attempts = 2;
    CHECK_INT(scale_client_new(&client, loop, &options, &error), SCALE_OK);
    CHECK_TEXT(error.message, "");
    return client;
}

static scale_call *new_call(scale_client *client, const char *operation) {
    scale_call *call = NULL;
    CHECK_INT(scale_call_new(&call, client, scale_operation_find(operation), NULL, NULL), SCALE_OK);
    return call;
}

static void calls_refuse_wrong_use(void) {
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, "http://127.0.0.1:1");
    scale_call *call = new_call(client, "get_tasks");
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale_call_set_text(call, "statsu", "x", 1, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "unknown option 'statsu' for get_tasks; did you mean 'status'?");
    error = (scale_error)SCALE_ERROR_INIT;
    CHECK_INT(scale_call_set_body(call, "{}", 2, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "get_tasks takes no JSON body");
    error = (scale_error)SCALE_ERROR_INIT;
    scale_call_set_text(call, "status", "pending", 7, &error);
    CHECK_INT(scale_call_set_text(call, "status", "error", 5, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "status of get_tasks was given twice");
    CHECK_INT(scale_call_wait(call, NULL), SCALE_ERROR);
    scale_call_free(call);
    call = new_call(client, "get_task");
    error = (scale_error)SCALE_ERROR_INIT;
    CHECK_INT(scale_call_start(call, NULL, NULL, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "get_task needs task_id, a string");
    CHECK_INT(scale_loop_unfinished(loop), 0);
    scale_call_free(call);
    error = (scale_error)SCALE_ERROR_INIT;
    CHECK_INT(scale_call_new(&call, client, scale_operation_find("get_taks"), NULL, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "there is no such operation");
    CHECK(call == NULL);
    call = new_call(client, "create_task");
    error = (scale_error)SCALE_ERROR_INIT;
    CHECK_INT(scale_call_set_json(call, "priority", "1.5", 3, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "priority of create_task must be an integer");
    CHECK_INT(scale_call_set_json(call, "priority", "10", 2, NULL), SCALE_OK);
    scale_call_free(call);
    scale_client_free(client);
    scale_loop_free(loop);
}

static void options_of_an_older_program_are_understood(void) {
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, "http://127.0.0.1:1");
    const scale_operation *row = scale_operation_find("create_task");
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    scale_call *call = NULL;
    options.max_attempts = 3;
    options.idempotency_key = "no key"; /* lies behind the end of the older struct */
    options.size = offsetof(scale_call_options, idempotency_key);
    CHECK_INT(scale_call_new(&call, client, row, &options, NULL), SCALE_OK);
    CHECK_INT(call->options.max_attempts, 3);
    CHECK(call->idempotency_key == NULL);
    scale_call_free(call);
    options.size = 0;
    CHECK_INT(scale_call_new(&call, client, row, &options, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_USAGE);
    CHECK(call == NULL);
    scale_client_options none = {0};
    scale_exchange_request nothing = {0};
    scale_client *other = NULL;
    scale_exchange *exchange = NULL;
    CHECK_INT(scale_client_new(&other, loop, &none, NULL), SCALE_ERROR);
    CHECK_INT(scale_exchange_start(&exchange, loop, &nothing, NULL, NULL, NULL), SCALE_ERROR);
    scale_client_free(client);
    scale_loop_free(loop);
}

/* A list's values stand together, whatever else is given between them. */
static void values_of_a_list_may_come_apart(void) {
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, "http://127.0.0.1:1");
    scale_call *call = new_call(client, "get_tasks");
    static const char *const given[][2] = {{"project_name", "type=&a"}, {"tags", "x"},
                                           {"review_status", "fixed"},  {"status", "pending"},
                                           {"review_status", "a,b"},    {"tags", "y"}};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        CHECK_INT(scale_call_set_text(call, given[i][0], given[i][1], strlen(given[i][1]), NULL), SCALE_OK);
    CHECK_TEXT(call->query.data,
               "?project=type%3D%26a&tags=x&customer_review_status=fixed%2Ca%2Cb&status=pending&tags=y");
    CHECK_INT(call->query.size, strlen(call->query.data));
    scale_call_free(call);
    scale_client_free(client);
    scale_loop_free(loop);
}

static int done_count;

static void count_done(scale_call *call, void *user) {
    (void)user;
    done_count++;
    scale_call_free(call); /* allowed inside */
}

static scale_call *start_get(scale_client *client, scale_done_fn done) {
    scale_call *call = new_call(client, "get_task");
    scale_call_set_text(call, "task_id", "1", 1, NULL);
    CHECK_INT(scale_call_start(call, done, NULL, NULL), SCALE_OK);
    return call;
}

static void a_server_that_is_not_there_is_tried_again_then_reported(void) {
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, "http://127.0.0.1:1");
    scale_call *call = start_get(client, NULL);
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale_call_wait(call, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_NETWORK);
    CHECK_INT(error.attempts, 2);
    CHECK_INT(error.code, 0);
    CHECK_INT(error.unclear, false);
    CHECK_TEXT(error.operation, "get_task");
    scale_client_stats stats;
    scale_client_get_stats(client, &stats);
    CHECK_INT(stats.requests, 2);
    CHECK_INT(stats.in_flight, 0);
    scale_call_free(call);
    scale_client_free(client);
    scale_loop_free(loop);
}

/* Reads a request, says that it goes on, and hangs up. */
static void go_on_and_hang_up(scale_loop *loop, int connection, unsigned events, void *user) {
    static const char words[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char request[4096];
    (void)events;
    (void)user;
    CHECK(read(connection, request, sizeof request) > 0);
    CHECK_INT(write(connection, words, sizeof words - 1), sizeof words - 1);
    scale_loop_watch(loop, connection, 0, NULL, NULL, NULL);
    close(connection);
}

static void accept_one(scale_loop *loop, int listener, unsigned events, void *user) {
    int connection = accept(listener, NULL, NULL);
    (void)events;
    scale_loop_watch(loop, connection, SCALE_READABLE, go_on_and_hang_up, user, NULL);
}

static struct sockaddr_in address;
static char url[64];

static int new_listener(int backlog) {
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    CHECK_INT(bind(listener, (struct sockaddr *)&address, size), 0);
    CHECK_INT(listen(listener, backlog), 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return listener;
}

/* libcurl closes a socket that is connecting without a word; the next one has its number. */
static void a_call_after_one_canceled_while_connecting_is_sent(void) {
    int listener = new_listener(0);
    int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(connect(first, (struct sockaddr *)&address, sizeof address), 0); /* fills the backlog */
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, url);
    scale_call *canceled = start_get(client, NULL);
    scale_error error = SCALE_ERROR_INIT;
    scale_loop_step(loop, 0, NULL);
    scale_loop_step(loop, 10, NULL);
    scale_call_cancel(canceled);
    close(accept(listener, NULL, NULL));
    scale_loop_watch(loop, listener, SCALE_READABLE, accept_one, NULL, NULL);
    scale_call *call = start_get(client, NULL);
    CHECK_INT(scale_call_wait(call, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_NETWORK);
    CHECK_INT(error.attempts, 2);
    scale_call_free(call);
    scale_call_free(canceled);
    scale_client_free(client);
    scale_loop_free(loop);
    close(first);
    close(listener);
}

static void an_interim_answer_is_none(void) {
    int listener = new_listener(4);
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, url);
    scale_loop_watch(loop, listener, SCALE_READABLE, accept_one, NULL, NULL);
    scale_call *task = new_call(client, "create_task"), *read_only = start_get(client, NULL);
    scale_error error = SCALE_ERROR_INIT, read_error = SCALE_ERROR_INIT;
    scale_call_set_text(task, "task_type", "x", 1, NULL);
    CHECK_INT(scale_call_start(task, NULL, NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_wait(task, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_AMBIGUOUS);
    CHECK_INT(scale_call_wait(read_only, &read_error), SCALE_ERROR);
    CHECK_INT(read_error.kind, SCALE_NETWORK);
    CHECK_INT(read_error.attempts, 2);
    scale_call_free(task);
    scale_call_free(read_only);
    scale_client_free(client);
    scale_loop_free(loop);
    close(listener);
}

static void done_is_called_once_for_each_end(void) {
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, "http://127.0.0.1:1");
    done_count = 0;
    start_get(client, count_done);
    scale_call *canceled = start_get(client, count_done);
    scale_call_cancel(canceled);
    scale_call_cancel(canceled);
    CHECK_INT(scale_call_error(canceled)->kind, SCALE_CANCELED);
    CHECK_INT(done_count, 0); /* from a step only */
    CHECK_INT(scale_loop_unfinished(loop), 2);
    while (scale_loop_unfinished(loop) > 0) scale_loop_step(loop, 100, NULL);
    CHECK_INT(done_count, 2);
    scale_call_free(start_get(client, count_done)); /* dropped: nobody is told */
    CHECK_INT(scale_loop_unfinished(loop), 0);
    scale_loop_step(loop, 0, NULL);
    CHECK_INT(done_count, 2);
    scale_client_free(client);
    scale_loop_free(loop);
}

static void things_may_go_in_any_order(void) {
    scale_loop *loop = new_loop(false);
    scale_client *client = new_client(loop, "http://127.0.0.1:1");
    scale_call *first = start_get(client, count_done), *second = start_get(client, count_done);
    done_count = 0;
    scale_client_free(client);
    CHECK_INT(scale_call_error(first)->kind, SCALE_CLOSED);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    client = new_client(loop, "http://127.0.0.1:1");
    scale_call *third = start_get(client, count_done), *unstarted = new_call(client, "get_projects");
    scale_loop_free(loop);
    CHECK_INT(scale_call_error(third)->kind, SCALE_CLOSED);
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale_call_start(unstarted, NULL, NULL, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_CLOSED);
    scale_call_free(unstarted);
    scale_call *late = NULL;
    error = (scale_error)SCALE_ERROR_INIT;
    CHECK_INT(scale_call_new(&late, client, scale_operation_find("get_task"), NULL, &error), SCALE_ERROR);
    CHECK_INT(error.kind, SCALE_CLOSED);
    scale_call_free(first);
    scale_call_free(second);
    scale_client_free(client);
    scale_call_free(third);
    CHECK_INT(done_count, 0);
}

static void a_bad_client_is_refused(void) {
    scale_loop *loop = new_loop(false);
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    scale_client *client;
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale_client_new(&client, loop, &options, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "no API key was given");
    CHECK(client == NULL);
    error = (scale_error)SCALE_ERROR_INIT;
    options.api_key = "k";
    options.base_url = "http://example.test";
    CHECK_INT(scale_client_new(&client, loop, &options, &error), SCALE_ERROR);
    options.allow_http = true;
    CHECK_INT(scale_client_new(&client, loop, &options, NULL), SCALE_OK);
    scale_client_free(client);
    scale_client_free(NULL);
    scale_loop_free(loop);
    scale_loop_free(NULL);
}

int main(void) {
    RUN(timers_fire_in_order_and_once);
    RUN(many_timers_keep_their_order);
    RUN(a_timer_that_sets_a_timer_does_not_hold_the_loop);
    RUN(a_timer_that_was_due_already_ends_the_wait);
    RUN(watches_call_back_until_they_end);
    RUN(slow_watches_starve_nobody);
    RUN(calls_refuse_wrong_use);
    RUN(options_of_an_older_program_are_understood);
    RUN(values_of_a_list_may_come_apart);
    RUN(a_server_that_is_not_there_is_tried_again_then_reported);
    RUN(a_call_after_one_canceled_while_connecting_is_sent);
    RUN(an_interim_answer_is_none);
    RUN(done_is_called_once_for_each_end);
    RUN(things_may_go_in_any_order);
    RUN(a_bad_client_is_refused);
    return RESULT();
}
