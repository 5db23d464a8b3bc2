/*
** paging.c - how a list goes on: what asks for the page after this one, and when a server that contradicts
** itself would make that a loop for ever. Knows pages, and no calls.
*/
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "error.h"

#define MOST_EMPTY_PAGES 10 /* in a row, each of which says that there is more */

scale_status scale_paging_init(scale_paging *paging, const scale_operation *operation, const char *token,
                               size_t token_size, int64_t offset, scale_error *error) {
    memset(paging, 0, sizeof *paging);
    if (operation->page == SCALE_PAGE_NONE)
        return scale__fail(error, SCALE_USAGE, "%s does not come page by page", operation->name);
    paging->operation = operation;
    paging->offset = offset;
    if (token == NULL) return SCALE_OK;
    paging->token = scale__copy(token, token_size);
    paging->token_size = token_size;
    return paging->token != NULL ? SCALE_OK : scale__fail_no_memory(error);
}

void scale_paging_clear(scale_paging *paging) {
    scale__release(paging->token);
    scale__release(paging->old_token);
    paging->token = paging->old_token = NULL;
}

/* ================================================================ what a page says */

/* What stands beside the documents under that name; data is NULL where nothing or null does. */
static scale_slice beside(const scale_json_page *page, const char *name) {
    scale_slice found = {NULL, 0}, key, value;
    for (size_t i = 0; scale_json_page_beside(page, i, &key, &value); i++)
        if (scale_json_string_equals(key, name, strlen(name))) found = value;
    if (scale_json_type_of(found) == SCALE_JSON_TYPE_NULL) found = (scale_slice){NULL, 0};
    return found;
}

static bool is_word(scale_slice value, const char *word) {
    return value.data != NULL && value.size == strlen(word) && memcmp(value.data, word, value.size) == 0;
}

static size_t count_of(const scale_json_page *page) {
    ptrdiff_t count = scale_json_page_count(page);
    return count > 0 ? (size_t)count : 0;
}

static int contradict(const scale_paging *paging, scale_error *error, const char *what) {
    scale__fail(error, SCALE_BAD_ANSWER, "%s", what);
    if (error != NULL) {
        error->operation = paging->operation->name;
        error->attempts = 1;
    }
    return -1;
}

/* ======================================================================= by a token */

static bool is_same(const char *a, size_t a_size, const char *b, size_t b_size) {
    return a != NULL && a_size == b_size && memcmp(a, b, a_size) == 0;
}

/* A list must not go round in circles: each token is compared with one from before, which is chosen anew
** after 1, 2, 4, 8, … pages, so that a circle of any length is noticed. Takes the token over, or frees it. */
static int take_token(scale_paging *paging, char *token, size_t size, scale_error *error) {
    if (is_same(paging->token, paging->token_size, token, size) ||
        is_same(paging->old_token, paging->old_token_size, token, size)) {
        scale__release(token);
        return contradict(paging, error, "the server gave the same next_token twice");
    }
    char *previous = paging->token;
    paging->pages++;
    if (previous != NULL && (paging->pages & (paging->pages - 1)) == 0) {
        scale__release(paging->old_token);
        paging->old_token = previous;
        paging->old_token_size = paging->token_size;
        previous = NULL;
    }
    scale__release(previous);
    paging->token = token;
    paging->token_size = size;
    return 1;
}

static int read_token(scale_paging *paging, scale_slice value, scale_error *error) {
    scale_error problem = SCALE_ERROR_INIT;
    size_t size = 0;
    if (scale_json_type_of(value) != SCALE_JSON_TYPE_STRING)
        return contradict(paging, error, "next_token of the answer is not a string");
    char *token = scale__allocate(value.size + 1);
    if (token == NULL) {
        scale__fail_no_memory(error);
        return -1;
    }
    if (scale_json_string(value, token, &size, &problem) != SCALE_OK) {
        scale__release(token);
        return contradict(paging, error, problem.message);
    }
    token[size] = '\0';
    return take_token(paging, token, size, error);
}

static int next_by_token(scale_paging *paging, const scale_json_page *page, scale_error *error) {
    scale_slice token = beside(page, "next_token"), more = beside(page, "has_more");
    bool no_token = token.data == NULL;
    if (is_word(more, "false") || (more.data == NULL && no_token) || is_word(token, "\"\"")) return 0;
    if (no_token && count_of(page) == 0) return 0;
    if (no_token)
        return contradict(paging, error, "the server says that there is more, but gives no next_token");
    paging->empty_pages = count_of(page) == 0 ? paging->empty_pages + 1 : 0;
    int next = read_token(paging, token, error);
    if (next != 1 || paging->empty_pages < MOST_EMPTY_PAGES) return next;
    char text[64];
    snprintf(text, sizeof text, "the server gave %d empty pages in a row", MOST_EMPTY_PAGES);
    return contradict(paging, error, text);
}

/* ====================================================================== by an offset */

/* FNV-1a, which is as good as the bytes where nobody looks for two that are alike. */
static uint64_t digest(uint64_t start, scale_slice text) {
    for (size_t i = 0; i < text.size; i++)
        start = (start ^ (unsigned char)text.data[i]) * UINT64_C(1099511628211);
    return start;
}

/* The page's first and last document tell it from others. */
static uint64_t digest_of(const scale_json_page *page) {
    uint64_t first = digest(UINT64_C(14695981039346656037), scale_json_page_document(page, 0));
    return digest(first, scale_json_page_document(page, count_of(page) - 1));
}

static int next_by_offset(scale_paging *paging, const scale_json_page *page, scale_error *error) {
    scale_json_number limit;
    size_t count = count_of(page);
    if (!is_word(beside(page, "has_more"), "true") || count == 0) return 0;
    uint64_t documents = digest_of(page);
    if (paging->documents == documents)
        return contradict(paging, error, "the server gave the same page twice");
    paging->documents = documents;
    bool known = scale_json_number_read(beside(page, "limit"), &limit) && limit.kind == SCALE_JSON_INTEGER &&
                 limit.integer > 0;
    int64_t step = known ? limit.integer : (int64_t)count;
    paging->offset = paging->offset > INT64_MAX - step ? INT64_MAX : paging->offset + step;
    return 1;
}

int scale_paging_next(scale_paging *paging, const scale_json_page *page, scale_error *error) {
    return paging->operation->page == SCALE_PAGE_TOKEN ? next_by_token(paging, page, error)
                                                       : next_by_offset(paging, page, error);
}
