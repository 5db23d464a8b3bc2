/*
** engine.c - the way of a call: queue, request, judgement, pause, look-up, end. What to do about a
** failure is retry.c's to say, what an unclear outcome means resolve.c's.
*/
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "answer.h"
#include "bulk.h"
#include "error.h"

#define BULK_ATTEMPTS 8
#define FEW_LOOKUPS   3

static void on_finished(void *user, const scale__outcome *outcome);

static int chosen(int of_call, int of_client) {
    return of_call > 0 ? of_call : of_client;
}

static int most_attempts(const scale_call *call) {
    if (call->options.bulk && call->options.max_attempts == 0) return BULK_ATTEMPTS;
    return chosen(call->options.max_attempts, call->client->options.max_attempts);
}

/* ===================================================================== ends */

static void deliver(void *user) {
    scale_call *call = user;
    scale__loop_count(call->loop, -1);
    if (call->done != NULL) call->done(call, call->user);
}

/* The server did its work, be its answer yes or no. */
static bool is_answered(const scale_error *error) {
    return error->kind == SCALE_NONE || (error->code >= 400 && error->code < 500 && !error->retriable);
}

/* The call has its answer or its error: off the client's list, onto the loop's. */
static void end(scale_call *call) {
    call->state = SCALE__CALL_DONE;
    call->error.operation = call->operation->name;
    call->error.attempts = call->attempts;
    if (is_answered(&call->error)) scale_budget_refill(&call->client->budget);
    if (call->options.bulk) scale__lane_end(call->client->lane.lane);
    scale__link_remove(&call->link);
    scale__loop_end(call->loop, &call->ending);
}

static void end_with(scale_call *call, const scale_error *error) {
    call->error = *error;
    end(call);
}

void scale__engine_abort(scale_call *call, scale_kind kind, const char *message, bool tell) {
    if (call->state == SCALE__CALL_DONE) return;
    if (call->transfer != NULL) {
        scale__transfer_drop(call->transfer);
        scale__client_landed(call->client);
        if (call->options.bulk) scale__bulk_dropped(call);
        call->error.unclear = true;
    }
    if (call->timer != NULL) scale_timer_cancel(call->loop, call->timer);
    call->transfer = NULL;
    call->timer = NULL;
    call->error.unclear = call->error.unclear || call->unclear;
    scale__fail(&call->error, kind, "%s", message);
    end(call);
    if (tell) return;
    scale__link_remove(&call->ending.link);
    scale__loop_count(call->loop, -1);
}

/* ================================================================== sending */

/* There was no place for it in time. */
static void end_late(scale_call *call) {
    if (call->phase == SCALE__PHASE_LOOKUP) {
        call->refusal.unclear = call->unclear;
        end_with(call, &call->refusal);
        return;
    }
    call->error.retriable = true;
    scale__engine_abort(call, SCALE_TIMEOUT, "the deadline passed before the request could be sent", true);
}

static void on_deadline(scale_loop *loop, void *user) {
    scale_call *call = user;
    (void)loop;
    call->timer = NULL;
    end_late(call);
}

/* Into the queue, and out of it at once if there is a place. */
static void queue_up(scale_call *call) {
    call->state = SCALE__CALL_QUEUED;
    scale__client_enqueue(call->client, call);
    scale__client_pump(call->client);
    if (call->state != SCALE__CALL_QUEUED || call->deadline == SCALE__NO_DEADLINE) return;
    /* Without memory for it, the call ends late, when it has its place. */
    call->timer =
        scale_loop_after(call->loop, call->deadline - scale_loop_now(call->loop), on_deadline, call);
}

static int64_t deadline_of(const scale_call *call) {
    if (call->options.bulk && call->options.deadline == 0) return SCALE__NO_DEADLINE;
    return scale_loop_now(call->loop) + chosen(call->options.deadline, call->client->options.deadline);
}

