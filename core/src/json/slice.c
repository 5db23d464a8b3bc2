/*
** slice.c - the first level of a document: stepping over members and elements, finding one member.
** Called by the engine, by covers.c and by bindings; what lies deeper is passed over by its outline.
*/
#include "json/scan.h"

enum { FIRST, BEFORE_VALUE, AFTER_VALUE, OVER, BROKEN };

static int fail(scale_json_cursor *cursor, const scale__json_fault *fault, scale_error *error) {
    cursor->at = fault->at;
    cursor->problem = fault->why;
    cursor->state = BROKEN;
    scale__json_report(error, cursor->start, fault);
    return -1;
}

static int fail_here(scale_json_cursor *cursor, const char *why, scale_error *error) {
    scale__json_fault fault = {cursor->at, why};
    if (cursor->at == cursor->end) fault.why = "the text ends too early";
    return fail(cursor, &fault, error);
}

static scale_status begin(scale_json_cursor *cursor, scale_error *error) {
    cursor->at = scale__json_pass_space(cursor->at, cursor->end);
    cursor->state = FIRST;
    cursor->problem = NULL;
    cursor->object = cursor->at < cursor->end && *cursor->at == '{';
    if (!cursor->object && (cursor->at == cursor->end || *cursor->at != '[')) {
        fail_here(cursor, "an object or array was expected", error);
        return SCALE_ERROR;
    }
    cursor->at++;
    return SCALE_OK;
}

scale_status scale_json_cursor_init(scale_json_cursor *cursor, scale_slice text, scale_error *error) {
    cursor->start = cursor->at = scale__json_start(text);
    cursor->end = cursor->start + text.size;
    cursor->inner = false;
    return begin(cursor, error);
}

scale_status scale_json_cursor_enter(const scale_json_cursor *cursor, scale_json_cursor *inner,
                                     scale_error *error) {
    *inner = *cursor;
    inner->inner = true;
    return begin(inner, error);
}

void scale_json_cursor_leave(scale_json_cursor *cursor, const scale_json_cursor *inner) {
    if (cursor->state != BEFORE_VALUE || inner->state != OVER) return; /* then it is passed over */
    cursor->at = inner->at;
    cursor->state = AFTER_VALUE;
}

static int end_cursor(scale_json_cursor *cursor, scale_error *error) {
    cursor->at++;
    if (!cursor->inner) {
        cursor->at = scale__json_pass_space(cursor->at, cursor->end);
        if (cursor->at != cursor->end) return fail_here(cursor, "something stands behind the value", error);
    }
    cursor->state = OVER;
    return 0;
}

/* A name and its colon. */
static int pass_key(scale_json_cursor *cursor, scale_slice *key, scale_error *error) {
    scale__json_fault fault = {NULL, NULL};
    if (cursor->at == cursor->end || *cursor->at != '"')
        return fail_here(cursor, "a name in quotes was expected", error);
    const char *behind = scale__json_pass_quoted(cursor->at, cursor->end, &fault);
    if (behind == NULL) return fail(cursor, &fault, error);
    *key = (scale_slice){cursor->at, (size_t)(behind - cursor->at)};
    cursor->at = scale__json_pass_space(behind, cursor->end);
    if (cursor->at == cursor->end || *cursor->at != ':')
        return fail_here(cursor, "a colon was expected", error);
    cursor->at = scale__json_pass_space(cursor->at + 1, cursor->end);
    return 1;
}

/* What stands behind a value: 1 when another one follows, as fail does when neither. */
static int pass_comma(scale_json_cursor *cursor, scale_error *error) {
    cursor->at = scale__json_pass_space(cursor->at, cursor->end);
    bool there = cursor->at < cursor->end;
    if (there && *cursor->at == (cursor->object ? '}' : ']')) return end_cursor(cursor, error);
    if (cursor->state == FIRST) return 1;
    if (!there || *cursor->at != ',')
        return fail_here(cursor, cursor->object ? "a comma or } was expected" : "a comma or ] was expected",
                         error);
    cursor->at = scale__json_pass_space(cursor->at + 1, cursor->end);
    return 1;
}

int scale_json_cursor_step(scale_json_cursor *cursor, scale_slice *key, scale_error *error) {
    scale_slice unread;
    if (key == NULL) key = &unread;
    *key = (scale_slice){NULL, 0};
    if (cursor->state == OVER) return 0;
    if (cursor->state == BROKEN) return fail_here(cursor, cursor->problem, error);
    if (cursor->state == BEFORE_VALUE && scale_json_cursor_value(cursor, &unread, error) != SCALE_OK)
        return -1;
    int result = pass_comma(cursor, error);
    if (result == 1 && cursor->object) result = pass_key(cursor, key, error);
    if (result == 1) cursor->state = BEFORE_VALUE;
    return result;
}

/* Is there a value to be passed over? */
static bool expect_value(scale_json_cursor *cursor, scale_error *error) {
    if (cursor->state == BEFORE_VALUE) return true;
    fail_here(cursor, cursor->problem == NULL ? "a value was expected" : cursor->problem, error);
    return false;
}

/* Goes on behind the value, which ends at `behind`; that is NULL after a fault. */
static scale_status finish_value(scale_json_cursor *cursor, const char *behind, scale_slice *value,
                                 const scale__json_fault *fault, scale_error *error) {
    if (behind == NULL) {
        fail(cursor, fault, error);
        return SCALE_ERROR;
    }
    *value = (scale_slice){cursor->at, (size_t)(behind - cursor->at)};
    cursor->at = behind;
    cursor->state = AFTER_VALUE;
    return SCALE_OK;
}

