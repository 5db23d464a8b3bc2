/*
** call.c - one operation: its request, made of what parameters.c took, and its answer.
*/
#include "call.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "error.h"
#include "operations.h"
#include "options.h"
#include "json/page.h"

/* ============================================================= life and death */

/* It stands in a header: a line end would begin another one. */
static scale_status check_idempotency_key(const scale_operation *operation, const char *key,
                                          scale_error *error) {
    if (key == NULL) return SCALE_OK;
    if (operation->repeat != SCALE_REPEAT_UNIQUE_ID)
        return scale__fail(error, SCALE_USAGE, "%s takes no idempotency_key", operation->name);
    bool fine = *key != '\0';
    for (; *key != '\0'; key++) fine = fine && (unsigned char)*key > 0x20 && (unsigned char)*key < 0x7F;
    if (fine) return SCALE_OK;
    return scale__fail(error, SCALE_USAGE, "idempotency_key of %s must be of visible ASCII characters",
                       operation->name);
}

/* Without wiping its message. */
static void begin_error(scale_error *error) {
    memset(error, 0, offsetof(scale_error, message) + 1);
    error->retry_after = -1;
}

scale_status scale_call_new(scale_call **result, scale_client *client, const scale_operation *operation,
                            const scale_call_options *options, scale_error *error) {
    *result = NULL;
    if (operation == NULL) return scale__fail(error, SCALE_USAGE, "there is no such operation");
    if (client->loop == NULL) return scale__fail(error, SCALE_CLOSED, "the client was closed");
    if (scale__limits_check_operation(client->limits, operation, error) != SCALE_OK) return SCALE_ERROR;
    scale_call_options taken = SCALE_CALL_OPTIONS_INIT;
    if (options != NULL && scale__take_options(&taken, sizeof taken, options, error) != SCALE_OK)
        return SCALE_ERROR;
    const char *key = taken.idempotency_key;
    if (check_idempotency_key(operation, key, error) != SCALE_OK) return SCALE_ERROR;
    scale_call *call = scale__allocate(sizeof *call);
    if (call == NULL) return scale__fail_no_memory(error);
    memset(call, 0, offsetof(scale_call, error));
    begin_error(&call->error);
    begin_error(&call->refusal);
    if (!scale__copy_into(&call->idempotency_key, key)) {
        scale__release(call);
        return scale__fail_no_memory(error);
    }
    scale__link_init(&call->ending.link);
    scale__link_init(&call->link);
    call->client = client;
    call->loop = client->loop;
    call->operation = operation;
    call->options = taken;
    call->options.idempotency_key = NULL; /* the caller's; ours is call->idempotency_key */
    scale__buffer_init(&call->query, SCALE__MOST_REQUEST);
    scale__buffer_init(&call->fields, SCALE__MOST_REQUEST);
    scale__buffer_init(&call->url, SCALE__MOST_REQUEST);
    scale__buffer_init(&call->lookup_url, SCALE__MOST_REQUEST);
    scale__buffer_init(&call->answer, client->options.max_answer);
    if (operation->page != SCALE_PAGE_NONE) call->spare = scale__spare_hold(client->spare);
    *result = call;
    return SCALE_OK;
}

scale_status scale__call_copy(scale_call **result, const scale_call *original, scale_error *error) {
    scale_call *call = NULL;
    *result = NULL;
    if (scale_call_new(&call, original->client, original->operation, &original->options, error) != SCALE_OK)
        return SCALE_ERROR;
    bool fine = original->query.size == 0 ||
                scale__buffer_append(&call->query, original->query.data, original->query.size);
    for (size_t i = 0; i < SCALE__MOST_IN_PATH; i++)
        fine = fine && scale__copy_into(&call->path_values[i], original->path_values[i]);
    call->given = original->given;
    if (fine) {
        *result = call;
        return SCALE_OK;
    }
    scale_call_free(call);
    return scale__fail_no_memory(error);
}

/* Takes a started call out of whatever still knows it. */
static void forget(scale_call *call) {
    if (call->loop == NULL || !call->started) return;
    if (call->state != SCALE__CALL_DONE) {
        scale_client *client = call->client;
        scale__engine_abort(call, SCALE_CANCELED, "canceled", false);
        scale__client_pump(client);
    } else if (!scale__link_is_alone(&call->ending.link)) {
        scale__link_remove(&call->ending.link);
        scale__loop_count(call->loop, -1);
    }
}

void scale_call_free(scale_call *call) {
    if (call == NULL) return;
    forget(call);
    for (size_t i = 0; i < SCALE__MOST_IN_PATH; i++) scale__release(call->path_values[i]);
    scale__buffer_clear(&call->query);
    scale__buffer_clear(&call->fields);
    scale__buffer_clear(&call->url);
    scale__buffer_clear(&call->lookup_url);
    scale_json_page_free(call->page);
    scale__buffer_clear(&call->answer);
    scale__spare_leave(call->spare);
    scale__release(call->idempotency_key);
    scale__release(call->body);
    scale__parts_free(call->parts);
    scale__parts_free(call->file);
    scale__release(call);
}

/* ================================================================== the request */

/* As a parameter, or as a member of a body that was given whole. */
static bool is_given(const scale_call *call, const scale_parameter *parameter) {
    scale_slice value = {call->body, call->body_size};
    if ((call->given & scale__call_bit(call, parameter)) != 0) return true;
    return call->body != NULL && parameter->place == SCALE_IN_BODY &&
           call->operation->body != SCALE_BODY_WHOLE &&
           scale_json_get(value, parameter->wire, strlen(parameter->wire), &value);
}

