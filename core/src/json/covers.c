/*
** covers.c - does what a server has stand for what was sent to it? Called by the engine when the
** outcome of a request is unclear, and by bindings.
**
** Two objects are held against each other by an index of their members, sorted by decoded name, so that
** order and repeated names do not matter and many members cost little. What is nested waits on a stack
** of frames on the heap.
*/
#include <string.h>

#include "alloc.h"
#include "error.h"
#include "json/scan.h"

typedef struct member {
    scale_slice key, value;
} member;

/* An object's members, by name; repeated ones once, with the last value. */
typedef struct object_index {
    member *members;
    size_t count;
} object_index;

/* An object or array of `sent` that is being held against one of `found`. */
typedef struct frame {
    scale_json_cursor sent, found; /* `found` of arrays alone */
    object_index sent_index, found_index;
} frame;

typedef struct comparison {
    frame *frames;
    size_t depth, room;
    const scale_json_covers_options *options;
    scale_slice key; /* the first-level name that is being compared */
    bool covers;
    scale_error *error;
} comparison;

/* ====================================================================== index */

static bool is_before(const member *one, const member *other) {
    int order = scale__json_string_compare(one->key, other->key);
    return order < 0 || (order == 0 && one->value.data < other->value.data);
}

static void sift_down(member *members, size_t root, size_t count) {
    member moving = members[root];
    for (size_t child; (child = root * 2 + 1) < count; root = child) {
        if (child + 1 < count && is_before(&members[child], &members[child + 1])) child++;
        if (!is_before(&moving, &members[child])) break;
        members[root] = members[child];
    }
    members[root] = moving;
}

/* A heap sort: needs no memory, and no order of names makes it slow. */
static void sort_members(member *members, size_t count) {
    for (size_t i = count / 2; i-- > 0;) sift_down(members, i, count);
    for (size_t last = count; last-- > 1;) {
        member largest = members[0];
        members[0] = members[last];
        members[last] = largest;
        sift_down(members, 0, last);
    }
}

static void keep_last(object_index *index) {
    size_t kept = 0;
    for (size_t i = 0; i < index->count; i++) {
        bool again =
            kept > 0 && scale__json_string_compare(index->members[kept - 1].key, index->members[i].key) == 0;
        if (again) kept--;
        index->members[kept++] = index->members[i];
    }
    index->count = kept;
}

static scale_status count_members(size_t *count, scale_slice object, scale_error *error) {
    scale_json_cursor cursor;
    scale_slice value;
    int more;
    *count = 0;
    if (scale_json_cursor_init(&cursor, object, error) != SCALE_OK) return SCALE_ERROR;
    while ((more = scale_json_cursor_next(&cursor, NULL, &value, error)) == 1) (*count)++;
    return more == 0 ? SCALE_OK : SCALE_ERROR;
}

static scale_status index_init(object_index *index, scale_slice object, scale_error *error) {
    scale_json_cursor cursor;
    memset(index, 0, sizeof *index);
    if (count_members(&index->count, object, error) != SCALE_OK) return SCALE_ERROR;
    index->members = scale__allocate(index->count * sizeof *index->members);
    if (index->members == NULL) return scale__fail_no_memory(error);
    scale_json_cursor_init(&cursor, object, error);
    for (size_t i = 0; i < index->count; i++)
        scale_json_cursor_next(&cursor, &index->members[i].key, &index->members[i].value, error);
    sort_members(index->members, index->count);
    keep_last(index);
    return SCALE_OK;
}

