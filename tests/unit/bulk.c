/* bulk.c - bulk calls against servers that refuse, fail and are not there, on a clock that runs a thousand
** times as fast: a second here is a millisecond there. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "loopback.h"
#include "scaleapi.h"

#define NOBODY "http://127.0.0.1:1/"
#define GOOD   "200 OK\r\n\r\n{\"task_id\":\"t1\"}"

/* ============================================================ a server of so many words */

static unsigned delay; /* before each answer, in microseconds: thousandths of a second of the fast clock */

/* All that comes within the first segments is the request: ours are small. Without words it is silent. */
static void answer_one(int connection, const char *words) {
    char request[8192], answer[512];
    if (!read_request(connection, request, sizeof request)) return;
    if (words == NULL) pause();
    if (delay > 0) usleep(delay);
    int written = snprintf(answer, sizeof answer, "HTTP/1.1 %s", words);
    if (write(connection, answer, (size_t)written) != written) return;
    shutdown(connection, SHUT_WR);
}

static pid_t server;
static char url[64];

/* Answers `first` so many times, then `then`. */
static void serve(int times, const char *first, const char *then) {
    int listener = listen_anywhere(url, sizeof url);
    server = fork();
    if (server == 0) {
        alarm(120);
        for (int n = 0;; n++) {
            int connection = accept(listener, NULL, NULL);
            answer_one(connection, n < times ? first : then);
            close(connection);
        }
    }
    close(listener);
}

/* ================================================================ loop and client */

static scale_loop *loop;
static scale_client *client;
static scale_call *calls[64];
static int count;

static int64_t fast_clock(void *user) {
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double no_chance(void *user) {
    (void)user;
    return 0.0;
}

static scale_client *new_client(const char *base_url, int give_up_after) {
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    scale_client *made;
    options.api_key = "test_key";
    options.base_url = base_url;
    options.give_up_after = give_up_after;
    options.max_attempts = 1; /* of other calls: bulk calls have their own */
    CHECK_INT(scale_client_new(&made, loop, &options, NULL), SCALE_OK);
    return made;
}

static void open_client(const char *base_url, int give_up_after) {
    scale_loop_options options = SCALE_LOOP_OPTIONS_INIT;
    options.clock = fast_clock;
    options.random = no_chance;
    CHECK_INT(scale_loop_new(&loop, &options, NULL), SCALE_OK);
    client = new_client(base_url, give_up_after);
    count = 0;
}

static void close_all(void) {
    for (int i = 0; i < count; i++) scale_call_free(calls[i]);
    scale_client_free(client);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    CHECK_INT(scale_loop_timeout(loop), -1);
    scale_loop_free(loop);
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    server = 0;
    delay = 0;
}

static scale_call *start_of(scale_client *of, const char *operation, const char *body,
                            const scale_call_options *options) {
    scale_call *call;
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale_call_new(&call, of, scale_operation_find(operation), options, &error), SCALE_OK);
    if (strcmp(operation, "create_task") == 0) scale_call_set_text(call, "task_type", "t", 1, &error);
    CHECK_INT(scale_call_set_body(call, body, strlen(body), &error), SCALE_OK);
    CHECK_INT(scale_call_start(call, NULL, NULL, &error), SCALE_OK);
    CHECK_TEXT(error.message, "");
    return calls[count++] = call;
}

static scale_call *start_bulk(int deadline) {
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.bulk = true;
    options.deadline = deadline;
    return start_of(client, "create_task", "{\"unique_id\":\"u\"}", &options);
}

/* Until all have ended, or so many seconds of the fast clock. */
static void run(int seconds) {
    int64_t until = scale_loop_now(loop) + (int64_t)seconds * 1000;
    while (scale_loop_unfinished(loop) > 0 && scale_loop_now(loop) < until)
        CHECK_INT(scale_loop_step(loop, 1, NULL), SCALE_OK);
}

static int requests(void) {
    scale_client_stats stats;
    scale_client_get_stats(client, &stats);
    return (int)stats.requests;
}

