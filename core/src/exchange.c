/*
** exchange.c - one plain HTTP request to any URL. It has a session of its own for each address it goes to,
** without a key; the connections are the loop's, and are kept.
*/
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "allowed.h"
#include "client.h"
#include "error.h"
#include "loop.h"
#include "options.h"
#include "transfer.h"
#include "url.h"

#define MOST_REDIRECTS 10
#define LARGEST_HEAD   ((size_t)256 << 10)

struct scale_exchange {
    scale__ending ending; /* must be first: the loop's list of what has ended */
    scale__member member; /* in the loop's list while it is unfinished */
    scale_loop *loop;     /* NULL once it is gone */
    scale_limits *limits; /* NULL: none */
    scale__session *session;
    scale__transfer *transfer;

    /* the request */
    scale_method method;
    char *url, *body, *ca_file, *proxy;
    char **headers; /* NULL after the last */
    size_t body_size;
    int connect_timeout, redirects;
    int64_t deadline;
    bool verify, follow;

    /* its end */
    bool is_done;
    int status;
    scale__buffer answer, head;
    scale_error error;
    scale_exchanged_fn done;
    void *user;
};

/* ===================================================================== ends */

static void deliver(void *user) {
    scale_exchange *exchange = user;
    scale__loop_count(exchange->loop, -1);
    if (exchange->done != NULL) exchange->done(exchange, exchange->user);
}

/* Ends what is under way; nobody is told. */
static void stop(scale_exchange *exchange) {
    exchange->is_done = true;
    exchange->error.attempts = 1;
    scale__link_remove(&exchange->member.link);
    scale__session_free(exchange->session);
    exchange->session = NULL;
    exchange->transfer = NULL;
}

/* It has its answer or its error: off the loop's list of members, onto that of what has ended. */
static void end(scale_exchange *exchange) {
    stop(exchange);
    scale__loop_end(exchange->loop, &exchange->ending);
}

/* The loop goes away. */
static void close_exchange(void *user) {
    scale_exchange *exchange = user;
    scale__fail(&exchange->error, SCALE_CLOSED, "the loop was closed");
    exchange->error.unclear = true;
    stop(exchange);
    exchange->loop = NULL;
}

void scale_exchange_cancel(scale_exchange *exchange) {
    if (exchange->is_done) return;
    scale__fail(&exchange->error, SCALE_CANCELED, "canceled");
    exchange->error.unclear = true;
    end(exchange);
}

static void free_headers(char **headers) {
    for (char **each = headers; each != NULL && *each != NULL; each++) scale__release(*each);
    scale__release(headers);
}

void scale_exchange_free(scale_exchange *exchange) {
    if (exchange == NULL) return;
    bool told = exchange->is_done && scale__link_is_alone(&exchange->ending.link);
    if (exchange->loop != NULL && !told) scale__loop_count(exchange->loop, -1);
    stop(exchange);
    scale__link_remove(&exchange->ending.link);
    free_headers(exchange->headers);
    scale_limits_free(exchange->limits);
    scale__release(exchange->url);
    scale__release(exchange->body);
    scale__release(exchange->ca_file);
    scale__release(exchange->proxy);
    scale__buffer_clear(&exchange->answer);
    scale__buffer_clear(&exchange->head);
    scale__release(exchange);
}

/* ================================================================== sending */

static void on_finished(void *user, const scale__outcome *outcome);

static scale_status open_session(scale_exchange *exchange, bool loopback, scale_error *error) {
    char user_agent[512];
    scale__write_user_agent(user_agent, sizeof user_agent, NULL);
    const scale__session_settings settings = {
        .user_agent = user_agent,
        .ca_file = exchange->ca_file,
        .proxy = exchange->proxy,
        .most_at_once = 1,
        .verify = exchange->verify,
        .loopback = loopback,
    };
    return scale__session_new(&exchange->session, scale__loop_transport(exchange->loop), &settings, error);
}

