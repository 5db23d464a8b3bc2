/*
** resolve.c - what became of a request whose outcome is unclear: which read tells, and what its
** answer means.
*/
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "call.h"
#include "error.h"
#include "operations.h"

/* ms that the Date of a server's answers and the times of its tasks may differ */
#define CLOCK_SLACK 2000

/* A member whose value is asked for by name; nothing when it is not there. */
static scale_slice member(scale_slice object, const char *name) {
    scale_slice value = {NULL, 0};
    if (object.data == NULL || !scale_json_get(object, name, strlen(name), &value)) value.data = NULL;
    return value;
}

static bool is_text(scale_slice value, const char *text) {
    return value.data != NULL && scale_json_string_equals(value, text, strlen(text));
}

static bool is_string(scale_slice value) {
    return value.data != NULL && scale_json_type_of(value) == SCALE_JSON_TYPE_STRING;
}

/* Can it be asked for? A string with a lone surrogate in it has no bytes that an address could name. */
static bool is_nameable(scale_slice value) {
    size_t size;
    if (!is_string(value)) return false;
    char *text = scale__allocate(value.size);
    bool fine = text == NULL || scale_json_string(value, text, &size, NULL) == SCALE_OK;
    scale__release(text);
    return fine;
}

static scale_slice body_of(const scale_call *call) {
    return (scale_slice){call->body, call->body == NULL ? 0 : call->body_size};
}

static bool is_second_api(const scale_call *call) {
    return scale_operation_version(call->operation) == 2;
}

/* By which of its names a body says which batch of the second API it is about; NULL: by none. */
static const char *batch_key(const scale_call *call) {
    const char *key = is_string(member(body_of(call), "batch_id")) ? "batch_id" : "batch_name";
    return is_nameable(member(body_of(call), key)) ? key : NULL;
}

bool scale__resolve_is_repeatable(const scale_call *call) {
    switch (call->operation->repeat) {
    case SCALE_REPEAT_SAFE: return true;
    case SCALE_REPEAT_UNIQUE_ID: return call->idempotency_key != NULL || scale__resolve_has_unique_id(call);
    case SCALE_REPEAT_NAME: return is_nameable(member(body_of(call), "name"));
    case SCALE_REPEAT_STATE: return !is_second_api(call) || batch_key(call) != NULL;
    default: return false;
    }
}

bool scale__resolve_has_unique_id(const scale_call *call) {
    scale_slice unique_id = member(body_of(call), "unique_id");
    return is_nameable(unique_id) && unique_id.size > 2;
}

/* ================================================================ the address */

/* Appends a text, decoded and percent-encoded. */
static bool append_text(scale__buffer *url, scale_slice value, bool segment) {
    size_t size = 0;
    if (value.data == NULL) return false;
    char *text = scale__allocate(value.size);
    if (text == NULL) return false;
    bool fine = scale_json_string(value, text, &size, NULL) == SCALE_OK;
    if (fine)
        fine = segment ? scale__url_encode_segment(url, text, size) : scale__url_encode(url, text, size);
    scale__release(text);
    return fine;
}

static bool append_member(const scale_call *call, scale__buffer *url, const char *name, bool segment) {
    return append_text(url, member(body_of(call), name), segment);
}

static bool append_path_value(const scale_call *call, scale__buffer *url, const char *name) {
    const char *value = scale__call_path_value(call, name);
    return scale__url_encode_segment(url, value, strlen(value));
}

static bool is_about_task(const scale_call *call) {
    return scale__call_path_value(call, "task_id") != NULL;
}

/* /v2/batch?batch_id=… or batch_name=… */
static bool append_second_batch(const scale_call *call, scale__buffer *url) {
    const char *key = batch_key(call);
    scale__buffer_append_text(url, "/v2/batch?");
    scale__buffer_append_text(url, key);
    scale__buffer_append_byte(url, '=');
    return append_member(call, url, key, false);
}