static scale_client_pace pace_now(void) {
    scale_client_pace pace;
    scale_client_get_pace(client, &pace);
    return pace;
}

/* ====================================================================== the tests */

static void a_server_that_is_not_there_is_given_up(void) {
    open_client(NOBODY, 600000);
    int64_t began = scale_loop_now(loop);
    for (int i = 0; i < 40; i++) start_bulk(0);
    run(3000);
    int64_t took = scale_loop_now(loop) - began;
    CHECK(took >= 600000 && took < 660000);
    CHECK(requests() > 20 && requests() < 60); /* those of the beginning, and a probe each half minute */
    CHECK_INT(pace_now().state, SCALE_BREAKER_GIVEN_UP);
    for (int i = 0; i < 40; i++) {
        const scale_error *error = scale_call_error(calls[i]);
        CHECK(error->kind == SCALE_NETWORK || (error->kind == SCALE_UNAVAILABLE && error->attempts == 0));
        CHECK(error->retriable && !error->unclear);
        CHECK(strstr(error->message, "given up, since nothing has succeeded for 600 s") != NULL);
    }
    close_all();
}

/* All that is in flight ends when the time has come, long before the attempts' own time is over. */
static void check_silence(int64_t since) {
    int64_t late = scale_loop_now(loop) - since - 600000;
    CHECK(late >= 0 && late < 200000);
    CHECK_INT(pace_now().state, SCALE_BREAKER_GIVEN_UP);
    CHECK_INT(pace_now().in_flight, 0);
    for (int i = 0; i < count; i++) {
        const scale_error *error = scale_call_error(calls[i]);
        CHECK_INT(error->kind, SCALE_UNAVAILABLE);
        CHECK(error->retriable && error->unclear == (error->attempts > 0));
        CHECK_TEXT(error->message,
                   "given up, since nothing has succeeded for 600 s; the last failure: no answer");
    }
}

static void a_server_that_never_answers_is_given_up(void) {
    serve(0, NULL, NULL);
    open_client(url, 600000);
    int64_t began = scale_loop_now(loop);
    for (int i = 0; i < 40; i++) start_bulk(0);
    run(3000);
    CHECK_INT(requests(), 16);
    check_silence(began);
    close_all();
}

static void one_that_falls_silent_is_given_up_from_its_last_answer_on(void) {
    delay = 300000;
    serve(3, GOOD, NULL);
    open_client(url, 600000);
    for (int i = 0; i < 10; i++) start_bulk(0);
    while (scale_loop_unfinished(loop) > 7) scale_loop_step(loop, 1, NULL);
    int64_t last = scale_loop_now(loop);
    run(3000);
    int succeeded = 0;
    for (int i = 0; i < 10; i++)
        if (scale_call_error(calls[i])->kind == SCALE_NONE) succeeded++;
    CHECK_INT(succeeded, 3);
    int64_t late = scale_loop_now(loop) - last - 600000;
    CHECK(late >= 0 && late < 200000);
    close_all();
}

/* Each answer takes most of the time, and all of them together many times as long. */
static void slow_answers_are_not_given_up(void) {
    delay = 800000;
    serve(0, NULL, GOOD);
    open_client(url, 1000000);
    for (int i = 0; i < 4; i++) start_bulk(0);
    run(6000);
    for (int i = 0; i < 4; i++) CHECK_INT(scale_call_error(calls[i])->kind, SCALE_NONE);
    close_all();
}

/* What could be done twice: nobody knows whether it was done. */
static void in_silence_what_could_be_done_twice_is_ambiguous(void) {
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.bulk = true;
    serve(0, NULL, NULL);
    open_client(url, 600000);
    start_of(client, "create_task", "{}", &options);
    run(3000);
    CHECK_INT(scale_call_error(calls[0])->kind, SCALE_AMBIGUOUS);
    CHECK(!scale_call_error(calls[0])->retriable);
    close_all();
}