/* Sends the request to exchange->url. */
static scale_status send_request(scale_exchange *exchange, bool loopback, scale_error *error) {
    int64_t left = exchange->deadline - scale_loop_now(exchange->loop);
    if (left <= 0) return scale__fail(error, SCALE_TIMEOUT, "the time was up before the last redirect");
    if (scale__limits_check_url(exchange->limits, exchange->url, error) != SCALE_OK ||
        scale__limits_take(exchange->limits, error) != SCALE_OK)
        return SCALE_ERROR;
    const scale__request request = {
        .method = exchange->method,
        .url = exchange->url,
        .body = exchange->body,
        .body_size = exchange->body_size,
        .headers = (const char *const *)exchange->headers,
        .head = &exchange->head,
        .may_resend = exchange->method == SCALE_GET || exchange->method == SCALE_HEAD,
        .large_answer = true,
        .timeout = left,
        .connect_timeout = exchange->connect_timeout,
    };
    scale__buffer_empty(&exchange->answer);
    scale__buffer_empty(&exchange->head);
    if (open_session(exchange, loopback, error) != SCALE_OK) return SCALE_ERROR;
    return scale__transfer_start(&exchange->transfer, exchange->session, &request, &exchange->answer,
                                 on_finished, exchange, error);
}

/* ================================================================ redirects */

static bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* What browsers do: 303 asks for another thing, and so do 301 and 302 after a POST. */
static bool becomes_get(const scale_exchange *exchange, int status) {
    if (exchange->method == SCALE_GET || exchange->method == SCALE_HEAD) return false;
    return status == 303 || (exchange->method == SCALE_POST && (status == 301 || status == 302));
}

static bool names(const char *line, const char *name) {
    size_t size = strlen(name);
    return strncasecmp(line, name, size) == 0 && line[size] == ':';
}

/* Describes the body, which is gone. */
static bool is_of_body(const char *line) {
    return strncasecmp(line, "Content-", 8) == 0;
}

/* Is meant for the server that was asked first. */
static bool is_private(const char *line) {
    return names(line, "Authorization") || names(line, "Cookie") || names(line, "Host") ||
           names(line, "Proxy-Authorization");
}

static void remove_headers(scale_exchange *exchange, bool (*is_unwanted)(const char *line)) {
    char **place = exchange->headers;
    for (char **each = exchange->headers; *each != NULL; each++) {
        if (is_unwanted(*each))
            scale__release(*each);
        else
            *place++ = *each;
    }
    *place = NULL;
}

static scale_status follow(scale_exchange *exchange, const char *location, scale_error *error) {
    scale__origin from, to;
    int status = exchange->status;
    if (exchange->redirects++ == MOST_REDIRECTS)
        return scale__fail(error, SCALE_UNEXPECTED_STATUS, "more than %d redirects", MOST_REDIRECTS);
    if (scale__url_origin(&from, exchange->url, error) != SCALE_OK) return SCALE_ERROR;
    if (scale__url_origin(&to, location, NULL) != SCALE_OK || (from.https && !to.https))
        return scale__fail(error, SCALE_UNEXPECTED_STATUS, "a redirect to %s is not followed", location);
    char *url = scale__copy_text(location);
    if (url == NULL) return scale__fail_no_memory(error);
    if (from.size != to.size || strncasecmp(exchange->url, url, to.size) != 0)
        remove_headers(exchange, is_private);
    if (becomes_get(exchange, status)) {
        remove_headers(exchange, is_of_body);
        exchange->method = SCALE_GET;
        scale__release(exchange->body);
        exchange->body = NULL;
    }
    scale__release(exchange->url);
    exchange->url = url;
    scale__session_free(exchange->session); /* `location` was its last transfer's */
    exchange->session = NULL;
    return send_request(exchange, to.loopback, error);
}

/* ================================================================== landing */

/* No answer came, or only a part of one. */
static void read_failure(const scale__outcome *outcome, scale_error *error) {
    bool cut = outcome->code != 0 && outcome->kind == SCALE_NETWORK;
    scale__fail(error, cut ? SCALE_BAD_ANSWER : outcome->kind, "%s", outcome->message);
    error->code = error->kind == SCALE_BAD_ANSWER ? outcome->code : 0;
    error->retriable = outcome->passing;
    error->unclear = outcome->sent;
}