static const member *index_find(const object_index *index, scale_slice key) {
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = scale__json_string_compare(index->members[middle].key, key);
        if (order == 0) return &index->members[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ===================================================================== frames */

static frame *add_frame(comparison *c) {
    if (c->depth == c->room) {
        size_t room = c->room == 0 ? 4 : c->room * 2;
        frame *frames = scale__resize(c->frames, room * sizeof *frames);
        if (frames == NULL) {
            scale__fail_no_memory(c->error);
            return NULL;
        }
        c->frames = frames;
        c->room = room;
    }
    frame *top = &c->frames[c->depth++];
    memset(top, 0, sizeof *top);
    return top;
}

static void drop_frame(comparison *c) {
    frame *top = &c->frames[--c->depth];
    scale__release(top->sent_index.members);
    scale__release(top->found_index.members);
}

static scale_status push_object(comparison *c, scale_slice found, scale_slice sent) {
    frame *top = add_frame(c);
    if (top == NULL || scale_json_cursor_init(&top->sent, sent, c->error) != SCALE_OK) return SCALE_ERROR;
    if (index_init(&top->sent_index, sent, c->error) != SCALE_OK) return SCALE_ERROR;
    return index_init(&top->found_index, found, c->error);
}

static scale_status push_array(comparison *c, scale_slice found, scale_slice sent) {
    frame *top = add_frame(c);
    if (top == NULL || scale_json_cursor_init(&top->sent, sent, c->error) != SCALE_OK) return SCALE_ERROR;
    return scale_json_cursor_init(&top->found, found, c->error);
}

/* ================================================================== comparing */

static bool may_begin_alike(const comparison *c) {
    if (c->depth != 1 || c->options == NULL) return false;
    for (size_t i = 0; i < c->options->prefix_count; i++) {
        const char *prefix = c->options->prefixes[i];
        if (scale_json_string_equals(c->key, prefix, strlen(prefix))) return true;
    }
    return false;
}

static bool strings_agree(const comparison *c, scale_slice found, scale_slice sent) {
    if (may_begin_alike(c)) return scale__json_string_begins(found, sent);
    return scale__json_string_compare(found, sent) == 0;
}

static scale_status compare_values(comparison *c, scale_slice found, scale_slice sent) {
    scale_json_type type = scale_json_type_of(sent);
    c->covers = type == scale_json_type_of(found);
    if (!c->covers) return SCALE_OK;
    switch (type) {
    case SCALE_JSON_TYPE_OBJECT: return push_object(c, found, sent);
    case SCALE_JSON_TYPE_ARRAY: return push_array(c, found, sent);
    case SCALE_JSON_TYPE_STRING: c->covers = strings_agree(c, found, sent); break;
    case SCALE_JSON_TYPE_NUMBER: c->covers = scale__json_number_equals(found, sent); break;
    case SCALE_JSON_TYPE_BOOLEAN: c->covers = found.data[0] == sent.data[0]; break;
    default: break;
    }
    return SCALE_OK;
}

/* The next member: the last of its name alone counts. */
static scale_status step_object(comparison *c, frame *top) {
    scale_slice key, value;
    int more = scale_json_cursor_next(&top->sent, &key, &value, c->error);
    if (more < 0) return SCALE_ERROR;
    if (more == 0) {
        drop_frame(c);
        return SCALE_OK;
    }
    if (index_find(&top->sent_index, key)->value.data != value.data) return SCALE_OK;
    if (c->depth == 1) c->key = key;
    const member *found = index_find(&top->found_index, key);
    c->covers = found != NULL;
    return found == NULL ? SCALE_OK : compare_values(c, found->value, value);
}

static scale_status step_array(comparison *c, frame *top) {
    scale_slice sent, found;
    int more = scale_json_cursor_next(&top->sent, NULL, &sent, c->error);
    int more_found = scale_json_cursor_next(&top->found, NULL, &found, c->error);
    if (more < 0 || more_found < 0) return SCALE_ERROR;
    c->covers = more == more_found;
    if (c->covers && more == 1) return compare_values(c, found, sent);
    drop_frame(c);
    return SCALE_OK;
}

static scale_status run(comparison *c, scale_slice found, scale_slice sent) {
    scale_status status = compare_values(c, found, sent);
    while (status == SCALE_OK && c->covers && c->depth > 0) {
        frame *top = &c->frames[c->depth - 1];
        status = top->sent.object ? step_object(c, top) : step_array(c, top);
    }
    while (c->depth > 0) drop_frame(c);
    scale__release(c->frames);
    return status;
}

static scale_slice trim(scale_slice text) {
    const char *start = scale__json_start(text), *end = start + text.size;
    const char *at = scale__json_pass_space(start, end);
    return (scale_slice){at, (size_t)(end - at)};
}

scale_status scale_json_covers(bool *covers, scale_slice *key, scale_slice found, scale_slice sent,
                               const scale_json_covers_options *options, scale_error *error) {
    comparison c = {NULL, 0, 0, options, {NULL, 0}, false, error};
    scale_status status = SCALE_OK;
    found = trim(found);
    sent = trim(sent);
    if (scale_json_type_of(found) == SCALE_JSON_TYPE_OBJECT &&
        scale_json_type_of(sent) == SCALE_JSON_TYPE_OBJECT)
        status = run(&c, found, sent);
    *covers = status == SCALE_OK && c.covers;
    if (key != NULL) *key = *covers || status != SCALE_OK ? (scale_slice){NULL, 0} : c.key;
    return status;
}
