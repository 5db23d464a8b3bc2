/*
** scaleapi.h - the public face of libscaleapi, a client for Scale AI's HTTP API.
**
** A loop (scale_loop) drives any number of calls on one thread. A client (scale_client) holds a key, a base
** URL and limits, and attaches to a loop. A call (scale_call) is one operation of the API in flight, with
** its retries; a list (scale_list) one that comes page by page; an exchange (scale_exchange) one request to
** any other URL. JSON comes and goes as bytes; scaleapi_json.h reads and writes it.
**
** Rules that hold everywhere:
** - Functions that can fail return a scale_status and fill the scale_error they are given, which may be
**   NULL. The first error wins.
** - `new`/`free` own memory on the heap; `init`/`clear` work on memory of the caller's.
** - What is passed in is copied, but for the path of a file (read while it is sent).
** - A loop outlives its clients and exchanges, a client outlives its calls. Nothing here is shared between
**   threads; two loops in two threads do not know of each other.
** - Structs of options begin with their size, so that a program can be older than the library: begin with
**   the SCALE_…_INIT that stands behind each.
** - Times are milliseconds, sizes are bytes, texts are UTF-8 and end with a NUL unless a size is given
**   beside them.
*/
#ifndef SCALEAPI_H
#define SCALEAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCALE_VERSION "0.1.0"

#if defined(__GNUC__)
#define SCALE_API __attribute__((visibility("default")))
#else
#define SCALE_API
#endif

/* ================================================================== errors */

typedef enum scale_status { SCALE_OK = 0, SCALE_ERROR = -1 } scale_status;

/*
** What went wrong, as one row a kind: name in C, name in Lua and in reports.
** Those up to SCALE_UNEXPECTED_STATUS are the server's word (scale_error.code holds the status);
** the others are ours.
*/
#define SCALE_KINDS(X)                                                                                       \
    X(SCALE_NONE, "none")                           /* no error */                                           \
    X(SCALE_INVALID_REQUEST, "invalid_request")     /* 400, 422 */                                           \
    X(SCALE_UNAUTHORIZED, "unauthorized")           /* 401 */                                                \
    X(SCALE_NOT_ENABLED, "not_enabled")             /* 402 */                                                \
    X(SCALE_FORBIDDEN, "forbidden")                 /* 403 */                                                \
    X(SCALE_NOT_FOUND, "not_found")                 /* 404 */                                                \
    X(SCALE_DUPLICATE, "duplicate")                 /* 409 */                                                \
    X(SCALE_TOO_LARGE, "too_large")                 /* 413, or an answer larger than allowed */              \
    X(SCALE_TOO_MANY_REQUESTS, "too_many_requests") /* 429 */                                                \
    X(SCALE_INTERNAL, "internal")                   /* 500 and other 5xx */                                  \
    X(SCALE_UNAVAILABLE, "unavailable")             /* 503 */                                                \
    X(SCALE_TIMEOUT, "timeout")                     /* 408, 504, or our own time-out or deadline */          \
    X(SCALE_UNEXPECTED_STATUS, "unexpected_status") /* any other status, redirects included */               \
    X(SCALE_NETWORK, "network")                     /* no answer: DNS, refused, dropped */                   \
    X(SCALE_TLS, "tls")                             /* certificate or handshake */                           \
    X(SCALE_BAD_ANSWER, "bad_answer")               /* a 2xx that is cut, not JSON, not the thing */         \
    X(SCALE_AMBIGUOUS, "ambiguous")                 /* may or may not have been done; not repeated */        \
    X(SCALE_BUDGET, "budget")     /* failed, and no retry was in store: see scale_budget */                  \
    X(SCALE_CANCELED, "canceled") /* by scale_call_cancel */                                                 \
    X(SCALE_CLOSED, "closed")     /* the client or loop went away */                                         \
    X(SCALE_USAGE, "usage")       /* wrong use, found before anything was sent */                            \
    X(SCALE_BAD_JSON, "bad_json") /* text given to the codec is not JSON */                                  \
    X(SCALE_FILE, "file")         /* a local file cannot be read or written */                               \
    X(SCALE_NO_MEMORY, "no_memory")                                                                          \
    X(SCALE_NOT_ALLOWED, "not_allowed") /* against the limits that were set; it was not sent */

typedef enum scale_kind {
#define SCALE_KIND_MEMBER(id, name) id,
    SCALE_KINDS(SCALE_KIND_MEMBER)
#undef SCALE_KIND_MEMBER
        SCALE_KIND_COUNT
} scale_kind;

#define SCALE_MESSAGE_SIZE 1024

/* An error, in memory of the caller's. Holds nothing that must be freed. */
typedef struct scale_error {
    scale_kind kind;
    int code;                         /* HTTP status; 0 when the server did not speak */
    int attempts;                     /* how often the request was sent, or tried to be */
    bool retriable;                   /* another try later may succeed */
    bool unclear;                     /* the server may have done what was asked */
    int64_t retry_after;              /* what the server asked for, in ms; -1 when it did not */
    const char *operation;            /* name of the operation, or NULL; never freed */
    char message[SCALE_MESSAGE_SIZE]; /* the server's own words where it spoke; cut at the end */
} scale_error;