static void on_finished(void *user, const scale__outcome *outcome) {
    scale_exchange *exchange = user;
    exchange->transfer = NULL;
    exchange->status = outcome->code;
    if (outcome->kind != SCALE_NONE) {
        read_failure(outcome, &exchange->error);
    } else if (exchange->follow && outcome->redirect != NULL && is_redirect(outcome->code)) {
        if (follow(exchange, outcome->redirect, &exchange->error) == SCALE_OK) return;
        bool refused = exchange->error.kind == SCALE_UNEXPECTED_STATUS;
        exchange->error.code = refused ? exchange->status : 0;
    }
    end(exchange);
}

/* ================================================================= starting */

static bool is_token(const char *text, size_t size) {
    static const char allowed[] =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return size > 0 && strspn(text, allowed) >= size;
}

/* Does not repeat values: they may be secrets. */
static scale_status check_header(const char *line, scale_error *error) {
    const char *colon = strchr(line, ':');
    if (colon == NULL) return scale__fail(error, SCALE_USAGE, "a header is a name, a colon and a value");
    int size = (int)(colon - line);
    if (!is_token(line, (size_t)size))
        return scale__fail(error, SCALE_USAGE, "'%.*s' is no header's name", size, line);
    for (const char *each = colon + 1; *each != '\0'; each++)
        if (((unsigned char)*each < 0x20 && *each != '\t') || *each == 0x7F)
            return scale__fail(error, SCALE_USAGE, "header %.*s has a control character in it", size, line);
    if (names(line, "Content-Length") || names(line, "Transfer-Encoding"))
        return scale__fail(error, SCALE_USAGE, "header %.*s is not for you to set", size, line);
    return SCALE_OK;
}

static scale_status check(const scale_exchange_request *request, scale__origin *origin, scale_error *error) {
    if (request->url == NULL) return scale__fail(error, SCALE_USAGE, "no URL was given");
    if ((unsigned)request->method > SCALE_HEAD)
        return scale__fail(error, SCALE_USAGE, "there is no such method");
    if (scale__url_origin(origin, request->url, error) != SCALE_OK) return SCALE_ERROR;
    if (request->timeout <= 0) return scale__fail(error, SCALE_USAGE, "timeout must be more than 0");
    if (request->connect_timeout <= 0)
        return scale__fail(error, SCALE_USAGE, "connect_timeout must be more than 0");
    if (request->body != NULL && (request->method == SCALE_GET || request->method == SCALE_HEAD))
        return scale__fail(error, SCALE_USAGE, "a GET or HEAD has no body");
    for (const char *const *each = request->headers; each != NULL && *each != NULL; each++) {
        if (check_header(*each, error) != SCALE_OK) return SCALE_ERROR;
        if (request->limits != NULL && names(*each, "Host"))
            return scale__fail(error, SCALE_NOT_ALLOWED, "header Host is not allowed here");
    }
    return SCALE_OK;
}

static bool copy_headers(scale_exchange *exchange, const char *const *headers) {
    size_t count = 0;
    while (headers != NULL && headers[count] != NULL) count++;
    exchange->headers = scale__allocate_zero((count + 1) * sizeof *exchange->headers);
    if (exchange->headers == NULL) return false;
    for (size_t i = 0; i < count; i++)
        if (!scale__copy_into(&exchange->headers[i], headers[i])) return false;
    return true;
}

static scale_status copy_request(scale_exchange *exchange, const scale_exchange_request *request,
                                 scale_error *error) {
    exchange->method = request->method;
    exchange->body_size = request->body_size;
    exchange->connect_timeout = request->connect_timeout;
    exchange->deadline = scale_loop_now(exchange->loop) + request->timeout;
    exchange->verify = request->verify;
    exchange->follow = request->follow;
    exchange->limits = scale__limits_keep(request->limits);
    if (request->body != NULL) {
        exchange->body = scale__copy(request->body, request->body_size);
        if (exchange->body == NULL) return scale__fail_no_memory(error);
    }
    bool fine = scale__copy_into(&exchange->url, request->url) &&
                scale__copy_into(&exchange->ca_file, request->ca_file) &&
                scale__copy_into(&exchange->proxy, request->proxy) &&
                copy_headers(exchange, request->headers);
    return fine ? SCALE_OK : scale__fail_no_memory(error);
}