void scale__engine_start(scale_call *call) {
    call->started = true;
    call->ending.deliver = deliver;
    call->ending.call = call;
    call->deadline = deadline_of(call);
    scale__loop_count(call->loop, 1);
    if (call->options.bulk) scale__lane_begin(call->client->lane.lane);
    queue_up(call);
}

static void on_pause_over(scale_loop *loop, void *user) {
    scale_call *call = user;
    (void)loop;
    call->timer = NULL;
    queue_up(call);
}

static void send_after(scale_call *call, scale__phase phase, int64_t pause) {
    call->phase = phase;
    call->state = SCALE__CALL_PAUSING;
    scale__link_append(&call->client->calls, &call->link);
    call->timer = scale_loop_after(call->loop, pause, on_pause_over, call);
    if (call->timer == NULL) scale__engine_abort(call, SCALE_NO_MEMORY, "out of memory", true);
}

/* libcurl takes 0 for no limit. */
static int64_t at_most(int64_t left, int64_t timeout) {
    int64_t shorter = timeout < left ? timeout : left;
    return shorter > 0 ? shorter : 1;
}

static void describe(const scale_call *call, scale__request *request) {
    const scale_client_options *options = &call->client->options;
    int64_t left = call->deadline - scale_loop_now(call->loop);
    bool lookup = call->phase == SCALE__PHASE_LOOKUP;
    memset(request, 0, sizeof *request);
    request->method = lookup ? SCALE_GET : call->operation->method;
    request->url = lookup ? call->lookup_url.data : call->url.data;
    request->bearer = strncmp(request->url + strlen(call->client->base.text), "/v2/", 4) == 0;
    request->body = lookup ? NULL : call->body;
    request->body_size = call->body_size;
    request->parts = lookup ? NULL : call->parts;
    request->idempotency_key = lookup ? NULL : call->idempotency_key;
    request->may_resend =
        request->method == SCALE_GET || (call->client->http2 && scale__resolve_is_repeatable(call));
    request->large_answer = call->operation->page != SCALE_PAGE_NONE;
    request->wants_date = scale__server_clock_is_old(&call->client->clock, scale_loop_now(call->loop));
    request->connect_timeout = at_most(left, chosen(call->options.connect_timeout, options->connect_timeout));
    if (request->parts != NULL && call->options.timeout == 0) {
        /* A large file takes as long as it takes, if only it moves; but for a deadline of its own. */
        request->stall_timeout = at_most(left, options->upload_timeout);
        request->timeout = call->options.deadline > 0 ? at_most(left, INT64_MAX) : 0;
    } else {
        request->timeout = at_most(left, chosen(call->options.timeout, options->timeout));
    }
    if (call->options.bulk && request->timeout > 0 && scale__lane_is_open(call->client->lane.lane))
        request->timeout = at_most(scale__lane_probe_timeout(call->client->lane.lane), request->timeout);
}

static void count_sending(scale_call *call) {
    scale_client_stats *stats = &call->client->stats;
    stats->requests++;
    if (call->phase == SCALE__PHASE_LOOKUP) {
        call->lookups++;
        stats->lookups++;
        return;
    }
    if (call->attempts == 0) call->begun_at = scale_loop_now(call->loop);
    call->attempts++;
    if (call->attempts > 1) stats->retries++;
    stats->bytes_sent += call->body_size;
}

void scale__engine_send(scale_call *call) {
    scale_client *client = call->client;
    scale__request request;
    scale_error error = SCALE_ERROR_INIT;
    if (call->timer != NULL) scale_timer_cancel(call->loop, call->timer);
    call->timer = NULL;
    if (call->deadline <= scale_loop_now(call->loop)) {
        end_late(call);
        return;
    }
    if (scale__limits_take(client->limits, &error) != SCALE_OK) {
        error.unclear = call->unclear;
        end_with(call, &error);
        return;
    }
    scale__link_remove(&call->link);
    scale__link_append(&client->calls, &call->link);
    describe(call, &request);
    count_sending(call);
    scale__buffer_empty(&call->answer);
    if (call->spare != NULL) scale__spare_take(call->spare, &call->answer);
    if (scale__transfer_start(&call->transfer, client->session, &request, &call->answer, on_finished, call,
                              &error) != SCALE_OK) {
        error.unclear = call->unclear;
        end_with(call, &error);
        return;
    }
    call->state = SCALE__CALL_IN_FLIGHT;
    scale__client_took_off(client);
    if (call->options.bulk) scale__bulk_sent(call, request.timeout > 0);
}