#define SCALE_ERROR_INIT                                                                                     \
    { SCALE_NONE, 0, 0, false, false, -1, NULL, "" }

/* The name of a kind ("not_found"), or "unknown". Never NULL, never freed. */
SCALE_API const char *scale_kind_name(scale_kind kind);

/* ================================================================== memory */

/* Replaces malloc, realloc and free for the whole library. Call before anything else, or with
** NULLs to go back. All three or none. */
typedef struct scale_memory {
    void *(*allocate)(size_t size, void *user);
    void *(*resize)(void *block, size_t size, void *user);
    void (*release)(void *block, void *user);
    void *user;
} scale_memory;

/* Sets them (NULL: the C library's again); the struct is copied, `user` stays the caller's. Not while
 * anything of the library's is there. */
SCALE_API void scale_set_memory(const scale_memory *memory);

/* JSON: scale_slice, checking, reading, writing. */
#include "scaleapi_json.h"
/* Pace, retry budget and breaker: when to send. */
#include "scaleapi_pace.h"

/* ==================================================================== loop */

/*
** Drives calls, timers and watched descriptors on the thread that steps it.
** One libcurl multi handle on one epoll descriptor.
*/
typedef struct scale_loop scale_loop;
typedef struct scale_timer scale_timer;

/* Set `size` to sizeof the struct; what is NULL is the real thing. For tests. */
typedef struct scale_loop_options {
    size_t size;
    int64_t (*clock)(void *user); /* monotonic, ms */
    double (*random)(void *user); /* in [0, 1) */
    void *user;
} scale_loop_options;

#define SCALE_LOOP_OPTIONS_INIT                                                                              \
    { sizeof(scale_loop_options), NULL, NULL, NULL }

/* Makes a loop. `options` may be NULL. Errors: no_memory, network (libcurl cannot be used). */
SCALE_API scale_status scale_loop_new(scale_loop **loop, const scale_loop_options *options,
                                      scale_error *error);

/* Frees the loop. Clients, calls and exchanges that are still there are closed: what is unfinished ends with
** kind `closed`, without its done function being called; free them as usual. NULL is fine. */
SCALE_API void scale_loop_free(scale_loop *loop);

/* One turn: does what is due, waits at most `timeout_ms` (-1: until something happens, 0: not at
** all) for more, then calls the done functions of finished calls, the timers that are due and the
** watchers. Returns early on a signal. Errors: network (the event machinery failed). */
SCALE_API scale_status scale_loop_step(scale_loop *loop, int timeout_ms, scale_error *error);

/* For a host with a loop of its own: call scale_loop_step(loop, 0, …) when this descriptor is
** readable, or when scale_loop_timeout ms have passed (-1: no time-out). Ask after every step, and when
** something was started. The descriptor is the loop's, and stays the same. */
SCALE_API int scale_loop_descriptor(const scale_loop *loop);
SCALE_API int scale_loop_timeout(const scale_loop *loop);

/*
** For a host whose loop takes sockets and timers, and no descriptor of ours. The hooks are called from
** within the functions of the loop and of what belongs to it, and must call none of them: they note what
** they are told.
** - `watch`: the host is to watch the descriptor for these events from now on, level-triggered; 0: no more,
**   it is about to be closed (or was just now, if it was given up while it connected). False: it cannot; the
**   loop fails with no_memory then.
** - `set_timer`: scale_loop_step(loop, 0, …) is to be called in so many ms, once, instead of what was said
**   before; -1: not.
** When a descriptor is ready, or the time is over, the host calls scale_loop_step(loop, 0, …), whichever it
** was.
*/
typedef struct scale_loop_hooks {
    size_t size;
    bool (*watch)(void *host, int descriptor, unsigned events); /* of SCALE_READABLE and SCALE_WRITABLE */
    void (*set_timer)(void *host, int delay_ms);
    void *host;
} scale_loop_hooks;

#define SCALE_LOOP_HOOKS_INIT                                                                                \
    { sizeof(scale_loop_hooks), NULL, NULL, NULL }

/* Sets the hooks; both or none. What is watched and due by now is told to them at once. NULL ends it, as
** scale_loop_free does: all that they were told to watch, and the timer, is taken back. Waiting in
** scale_loop_step works with hooks too. Errors: usage, no_memory (`watch` said so). */
SCALE_API scale_status scale_loop_set_hooks(scale_loop *loop, const scale_loop_hooks *hooks,
                                            scale_error *error);

/* How many calls and exchanges were started and have not ended. */
SCALE_API size_t scale_loop_unfinished(const scale_loop *loop);

/* The loop's clock, ms. */
SCALE_API int64_t scale_loop_now(const scale_loop *loop);

#define SCALE_READABLE 1u
#define SCALE_WRITABLE 2u