static void it_is_known_which_are_in_flight(void) {
    serve(0, NULL, NULL);
    open_client(url, 600000);
    for (int i = 0; i < 20; i++) start_bulk(0);
    int in_flight = 0;
    for (int i = 0; i < 20; i++) in_flight += scale_call_is_in_flight(calls[i]);
    CHECK_INT(in_flight, 16);
    run(3000);
    for (int i = 0; i < 20; i++) CHECK(!scale_call_is_in_flight(calls[i]));
    close_all();
}

static void once_given_up_only_a_probe_is_sent(void) {
    open_client(NOBODY, 60000);
    start_bulk(0);
    run(300);
    int before = requests();
    for (int i = 0; i < 20; i++) start_bulk(0);
    run(60);
    CHECK(requests() - before <= 1);
    for (int i = 0; i < count; i++) CHECK(scale_call_is_done(calls[i]));
    close_all();
}

static void a_server_that_comes_back_is_found(void) {
    serve(30, "503 Away\r\n\r\n{}", GOOD);
    open_client(url, 3600000);
    for (int i = 0; i < 40; i++) start_bulk(0);
    run(1800);
    for (int i = 0; i < 40; i++) CHECK_INT(scale_call_error(calls[i])->kind, SCALE_NONE);
    CHECK_INT(pace_now().state, SCALE_BREAKER_CLOSED);
    close_all();
}

static void refusals_are_not_attempts(void) {
    serve(12, "429 Slow\r\n\r\n{}", GOOD);
    open_client(url, 3600000);
    start_bulk(0);
    run(3600);
    CHECK_INT(scale_call_error(calls[0])->kind, SCALE_NONE);
    CHECK_INT(requests(), 13);
    CHECK(pace_now().rate == 0); /* nothing had succeeded that tells one */
    CHECK(pace_now().limit < 16);
    close_all();
}

static void refusals_for_ever_are_given_up(void) {
    serve(0, NULL, "429 Slow\r\n\r\n{\"error\":\"quota\"}");
    open_client(url, 300000);
    int64_t began = scale_loop_now(loop);
    for (int i = 0; i < 3; i++) start_bulk(0);
    run(600);
    CHECK(scale_loop_now(loop) - began < 360000);
    bool told = false;
    for (int i = 0; i < 3; i++) {
        const scale_error *error = scale_call_error(calls[i]);
        CHECK(error->kind == SCALE_TOO_MANY_REQUESTS || error->kind == SCALE_UNAVAILABLE);
        CHECK(error->retriable && !error->unclear);
        told = told || error->kind == SCALE_TOO_MANY_REQUESTS;
    }
    CHECK(told);
    close_all();
}

static void a_row_that_always_fails_is_tried_eight_times(void) {
    serve(0, NULL, "500 Broken\r\n\r\n{\"error\":\"words\"}");
    open_client(url, 3600000);
    start_bulk(0);
    run(600);
    CHECK_INT(scale_call_error(calls[0])->kind, SCALE_INTERNAL);
    CHECK_INT(scale_call_error(calls[0])->attempts, 8);
    CHECK(scale_call_error(calls[0])->unclear);
    close_all();
}

static void its_attempts_can_be_told(void) {
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.bulk = true;
    options.max_attempts = 2;
    serve(0, NULL, "500 Broken\r\n\r\n{}");
    open_client(url, 3600000);
    start_of(client, "create_task", "{\"unique_id\":\"u\"}", &options);
    run(600);
    CHECK_INT(scale_call_error(calls[0])->attempts, 2);
    close_all();
}

static void what_could_be_done_twice_is_not_sent_again(void) {
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.bulk = true;
    serve(1, "500 Broken\r\n\r\n{}", GOOD);
    open_client(url, 3600000);
    start_of(client, "create_task", "{}", &options);
    run(600);
    CHECK_INT(scale_call_error(calls[0])->kind, SCALE_AMBIGUOUS);
    CHECK_INT(requests(), 1);
    close_all();
}

