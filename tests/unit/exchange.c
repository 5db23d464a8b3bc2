/* exchange.c - one plain request: what goes out, what comes back, how it ends. The server is a few lines on
** the same loop: it answers each request by the next text of a script, and closes the connection. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "failing.h"
#include "scaleapi.h"

/* ==================================================================== server */

#define MOST_REQUESTS 16

static int listener = -1, port;
static const char *const *script; /* `%d` in it is the port; NULL after the last; "" hangs up */
static int heard;                 /* requests */
static char requests[MOST_REQUESTS][2048];
static size_t sizes[MOST_REQUESTS];

static void on_request(scale_loop *loop, int connection, unsigned events, void *user) {
    (void)events;
    (void)user;
    char *request = requests[heard % MOST_REQUESTS];
    size_t *size = &sizes[heard % MOST_REQUESTS];
    ssize_t got = read(connection, request + *size, sizeof requests[0] - 1 - *size);
    if (got > 0) *size += (size_t)got;
    const char *behind = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "content-length: ");
    bool is_tls = request[0] == 0x16;
    if (got > 0 && !is_tls &&
        (behind == NULL ||
         *size < (size_t)(behind + 4 - request) + (length == NULL ? 0 : (size_t)atoi(length + 16))))
        return;
    if (got > 0 && !is_tls && script[heard] != NULL) {
        char answer[4096];
        int written = snprintf(answer, sizeof answer, script[heard], port);
        CHECK(write(connection, answer, (size_t)written) == written);
        heard++;
    }
    scale_loop_watch(loop, connection, 0, NULL, NULL, NULL);
    close(connection);
}

static void on_connection(scale_loop *loop, int descriptor, unsigned events, void *user) {
    (void)events;
    int connection = accept(descriptor, NULL, NULL);
    if (connection < 0) return;
    memset(requests[heard % MOST_REQUESTS], 0, sizeof requests[0]);
    sizes[heard % MOST_REQUESTS] = 0;
    if (scale_loop_watch(loop, connection, SCALE_READABLE, on_request, user, NULL) != SCALE_OK)
        close(connection);
}

static void open_listener(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 64) == 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
}

/* ================================================================ one exchange */

static scale_loop *loop;
static scale_exchange *exchange;
static scale_error error;
static int times_done;

static void on_done(scale_exchange *done, void *user) {
    CHECK(done == exchange && user == &times_done);
    CHECK(scale_exchange_is_done(done));
    times_done++;
}

/* Ready to serve the script. */
static void set_up(const char *const *texts) {
    scale_loop_new(&loop, NULL, NULL);
    scale_loop_watch(loop, listener, SCALE_READABLE, on_connection, NULL, NULL);
    error = (scale_error)SCALE_ERROR_INIT;
    script = texts;
    heard = times_done = 0;
    exchange = NULL;
}

static void tear_down(void) {
    scale_exchange_free(exchange);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    scale_loop_free(loop);
}

/* `url` may have a %d for the port. */
static scale_status begin(scale_exchange_request *request, const char *url) {
    static char text[256];
    snprintf(text, sizeof text, url, port);
    request->url = text;
    return scale_exchange_start(&exchange, loop, request, on_done, &times_done, &error);
}

/* Steps the loop until it has ended and its done function was called. */
static void finish(void) {
    while (times_done == 0) scale_loop_step(loop, -1, NULL);
    scale_exchange_wait(exchange, &error);
}

static void run(scale_exchange_request *request, const char *url) {
    CHECK_INT(begin(request, url), SCALE_OK);
    if (exchange != NULL) finish();
}

static bool has_line(int request, const char *line) {
    char with_ends[256];
    snprintf(with_ends, sizeof with_ends, "\r\n%s\r\n", line);
    return strcasestr(requests[request], with_ends) != NULL;
}

static bool has_header(int request, const char *name) {
    char with_ends[256];
    snprintf(with_ends, sizeof with_ends, "\r\n%s:", name);
    return strcasestr(requests[request], with_ends) != NULL;
}

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body

/* ==================================================================== answers */