typedef void (*scale_watch_fn)(scale_loop *loop, int descriptor, unsigned events, void *user);
typedef void (*scale_timer_fn)(scale_loop *loop, void *user);

/* Calls `watch` from scale_loop_step when the descriptor is ready for one of `events`; 0 ends it. The
** descriptor stays the caller's; end the watch before closing it. Errors: no_memory, usage, network (it is
** of a kind that cannot be watched, a file). */
SCALE_API scale_status scale_loop_watch(scale_loop *loop, int descriptor, unsigned events,
                                        scale_watch_fn watch, void *user, scale_error *error);

/* Calls `fire` once from scale_loop_step after `delay_ms`. The timer is the loop's, and gone when it fires.
** NULL when out of memory. scale_timer_cancel takes one back that has not fired; NULL is fine. */
SCALE_API scale_timer *scale_loop_after(scale_loop *loop, int64_t delay_ms, scale_timer_fn fire, void *user);
SCALE_API void scale_timer_cancel(scale_loop *loop, scale_timer *timer);

/* ============================================================== operations */

/* SCALE_HEAD is for exchanges alone: no operation has it. */
typedef enum scale_method { SCALE_GET, SCALE_POST, SCALE_PUT, SCALE_DELETE, SCALE_HEAD } scale_method;

/* What the body of a request is. */
typedef enum scale_body {
    SCALE_BODY_NONE,
    SCALE_BODY_FIELDS, /* an object of the row's parameters, no others */
    SCALE_BODY_OPEN,   /* an object; fields the row does not know are sent as they are */
    SCALE_BODY_WHOLE,  /* one parameter is the body itself (metadata, tags) */
    SCALE_BODY_PARTS   /* multipart/form-data with a file */
} scale_body;

/* How a good answer looks. */
typedef enum scale_form {
    SCALE_FORM_ANY,    /* not looked at; a plain "OK" will do */
    SCALE_FORM_OBJECT, /* an object that has `member`, if one is named */
    SCALE_FORM_LIST, /* an object whose `member` is the array of things; or, without one, that array itself */
    SCALE_FORM_ADDRESS /* a redirect: its target is the answer; or a file's own bytes */
} scale_form;

/* What a good answer is, as one row a kind: id, name, form, member, what it is or what it lists (NULL: no
** object of a known kind). */
#define SCALE_ANSWERS(X)                                                                                     \
    X(ANY, "any", ANY, NULL, NULL)                                                                           \
    X(ADDRESS, "address", ADDRESS, NULL, NULL)                                                               \
    X(TASK, "task", OBJECT, "task_id", "Task")                                                               \
    X(TASK_LIST, "task_list", LIST, "docs", "Task")                                                          \
    X(BATCH, "batch", OBJECT, "name", "Batch")                                                               \
    X(BATCH_LIST, "batch_list", LIST, "docs", "Batch")                                                       \
    X(BATCH_STATUS, "batch_status", OBJECT, "status", "BatchStatus")                                         \
    X(PROJECT, "project", OBJECT, "name", "Project")                                                         \
    X(PROJECT_LIST, "project_list", LIST, NULL, "Project")                                                   \
    X(TEMPLATE, "template", OBJECT, "id", "TaskTemplate")                                                    \
    X(FILE, "file", OBJECT, "id", "File")                                                                    \
    X(FILE_LIST, "file_list", LIST, "docs", "File")                                                          \
    X(EVALUATION_TASK, "evaluation_task", OBJECT, "id", "EvaluationTask")                                    \
    X(TRAINING_TASK, "training_task", OBJECT, "id", "TrainingTask")                                          \
    X(AUDIT, "audit", OBJECT, NULL, "FixlessAudit")                                                          \
    X(AUDIT_LIST, "audit_list", LIST, NULL, "FixlessAudit")                                                  \
    X(TEAMMATE_LIST, "teammate_list", LIST, NULL, "Teammate")                                                \
    X(ASSIGNMENTS, "assignments", OBJECT, NULL, "StudioAssignments")                                         \
    X(PROJECT_GROUP, "project_group", OBJECT, "name", "StudioProjectGroup")                                  \
    X(PROJECT_GROUP_LIST, "project_group_list", LIST, NULL, "StudioProjectGroup")                            \
    X(STUDIO_BATCH, "studio_batch", OBJECT, "name", "StudioBatch")                                           \
    X(STUDIO_BATCH_LIST, "studio_batch_list", LIST, NULL, "StudioBatch")                                     \
    X(TASK_V2, "task_v2", OBJECT, "task_id", "TaskV2")                                                       \
    X(TASK_LIST_V2, "task_list_v2", LIST, "tasks", "TaskV2")                                                 \
    X(BATCH_V2, "batch_v2", OBJECT, "id", "BatchV2")                                                         \
    X(BATCH_LIST_V2, "batch_list_v2", LIST, "batches", "BatchV2")                                            \
    X(BATCH_OPERATION, "batch_operation", OBJECT, NULL, "BatchOperation")                                    \
    X(PROJECT_V2, "project_v2", OBJECT, "id", "ProjectV2")                                                   \
    X(PROJECT_LIST_V2, "project_list_v2", LIST, "projects", "ProjectV2")                                     \
    X(ANNOTATION, "annotation", OBJECT, "id", "Annotation")                                                  \
    X(DELIVERY_LIST, "delivery_list", LIST, "deliveries", "Delivery")                                        \
    X(DELIVERY_TASKS, "delivery_tasks", LIST, "tasks", "TaskV2")                                             \
    X(DELIVERED_LIST, "delivered_list", LIST, "docs", "DeliveredTask")                                       \
    X(SCHEMA, "schema", OBJECT, "schema", "Schema")                                                          \
    X(DATASET_LIST, "dataset_list", LIST, "datasets", "Dataset")                                             \
    X(DATASET_DELIVERY_LIST, "dataset_delivery_list", LIST, "deliveries", "DatasetDelivery")                 \
    X(DATASET_TASK, "dataset_task", OBJECT, "task_id", "DatasetTask")                                        \
    X(DATASET_TASK_LIST, "dataset_task_list", LIST, "tasks", "DatasetTask")