/* A name that no address can hold cannot be looked up. */
static void a_lone_surrogate_names_nothing(void) {
    static const char *const cases[][2] = {{"create_task", "{\"unique_id\":\"\\ud800\"}"},
                                           {"create_batch", "{\"project\":\"p\",\"name\":\"\\udc00x\"}"},
                                           {"v2.finalize_batch", "{\"batch_id\":\"\\ud800\"}"}};
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.bulk = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        serve(1, "500 Broken\r\n\r\n{}", "409 Conflict\r\n\r\n{}");
        open_client(url, 3600000);
        start_of(client, cases[i][0], cases[i][1], &options);
        run(600);
        CHECK_INT(scale_call_error(calls[0])->kind, SCALE_AMBIGUOUS);
        CHECK_INT(requests(), 1);
        close_all();
    }
}

static void a_deadline_of_its_own_ends_it_while_it_waits(void) {
    open_client(NOBODY, 3600000);
    for (int i = 0; i < 10; i++) start_bulk(0);
    run(60);
    int64_t began = scale_loop_now(loop);
    scale_call *late = start_bulk(20000);
    while (!scale_call_is_done(late) && scale_loop_now(loop) < began + 100000) scale_loop_step(loop, 1, NULL);
    CHECK_INT(scale_call_error(late)->kind, SCALE_TIMEOUT);
    CHECK(scale_loop_now(loop) - began < 30000);
    CHECK_INT(scale_loop_unfinished(loop), 10);
    close_all();
}

static void one_that_waits_can_be_canceled_and_dropped(void) {
    open_client(NOBODY, 3600000);
    for (int i = 0; i < 10; i++) start_bulk(0);
    run(60);
    scale_call_cancel(calls[0]);
    scale_loop_step(loop, 0, NULL);
    CHECK_INT(scale_call_error(calls[0])->kind, SCALE_CANCELED);
    scale_call_free(calls[9]);
    count = 9;
    CHECK_INT(scale_loop_unfinished(loop), 8);
    close_all();
}

static void closing_the_client_ends_what_waits(void) {
    open_client(NOBODY, 3600000);
    for (int i = 0; i < 10; i++) start_bulk(0);
    run(20);
    scale_client_free(client);
    client = NULL;
    for (int i = 0; i < 10; i++) CHECK_INT(scale_call_error(calls[i])->kind, SCALE_CLOSED);
    close_all();
}

/* A probe that is canceled while it is in flight leaves room for the next. */
static void a_probe_that_is_canceled_is_followed_by_another(void) {
    open_client(NOBODY, 3600000);
    for (int i = 0; i < 10; i++) start_bulk(0);
    run(5);
    while (pace_now().state != SCALE_BREAKER_PROBING) scale_loop_step(loop, 1, NULL);
    int before = requests();
    for (int i = 0; i < 9; i++) scale_call_cancel(calls[i]);
    run(120);
    CHECK(requests() > before);
    CHECK_INT(scale_loop_unfinished(loop), 1);
    close_all();
}

/* A slow machine takes more turns. */
static void run_until_open(void) {
    for (int i = 0; i < 500 && pace_now().state == SCALE_BREAKER_CLOSED; i++) run(1);
}

static void clients_of_one_key_share_a_lane(void) {
    open_client(NOBODY, 600000);
    scale_client *other = new_client(NOBODY, 600000);
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.bulk = true;
    for (int i = 0; i < 10; i++) start_bulk(0);
    run_until_open();
    CHECK(pace_now().state != SCALE_BREAKER_CLOSED);
    scale_call *call = start_of(other, "create_task", "{\"unique_id\":\"u\"}", &options);
    scale_client_pace pace;
    scale_client_get_pace(other, &pace);
    CHECK(pace.state != SCALE_BREAKER_CLOSED);
    run(3000);
    CHECK(scale_call_error(call)->retriable);
    scale_call_free(call);
    count--;
    scale_client_free(other);
    close_all();
}