static void an_answer_has_status_headers_and_body(void) {
    static const char *const texts[] = {"HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\nHTTP/1.1 404 Nope\r\n"
                                        "X-One: 1\r\nx-two:   b\r\nX-ONE: 3\r\nEmpty:\r\n\r\nsorry",
                                        NULL};
    const char *name, *value;
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    set_up(texts);
    run(&request, "http://127.0.0.1:%d/a/../b?c=d#e");
    CHECK_INT(error.kind, SCALE_NONE);
    CHECK_INT(times_done, 1);
    CHECK_INT(scale_exchange_status(exchange), 404);
    CHECK_TEXT(scale_exchange_answer(exchange).data, "sorry");
    CHECK_INT(scale_exchange_answer(exchange).size, 5);
    CHECK_TEXT(scale_exchange_header(exchange, "x-one"), "1");
    CHECK_TEXT(scale_exchange_header(exchange, "X-Two"), "b");
    CHECK_TEXT(scale_exchange_header(exchange, "empty"), "");
    CHECK(scale_exchange_header(exchange, "Link") == NULL);
    CHECK(scale_exchange_header_at(exchange, 2, &name, &value));
    CHECK_TEXT(value, "3");
    CHECK(!scale_exchange_header_at(exchange, 4, &name, &value));
    CHECK(strncmp(requests[0], "GET /a/../b?c=d HTTP/1.1\r\n", 26) == 0);
    CHECK(!has_header(0, "Authorization"));
    tear_down();
}

static void a_body_goes_out_byte_by_byte(void) {
    static const char *const texts[] = {OK("fine"), NULL};
    static const char *const headers[] = {"X-Mine: 1", "X-Empty:", "User-Agent: me", NULL};
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    request.method = SCALE_PUT;
    request.body = "a\0b";
    request.body_size = 3;
    request.headers = headers;
    set_up(texts);
    run(&request, "http://127.0.0.1:%d/");
    CHECK_INT(scale_exchange_status(exchange), 200);
    CHECK(strncmp(requests[0], "PUT / HTTP/1.1\r\n", 16) == 0);
    CHECK(has_line(0, "X-Mine: 1"));
    CHECK(has_line(0, "X-Empty:"));
    CHECK(has_line(0, "User-Agent: me"));
    CHECK(has_line(0, "Content-Length: 3"));
    CHECK(!has_header(0, "Content-Type"));
    CHECK(!has_header(0, "Expect"));
    CHECK(memcmp(requests[0] + sizes[0] - 3, "a\0b", 3) == 0);
    tear_down();
}