bool scale__resolve_address(scale_call *call) {
    scale__buffer *url = &call->lookup_url;
    call->found = false;
    scale__buffer_empty(url);
    scale__buffer_append_text(url, call->client->base.text);
    if (call->operation->repeat == SCALE_REPEAT_UNIQUE_ID) {
        scale__buffer_append_text(url, "/v1/tasks?unique_id=");
        return append_member(call, url, "unique_id", false);
    }
    if (call->operation->repeat == SCALE_REPEAT_NAME) {
        bool batch = call->operation->answer == SCALE_ANSWER_BATCH;
        scale__buffer_append_text(url, batch ? "/v1/batches/" : "/v1/projects/");
        return append_member(call, url, "name", true);
    }
    if (is_second_api(call)) return append_second_batch(call, url);
    scale__buffer_append_text(url, is_about_task(call) ? "/v1/task/" : "/v1/batches/");
    return append_path_value(call, url, is_about_task(call) ? "task_id" : "batch_name");
}

/* What stands at that address. */
static scale_answer kind_of_read(const scale_call *call) {
    switch (call->operation->repeat) {
    case SCALE_REPEAT_UNIQUE_ID: return call->found ? SCALE_ANSWER_TASK_V2 : SCALE_ANSWER_TASK_LIST;
    case SCALE_REPEAT_NAME: return call->operation->answer;
    default:
        if (is_second_api(call)) return SCALE_ANSWER_BATCH_V2;
        return is_about_task(call) ? SCALE_ANSWER_TASK : SCALE_ANSWER_BATCH;
    }
}

bool scale__resolve_is_answer(const scale_call *call) {
    const char *name = scale_answer_describe(kind_of_read(call))->member;
    return scale_json_type_of(scale__call_bytes(call)) == SCALE_JSON_TYPE_OBJECT &&
           member(scale__call_bytes(call), name).data != NULL;
}

/* ========================================================== comparing a task */

/* What steers the creation and is no part of the task that comes of it. */
static const char *const directives[] = {"clear_unique_id_on_error", "project_param_version",
                                         "project_version", "force"};

static bool is_directive(scale_slice key) {
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
        if (scale_json_string_equals(key, directives[i], strlen(directives[i]))) return true;
    return false;
}

/* Appends the object's members to the one that is being written. */
static bool append_members(scale__buffer *into, scale_slice object, bool all) {
    scale_json_cursor cursor;
    scale_slice key, value;
    if (object.data == NULL || scale_json_cursor_init(&cursor, object, NULL) != SCALE_OK) return true;
    while (scale_json_cursor_next(&cursor, &key, &value, NULL) == 1) {
        if (!all && (is_directive(key) || scale_json_type_of(value) == SCALE_JSON_TYPE_NULL)) continue;
        scale__buffer_append_byte(into, into->size == 0 ? '{' : ',');
        scale__buffer_append(into, key.data, key.size);
        scale__buffer_append_byte(into, ':');
        scale__buffer_append(into, value.data, value.size);
    }
    return into->state == SCALE__BUFFER_FINE;
}

static scale_slice close_object(scale__buffer *object) {
    if (object->size == 0) scale__buffer_append_byte(object, '{');
    scale__buffer_append_byte(object, '}');
    return (scale_slice){object->data, object->size};
}

/* Does every field that was sent stand in the task, at its top or in its params? The server adds
** defaults, and the project's instruction behind the task's own. */
static bool covers_sent(const scale_call *call, scale_slice task, char *difference, size_t room) {
    static const char *const prefixes[] = {"instruction"};
    scale_json_covers_options options = SCALE_JSON_COVERS_OPTIONS_INIT;
    scale__buffer found, sent;
    scale_slice key = {NULL, 0};
    bool covers = false;
    options.prefixes = prefixes;
    options.prefix_count = 1;
    scale__buffer_init(&found, (size_t)-1 / 4);
    scale__buffer_init(&sent, (size_t)-1 / 4);
    bool fine = append_members(&found, member(task, "params"), true) && append_members(&found, task, true) &&
                append_members(&sent, body_of(call), false);
    if (fine) {
        scale_slice found_object = close_object(&found), sent_object = close_object(&sent);
        fine = scale_json_covers(&covers, &key, found_object, sent_object, &options, NULL) == SCALE_OK;
    }
    if (!fine || !covers)
        snprintf(difference, room, "the task with that unique_id differs in %.*s", (int)key.size,
                 key.data == NULL ? "" : key.data);
    scale__buffer_clear(&found);
    scale__buffer_clear(&sent);
    return fine && covers;
}