/* ================================================================ judgement */

static bool is_redirect(const scale__outcome *outcome) {
    return outcome->code >= 300 && outcome->code < 400 && outcome->redirect != NULL;
}

/* The failure in the words of an error; `answer` holds the body of an answer that is not 2xx. */
static void describe_status(scale_call *call, const scale__outcome *outcome, scale_error *error) {
    error->kind = scale__kind_of_status(outcome->code);
    error->code = outcome->code;
    if (is_redirect(outcome))
        snprintf(error->message, sizeof error->message, "redirects are not followed; the server named %s",
                 outcome->redirect);
    else
        scale__answer_read_error(error, scale__call_bytes(call));
}

/* The address that the server redirects to is the answer, if that is what the operation asks for. */
static bool take_address(scale_call *call, const scale__outcome *outcome) {
    if (scale_answer_describe(call->operation->answer)->form != SCALE_FORM_ADDRESS) return false;
    if (outcome->kind != SCALE_NONE || !is_redirect(outcome)) return false;
    scale__buffer_empty(&call->answer);
    return scale__buffer_append_text(&call->answer, outcome->redirect);
}

/* What the exchange came to: SCALE_OK, or an error and how it failed. */
static scale_status judge(scale_call *call, const scale__outcome *outcome, scale_error *error,
                          scale__failure *failure) {
    bool good_status = outcome->code >= 200 && outcome->code < 300;
    if (take_address(call, outcome)) return SCALE_OK;
    if (outcome->code != 0 && !good_status) {
        describe_status(call, outcome, error);
    } else if (outcome->kind != SCALE_NONE) {
        bool cut = good_status && outcome->kind == SCALE_NETWORK;
        error->kind = cut ? SCALE_BAD_ANSWER : outcome->kind;
        error->code = error->kind == SCALE_BAD_ANSWER ? outcome->code : 0;
        snprintf(error->message, sizeof error->message, "%s", outcome->message);
    } else if (scale__answer_check(call->operation, scale__call_bytes(call), call->options.check_in_full,
                                   &call->page, error) == SCALE_OK) {
        return SCALE_OK;
    } else {
        error->code = outcome->code;
    }
    error->retry_after = outcome->retry_after;
    *failure =
        (scale__failure){error->kind, error->code, outcome->sent, outcome->passing, outcome->retry_after};
    error->retriable = scale__failure_is_passing(failure);
    return SCALE_ERROR;
}

static scale__attempt attempt_of(scale_call *call, int number) {
    const scale__attempt attempt = {number,
                                    most_attempts(call),
                                    scale__resolve_is_repeatable(call),
                                    scale_loop_now(call->loop),
                                    call->deadline,
                                    scale__loop_random(call->loop)};
    return call->options.bulk ? scale__bulk_attempt(call, attempt) : attempt;
}

static void end_ambiguous(scale_call *call, const scale_error *cause) {
    scale_error error = SCALE_ERROR_INIT;
    scale__fail(
        &error, SCALE_AMBIGUOUS,
        "may or may not have been done, and was not sent again, since it could then be done twice: %s",
        cause->message);
    error.code = cause->code;
    error.unclear = true;
    end_with(call, &error);
}