static void head_has_no_body(void) {
    static const char *const texts[] = {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", NULL};
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    request.method = SCALE_HEAD;
    set_up(texts);
    run(&request, "http://127.0.0.1:%d/");
    CHECK_INT(error.kind, SCALE_NONE);
    CHECK(strncmp(requests[0], "HEAD / ", 7) == 0);
    CHECK_INT(scale_exchange_answer(exchange).size, 0);
    CHECK_TEXT(scale_exchange_header(exchange, "content-length"), "1000");
    tear_down();
}

/* ================================================================== redirects */

#define TO(status, where) "HTTP/1.1 " status " x\r\nLocation: " where "\r\nContent-Length: 4\r\n\r\nmove"

static void redirects_are_answers_unless_followed(void) {
    static const char *const texts[] = {TO("302", "/next"), OK("not asked for"), NULL};
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    set_up(texts);
    run(&request, "http://127.0.0.1:%d/first");
    CHECK_INT(scale_exchange_status(exchange), 302);
    CHECK_TEXT(scale_exchange_header(exchange, "location"), "/next");
    CHECK_INT(heard, 1);
    tear_down();
}

static void redirects_are_followed_as_browsers_do(void) {
    static const char *const texts[] = {TO("307", "next?x"), TO("302", "http://localhost:%d/other"),
                                        OK("there"), NULL};
    static const char *const headers[] = {"Authorization: mine", "Content-Type: text/plain", "X-Other: o",
                                          NULL};
    char url[64];
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    request.method = SCALE_POST;
    request.body = "body";
    request.body_size = 4;
    request.headers = headers;
    request.follow = true;
    set_up(texts);
    run(&request, "http://127.0.0.1:%d/a/first");
    CHECK_INT(error.kind, SCALE_NONE);
    CHECK_TEXT(scale_exchange_answer(exchange).data, "there");
    CHECK(strncmp(requests[1], "POST /a/next?x ", 15) == 0);
    CHECK(has_line(1, "Authorization: mine"));
    CHECK(memcmp(requests[1] + sizes[1] - 4, "body", 4) == 0);
    CHECK(strncmp(requests[2], "GET /other ", 11) == 0);
    CHECK(has_line(2, "X-Other: o"));
    CHECK(!has_header(2, "Authorization"));
    CHECK(!has_header(2, "Content-Type"));
    CHECK(!has_header(2, "Content-Length"));
    CHECK(scale_exchange_header(exchange, "location") == NULL);
    snprintf(url, sizeof url, "http://localhost:%d/other", port);
    CHECK_TEXT(scale_exchange_url(exchange), url);
    tear_down();
}

static void redirects_end(void) {
    static const char *const texts[] = {TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        TO("301", "/"),
                                        OK("too far"),
                                        NULL};
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    request.follow = true;
    set_up(texts);
    run(&request, "http://127.0.0.1:%d/");
    CHECK_INT(error.kind, SCALE_UNEXPECTED_STATUS);
    CHECK_INT(error.code, 301);
    CHECK_TEXT(error.message, "more than 10 redirects");
    CHECK_INT(heard, 11);
    CHECK_INT(scale_exchange_status(exchange), 0);
    CHECK(scale_exchange_answer(exchange).data == NULL);
    tear_down();
}

static void redirects_elsewhere_are_refused(void) {
    static const char *const places[] = {TO("302", "ftp://127.0.0.1/x"), TO("302", "file:///etc/passwd"),
                                         TO("302", "http://user:pass@127.0.0.1:%d/")};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *const texts[] = {places[i], OK("?"), NULL};
        scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
        request.follow = true;
        set_up(texts);
        run(&request, "http://127.0.0.1:%d/");
        CHECK_INT(error.kind, SCALE_UNEXPECTED_STATUS);
        CHECK_INT(error.code, 302);
        CHECK_INT(heard, 1);
        tear_down();
    }
}

static void a_long_location_is_followed_whole(void) {
    static char location[3000];
    static const char *const texts[] = {location, OK("there"), NULL};
    size_t size = (size_t)snprintf(location, sizeof location, "HTTP/1.1 302 x\r\nLocation: /");
    memset(location + size, 'x', 1500);
    snprintf(location + size + 1500, 50, "y\r\nContent-Length: 0\r\n\r\n");
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    request.follow = true;
    set_up(texts);
    run(&request, "http://127.0.0.1:%d/");
    CHECK_INT(scale_exchange_status(exchange), 200);
    CHECK_INT(strcspn(requests[1] + 4, " "), 1502);
    tear_down();
}

/* =================================================================== failures */

