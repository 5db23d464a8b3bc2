/*
** lrequests.c - what comes in: libmicrohttpd's callbacks. They touch no Lua: a request that has arrived in
** full is suspended and linked into the list `arrived`, for server:run to hand out after libmicrohttpd has
** returned.
**
** What is malformed or too large is refused here, and when as many are connected as may be, those who have
** been idle make room (see lvisitors.h).
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lserver.h"

/* Who sends more than max_body is read this much further, so that the refusal is not lost in a reset of
** the connection; who sends more still is cut off. */
#define MOST_DISCARDED ((size_t)64 << 20)

/* The bodies that are on their way take so much together, and four of the largest: who sends more is told
** to come again, and who has stopped sending goes. */
#define MOST_HELD ((size_t)64 << 20)

static visitor *visitor_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

/* The request line is there. The target is kept as it came: libmicrohttpd decodes its own in place. */
static void *on_target(void *user, const char *target, struct MHD_Connection *connection) {
    size_t size = strlen(target) + 1;
    exchange *x = calloc(1, sizeof *x + size);
    if (x == NULL) return NULL;
    x->server = user;
    x->connection = connection;
    x->visitor = visitor_of(connection);
    lscale_visitor_seen(&x->server->visitors, x->visitor);
    memcpy(x->target, target, size);
    return x;
}

static const char *words_of(unsigned refusal) {
    switch (refusal) {
    case 400: return "The request is malformed.\n";
    case 413: return "The request body is too large.\n";
    default: return "Too much is being sent to this server at once.\n";
    }
}

static enum MHD_Result refuse(exchange *x) {
    const char *words = words_of(x->refusal);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(words), (void *)(uintptr_t)words, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/plain");
    MHD_add_response_header(response, "Connection", "close");
    if (x->refusal == 503) MHD_add_response_header(response, "Retry-After", "1");
    enum MHD_Result result = MHD_queue_response(x->connection, x->refusal, response);
    MHD_destroy_response(response);
    x->stage = ANSWERED;
    return result;
}

/* What libmicrohttpd lets pass and two readers could take for two things. */
typedef struct oddities {
    unsigned lengths, encodings;
    bool found;
} oddities;

static bool is_token(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] >= 127 || strchr("\"(),/:;<=>?@[\\]{}", text[i]) != NULL) return false;
    return size > 0;
}

static bool has_control(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 127) return true;
    return false;
}

static enum MHD_Result check_header(void *user, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                    const char *value, size_t value_size) {
    oddities *odd = user;
    (void)kind;
    if (!is_token(name, name_size) || has_control(value, value_size)) odd->found = true;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) odd->lengths++;
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        odd->encodings++;
        if (value == NULL || strcasecmp(value, "chunked") != 0) odd->found = true;
    }
    return MHD_YES;
}

static bool is_malformed(exchange *x) {
    oddities odd = {0, 0, false};
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, check_header, &odd);
    return odd.found || odd.lengths + odd.encodings > 1 || !is_token(x->method, strlen(x->method));
}

/* The headers are there. A body that says that it is too large is refused before it is sent if the
** sender waits for that, or if it would not be read in full anyway. */
static enum MHD_Result on_head(exchange *x, const char *method) {
    x->method = method;
    x->stage = AWAITS_BODY;
    if (is_malformed(x)) {
        x->refusal = 400;
        return refuse(x);
    }
    const char *text =
        MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned long long size = text == NULL ? 0 : strtoull(text, NULL, 10);
    if (size <= x->server->max_body) return MHD_YES;
    x->refusal = 413;
    bool waits = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) != NULL;
    return waits || size - x->server->max_body > MOST_DISCARDED ? refuse(x) : MHD_YES;
}

void lscale_free_body(exchange *x) {
    free(x->body);
    x->server->held -= x->body_room;
    x->body = NULL;
    x->body_size = x->body_room = 0;
}

