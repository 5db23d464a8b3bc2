/*
** page.c - a text that holds documents in an array, cut in one pass: where each of them begins and ends, and
** where the members of its first level are, so that a field is found without passing over the document again.
** Those are not noted when the documents are checked in full: who wants that mostly writes them to a file.
** Called by answer.c for what comes page by page, and by bindings for what it found.
*/
#include <string.h>

#include "alloc.h"
#include "error.h"
#include "json/page.h"
#include "json/scan.h"

/* Places are counted in the text, in 32 bits, as those of members are. */
typedef struct document {
    uint32_t at, size;
    uint32_t first, count; /* its members; count is UNINDEXED when they are not known */
    bool escapes;          /* names may hold some */
} document;

#define UNINDEXED UINT32_MAX

/* A member of the page that is not the documents. */
typedef struct beside {
    scale_slice key, value;
} beside;

/* A growing array. */
typedef struct list {
    void *items;
    size_t count, room;
} list;

struct scale_json_page {
    scale_slice text;
    char *owned; /* the text, when it is the page's own */
    size_t room; /* of it */
    scale__spare *spare;
    list documents, members, beside;
    bool has_documents, in_full;
};

/* Makes room for `more` items. */
static bool reserve(list *l, size_t more, size_t size) {
    if (l->room - l->count >= more) return true;
    size_t room = l->room * 2 > l->count + more ? l->room * 2 : l->count + more;
    void *items = scale__resize(l->items, room * size);
    if (items == NULL) return false;
    l->items = items;
    l->room = room;
    return true;
}

/* =================================================================== cutting */

/* The value that the cursor stands before, as a document. */
static scale_status cut_document(scale_json_page *page, scale_json_cursor *cursor, scale_error *error) {
    if (!reserve(&page->documents, 1, sizeof(document)) ||
        !reserve(&page->members, SCALE__JSON_MOST_MEMBERS, sizeof(scale__json_member)))
        return scale__fail_no_memory(error);
    scale__json_member *members = (scale__json_member *)page->members.items + page->members.count;
    scale__json_search search = {.members = members, .base = page->text.data};
    scale_slice value;
    scale_status status = page->in_full ? scale__json_cursor_check(cursor, &value, error)
                                        : scale__json_cursor_search(cursor, &value, &search, error);
    if (status != SCALE_OK) return SCALE_ERROR;
    ((document *)page->documents.items)[page->documents.count++] = (document){
        (uint32_t)(value.data - page->text.data), (uint32_t)value.size, (uint32_t)page->members.count,
        search.regular ? (uint32_t)search.member_count : UNINDEXED, search.escapes};
    if (search.regular) page->members.count += search.member_count;
    return SCALE_OK;
}

static scale_status cut_documents(scale_json_page *page, scale_json_cursor *cursor, scale_error *error) {
    scale_json_cursor inner;
    int more;
    if (scale_json_cursor_enter(cursor, &inner, error) != SCALE_OK) return SCALE_ERROR;
    while ((more = scale_json_cursor_step(&inner, NULL, error)) == 1) {
        if (cut_document(page, &inner, error) != SCALE_OK) return SCALE_ERROR;
    }
    scale_json_cursor_leave(cursor, &inner);
    return more == 0 ? SCALE_OK : SCALE_ERROR;
}

static scale_status note_beside(scale_json_page *page, scale_json_cursor *cursor, scale_slice key,
                                scale_error *error) {
    beside found = {key, {NULL, 0}};
    if (scale_json_cursor_value(cursor, &found.value, error) != SCALE_OK) return SCALE_ERROR;
    if (!reserve(&page->beside, 1, sizeof found)) return scale__fail_no_memory(error);
    ((beside *)page->beside.items)[page->beside.count++] = found;
    return SCALE_OK;
}

/* Forgets members of that name that were no array. */
static void forget_beside(scale_json_page *page, const char *name) {
    beside *all = page->beside.items;
    size_t left = 0;
    for (size_t i = 0; i < page->beside.count; i++) {
        if (!scale_json_string_equals(all[i].key, name, strlen(name))) all[left++] = all[i];
    }
    page->beside.count = left;
}

/* The array of documents that the cursor stands before, or what is no array and has its name. */
static scale_status take_documents(scale_json_page *page, scale_json_cursor *cursor, scale_slice key,
                                   const char *name, scale_error *error) {
    page->documents.count = page->members.count = 0; /* the last of that name holds */
    forget_beside(page, name);
    page->has_documents = scale_json_cursor_type(cursor) == SCALE_JSON_TYPE_ARRAY;
    if (page->has_documents) return cut_documents(page, cursor, error);
    return note_beside(page, cursor, key, error);
}