/* "v2.get_batch needs batch_id or batch_name" */
static scale_status fail_one_of(const scale_operation *operation, scale_error *error) {
    char names[256] = "";
    size_t used = 0;
    for (const char *p = operation->one_of; *p != '\0' && used + 5 < sizeof names; p++) {
        if (*p == ' ')
            used += (size_t)snprintf(names + used, sizeof names - used, " or ");
        else
            names[used++] = *p;
    }
    names[used] = '\0';
    return scale__fail(error, SCALE_USAGE, "%s needs %s", operation->name, names);
}

/* Asks for no more than it must: a body that was given whole is searched for each. */
static scale_status check_required(const scale_call *call, scale_error *error) {
    const scale_operation *operation = call->operation;
    bool one_is_given = operation->one_of == NULL;
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const scale_parameter *parameter = &operation->parameters[i];
        if (!one_is_given && scale__operation_needs_one_of(operation, parameter->name))
            one_is_given = is_given(call, parameter);
        if (parameter->required && !is_given(call, parameter))
            return scale__fail(error, SCALE_USAGE, "%s needs %s, %s", operation->name, parameter->name,
                               scale_value_describe(parameter->value));
    }
    return one_is_given ? SCALE_OK : fail_one_of(operation, error);
}

/* base + path, with each {name} replaced, + query */
static bool write_url(scale_call *call) {
    const char *path = call->operation->path;
    size_t index = 0;
    if (call->query.state != SCALE__BUFFER_FINE) return false;
    scale__buffer_empty(&call->url);
    scale__buffer_append_text(&call->url, call->client->base.text);
    while (*path != '\0') {
        size_t plain = strcspn(path, "{");
        scale__buffer_append(&call->url, path, plain);
        path += plain;
        if (*path == '\0') break;
        const char *value = call->path_values[index++];
        scale__url_encode_segment(&call->url, value, strlen(value));
        path = strchr(path, '}') + 1;
    }
    scale__buffer_append(&call->url, call->query.data, call->query.size);
    return call->url.state == SCALE__BUFFER_FINE;
}

static bool close_body(scale_call *call) {
    scale_body kind = call->operation->body;
    if (kind == SCALE_BODY_PARTS) {
        scale__part **last = &call->parts;
        while (*last != NULL) last = &(*last)->next;
        *last = call->file;
        call->file = NULL;
        return true;
    }
    if (kind == SCALE_BODY_NONE || call->body != NULL) return true;
    if (call->fields.size == 0) scale__buffer_append_byte(&call->fields, '{');
    scale__buffer_append_byte(&call->fields, '}');
    call->body = scale__buffer_take(&call->fields, &call->body_size);
    return call->body != NULL;
}

scale_status scale_call_start(scale_call *call, scale_done_fn done, void *user, scale_error *error) {
    if (call->started)
        return scale__fail(error, SCALE_USAGE, "%s was started already", call->operation->name);
    if (call->client->loop == NULL) return scale__fail(error, SCALE_CLOSED, "the client was closed");
    if (check_required(call, error) != SCALE_OK) return SCALE_ERROR;
    if (scale__limits_check_more(call->client->limits, error) != SCALE_OK) return SCALE_ERROR;
    if (!write_url(call) || !close_body(call)) return scale__fail_no_memory(error);
    call->done = done;
    call->user = user;
    scale__engine_start(call);
    return SCALE_OK;
}

scale_status scale_call_wait(scale_call *call, scale_error *error) {
    while (call->loop != NULL && call->started && call->state != SCALE__CALL_DONE)
        if (scale_loop_step(call->loop, -1, error) != SCALE_OK) return SCALE_ERROR;
    if (!call->started) return scale__fail(error, SCALE_USAGE, "%s was not started", call->operation->name);
    if (call->error.kind == SCALE_NONE) return SCALE_OK;
    if (error != NULL && error->kind == SCALE_NONE) *error = call->error;
    return SCALE_ERROR;
}

void scale_call_cancel(scale_call *call) {
    if (!call->started || call->loop == NULL || call->state == SCALE__CALL_DONE) return;
    scale_client *client = call->client;
    scale__engine_abort(call, SCALE_CANCELED, "canceled", true);
    scale__client_pump(client);
}

/* ==================================================================== its end */

bool scale_call_is_in_flight(const scale_call *call) {
    return call->state == SCALE__CALL_IN_FLIGHT;
}

int scale_call_attempts(const scale_call *call) {
    return call->attempts;
}

bool scale_call_is_done(const scale_call *call) {
    return call->state == SCALE__CALL_DONE;
}

scale_slice scale_call_answer(const scale_call *call) {
    bool good = call->state == SCALE__CALL_DONE && call->error.kind == SCALE_NONE && !call->was_taken;
    return good ? scale__call_bytes(call) : (scale_slice){NULL, 0};
}

scale_json_page *scale_call_take_page(scale_call *call) {
    scale_json_page *page = call->page;
    if (page == NULL || call->state != SCALE__CALL_DONE) return NULL;
    scale__json_page_own(page, &call->answer, call->spare);
    call->page = NULL;
    call->was_taken = true;
    return page;
}

const scale_error *scale_call_error(const scale_call *call) {
    return &call->error;
}

bool scale_call_existed(const scale_call *call) {
    return call->existed;
}