static void end_over_budget(scale_call *call) {
    scale_error error = SCALE_ERROR_INIT;
    scale__fail(
        &error, SCALE_BUDGET,
        "failed, and was not sent again, since too many calls fail: wait until the server works, or send "
        "it as bulk work; the failure: %s",
        call->refusal.message);
    error.code = call->refusal.code;
    error.retry_after = call->refusal.retry_after;
    error.retriable = true;
    error.unclear = call->unclear;
    end_with(call, &error);
}

/* call->refusal says why. A bulk call draws on the budget when its turn has come. */
static void send_again(scale_call *call, int64_t pause) {
    if (call->options.bulk || scale_budget_take(&call->client->budget))
        send_after(call, SCALE__PHASE_REQUEST, pause);
    else
        end_over_budget(call);
}

/* A definite refusal after an unclear outcome, or of a unique_id, is checked against what stands on
** the server. */
static bool wants_lookup(const scale_call *call, const scale__failure *failure) {
    bool refused = failure->code >= 400 && failure->code < 500 && !scale__failure_is_passing(failure);
    switch (call->operation->repeat) {
    case SCALE_REPEAT_UNIQUE_ID:
        /* A server may find fault with the request, a batch that takes no more tasks say, before it looks
        ** whether the task is there. */
        refused = failure->code == 409 || failure->code == 400 || failure->code == 422;
        return refused && scale__resolve_has_unique_id(call) &&
               (call->unclear || call->options.accept_existing);
    case SCALE_REPEAT_NAME: return failure->code == 409 && call->unclear;
    case SCALE_REPEAT_STATE: return refused && call->unclear;
    default: return false;
    }
}

static void look_up(scale_call *call, int64_t pause) {
    if (!scale__resolve_address(call))
        scale__engine_abort(call, SCALE_NO_MEMORY, "out of memory", true);
    else
        send_after(call, SCALE__PHASE_LOOKUP, pause);
}

static void handle_failure(scale_call *call, scale_error *error, const scale__failure *failure) {
    int64_t pause = 0;
    if (wants_lookup(call, failure)) {
        call->refusal = *error;
        call->lookups = call->excused[SCALE__PHASE_LOOKUP] = 0;
        look_up(call, 0);
        return;
    }
    bool unclear = scale__failure_is_unclear(failure);
    call->unclear = call->unclear || unclear;
    error->unclear = call->unclear;
    scale__attempt attempt = attempt_of(call, call->attempts);
    switch (scale__retry_decide(failure, &attempt, &pause)) {
    case SCALE__END_AMBIGUOUS: end_ambiguous(call, error); break;
    case SCALE__GIVE_UP: end_with(call, error); break;
    case SCALE__SEND_AGAIN:
        call->refusal = *error;
        if (unclear && call->operation->repeat == SCALE_REPEAT_STATE)
            look_up(call, pause);
        else
            send_again(call, pause);
    }
}

/* =============================================================== after a look-up */

static void end_different(scale_call *call, const char *difference) {
    scale_error error = call->refusal;
    size_t used = strlen(error.message);
    if (used < sizeof error.message)
        snprintf(error.message + used, sizeof error.message - used, " (%s)", difference);
    error.unclear = false;
    end_with(call, &error);
}

/* The refusal is plain, and the look-up a mere chance that the task is there all the same. */
static bool is_plainly_refused(const scale_call *call) {
    return scale__call_was_refused(call) && call->refusal.code != 409 && !call->unclear;
}

/* The look-up failed, or found nothing: look again, or report what the server said before. Who answers
** something else than the API, a page of HTML say, is not asked for long after a plain refusal. */
static void look_again(scale_call *call, const scale__failure *failure) {
    int64_t pause = 0;
    scale__attempt attempt = attempt_of(call, call->lookups);
    attempt.repeatable = true;
    if (failure->kind == SCALE_BAD_ANSWER && is_plainly_refused(call) && attempt.most > FEW_LOOKUPS)
        attempt.most = FEW_LOOKUPS;
    if (scale__retry_decide(failure, &attempt, &pause) == SCALE__SEND_AGAIN) {
        send_after(call, SCALE__PHASE_LOOKUP, pause);
        return;
    }
    call->refusal.unclear = call->unclear;
    end_with(call, &call->refusal);
}