typedef enum scale_answer {
#define SCALE_ANSWER_MEMBER(id, name, form, member, object) SCALE_ANSWER_##id,
    SCALE_ANSWERS(SCALE_ANSWER_MEMBER)
#undef SCALE_ANSWER_MEMBER
        SCALE_ANSWER_COUNT
} scale_answer;

typedef struct scale_answer_kind {
    const char *name; /* "task_list" */
    scale_form form;
    const char *member; /* "docs", or NULL */
    const char *object; /* "Task", or NULL */
} scale_answer_kind;

/*
** How the next page of a list is asked for: by another call with the same parameters, and
** - TOKEN: `next_token`, the text of that name in the answer. The list ends when has_more is false there, or
**   when there is no such text.
** - OFFSET: `offset`, the last one (0) and the answer's `limit`. The list ends unless has_more is true.
** A scale_list (scaleapi_list.h) does that, and notices a server that leads in circles. The things themselves
** are the elements of the array called as scale_answer_describe's `member` says.
*/
typedef enum scale_page { SCALE_PAGE_NONE, SCALE_PAGE_TOKEN, SCALE_PAGE_OFFSET } scale_page;

/* What may be done when the outcome of a request is unclear. */
typedef enum scale_repeat {
    SCALE_REPEAT_SAFE,      /* send again: reads, and writes that replace */
    SCALE_REPEAT_UNIQUE_ID, /* send again if the body has a unique_id; a 409 is looked up */
    SCALE_REPEAT_NAME,      /* send again; a 409 is looked up by name */
    SCALE_REPEAT_STATE,     /* read the state, and send again unless it is reached */
    SCALE_REPEAT_NEVER      /* end as ambiguous */
} scale_repeat;

typedef enum scale_place { SCALE_IN_PATH, SCALE_IN_QUERY, SCALE_IN_BODY } scale_place;

typedef enum scale_value {
    SCALE_TEXT,
    SCALE_INTEGER,
    SCALE_BOOLEAN,
    SCALE_TIME,        /* ISO 8601 text, or seconds since 1970 */
    SCALE_TEXTS,       /* one or more; the key is repeated */
    SCALE_COMMA_TEXTS, /* one or more; joined by commas */
    SCALE_JSON_OBJECT,
    SCALE_JSON_ARRAY,
    SCALE_JSON_TEXTS, /* an array of strings */
    SCALE_JSON_NAMES, /* an array of strings, sent as [{"name": …}, …] */
    SCALE_JSON_ANY,
    SCALE_FILE_PART
} scale_value;

typedef struct scale_parameter {
    const char *name; /* as the official SDK calls it */
    const char *wire; /* as the API calls it; accepted as well */
    scale_place place;
    scale_value value;
    bool required;
    const char *enumeration; /* name of the scale_enumeration its values come from, or NULL */
    const char *standing;    /* where the fact comes from: "sdk", "docs", "seen", "assumed" */
    const char *about;
} scale_parameter;

/* A way in which an operation can fail, beside those that every operation has: 401 (no valid key), 402 (not
** enabled for the account), 429 (too many requests), 500, 503 and 504 (the server's fault). */
typedef struct scale_failure {
    int status;
    const char *standing; /* where the fact comes from */
    const char *cause;
} scale_failure;

typedef struct scale_operation {
    const char *name; /* "get_task", "v2.get_task" */
    scale_method method;
    const char *path; /* "/v1/task/{task_id}"; parameters by their wire names */
    scale_body body;
    scale_answer answer;
    scale_page page;
    scale_repeat repeat;
    const char *standing; /* where the fact comes from; "seen" is unconfirmed */
    const char *summary;
    const scale_parameter *parameters;
    size_t parameter_count;
    const scale_failure *failures;
    size_t failure_count;
    const char *one_of; /* names, separated by spaces, of which at least one must be given; or NULL */
    const char *also;   /* other names that the official SDK has for it, separated by spaces; or NULL */
    const char *note;   /* or NULL */
} scale_operation;