static void changes_are_told_once(void) {
    scale_change change;
    int told = 0;
    open_client(NOBODY, 600000);
    CHECK(!scale_client_next_change(client, &change));
    for (int i = 0; i < 10; i++) start_bulk(0);
    run_until_open();
    CHECK(scale_client_next_change(client, &change));
    CHECK_TEXT(change.what, "breaker: closed -> open");
    CHECK(strncmp(change.why, "six failures in a row: ", 23) == 0 && strlen(change.why) > 30);
    run(3000);
    while (scale_client_next_change(client, &change)) told++;
    CHECK(told > 0 && told <= 32);
    CHECK(strstr(change.what, " -> given_up") != NULL); /* from open or probing */
    close_all();
}

static void a_look_up_that_fails_says_why_too(void) {
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    scale_change change;
    options.bulk = options.accept_existing = true;
    serve(1, "409 Conflict\r\n\r\n{}", "503 Away\r\n\r\n{}");
    open_client(url, 600000);
    start_of(client, "create_task", "{\"unique_id\":\"u\"}", &options);
    run_until_open();
    while (scale_client_next_change(client, &change) && strncmp(change.what, "breaker", 7) != 0) continue;
    CHECK_TEXT(change.what, "breaker: closed -> open");
    CHECK_TEXT(change.why, "six failures in a row: HTTP 503 to a look-up");
    close_all();
}

/* Other calls than bulk ones: fifty retries, then they fail at once, and say so. */
static void without_budget_another_call_fails(void) {
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.max_attempts = 4;
    open_client(NOBODY, 600000);
    for (int i = 0; i < 40; i++) start_of(client, "create_task", "{\"unique_id\":\"u\"}", &options);
    run(600);
    int of_budget = 0;
    for (int i = 0; i < 40; i++) {
        const scale_error *error = scale_call_error(calls[i]);
        if (error->kind != SCALE_BUDGET) continue;
        of_budget++;
        CHECK(error->retriable && !error->unclear);
        CHECK(strstr(error->message, "wait until the server works") != NULL);
    }
    CHECK(of_budget > 10);
    CHECK_INT(requests(), 90);
    close_all();
}

/* Bulk calls go on when it is empty: new ones, and retries one at a time. */
static void without_budget_bulk_calls_wait(void) {
    serve(55, "500 Broken\r\n\r\n{}", GOOD);
    open_client(url, 3600000);
    for (int i = 0; i < 40; i++) start_bulk(0);
    run(1800);
    for (int i = 0; i < 40; i++) CHECK_INT(scale_call_error(calls[i])->kind, SCALE_NONE);
    close_all();
}

int main(void) {
    RUN(a_server_that_is_not_there_is_given_up);
    RUN(a_server_that_never_answers_is_given_up);
    RUN(one_that_falls_silent_is_given_up_from_its_last_answer_on);
    RUN(slow_answers_are_not_given_up);
    RUN(in_silence_what_could_be_done_twice_is_ambiguous);
    RUN(it_is_known_which_are_in_flight);
    RUN(once_given_up_only_a_probe_is_sent);
    RUN(a_server_that_comes_back_is_found);
    RUN(refusals_are_not_attempts);
    RUN(refusals_for_ever_are_given_up);
    RUN(a_row_that_always_fails_is_tried_eight_times);
    RUN(its_attempts_can_be_told);
    RUN(what_could_be_done_twice_is_not_sent_again);
    RUN(a_lone_surrogate_names_nothing);
    RUN(a_deadline_of_its_own_ends_it_while_it_waits);
    RUN(one_that_waits_can_be_canceled_and_dropped);
    RUN(closing_the_client_ends_what_waits);
    RUN(a_probe_that_is_canceled_is_followed_by_another);
    RUN(clients_of_one_key_share_a_lane);
    RUN(changes_are_told_once);
    RUN(a_look_up_that_fails_says_why_too);
    RUN(without_budget_another_call_fails);
    RUN(without_budget_bulk_calls_wait);
    return RESULT();
}