/* A text that was found equals the one that was sent; true when none was sent. */
static bool same_text(scale_slice found, scale_slice sent) {
    size_t size = 0;
    if (!is_string(sent)) return true;
    char *text = scale__allocate(sent.size);
    bool same = text != NULL && found.data != NULL &&
                scale_json_string(sent, text, &size, NULL) == SCALE_OK &&
                scale_json_string_equals(found, text, size);
    scale__release(text);
    return same;
}

static bool agrees(scale_slice found, scale_slice sent, const char *name) {
    return same_text(member(found, name), member(sent, name));
}

static bool is_in_its_place(const scale_call *call, scale_slice task, char *difference, size_t room) {
    static const char *const names[] = {"project", "batch"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (agrees(task, body_of(call), names[i])) continue;
        snprintf(difference, room, "the task with that unique_id differs in \"%s\"", names[i]);
        return false;
    }
    return true;
}

/* Everything in `sent` stands in `found`, if both are there. */
static bool covers_member(scale_slice found, scale_slice sent) {
    bool covers = false;
    if (found.data == NULL || sent.data == NULL) return true;
    return scale_json_covers(&covers, NULL, found, sent, NULL, NULL) == SCALE_OK && covers;
}

/* A chat task as the first API shows it: what it was made of, by name. */
static bool is_same_chat_task(const scale_call *call, scale_slice task, char *difference, size_t room) {
    scale_slice sent = body_of(call);
    const char *differs = NULL;
    if (is_text(member(task, "status"), "canceled"))
        differs = "status";
    else if (!same_text(member(task, "project"), member(sent, "project_name")))
        differs = "project";
    else if (!same_text(member(task, "batch"), member(sent, "batch_name")))
        differs = "batch";
    else if (!covers_member(member(task, "metadata"), member(sent, "metadata")))
        differs = "metadata";
    else if (!covers_member(member(member(task, "params"), "template_variables"),
                            member(sent, "template_variables")))
        differs = "template_variables";
    if (differs == NULL) return true;
    snprintf(difference, room, "the task with that unique_id differs in \"%s\"", differs);
    return false;
}

static bool is_same_task(const scale_call *call, scale_slice task, char *difference, size_t room) {
    if (is_second_api(call)) return is_same_chat_task(call, task, difference, room);
    if (!is_text(member(task, "type"), scale__call_path_value(call, "task_type"))) {
        snprintf(difference, room, "the task with that unique_id is of another type");
        return false;
    }
    if (is_text(member(task, "status"), "canceled")) {
        snprintf(difference, room, "the task with that unique_id is canceled");
        return false;
    }
    return call->options.digest_id ? is_in_its_place(call, task, difference, room)
                                   : covers_sent(call, task, difference, room);
}

/* Was the task there before the call's first attempt, by the server's own clock? Within the slack it may be
** either, and counts as made: a process that was killed and started again so soon finds its own task. */
static bool was_there_before(const scale_call *call, scale_slice task) {
    int64_t begun = 0;
    return scale__server_clock_at(&call->client->clock, call->begun_at, &begun) &&
           scale__server_clock_is_before(member(task, "created_at"), begun - CLOCK_SLACK);
}

/* call->answer, the list, becomes the one document in it. */
static bool keep_only(scale_call *call, scale_slice document) {
    scale__buffer kept;
    scale__buffer_init(&kept, call->answer.ceiling);
    if (!scale__buffer_append(&kept, document.data, document.size)) return false;
    scale__buffer_clear(&call->answer);
    call->answer = kept;
    return true;
}

/* The second API shows the task in another form: that is what is read next. */
static scale__resolution look_on(scale_call *call, scale_slice task) {
    scale__buffer *url = &call->lookup_url;
    scale_slice id = member(task, "task_id");
    if (!is_string(id)) return SCALE__NOTHING_YET;
    scale__buffer_empty(url);
    scale__buffer_append_text(url, call->client->base.text);
    scale__buffer_append_text(url, "/v2/task?task_id=");
    call->found = append_text(url, id, false);
    return call->found ? SCALE__LOOK_ON : SCALE__NOTHING_YET;
}

static scale__resolution judge_task_list(scale_call *call, char *difference, size_t room) {
    scale_json_cursor cursor;
    scale_slice task;
    scale_slice docs = member(scale__call_bytes(call), "docs");
    if (docs.data == NULL || scale_json_cursor_init(&cursor, docs, NULL) != SCALE_OK ||
        scale_json_cursor_next(&cursor, NULL, &task, NULL) != 1)
        return SCALE__NOTHING_YET;
    if (!is_same_task(call, task, difference, room)) return SCALE__DIFFERENT;
    call->existed = was_there_before(call, task);
    if (is_second_api(call)) return look_on(call, task);
    return keep_only(call, task) ? SCALE__REACHED : SCALE__NOTHING_YET;
}