typedef struct scale_enumeration_value {
    const char *name;  /* "ImageAnnotation" */
    const char *value; /* "imageannotation" */
} scale_enumeration_value;

typedef struct scale_enumeration {
    const char *name; /* "TaskType" */
    const scale_enumeration_value *values;
    size_t count;
} scale_enumeration;

/* The rows. `at` gives NULL past the end, `find` (by any of its names) NULL for an unknown
** one. Never freed. */
SCALE_API const scale_operation *scale_operation_at(size_t index);
SCALE_API const scale_operation *scale_operation_find(const char *name);
SCALE_API const scale_parameter *scale_operation_parameter(const scale_operation *operation,
                                                           const char *name);
SCALE_API const scale_enumeration *scale_enumeration_at(size_t index);

/* True if it changes nothing at the server. */
SCALE_API bool scale_operation_only_reads(const scale_operation *operation);

/* 1 or 2: the API that the operation belongs to. */
SCALE_API int scale_operation_version(const scale_operation *operation);

/* What an answer of this kind looks like. Never NULL, never freed. */
SCALE_API const scale_answer_kind *scale_answer_describe(scale_answer answer);

/* What a value of this kind must be: "an integer". Never NULL, never freed. */
SCALE_API const char *scale_value_describe(scale_value value);

/* The name among the operation's parameters and call options that `name` was probably meant to be,
** or NULL. */
SCALE_API const char *scale_operation_suggest(const scale_operation *operation, const char *name);

/* The word of `words` (count of them) that is a near miss of `word` (not equal), or NULL. */
SCALE_API const char *scale_suggest(const char *word, const char *const *words, size_t count);

/* ================================================================== limits */

/*
** What clients and exchanges may not go beyond, for a program that acts for somebody whom it does not trust:
** its users' scripts. What is against them fails with kind `not_allowed`, before it is sent. Those that are
** given the same limits share the count of requests; they must be on one thread.
*/
typedef struct scale_limits scale_limits;

typedef struct scale_limits_options {
    size_t size;
    /* Operations that are allowed: names, patterns where a * stands for any letters ("v2.get_*"), or "read"
    ** for all that change nothing; NULL after the last. Default: "read". What a call of them has to look up
    ** is allowed as well. */
    const char *const *operations;
    /* Where exchanges may go, redirects included: "files.example.com", by http and https at their own ports;
    ** "10.0.0.1:8080", "[::1]:8080" at that port; "*.example.com" for all names below; "*" for any. NULL
    ** after the last. Default: none. A client goes to its base_url alone, which needs no mention. */
    const char *const *hosts;
    uint64_t requests; /* that are sent in all: retries, look-ups and redirects count. Default: any number */
    bool files;        /* calls may send files of this machine by their path, false */
} scale_limits_options;

#define SCALE_LIMITS_OPTIONS_INIT                                                                            \
    { sizeof(scale_limits_options), NULL, NULL, UINT64_MAX, false }

/* Makes limits. `options` may be NULL. Errors: usage (an operation that there is not, a host that is none),
** no_memory. */
SCALE_API scale_status scale_limits_new(scale_limits **limits, const scale_limits_options *options,
                                        scale_error *error);

/* How many requests were sent under them so far. */
SCALE_API uint64_t scale_limits_requests(const scale_limits *limits);

/* Lets go of them; clients and exchanges that were given them keep them as long as they need them. NULL is
** fine. */
SCALE_API void scale_limits_free(scale_limits *limits);

/* ================================================================== client */

typedef struct scale_client scale_client;

/* Set by SCALE_CLIENT_OPTIONS_INIT; texts may be NULL but for api_key. */
typedef struct scale_client_options {
    size_t size;
    const char *api_key;
    const char *base_url;   /* what stands before /v1; default https://api.scale.com */
    const char *user_agent; /* put behind ours */
    const char *ca_file;    /* PEM; default: the system's */
    const char *cert_file;  /* client certificate, PEM */
    const char *key_file;   /* its key, PEM */
    const char *proxy;      /* URL; never used for loopback. Default: the environment's, as curl reads it */
    int timeout;            /* ms for one attempt, 60,000 */
    int upload_timeout;     /* ms without progress of a file upload, 30,000 */
    int connect_timeout;    /* ms, 10,000 */
    int deadline;           /* ms for a call with its retries and pauses, 300,000 */
    int max_in_flight;      /* requests at once, 50 */
    int max_attempts;       /* sendings of one request, 4 */
    int give_up_after;      /* ms without any success until bulk calls end, in flight or not, 600,000 */
    size_t max_answer;      /* bytes, 256 MiB */
    bool verify;            /* check the server's certificate, true */
    bool allow_http;        /* send the key over plain http to another host than loopback, false */
    const char *http;       /* over https: "1.1", or "2" where the server has it; default "1.1" */
    scale_limits *limits;   /* what its calls may not go beyond; default: none */
} scale_client_options;