scale_status scale_exchange_start(scale_exchange **result, scale_loop *loop,
                                  const scale_exchange_request *given, scale_exchanged_fn done, void *user,
                                  scale_error *error) {
    scale_exchange_request taken = SCALE_EXCHANGE_REQUEST_INIT;
    const scale_exchange_request *request = &taken;
    scale__origin origin;
    *result = NULL;
    if (scale__take_options(&taken, sizeof taken, given, error) != SCALE_OK) return SCALE_ERROR;
    if (check(request, &origin, error) != SCALE_OK) return SCALE_ERROR;
    scale_exchange *exchange = scale__allocate_zero(sizeof *exchange);
    if (exchange == NULL) return scale__fail_no_memory(error);
    scale__link_init(&exchange->ending.link);
    scale__link_init(&exchange->member.link);
    exchange->ending.deliver = deliver;
    exchange->ending.call = exchange;
    exchange->member.close = close_exchange;
    exchange->member.client = exchange;
    exchange->loop = loop;
    exchange->done = done;
    exchange->user = user;
    exchange->error.retry_after = -1;
    scale__buffer_init(&exchange->answer, request->max_answer);
    scale__buffer_init(&exchange->head, LARGEST_HEAD);
    scale__loop_count(loop, 1);
    if (copy_request(exchange, request, error) != SCALE_OK ||
        send_request(exchange, origin.loopback, error) != SCALE_OK) {
        scale_exchange_free(exchange);
        return SCALE_ERROR;
    }
    scale__loop_join(loop, &exchange->member);
    *result = exchange;
    return SCALE_OK;
}

scale_status scale_exchange_wait(scale_exchange *exchange, scale_error *error) {
    while (!exchange->is_done)
        if (scale_loop_step(exchange->loop, -1, error) != SCALE_OK) return SCALE_ERROR;
    if (exchange->error.kind == SCALE_NONE) return SCALE_OK;
    if (error != NULL && error->kind == SCALE_NONE) *error = exchange->error;
    return SCALE_ERROR;
}

/* =================================================================== answers */

static bool has_answer(const scale_exchange *exchange) {
    return exchange->is_done && exchange->error.kind == SCALE_NONE;
}

bool scale_exchange_is_done(const scale_exchange *exchange) {
    return exchange->is_done;
}

int scale_exchange_status(const scale_exchange *exchange) {
    return has_answer(exchange) ? exchange->status : 0;
}

scale_slice scale_exchange_answer(const scale_exchange *exchange) {
    if (!has_answer(exchange)) return (scale_slice){NULL, 0};
    return (scale_slice){exchange->answer.data == NULL ? "" : exchange->answer.data, exchange->answer.size};
}

const char *scale_exchange_url(const scale_exchange *exchange) {
    return exchange->url;
}

const scale_error *scale_exchange_error(const scale_exchange *exchange) {
    return &exchange->error;
}

bool scale_exchange_header_at(const scale_exchange *exchange, size_t index, const char **name,
                              const char **value) {
    if (!has_answer(exchange) || exchange->head.size == 0) return false;
    const char *place = exchange->head.data, *behind = place + exchange->head.size;
    while (place < behind) {
        const char *found = place + strlen(place) + 1;
        if (index-- == 0) {
            *name = place;
            *value = found;
            return true;
        }
        place = found + strlen(found) + 1;
    }
    return false;
}

const char *scale_exchange_header(const scale_exchange *exchange, const char *wanted) {
    const char *name, *value;
    for (size_t i = 0; scale_exchange_header_at(exchange, i, &name, &value); i++)
        if (strcasecmp(name, wanted) == 0) return value;
    return NULL;
}