static scale_status cut(scale_json_page *page, const char *name, scale_error *error) {
    scale_json_cursor cursor;
    scale_slice key;
    int more;
    if (page->text.size > UINT32_MAX) return scale__fail(error, SCALE_TOO_LARGE, "the page is too large");
    if (scale_json_cursor_init(&cursor, page->text, error) != SCALE_OK) return SCALE_ERROR;
    if (!cursor.object) {
        const scale__json_fault fault = {cursor.at - 1, "an object was expected"};
        return scale__json_report(error, page->text.data, &fault);
    }
    while ((more = scale_json_cursor_step(&cursor, &key, error)) == 1) {
        scale_status status = scale_json_string_equals(key, name, strlen(name))
                                  ? take_documents(page, &cursor, key, name, error)
                                  : note_beside(page, &cursor, key, error);
        if (status != SCALE_OK) return SCALE_ERROR;
    }
    return more == 0 ? SCALE_OK : SCALE_ERROR;
}

scale_status scale_json_page_new(scale_json_page **result, scale_slice text, const char *name, bool in_full,
                                 scale_error *error) {
    *result = NULL;
    scale_json_page *page = scale__allocate_zero(sizeof *page);
    if (page == NULL) return scale__fail_no_memory(error);
    page->text = (scale_slice){scale__json_start(text), text.size};
    page->in_full = in_full;
    if (cut(page, name, error) != SCALE_OK) {
        scale_json_page_free(page);
        return SCALE_ERROR;
    }
    *result = page;
    return SCALE_OK;
}

void scale__json_page_own(scale_json_page *page, scale__buffer *buffer, scale__spare *spare) {
    size_t size;
    page->room = buffer->room;
    page->owned = scale__buffer_take(buffer, &size);
    page->spare = scale__spare_hold(spare);
}

void scale_json_page_free(scale_json_page *page) {
    if (page == NULL) return;
    if (page->owned != NULL) scale__spare_give(page->spare, page->owned, page->room);
    scale__spare_leave(page->spare);
    scale__release(page->documents.items);
    scale__release(page->members.items);
    scale__release(page->beside.items);
    scale__release(page);
}

/* =================================================================== looking up */

ptrdiff_t scale_json_page_count(const scale_json_page *page) {
    return page->has_documents ? (ptrdiff_t)page->documents.count : -1;
}

scale_slice scale_json_page_text(const scale_json_page *page) {
    return page->text;
}

bool scale_json_page_is_checked(const scale_json_page *page) {
    return page->in_full;
}

static const document *document_at(const scale_json_page *page, size_t index) {
    return (const document *)page->documents.items + index;
}

scale_slice scale_json_page_document(const scale_json_page *page, size_t index) {
    const document *d = document_at(page, index);
    return (scale_slice){page->text.data + d->at, d->size};
}

/* Is the member of that name? Behind the name, white space may stand before the colon. */
static bool is_called(const scale_json_page *page, const scale__json_member *member, bool escapes,
                      const char *key, size_t size) {
    const char *name = page->text.data + member->name, *end = page->text.data + member->colon;
    while (scale__json_is_space(end[-1])) end--;
    if (escapes) return scale_json_string_equals((scale_slice){name, (size_t)(end - name)}, key, size);
    return (size_t)(end - name) == size + 2 && memcmp(name + 1, key, size) == 0;
}

scale_status scale_json_page_find(const scale_json_page *page, size_t index, const char *key, size_t key_size,
                                  scale_slice *value, scale_error *error) {
    const document *d = document_at(page, index);
    const scale__json_member *members = (const scale__json_member *)page->members.items + d->first;
    scale_slice whole = scale_json_page_document(page, index);
    if (d->count == UNINDEXED) return scale_json_find(whole, key, key_size, value, error);
    *value = (scale_slice){NULL, 0};
    for (size_t i = d->count; i-- > 0;) { /* the last of a name holds */
        if (!is_called(page, &members[i], d->escapes, key, key_size)) continue;
        const char *from = page->text.data + members[i].colon + 1;
        *value = scale__json_whole_value(from, whole.data + whole.size);
        if (value->data == NULL) return scale_json_find(whole, key, key_size, value, error);
        break;
    }
    return SCALE_OK;
}

bool scale_json_page_beside(const scale_json_page *page, size_t index, scale_slice *key, scale_slice *value) {
    if (index >= page->beside.count) return false;
    const beside *found = (const beside *)page->beside.items + index;
    *key = found->key;
    *value = found->value;
    return true;
}
