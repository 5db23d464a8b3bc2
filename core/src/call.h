/*
** call.h - what a call is made of. parameters.c takes its values, call.c builds the request, engine.c runs
** it, resolve.c looks up what became of it when the outcome is unclear.
*/
#ifndef SCALE_CALL_H
#define SCALE_CALL_H

#include "buffer.h"
#include "client.h"
#include "retry.h"

#define SCALE__MOST_IN_PATH 2
#define SCALE__MOST_REQUEST ((size_t)1 << 30)
#define SCALE__NO_DEADLINE  (INT64_MAX / 2)

typedef enum scale__call_state {
    SCALE__CALL_NEW,
    SCALE__CALL_QUEUED,
    SCALE__CALL_IN_FLIGHT,
    SCALE__CALL_PAUSING,
    SCALE__CALL_DONE
} scale__call_state;

/* Which request goes out next: the one that was asked for, or a read that tells what became of it. */
typedef enum scale__phase { SCALE__PHASE_REQUEST, SCALE__PHASE_LOOKUP } scale__phase;

struct scale_call {
    scale__ending ending; /* must be first: the loop's list of ended calls */
    scale__link link;     /* in the client's queue or calls */
    scale_client *client; /* NULL once it is gone */
    scale_loop *loop;     /* NULL once it is gone */
    const scale_operation *operation;
    scale_call_options options;

    /* the request */
    uint64_t given; /* one bit a parameter */
    char *path_values[SCALE__MOST_IN_PATH];
    char *idempotency_key;
    scale__buffer query, fields, url;
    char *body;
    size_t body_size;
    scale__part *parts, *file;

    /* its way */
    scale__call_state state;
    scale__phase phase;
    bool started, unclear, existed;
    bool found; /* the thing is there, and is being read */
    int attempts, lookups;
    int64_t begun_at; /* when the first attempt was about to be sent, loop's clock */
    int64_t deadline; /* SCALE__NO_DEADLINE of a bulk call that was given none */
    bool probe;       /* of a bulk call: its request tries whether the server is back */
    bool awaited;     /* likewise: an answer to it is due within a time */
    int64_t sent_at;  /* likewise: when it left */
    int excused[2];   /* likewise, by phase: attempts that do not count */
    scale__transfer *transfer;
    scale_timer *timer;
    scale__buffer lookup_url;

    /* its end */
    scale__buffer answer;
    scale__spare *spare;   /* of a list that comes page by page: where the answer's memory comes from */
    scale_json_page *page; /* the answer, cut, of a list that comes page by page */
    bool was_taken;        /* the page was, and the answer with it */
    scale_done_fn done;
    void *user;

    /* Last, since their large messages are not wiped: most calls need none. */
    scale_error error;
    scale_error refusal; /* what the last attempt came to, before the pause or the look-up under way */
};

/* What came of the answer so far. */
static inline scale_slice scale__call_bytes(const scale_call *call) {
    return (scale_slice){call->answer.data == NULL ? "" : call->answer.data, call->answer.size};
}

/* Before the look-up that is under way, the server had refused the request. */
static inline bool scale__call_was_refused(const scale_call *call) {
    return call->refusal.code >= 400 && call->refusal.code < 500;
}

/* The parameter's bit in call->given. */
static inline uint64_t scale__call_bit(const scale_call *call, const scale_parameter *parameter) {
    return UINT64_C(1) << (parameter - call->operation->parameters);
}

/* Frees the part and those behind it. */
void scale__parts_free(scale__part *parts);

/* The value of the path parameter of that name, or NULL. */
const char *scale__call_path_value(const scale_call *call, const char *name);

/* A call that asks for the same, of a read that was not started: its URL is all there is to it. */
scale_status scale__call_copy(scale_call **copy, const scale_call *call, scale_error *error);

/* Takes the value of a parameter of the query back; one that has none is fine. */
void scale__call_unset(scale_call *call, const char *name);

/* The value of a parameter of the query as it stands there, to be released; NULL where it has none. False
** when out of memory. */
bool scale__call_query_value(const scale_call *call, const char *name, char **value);

/* Queues a call whose request is complete. */
void scale__engine_start(scale_call *call);

/* Sends the call's next request; the client says that there is room. */
void scale__engine_send(scale_call *call);

/* Ends an unfinished call with an error of ours; `deliver` false when nobody is to be told. */
void scale__engine_abort(scale_call *call, scale_kind kind, const char *message, bool deliver);

/* ================================================================= look-ups */

typedef enum scale__resolution {
    SCALE__REACHED,     /* what was asked for stands there */
    SCALE__LOOK_ON,     /* it does; call->lookup_url has become the address of the thing itself */
    SCALE__NOT_REACHED, /* it does not; the request may go out again */
    SCALE__NOTHING_YET, /* the thing is not there (yet) */
    SCALE__DIFFERENT    /* another one stands in its place */
} scale__resolution;

/* True when the row and the body allow sending again after an unclear outcome. */
bool scale__resolve_is_repeatable(const scale_call *call);

/* True when the body has a unique_id, by which a task can be looked up. */
bool scale__resolve_has_unique_id(const scale_call *call);

/* Writes the address of the read into call->lookup_url. False: no memory. */
bool scale__resolve_address(scale_call *call);

/* True when the read's answer, which is JSON, is what was asked for. */
bool scale__resolve_is_answer(const scale_call *call);

/* Judges the read's answer (call->answer, or not found). With SCALE__REACHED call->answer becomes the
** thing itself; with SCALE__DIFFERENT `difference` says what differs. */
scale__resolution scale__resolve_judge(scale_call *call, bool not_found, char *difference, size_t room);

#endif
