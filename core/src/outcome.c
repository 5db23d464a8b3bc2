/*
** outcome.c - what became of a call, in a word for those who have many of them; and an id for a row that
** has none.
*/
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "sha256.h"

/* ===================================================================== outcomes */

scale_outcome scale_kind_outcome(scale_kind kind) {
    switch (kind) {
    case SCALE_NONE: return SCALE_OUTCOME_DONE;
    case SCALE_DUPLICATE: return SCALE_OUTCOME_CONFLICT;
    case SCALE_AMBIGUOUS: return SCALE_OUTCOME_AMBIGUOUS;
    case SCALE_UNAUTHORIZED:
    case SCALE_FORBIDDEN:
    case SCALE_NOT_ENABLED:
    case SCALE_NOT_ALLOWED:
    case SCALE_TLS: return SCALE_OUTCOME_HOPELESS;
    case SCALE_NETWORK:
    case SCALE_TIMEOUT:
    case SCALE_UNAVAILABLE:
    case SCALE_INTERNAL:
    case SCALE_TOO_MANY_REQUESTS:
    case SCALE_BAD_ANSWER:
    case SCALE_BUDGET:
    case SCALE_CANCELED:
    case SCALE_CLOSED: return SCALE_OUTCOME_OPEN;
    default: return SCALE_OUTCOME_FAILED;
    }
}

scale_outcome scale_call_outcome(const scale_call *call) {
    if (!scale_call_is_done(call)) return SCALE_OUTCOME_NONE;
    return call->existed && call->error.kind == SCALE_NONE ? SCALE_OUTCOME_EXISTING
                                                           : scale_kind_outcome(call->error.kind);
}

const char *scale_outcome_name(scale_outcome outcome) {
    static const char *const names[] = {"none",   "done",      "existing", "conflict",
                                        "failed", "ambiguous", "open",     "hopeless"};
    return (unsigned)outcome < sizeof names / sizeof *names ? names[outcome] : "unknown";
}

/* ========================================================================== ids */

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

void scale_row_id(char id[SCALE_ROW_ID_SIZE], const char *const *names, size_t count, scale_slice row,
                  uint64_t copy) {
    unsigned char hash[SCALE__SHA256_SIZE];
    char number[32];
    scale__sha256 state;
    while (row.size > 0 && is_space(row.data[0])) row.data++, row.size--;
    while (row.size > 0 && is_space(row.data[row.size - 1])) row.size--;
    scale__sha256_init(&state);
    for (size_t i = 0; i < count; i++) scale__sha256_add(&state, names[i], strlen(names[i]) + 1);
    scale__sha256_add(&state, row.data, row.size);
    if (copy > 1) {
        int size = snprintf(number, sizeof number, "%c%llu", '\0', (unsigned long long)copy);
        scale__sha256_add(&state, number, (size_t)size);
    }
    scale__sha256_end(&state, hash);
    for (size_t i = 0; i < sizeof hash; i++) snprintf(id + 2 * i, 3, "%02x", hash[i]);
}
