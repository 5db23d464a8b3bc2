#include "bulk.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

static scale__lane *lane_of(const scale_call *call) {
    return call->client->lane.lane;
}

/* ===================================================================== requests */

void scale__bulk_sent(scale_call *call, bool awaited) {
    call->sent_at = scale_loop_now(call->loop);
    call->awaited = awaited;
    call->probe = scale__lane_sent(lane_of(call), awaited);
}

static scale_landing landing_of(const scale__failure *failure) {
    if (failure == NULL) return SCALE_LANDED_ANSWERED;
    if (!scale__failure_is_passing(failure))
        return failure->code == 0 ? SCALE_LANDED_DROPPED : SCALE_LANDED_ANSWERED;
    switch (failure->code) {
    case 429: return SCALE_LANDED_REFUSED;
    case 408:
    case 503:
    case 504: return SCALE_LANDED_BUSY;
    default:
        return failure->code == 0 && failure->kind == SCALE_TIMEOUT ? SCALE_LANDED_BUSY : SCALE_LANDED_FAILED;
    }
}

/* Such a failure tells of the server, or of who stands before it, and not of the request: a 500 may be the
** request's own. */
static bool is_away(const scale__failure *failure) {
    int code = failure->code;
    return code == 0 || (code >= 502 && code <= 504) || code >= 520;
}

static bool is_excused(const scale_call *call, const scale__failure *failure, scale_landing landing) {
    if (landing == SCALE_LANDED_REFUSED) return true;
    bool failed = landing == SCALE_LANDED_BUSY || landing == SCALE_LANDED_FAILED;
    return failed && is_away(failure) && scale__lane_is_open(lane_of(call));
}

static void land(scale_call *call, scale_landing landing, int64_t retry_after, const char *cause) {
    const scale__lane_landing landed = {landing,       call->probe, call->awaited,
                                        call->sent_at, retry_after, cause};
    call->probe = call->awaited = false;
    scale__lane_landed(lane_of(call), &landed);
}

void scale__bulk_landed(scale_call *call, const scale__failure *failure, const char *cause) {
    scale_landing landing = landing_of(failure);
    land(call, landing, failure == NULL ? -1 : failure->retry_after,
         landing == SCALE_LANDED_ANSWERED ? NULL : cause);
    if (is_excused(call, failure, landing)) call->excused[call->phase]++;
}

void scale__bulk_dropped(scale_call *call) {
    land(call, SCALE_LANDED_DROPPED, -1, NULL);
}

/* It may take as long as the lane is patient, and no longer. */
scale__attempt scale__bulk_attempt(const scale_call *call, scale__attempt attempt) {
    scale__lane *lane = lane_of(call);
    int64_t until = scale__lane_is_given_up(lane) ? 0 : scale__lane_give_up_after(lane);
    attempt.number -= call->excused[call->phase];
    if (attempt.number < 1) attempt.number = 1;
    if (attempt.deadline - attempt.now > until) attempt.deadline = attempt.now + until;
    return attempt;
}

/* ==================================================================== giving up */

/* The call's last error, or that the server is away; in any case with the reason why it ends now. */
static void end_given_up(scale_call *call) {
    scale__lane *lane = lane_of(call);
    bool in_flight = call->transfer != NULL && call->phase == SCALE__PHASE_REQUEST;
    bool has_error = call->phase == SCALE__PHASE_REQUEST && call->refusal.kind != SCALE_NONE && !in_flight;
    bool twice = in_flight && !scale__resolve_is_repeatable(call);
    const char *last = scale__lane_last_cause(lane);
    scale_error *error = &call->error;
    if (has_error) *error = call->refusal;
    if (!has_error) error->kind = twice ? SCALE_AMBIGUOUS : SCALE_UNAVAILABLE;
    if (!has_error && *last == '\0') last = "no answer";
    char text[SCALE_MESSAGE_SIZE + 128];
    snprintf(text, sizeof text, "given up, since nothing has succeeded for %g s; the last failure: %s",
             (double)scale__lane_give_up_after(lane) / 1000, has_error ? error->message : last);
    scale__error_set_message(error, text, strlen(text));
    error->retriable = !twice;
    scale__engine_abort(call, SCALE_UNAVAILABLE, "", true);
    error->unclear = in_flight || call->unclear;
}

static void end_each(scale__link *list, void (*end)(scale_call *call)) {
    scale__link *next;
    for (scale__link *link = list->next; link != list; link = next) {
        scale_call *call = (scale_call *)(void *)((char *)link - offsetof(scale_call, link));
        next = link->next;
        if (call->options.bulk) end(call);
    }
}

void scale__bulk_turn_away(scale_client *client) {
    end_each(&client->bulk, end_given_up);
    end_each(&client->again, end_given_up);
}

void scale__bulk_give_up(scale_client *client) {
    scale__bulk_turn_away(client);
    end_each(&client->calls, end_given_up);
}

static void end_without_memory(scale_call *call) {
    scale__engine_abort(call, SCALE_NO_MEMORY, "out of memory", true);
}

void scale__bulk_abandon(scale_client *client) {
    end_each(&client->bulk, end_without_memory);
    end_each(&client->again, end_without_memory);
}