static void a_failure_has_its_kind(void) {
    static const struct {
        const char *answer, *url;
        scale_kind kind;
        int code;
        bool unclear;
    } rows[] = {
        {NULL, "http://127.0.0.1:1/", SCALE_NETWORK, 0, false},
        {"", "http://127.0.0.1:%d/", SCALE_NETWORK, 0, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "http://127.0.0.1:%d/", SCALE_BAD_ANSWER, 200,
         true},
        {OK("0123456789abcdefg"), "http://127.0.0.1:%d/", SCALE_TOO_LARGE, 0, true},
        {"nonsense\r\n\r\n", "http://127.0.0.1:%d/", SCALE_BAD_ANSWER, 0, true},
        {NULL, "http://127.0.0.1:99999%d/", SCALE_USAGE, 0, false},
        {NULL, "https://127.0.0.1:%d/", SCALE_TLS, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const texts[] = {rows[i].answer, NULL};
        scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
        request.method = SCALE_POST;
        request.max_answer = 16;
        set_up(texts);
        run(&request, rows[i].url);
        CHECK_INT(error.kind, rows[i].kind);
        CHECK_INT(error.code, rows[i].code);
        CHECK_INT(error.unclear, rows[i].unclear);
        CHECK_INT(error.attempts, 1);
        CHECK(error.message[0] != '\0');
        CHECK_INT(scale_exchange_status(exchange), 0);
        tear_down();
    }
}

static void time_is_limited(void) {
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    CHECK(bind(silent, (struct sockaddr *)&address, size) == 0 && listen(silent, 4) == 0);
    getsockname(silent, (struct sockaddr *)&address, &size);
    char url[64];
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    request.timeout = 60;
    set_up(NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    run(&request, url);
    CHECK_INT(error.kind, SCALE_TIMEOUT);
    CHECK(error.retriable);
    tear_down();
    close(silent);
}

static void wrong_use_sends_nothing(void) {
    static const char *const bad_headers[] = {
        "no colon", "sp ace: 1",         ": 1",         "X: a\r\nY: b",
        "X: a\x7F", "Content-Length: 3", "\xC3\xA9: 1", "transfer-encoding: chunked"};
    static const char *const bad_urls[] = {"",
                                           "ftp://x/",
                                           "127.0.0.1/",
                                           "http://",
                                           "http:///x",
                                           "http://a b/",
                                           "http://x/a\nb",
                                           "file:///x",
                                           "http://u:p@127.0.0.1/",
                                           "http://a\\b/",
                                           "https://:80/"};
    set_up(NULL);
    for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
        const char *const headers[] = {"Fine: yes", bad_headers[i], NULL};
        scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
        request.headers = headers;
        error = (scale_error)SCALE_ERROR_INIT;
        CHECK_INT(begin(&request, "http://127.0.0.1:%d/"), SCALE_ERROR);
        CHECK_INT(error.kind, SCALE_USAGE);
        CHECK(strstr(error.message, "no colon") == NULL); /* may be a secret */
        CHECK(exchange == NULL);
    }
    for (size_t i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++) {
        scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
        error = (scale_error)SCALE_ERROR_INIT;
        CHECK_INT(begin(&request, bad_urls[i]), SCALE_ERROR);
        CHECK_INT(error.kind, SCALE_USAGE);
        CHECK(strstr(error.message, "u:p") == NULL);
    }
    for (int i = 0; i < 5; i++) {
        scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
        if (i == 4) request.method = (scale_method)(SCALE_HEAD + 1);
        if (i == 0) request.timeout = 0;
        if (i == 1) request.connect_timeout = -1;
        if (i >= 2) request.body = "x";
        if (i == 3) request.method = SCALE_HEAD;
        error = (scale_error)SCALE_ERROR_INIT;
        CHECK_INT(begin(&request, "http://127.0.0.1:%d/"), SCALE_ERROR);
        CHECK_INT(error.kind, SCALE_USAGE);
    }
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    CHECK_INT(scale_exchange_start(&exchange, loop, &request, NULL, NULL, NULL), SCALE_ERROR);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    tear_down();
}

/* ================================================================ other ends */

static void canceling_ends_it_once(void) {
    static const char *const texts[] = {OK("late"), NULL};
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    set_up(texts);
    CHECK_INT(begin(&request, "http://127.0.0.1:%d/"), SCALE_OK);
    CHECK(!scale_exchange_is_done(exchange));
    CHECK_INT(scale_exchange_status(exchange), 0);
    scale_exchange_cancel(exchange);
    scale_exchange_cancel(exchange);
    CHECK_INT(times_done, 0);
    finish();
    scale_loop_step(loop, 0, NULL);
    CHECK_INT(times_done, 1);
    CHECK_INT(error.kind, SCALE_CANCELED);
    CHECK_INT(scale_exchange_error(exchange)->kind, SCALE_CANCELED);
    tear_down();
}

static void one_that_is_freed_is_dropped(void) {
    static const char *const texts[] = {OK("late"), OK("late"), NULL};
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    set_up(texts);
    begin(&request, "http://127.0.0.1:%d/");
    scale_exchange_free(exchange);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    begin(&request, "http://127.0.0.1:%d/");
    scale_exchange_cancel(exchange); /* has ended, and nobody was told yet */
    scale_exchange_free(exchange);
    exchange = NULL;
    CHECK_INT(scale_loop_unfinished(loop), 0);
    for (int i = 0; i < 3; i++) scale_loop_step(loop, 0, NULL);
    CHECK_INT(times_done, 0);
    tear_down();
}

static void the_loop_may_go_first(void) {
    scale_exchange *second;
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    set_up(NULL);
    begin(&request, "http://127.0.0.1:%d/");
    scale_exchange_start(&second, loop, &request, on_done, &times_done, NULL);
    scale_exchange_cancel(second);
    scale_loop_free(loop);
    CHECK_INT(times_done, 0);
    CHECK(scale_exchange_is_done(exchange));
    CHECK_INT(scale_exchange_error(exchange)->kind, SCALE_CLOSED);
    CHECK_INT(scale_exchange_error(second)->kind, SCALE_CANCELED);
    CHECK_INT(scale_exchange_wait(exchange, &error), SCALE_ERROR);
    scale_exchange_cancel(exchange);
    scale_exchange_free(exchange);
    scale_exchange_free(second);
}

static void free_it(scale_exchange *done, void *user) {
    *(int *)user += 1;
    scale_exchange_free(done);
}

static void the_done_function_may_free_it(void) {
    static const char *const texts[] = {OK("x"), NULL};
    char url[64];
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    scale_exchange *each;
    set_up(texts);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    request.url = url;
    CHECK_INT(scale_exchange_start(&each, loop, &request, free_it, &times_done, NULL), SCALE_OK);
    while (times_done == 0) scale_loop_step(loop, -1, NULL);
    CHECK_INT(times_done, 1);
    tear_down();
}

/* ===================================================================== memory */

static scale_kind one_with_a_redirect(void) {
    static const char *const texts[] = {TO("307", "http://localhost:%d/b"), OK("there"), NULL};
    static const char *const headers[] = {"X-One: 1", "Cookie: c", "X-Empty:", NULL};
    scale_exchange_request request = SCALE_EXCHANGE_REQUEST_INIT;
    scale_error failure = SCALE_ERROR_INIT;
    char url[64];
    heard = 0;
    script = texts;
    request.method = SCALE_POST;
    request.body = "b";
    request.body_size = 1;
    request.headers = headers;
    request.follow = true;
    request.ca_file = request.proxy = "/nowhere";
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    request.url = url;
    exchange = NULL;
    if (scale_loop_new(&loop, NULL, &failure) == SCALE_OK &&
        scale_loop_watch(loop, listener, SCALE_READABLE, on_connection, NULL, &failure) == SCALE_OK &&
        scale_exchange_start(&exchange, loop, &request, NULL, NULL, &failure) == SCALE_OK)
        scale_exchange_wait(exchange, &failure);
    scale_exchange_free(exchange);
    scale_loop_free(loop);
    return failure.kind;
}

static void the_nth_allocation_fails(void) {
    use_failing_memory();
    fail_at = allocations = 0;
    CHECK_INT(one_with_a_redirect(), SCALE_NONE);
    CHECK_INT(alive, 0);
    long all = allocations;
    CHECK(all > 20);
    for (long n = 1; n <= all; n++) {
        fail_at = n;
        allocations = 0;
        scale_kind kind = one_with_a_redirect();
        CHECK(kind == SCALE_NO_MEMORY || kind == SCALE_NETWORK);
        CHECK_INT(alive, 0);
    }
    scale_set_memory(NULL);
}

int main(void) {
    open_listener();
    RUN(an_answer_has_status_headers_and_body);
    RUN(a_body_goes_out_byte_by_byte);
    RUN(head_has_no_body);
    RUN(redirects_are_answers_unless_followed);
    RUN(redirects_are_followed_as_browsers_do);
    RUN(redirects_end);
    RUN(redirects_elsewhere_are_refused);
    RUN(a_long_location_is_followed_whole);
    RUN(a_failure_has_its_kind);
    RUN(time_is_limited);
    RUN(wrong_use_sends_nothing);
    RUN(canceling_ends_it_once);
    RUN(one_that_is_freed_is_dropped);
    RUN(the_loop_may_go_first);
    RUN(the_done_function_may_free_it);
    RUN(the_nth_allocation_fails);
    close(listener);
    return RESULT();
}
