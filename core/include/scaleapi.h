/*
** scaleapi.h - the public face of libscaleapi, a client for Scale AI's HTTP API.
**
** A loop (scale_loop) drives any number of calls on one thread. A client (scale_client) holds a
** key, a base URL and limits, and attaches to a loop. A call (scale_call) is one operation of the
** API in flight, with its retries. JSON comes and goes as bytes; scaleapi_json.h reads and writes it.
**
** Rules that hold everywhere:
** - Functions that can fail return a scale_status and fill the scale_error they are given, which
**   may be NULL. The first error wins.
** - `new`/`free` own memory on the heap; `init`/`clear` work on memory of the caller's.
** - What is passed in is copied, but for the path of a file (read while it is sent).
** - A loop outlives its clients, a client outlives its calls. Nothing here is shared between
**   threads; two loops in two threads do not know of each other.
** - Times are milliseconds, sizes are bytes, texts are UTF-8 and end with a NUL unless a size is
**   given beside them.
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
    X(SCALE_CANCELED, "canceled")                   /* by scale_call_cancel */                               \
    X(SCALE_CLOSED, "closed")                       /* the client or loop went away */                       \
    X(SCALE_USAGE, "usage")                         /* wrong use, found before anything was sent */          \
    X(SCALE_BAD_JSON, "bad_json")                   /* text given to the codec is not JSON */                \
    X(SCALE_FILE, "file")                           /* a local file cannot be read or written */             \
    X(SCALE_NO_MEMORY, "no_memory")

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

SCALE_API void scale_set_memory(const scale_memory *memory);

#ifdef __cplusplus
}
#endif

#include "scaleapi_json.h"

#endif