static void handle_lookup(scale_call *call, bool not_found) {
    static const scale__failure nothing_yet = {SCALE_NETWORK, 0, true, true, -1};
    char difference[256] = "";
    switch (scale__resolve_judge(call, not_found, difference, sizeof difference)) {
    case SCALE__REACHED:
        call->existed = call->existed || !call->unclear;
        end(call);
        break;
    case SCALE__LOOK_ON: send_after(call, SCALE__PHASE_LOOKUP, 0); break;
    case SCALE__DIFFERENT: end_different(call, difference); break;
    case SCALE__NOTHING_YET:
        /* Only after a 409 or an unclear outcome is there reason to believe that it will be. */
        if (is_plainly_refused(call))
            end_with(call, &call->refusal);
        else
            look_again(call, &nothing_yet);
        break;
    case SCALE__NOT_REACHED:
        if (scale__call_was_refused(call))
            end_with(call, &call->refusal);
        else
            send_again(call, 0);
        break;
    }
}

/* What went wrong with a look-up, for whoever is told why bulk work waits. */
static void describe_lookup(const scale__outcome *outcome, scale_error *error) {
    if (outcome->kind != SCALE_NONE)
        snprintf(error->message, sizeof error->message, "%s", outcome->message);
    else
        snprintf(error->message, sizeof error->message, "HTTP %d to a look-up", outcome->code);
}

/* True when the look-up tells something: an answer, or that there is nothing. */
static bool judge_lookup(const scale_call *call, const scale__outcome *outcome, scale__failure *failure) {
    bool good_status = outcome->code >= 200 && outcome->code < 300;
    bool good = good_status && outcome->kind == SCALE_NONE;
    if (good)
        good =
            scale_json_outline(scale__call_bytes(call), NULL) == SCALE_OK && scale__resolve_is_answer(call);
    scale_kind kind = good_status                      ? SCALE_BAD_ANSWER
                      : outcome->kind == SCALE_TIMEOUT ? SCALE_TIMEOUT
                                                       : SCALE_NETWORK;
    *failure = (scale__failure){kind, outcome->code, true, true, outcome->retry_after};
    return good || outcome->code == 404;
}

/* ================================================================== landing */

/* What libcurl sent again by itself may have been done the first time. */
static void count_resent(scale_call *call, uint64_t resent) {
    call->client->stats.requests += resent;
    call->client->stats.retries += resent;
    if (resent > 0 && call->phase == SCALE__PHASE_REQUEST) call->unclear = true;
}

static void on_finished(void *user, const scale__outcome *outcome) {
    scale_call *call = user;
    scale_client *client = call->client;
    scale_error error = SCALE_ERROR_INIT;
    scale__failure failure;
    call->transfer = NULL;
    client->stats.connections += outcome->connections;
    client->stats.bytes_received += call->answer.size;
    count_resent(call, outcome->resent);
    scale__client_landed(client);
    scale__link_remove(&call->link);
    bool lookup = call->phase == SCALE__PHASE_LOOKUP;
    bool good =
        lookup ? judge_lookup(call, outcome, &failure) : judge(call, outcome, &error, &failure) == SCALE_OK;
    if (good) scale__server_clock_set(&client->clock, outcome->date, scale_loop_now(call->loop));
    if (lookup && !good) describe_lookup(outcome, &error);
    if (call->options.bulk) scale__bulk_landed(call, good ? NULL : &failure, error.message);
    if (lookup && good)
        handle_lookup(call, outcome->code == 404);
    else if (lookup)
        look_again(call, &failure);
    else if (good)
        end(call);
    else
        handle_failure(call, &error, &failure);
    scale__client_pump(client);
}
