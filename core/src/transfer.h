/*
** transfer.h - one HTTP exchange at a time on libcurl, which transfer.c alone speaks to, with headers.c and
** mime.c for the lists that it takes. Knows nothing of operations, calls and retries.
**
** A transport is a loop's multi handle. A session holds what a client's requests have in common (key, TLS,
** proxy) and keeps its easy handles for the next request. A transfer is one exchange.
*/
#ifndef SCALE_TRANSFER_H
#define SCALE_TRANSFER_H

#include "buffer.h"
#include "scaleapi.h"

typedef struct scale__transport scale__transport;
typedef struct scale__session scale__session;
typedef struct scale__transfer scale__transfer;

/* What a transport asks of its loop. */
typedef struct scale__transport_hooks {
    /* The descriptor is to be watched for these events (SCALE_READABLE, …; 0: no more). False: no memory. */
    bool (*watch)(void *loop, int descriptor, unsigned events);
    /* The descriptor was opened, and `forget` will be called for it, unless it is given up while it connects.
    ** libcurl has others, its resolver's, that it opens and closes without a word. */
    void (*opened)(void *loop, int descriptor);
    /* The descriptor is about to be closed. */
    void (*forget)(void *loop, int descriptor);
    /* scale__transport_timer is to be called in so many ms (-1: not). */
    void (*set_timer)(void *loop, long delay);
    void *loop;
} scale__transport_hooks;

scale_status scale__transport_new(scale__transport **transport, const scale__transport_hooks *hooks,
                                  scale_error *error);
void scale__transport_free(scale__transport *transport); /* all sessions must be gone */

/* Entry points for the loop; both may queue finished transfers, none calls back. */
void scale__transport_ready(scale__transport *transport, int descriptor, unsigned events);
void scale__transport_timer(scale__transport *transport);

/* Calls the finished function of every transfer that has ended since. */
void scale__transport_deliver(scale__transport *transport);
bool scale__transport_has_finished(const scale__transport *transport); /* is there any? */

typedef struct scale__session_settings {
    const char *api_key; /* NULL: none is sent */
    const char *user_agent, *ca_file, *cert_file, *key_file, *proxy;
    bool verify, loopback;
    bool https;       /* all requests go to https */
    int most_at_once; /* how many are in flight at most */
    bool http2;       /* over https, if the server has it: many exchanges on one connection */
} scale__session_settings;

scale_status scale__session_new(scale__session **session, scale__transport *transport,
                                const scale__session_settings *settings, scale_error *error);
void scale__session_free(scale__session *session); /* drops its transfers without calling back */

/* A part of a multipart body. Borrowed while the transfer runs. */
typedef struct scale__part {
    struct scale__part *next;
    char *name;
    char *data; /* the bytes, or NULL when they come from `path` */
    size_t size;
    char *path;
    char *filename; /* NULL: a text part */
} scale__part;

/* Borrowed while the transfer runs. */
typedef struct scale__request {
    scale_method method;
    const char *url;
    const char *body; /* JSON, or NULL */
    size_t body_size;
    const scale__part *parts;    /* multipart body instead, or NULL */
    bool bearer;                 /* the key goes as a bearer token, not as a user name */
    const char *idempotency_key; /* sent beside the API's headers; or NULL */
    const char *const *headers;  /* "Name: value" each, NULL after the last; NULL: those of the API */
    scale__buffer *head;         /* the answer's headers go here: name, NUL, value, NUL, …; or NULL */
    bool may_resend;             /* libcurl itself may send it again when a kept connection proves dead */
    bool large_answer;           /* worth a large receive buffer */
    bool wants_date;             /* outcome.date is to be read */
    int64_t timeout;             /* ms for the whole exchange; 0: none */
    int64_t stall_timeout;       /* ms without progress; 0: none */
    int64_t connect_timeout;     /* ms */
} scale__request;

typedef struct scale__outcome {
    scale_kind kind;     /* SCALE_NONE: an answer came, whole; its status is `code` */
    int code;            /* HTTP status, 0 without one */
    bool sent;           /* the request's first byte left, or may have */
    bool passing;        /* with a kind: another attempt may fare better */
    int64_t retry_after; /* ms, -1 */
    int64_t date;        /* when the server answered, s since 1970; -1: it did not say, or nobody asked */
    uint64_t connections;
    uint64_t resent;      /* how often libcurl itself sent it again */
    const char *redirect; /* where a redirect leads, or NULL; borrowed until `finished` returns */
    char message[512];    /* with a kind: what went wrong */
} scale__outcome;

typedef void (*scale__finished_fn)(void *user, const scale__outcome *outcome);

/* Begins an exchange; what comes back is appended to `answer`. `finished` is called once, from
** scale__transport_deliver; the transfer is gone by then. */
scale_status scale__transfer_start(scale__transfer **transfer, scale__session *session,
                                   const scale__request *request, scale__buffer *answer,
                                   scale__finished_fn finished, void *user, scale_error *error);

/* Ends it without calling back. */
void scale__transfer_drop(scale__transfer *transfer);

/* "libcurl/7.88.1", never freed. */
const char *scale__transport_version(void);
bool scale__transport_has_http2(void);

#endif