/* ==================================================== batches, projects, states */

static scale__resolution judge_named(scale_call *call, char *difference, size_t room) {
    bool batch = call->operation->answer == SCALE_ANSWER_BATCH;
    const char *name = batch ? "project" : "type";
    if (agrees(scale__call_bytes(call), body_of(call), name)) return SCALE__REACHED;
    snprintf(difference, room, "the %s of that name has another %s", batch ? "batch" : "project", name);
    return SCALE__DIFFERENT;
}

static bool cancel_is_reached(const scale_call *call) {
    bool canceled = is_text(member(scale__call_bytes(call), "status"), "canceled");
    bool clear = call->query.data != NULL && strstr(call->query.data, "clear_unique_id=true") != NULL;
    return canceled && !(clear && member(scale__call_bytes(call), "unique_id").data != NULL);
}

/* ========================================================= batches of the second API */

/* What the second API's transitions lead to, and what may have come of that since. */
static bool transition_is_reached(const scale_call *call) {
    static const char *const goals[][3] = {
        {"v2.finalize_batch", "in_progress", "completed"},
        {"v2.resume_batch", "in_progress", "completed"},
        {"v2.pause_batch", "paused", NULL},
        {"v2.cancel_batch", "cancelled", NULL},
    };
    scale_slice status = member(scale__call_bytes(call), "status");
    for (size_t i = 0; i < sizeof goals / sizeof *goals; i++) {
        if (strcmp(call->operation->name, goals[i][0]) != 0) continue;
        return is_text(status, goals[i][1]) || (goals[i][2] != NULL && is_text(status, goals[i][2]));
    }
    return false;
}

/* call->answer, a batch, as the operation gives it. */
static bool wrap_batch(scale_call *call) {
    scale__buffer wrapped;
    if (call->operation->answer != SCALE_ANSWER_BATCH_OPERATION) return true;
    scale__buffer_init(&wrapped, call->answer.ceiling);
    scale__buffer_append_text(&wrapped, "{\"batch\":");
    scale__buffer_append(&wrapped, call->answer.data, call->answer.size);
    if (!scale__buffer_append_byte(&wrapped, '}')) {
        scale__buffer_clear(&wrapped);
        return false;
    }
    scale__buffer_clear(&call->answer);
    call->answer = wrapped;
    return true;
}

/* Pausing, resuming and canceling are only said to have begun, and show a little later: who is refused
** the second time looks on for a while. */
static scale__resolution judge_transition(scale_call *call) {
    bool begins = call->operation->answer == SCALE_ANSWER_BATCH_OPERATION;
    bool refused = scale__call_was_refused(call);
    if (!transition_is_reached(call)) return begins && refused ? SCALE__NOTHING_YET : SCALE__NOT_REACHED;
    return wrap_batch(call) ? SCALE__REACHED : SCALE__NOTHING_YET;
}

static bool state_is_reached(const scale_call *call) {
    scale_slice status = member(scale__call_bytes(call), "status");
    if (!is_about_task(call)) return status.data != NULL && !is_text(status, "staging");
    if (call->operation->body == SCALE_BODY_NONE) return cancel_is_reached(call);
    bool covers = false;
    return scale_json_covers(&covers, NULL, scale__call_bytes(call), body_of(call), NULL, NULL) == SCALE_OK &&
           covers;
}

scale__resolution scale__resolve_judge(scale_call *call, bool not_found, char *difference, size_t room) {
    if (not_found) return SCALE__NOTHING_YET;
    switch (call->operation->repeat) {
    case SCALE_REPEAT_UNIQUE_ID:
        return call->found ? SCALE__REACHED : judge_task_list(call, difference, room);
    case SCALE_REPEAT_NAME: return judge_named(call, difference, room);
    default:
        if (!is_about_task(call) && !is_string(member(scale__call_bytes(call), "status")))
            return SCALE__NOTHING_YET;
        if (is_second_api(call)) return judge_transition(call);
        return state_is_reached(call) ? SCALE__REACHED : SCALE__NOT_REACHED;
    }
}