scale_status scale_json_cursor_value(scale_json_cursor *cursor, scale_slice *value, scale_error *error) {
    scale__json_fault fault = {NULL, NULL};
    if (!expect_value(cursor, error)) return SCALE_ERROR;
    const char *behind = scale__json_pass_value(cursor->at, cursor->end, &fault);
    return finish_value(cursor, behind, value, &fault, error);
}

scale_status scale__json_cursor_search(scale_json_cursor *cursor, scale_slice *value,
                                       scale__json_search *search, scale_error *error) {
    scale__json_fault fault = {NULL, NULL};
    if (scale_json_cursor_type(cursor) != SCALE_JSON_TYPE_OBJECT)
        return scale_json_cursor_value(cursor, value, error);
    if (!expect_value(cursor, error)) return SCALE_ERROR;
    const char *behind = scale__json_pass_object(cursor->at, cursor->end, search, &fault);
    return finish_value(cursor, behind, value, &fault, error);
}

scale_status scale__json_cursor_check(scale_json_cursor *cursor, scale_slice *value, scale_error *error) {
    scale__json_fault fault = {NULL, NULL};
    if (!expect_value(cursor, error)) return SCALE_ERROR;
    const char *behind = scale__json_pass_checked(cursor->at, cursor->end, SCALE_JSON_DEPTH, &fault);
    return finish_value(cursor, behind, value, &fault, error);
}

int scale_json_cursor_next(scale_json_cursor *cursor, scale_slice *key, scale_slice *value,
                           scale_error *error) {
    int result = scale_json_cursor_step(cursor, key, error);
    if (result != 1) return result;
    return scale_json_cursor_value(cursor, value, error) == SCALE_OK ? 1 : -1;
}

scale_json_type scale_json_cursor_type(const scale_json_cursor *cursor) {
    return scale_json_type_of((scale_slice){cursor->at, (size_t)(cursor->end - cursor->at)});
}

/* ==================================================================== picking */

#define MOST_NAMES 16

scale_slice scale__json_whole_value(const char *from, const char *end) {
    scale__json_fault fault = {NULL, NULL};
    from = scale__json_pass_space(from, end);
    const char *behind = scale__json_pass_value(from, end, &fault);
    if (behind == NULL) return (scale_slice){NULL, 0};
    const char *next = scale__json_pass_space(behind, end);
    if (next == end || (*next != ',' && *next != '}')) return (scale_slice){NULL, 0};
    return (scale_slice){from, (size_t)(behind - from)};
}

/* Passes over an object and gives the values of its members with these names. False when its first level
** is not regular: then nobody but a cursor knows what it holds. */
static bool pick_quickly(const char **at, const char *end, const scale_slice *names, size_t count,
                         scale_slice *values, scale__json_fault *fault) {
    const char *starts[MOST_NAMES], *start = *at;
    scale__json_search search = {
        .names = names, .count = count < MOST_NAMES ? count : MOST_NAMES, .values = starts};
    *at = scale__json_pass_object(start, end, &search, fault);
    if (*at == NULL || !search.regular || count > MOST_NAMES) return false;
    for (size_t i = 0; i < count; i++) {
        values[i] = starts[i] == NULL ? (scale_slice){NULL, 0} : scale__json_whole_value(starts[i], *at);
        if (starts[i] != NULL && values[i].data == NULL) return false;
    }
    return true;
}

static void pick_nothing(scale_slice *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = (scale_slice){NULL, 0};
}

static scale_status pick_slowly(scale_slice document, const scale_slice *names, size_t count,
                                scale_slice *values, scale_error *error) {
    scale_json_cursor cursor;
    scale_slice name, value;
    int more;
    pick_nothing(values, count);
    if (scale_json_cursor_init(&cursor, document, error) != SCALE_OK) return SCALE_ERROR;
    if (!cursor.object) {
        cursor.at--;
        fail_here(&cursor, "an object was expected", error);
        return SCALE_ERROR;
    }
    while ((more = scale_json_cursor_next(&cursor, &name, &value, error)) == 1) {
        for (size_t i = 0; i < count; i++) {
            if (scale_json_string_equals(name, names[i].data, names[i].size)) values[i] = value;
        }
    }
    if (more < 0) pick_nothing(values, count);
    return more == 0 ? SCALE_OK : SCALE_ERROR;
}

scale_status scale_json_pick(scale_slice document, const scale_slice *names, size_t count,
                             scale_slice *values, scale_error *error) {
    const char *start = scale__json_start(document), *end = start + document.size;
    const char *at = scale__json_pass_space(start, end);
    scale__json_fault fault = {NULL, NULL};
    bool object = at < end && *at == '{';
    if (object && pick_quickly(&at, end, names, count, values, &fault) &&
        scale__json_pass_space(at, end) == end)
        return SCALE_OK;
    return pick_slowly(document, names, count, values, error);
}

scale_status scale_json_find(scale_slice document, const char *key, size_t key_size, scale_slice *value,
                             scale_error *error) {
    scale_slice name = {key, key_size};
    return scale_json_pick(document, &name, 1, value, error);
}

bool scale_json_get(scale_slice document, const char *key, size_t key_size, scale_slice *value) {
    return scale_json_find(document, key, key_size, value, NULL) == SCALE_OK && value->data != NULL;
}