/* 0, or the status to refuse a body of this size with. */
static unsigned grow_body(exchange *x, size_t size) {
    server *s = x->server;
    if (size > s->max_body) return 413;
    if (size <= x->body_room) return 0;
    size_t room = x->body_room < 512 ? 1024 : x->body_room * 2;
    if (room > s->max_body) room = s->max_body;
    if (room < size) room = size;
    if (s->held - x->body_room + room > 4 * s->max_body + MOST_HELD) {
        lscale_visitors_show_out(&s->visitors, IDLE_AT_LIMIT, MOST_SHOWN_OUT);
        return 503;
    }
    char *body = realloc(x->body, room);
    if (body == NULL) return 503;
    s->held += room - x->body_room;
    x->body = body;
    x->body_room = room;
    return 0;
}

static enum MHD_Result on_body(exchange *x, const char *data, size_t size) {
    lscale_visitor_seen(&x->server->visitors, x->visitor);
    if (x->refusal == 0) {
        x->refusal = grow_body(x, x->body_size + size);
        if (x->refusal != 0) lscale_free_body(x);
    }
    if (x->refusal != 0) {
        x->discarded += size;
        return x->discarded > x->server->max_body + MOST_DISCARDED ? MHD_NO : MHD_YES;
    }
    memcpy(x->body + x->body_size, data, size);
    x->body_size += size;
    return MHD_YES;
}

/* All of it is there: it waits for Lua. */
static enum MHD_Result on_end(exchange *x) {
    server *s = x->server;
    if (x->refusal != 0) return refuse(x);
    x->stage = SUSPENDED;
    lscale_visitor_leave(&s->visitors, x->visitor);
    if (s->last_arrived == NULL)
        s->first_arrived = x;
    else
        s->last_arrived->next = x;
    s->last_arrived = x;
    x->before = &s->suspended;
    x->after = s->suspended;
    if (x->after != NULL) x->after->before = &x->after;
    s->suspended = x;
    s->requests++;
    if (++s->in_flight > s->most_in_flight) s->most_in_flight = s->in_flight;
    MHD_suspend_connection(x->connection);
    return MHD_YES;
}

/* Called once with the headers, once for each piece of the body, once at its end, and once more after
** the connection was resumed. MHD_NO closes the connection without a word. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state) {
    exchange *x = *state;
    enum MHD_Result result = MHD_NO;
    (void)user;
    (void)connection;
    (void)url;
    (void)version;
    if (x == NULL) return MHD_NO; /* out of memory */
    switch (x->stage) {
    case AWAITS_HEAD: return on_head(x, method);
    case AWAITS_BODY:
        if (*size == 0) return on_end(x);
        result = on_body(x, data, *size);
        *size = 0;
        return result;
    case SUSPENDED: return MHD_YES;
    case ANSWERED:
        if (x->response != NULL) result = MHD_queue_response(x->connection, x->status, x->response);
        return result;
    }
    return MHD_NO;
}

/* The exchange is over, however it ended; a suspended one never is. */
static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    exchange *x = *state;
    (void)user;
    (void)connection;
    (void)code;
    *state = NULL;
    if (x == NULL) return;
    if (x->response != NULL) MHD_destroy_response(x->response);
    lscale_visitor_seen(&x->server->visitors, x->visitor);
    lscale_free_body(x);
    free(x);
}

static void welcome(server *s, struct MHD_Connection *connection, void **state) {
    visitor *v = calloc(1, sizeof *v);
    s->connections++;
    s->open++;
    *state = v;
    if (v == NULL) return;
    v->socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    lscale_visitor_seen(&s->visitors, v);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode code) {
    server *s = user;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        welcome(s, connection, state);
        return;
    }
    if (*state != NULL) lscale_visitor_leave(&s->visitors, *state);
    free(*state);
    *state = NULL;
    if (s->open-- == s->most_open) s->due_runs++; /* to listen again */
}

bool lscale_start_daemon(server *s, unsigned connections, unsigned idle_timeout) {
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET,
        (MHD_socket)s->listener, MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
        idle_timeout, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, s, MHD_OPTION_END);
    if (s->daemon != NULL) s->listener = -1;
    return s->daemon != NULL;
}