#define SCALE_CLIENT_OPTIONS_INIT                                                                            \
    {                                                                                                        \
        sizeof(scale_client_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, 60000, 30000, 10000, 300000, \
            50, 4, 600000, (size_t)256 << 20, true, false, NULL, NULL                                        \
    }

typedef struct scale_client_stats {
    uint64_t requests;    /* sent, retries and look-ups included */
    uint64_t retries;     /* requests sent again */
    uint64_t lookups;     /* reads that resolved an unclear outcome */
    uint64_t connections; /* opened */
    uint64_t bytes_sent;  /* of bodies */
    uint64_t bytes_received;
    size_t in_flight;
    size_t most_in_flight;
    size_t queued;
} scale_client_stats;

/* Makes a client on `loop`. Errors: usage (no key, a bad URL, http to another host). */
SCALE_API scale_status scale_client_new(scale_client **client, scale_loop *loop,
                                        const scale_client_options *options, scale_error *error);

/* Frees the client. Calls of it that are unfinished end with kind `closed`, as in scale_loop_free. */
SCALE_API void scale_client_free(scale_client *client);

/* What it has sent and received so far, and what is in flight and queued now. Works on a closed client too.
 */
SCALE_API void scale_client_get_stats(const scale_client *client, scale_client_stats *stats);

/* What time it is for the server, ms since 1970: the Date of one of its last good answers and what has
** passed on the loop's clock since; up to a second and an answer's way early. False while none had a Date. */
SCALE_API bool scale_client_server_time(const scale_client *client, int64_t *time);

/* How fast the client's bulk calls go. All but the budget is shared by the clients of one base URL and key
** on one loop. */
typedef struct scale_client_pace {
    int limit, in_flight;      /* requests of bulk calls: may be, are in flight */
    double rate;               /* requests a second that they are held to; 0: to none */
    scale_breaker_state state; /* anything but closed: the server seems to be away */
    double budget;             /* retries in store */
} scale_client_pace;

/* Fills `pace` with how it is now; all but the budget is 0 once the client was closed. */
SCALE_API void scale_client_get_pace(const scale_client *client, scale_client_pace *pace);

/* One change of the pace: "in flight 16 -> 32", "a round trip without refusals". */
typedef struct scale_change {
    int64_t time; /* loop's clock, ms */
    char what[64];
    char why[160];
} scale_change;

/* Takes the oldest change that nobody has taken; false when there is none. Of more than 32, the oldest
** are lost. */
SCALE_API bool scale_client_next_change(scale_client *client, scale_change *change);

/* What stands before /v1 and /v2 in its requests, without a slash at its end. Borrowed from the client. */
SCALE_API const char *scale_client_base_url(const scale_client *client);

/* What carries the requests: "libcurl/7.88.1". */
SCALE_API const char *scale_transport_name(void);

/* ==================================================================== call */

/*
** One operation: scale_call_new, scale_call_set_…, scale_call_start, then the done function (or
** scale_call_wait), then scale_call_answer or scale_call_error, then scale_call_free.
*/
typedef struct scale_call scale_call;
typedef void (*scale_done_fn)(scale_call *call, void *user);

/* Overrides of the client's values for one call; 0 keeps the client's. */
typedef struct scale_call_options {
    size_t size;
    int timeout, connect_timeout, deadline, max_attempts; /* ms, ms, ms, count */
    /* create_task: a refusal is success if a task equal to what was sent has its unique_id */
    bool accept_existing;
    /* create_task: the unique_id is a digest of all that is sent, so that of the task that has it only type,
    ** project, batch and status are compared */
    bool digest_id;
    /* creating a task: sent as the header Idempotency-Key, so that it is safe to send it again; NULL: none */
    const char *idempotency_key;
    /* one of many: it waits for its turn instead of failing. See below */
    bool bulk;
    /* of a list that comes page by page: a page whose documents are not JSON throughout is no answer */
    bool check_in_full;
} scale_call_options;

#define SCALE_CALL_OPTIONS_INIT                                                                              \
    { sizeof(scale_call_options), 0, 0, 0, 0, false, false, NULL, false, false }

/*
** A bulk call is sent when the pace of its client's key allows (scaleapi_pace.h), up to 8 times unless
** max_attempts of its options says otherwise, and has no deadline but one of its own. Refusals (429)
** and, while the server seems to be away, failures to reach it do not count as attempts. When the retry
** budget is empty it waits where another call fails. When nothing has succeeded for give_up_after, all
** unfinished bulk calls end with the last error of each, or `unavailable`, always retriable; those that
** begin later likewise, but for a probe now and then.
*/

/* Makes a call; nothing is sent yet. `options` may be NULL. Errors: no_memory, closed, usage, not_allowed. */
SCALE_API scale_status scale_call_new(scale_call **call, scale_client *client,
                                      const scale_operation *operation, const scale_call_options *options,
                                      scale_error *error);

/* Give one parameter its value, by SDK or wire name. A list parameter is given once per element.
** Errors: usage, naming operation, parameter and remedy. */
SCALE_API scale_status scale_call_set_text(scale_call *call, const char *name, const char *text, size_t size,
                                           scale_error *error);
SCALE_API scale_status scale_call_set_integer(scale_call *call, const char *name, int64_t value,
                                              scale_error *error);
SCALE_API scale_status scale_call_set_number(scale_call *call, const char *name, double value,
                                             scale_error *error);
SCALE_API scale_status scale_call_set_boolean(scale_call *call, const char *name, bool value,
                                              scale_error *error);

/* A body parameter as JSON text (checked in full). Errors: usage, bad_json, no_memory. */
SCALE_API scale_status scale_call_set_json(scale_call *call, const char *name, const char *json, size_t size,
                                           scale_error *error);

/* The whole body as JSON text (checked in full; sent byte by byte as it stands), in the place of its
** parameters. Errors: usage, bad_json, no_memory. */
SCALE_API scale_status scale_call_set_body(scale_call *call, const char *json, size_t size,
                                           scale_error *error);

/* upload_file: a file on disk, streamed while it is sent, or bytes with a name. `filename` is what
** the server is told (NULL: the path's last part). Errors: usage, file, not_allowed. */
SCALE_API scale_status scale_call_set_file(scale_call *call, const char *path, const char *filename,
                                           scale_error *error);
SCALE_API scale_status scale_call_set_file_data(scale_call *call, const void *data, size_t size,
                                                const char *filename, scale_error *error);

/* Queues the call. `done` (may be NULL) is called from scale_loop_step exactly once, also after
** scale_call_cancel; it may free the call. Errors: usage (a required parameter is missing), closed,
** not_allowed. On an error nothing is queued and `done` is not called. */
SCALE_API scale_status scale_call_start(scale_call *call, scale_done_fn done, void *user, scale_error *error);

/* Steps the loop until the call has ended; SCALE_OK when it has an answer. Errors: the call's own
** (scale_call_error), usage (it was not started), network (the loop's event machinery failed). */
SCALE_API scale_status scale_call_wait(scale_call *call, scale_error *error);

/* Ends an unfinished call with kind `canceled`. */
SCALE_API void scale_call_cancel(scale_call *call);

/* It has ended: with an answer, an error, by cancel or close. */
SCALE_API bool scale_call_is_done(const scale_call *call);

/* A request of it is on its way: it neither waits for its turn or the next attempt, nor is it done. */
SCALE_API bool scale_call_is_in_flight(const scale_call *call);

/* How often its request was sent so far, look-ups aside. */
SCALE_API int scale_call_attempts(const scale_call *call);

/* Of a call that is done: its answer's bytes (borrowed until scale_call_free), or data NULL. */
SCALE_API scale_slice scale_call_answer(const scale_call *call);

/* Of a call that is done: the page that its answer is, to be freed by the caller, which needs neither the
** call nor the answer any more; the call has none then. NULL when it has none. */
SCALE_API struct scale_json_page *scale_call_take_page(scale_call *call);

/* Of a call that is done: its error; kind SCALE_NONE when it has an answer. Borrowed. */
SCALE_API const scale_error *scale_call_error(const scale_call *call);

/* True when the answer is a task that was there before this call: its unique_id was taken though no attempt
** could have made it (see accept_existing); or it was looked up after an unclear outcome, and is more than
** 2 s older than the first attempt by the server's clock: created_at against the Date of its answers, less
** what has passed on the loop's clock. False within the 2 s, when it may be either; and when the server tells
** no Date or no created_at in UTC. */
SCALE_API bool scale_call_existed(const scale_call *call);

/* What became of a call, for those who have many: which to count as what, and which to send again. */
typedef enum scale_outcome {
    SCALE_OUTCOME_NONE,      /* it is not done yet */
    SCALE_OUTCOME_DONE,      /* it has an answer: what it was to do was done */
    SCALE_OUTCOME_EXISTING,  /* likewise, but by somebody before it (scale_call_existed) */
    SCALE_OUTCOME_CONFLICT,  /* its unique_id or name belongs to another thing */
    SCALE_OUTCOME_FAILED,    /* refused, or wrong: sent again as it is, it fares no better */
    SCALE_OUTCOME_AMBIGUOUS, /* may or may not have been done, and must not be sent again by itself */
    SCALE_OUTCOME_OPEN,      /* broken off, or the server was away: to be sent again later; with error.unclear
                                it may have been done, else it was not */
    SCALE_OUTCOME_HOPELESS   /* key, account, limits or certificate: no other call will fare better */
} scale_outcome;

/* The outcome of a call, as its error and scale_call_existed tell it. */
SCALE_API scale_outcome scale_call_outcome(const scale_call *call);

/* The outcome of a call that ended with an error of this kind; of SCALE_NONE: done. */
SCALE_API scale_outcome scale_kind_outcome(scale_kind kind);

/* "done", "existing", …, or "unknown". Never NULL, never freed. */
SCALE_API const char *scale_outcome_name(scale_outcome outcome);

#define SCALE_ROW_ID_SIZE 65

/* A unique_id for a row that has none, so that it can be sent again: SHA-256 over the names (each with its
** NUL) and the row's bytes, without white space around them, as 64 hexadecimal digits and a NUL. With
** project, batch ("": none) and type as names it is what `scalua upload` gives the same line. `copy` is 1,
** or which of several equal rows it is, if each is to be a task of its own. Goes with the option
** digest_id. */
SCALE_API void scale_row_id(char id[SCALE_ROW_ID_SIZE], const char *const *names, size_t count,
                            scale_slice row, uint64_t copy);

/* Frees the call; an unfinished one is dropped, its done function not called. NULL is fine. */
SCALE_API void scale_call_free(scale_call *call);

/* ================================================================ exchange */

/*
** One plain HTTP request to any URL, for things beside the API: result files, callbacks. It carries no
** key and is sent once, without retries. scale_exchange_start, then the done function (or
** scale_exchange_wait), then scale_exchange_status, … or scale_exchange_error, then scale_exchange_free.
*/
typedef struct scale_exchange scale_exchange;
typedef void (*scale_exchanged_fn)(scale_exchange *exchange, void *user);

/* Set by SCALE_EXCHANGE_REQUEST_INIT; what is NULL but `url` is left out. */
typedef struct scale_exchange_request {
    size_t size;
    scale_method method;
    const char *url;            /* http or https, without user and password */
    const char *const *headers; /* "Name: value" each; NULL after the last */
    const void *body;           /* of a POST, PUT or DELETE */
    size_t body_size;
    const char *ca_file;  /* PEM; default: the system's */
    const char *proxy;    /* URL; never used for loopback. Default: the environment's, as curl reads it */
    int timeout;          /* ms for all of it, redirects included, 60,000 */
    int connect_timeout;  /* ms, 10,000 */
    size_t max_answer;    /* bytes, 256 MiB */
    bool verify;          /* check the server's certificate, true */
    bool follow;          /* follow redirects: 10 at most, never from https to http; false */
    scale_limits *limits; /* what it may not go beyond; it can have no Host header then. Default: none */
} scale_exchange_request;

#define SCALE_EXCHANGE_REQUEST_INIT                                                                          \
    {                                                                                                        \
        sizeof(scale_exchange_request), SCALE_GET, NULL, NULL, NULL, 0, NULL, NULL, 60000, 10000,            \
            (size_t)256 << 20, true, false, NULL                                                             \
    }

/* Sends a request. `done` (may be NULL) is called from scale_loop_step exactly once, also after
** scale_exchange_cancel; it may free the exchange. Errors: usage (a bad URL, header or number), no_memory,
** not_allowed. On an error nothing is sent, `done` is not called, and there is nothing to free. */
SCALE_API scale_status scale_exchange_start(scale_exchange **exchange, scale_loop *loop,
                                            const scale_exchange_request *request, scale_exchanged_fn done,
                                            void *user, scale_error *error);

/* Steps the loop until the exchange has ended; SCALE_OK when an answer came, of whatever status. Errors: the
** exchange's own (scale_exchange_error), network (the loop's event machinery failed). */
SCALE_API scale_status scale_exchange_wait(scale_exchange *exchange, scale_error *error);

/* Ends an unfinished exchange with kind `canceled`. */
SCALE_API void scale_exchange_cancel(scale_exchange *exchange);

/* It has ended: with an answer, an error, by cancel or close. */
SCALE_API bool scale_exchange_is_done(const scale_exchange *exchange);

/* Of an exchange that is done: its answer's HTTP status (0 without one) and body (data NULL without one), and
** where it came from, redirects followed. Borrowed until scale_exchange_free. */
SCALE_API int scale_exchange_status(const scale_exchange *exchange);
SCALE_API scale_slice scale_exchange_answer(const scale_exchange *exchange);
SCALE_API const char *scale_exchange_url(const scale_exchange *exchange);

/* The answer's first header of that name, in any case, or NULL; and all of them in their order, false
** past the end. Borrowed likewise. */
SCALE_API const char *scale_exchange_header(const scale_exchange *exchange, const char *name);
SCALE_API bool scale_exchange_header_at(const scale_exchange *exchange, size_t index, const char **name,
                                        const char **value);

/* Of an exchange that is done: its error; kind SCALE_NONE when it has an answer, of whatever status.
** Borrowed. */
SCALE_API const scale_error *scale_exchange_error(const scale_exchange *exchange);

/* Frees the exchange; an unfinished one is dropped, its done function not called. NULL is fine. */
SCALE_API void scale_exchange_free(scale_exchange *exchange);

#ifdef __cplusplus
}
#endif

/* Lists that come page by page. */
#include "scaleapi_list.h"

#endif
