/*
** list.c - a list that comes page by page: the page in use, and the one after it on its way or waiting.
** What is next is paging.c's to say.
**
** A page that arrives is judged at once, by its call's done function: an empty one that is not the last
** asks for the next. One that has documents waits until the one before it was read.
*/
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "call.h"
#include "error.h"

#define PUMP_EVERY 32 /* documents between two looks at the network while the program works */

struct scale_list {
    scale_call *request; /* never started: what the call of each page is a copy of */
    scale_call *call;    /* that of the page under way, or NULL */
    scale_json_page *page, *coming;
    size_t next;   /* the document of `page` that is next */
    bool has_more; /* behind `coming` */
    scale_paging paging;
    scale_listed_fn ready;
    void *user;
    scale_error failure; /* what comes when all pages that are there were read */
};

/* ==================================================================== fetching */

static void on_page(scale_call *call, void *user);

/* Asks for the page that `request` describes by now. */
static void fetch(scale_list *list) {
    scale_call *call = NULL;
    if (scale__call_copy(&call, list->request, &list->failure) == SCALE_OK &&
        scale_call_start(call, on_page, list, &list->failure) == SCALE_OK)
        list->call = call;
    else
        scale_call_free(call);
}

/* The page after the one that paging.c saw last. */
static void fetch_next(scale_list *list) {
    static const char *const places[] = {"next_token", "cursor", "offset"};
    const scale_paging *paging = &list->paging;
    scale_call *request = list->request;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) scale__call_unset(request, places[i]);
    scale_status status =
        request->operation->page == SCALE_PAGE_TOKEN
            ? scale_call_set_text(request, "next_token", paging->token, paging->token_size, &list->failure)
            : scale_call_set_integer(request, "offset", paging->offset, &list->failure);
    if (status == SCALE_OK) fetch(list);
}

/* Takes what the call came to, and frees it. */
static void take(scale_list *list, scale_call *call) {
    const scale_error *error = scale_call_error(call);
    scale_json_page *page = scale_call_take_page(call);
    if (error->kind != SCALE_NONE) list->failure = *error;
    scale_call_free(call);
    if (page == NULL) return;
    list->has_more = scale_paging_next(&list->paging, page, &list->failure) == 1;
    if (list->has_more && scale_json_page_count(page) == 0) {
        scale_json_page_free(page);
        fetch_next(list);
    } else {
        list->coming = page;
    }
}

static void on_page(scale_call *call, void *user) {
    scale_list *list = user;
    list->call = NULL;
    take(list, call);
    if (list->call == NULL && list->ready != NULL) list->ready(list, list->user);
}

/* A call that has ended may not have been delivered yet, and never is when client or loop are closed. */
static void settle(scale_list *list) {
    while (list->call != NULL && scale_call_is_done(list->call)) {
        scale_call *call = list->call;
        list->call = NULL;
        take(list, call);
    }
}

/* ===================================================================== reading */

static bool has_document(const scale_list *list) {
    return list->page != NULL && list->next < (size_t)scale_json_page_count(list->page);
}

bool scale_list_is_ready(scale_list *list) {
    if (has_document(list)) return true;
    settle(list);
    return list->call == NULL;
}

/* Lets the page under way come along while the program works; what goes wrong is told when it waits for it.
 */
static void pump(const scale_list *list) {
    bool under_way = list->call != NULL && !scale_call_is_done(list->call);
    if (under_way && list->ready == NULL) scale_loop_step(list->call->loop, 0, NULL);
}

/* Until the next page, the end or an error is there. */
static scale_status wait_for_page(scale_list *list, scale_error *error) {
    for (settle(list); list->call != NULL; settle(list))
        if (scale_loop_step(list->call->loop, -1, error) != SCALE_OK) return SCALE_ERROR;
    return SCALE_OK;
}

int scale_list_next_page(scale_list *list, scale_error *error) {
    if (list->coming == NULL && wait_for_page(list, error) != SCALE_OK) return -1;
    if (list->coming == NULL) {
        if (has_document(list)) list->next = (size_t)scale_json_page_count(list->page);
        if (list->failure.kind == SCALE_NONE) return 0;
        if (error != NULL && error->kind == SCALE_NONE) *error = list->failure;
        return -1;
    }
    scale_json_page_free(list->page);
    list->page = list->coming;
    list->coming = NULL;
    list->next = 0;
    if (list->has_more) fetch_next(list);
    pump(list);
    return 1;
}

int scale_list_next(scale_list *list, scale_slice *document, scale_error *error) {
    while (!has_document(list)) {
        int turned = scale_list_next_page(list, error);
        if (turned != 1) return turned;
    }
    if (list->next % PUMP_EVERY == PUMP_EVERY - 1) pump(list);
    *document = scale_json_page_document(list->page, list->next++);
    return 1;
}

scale_status scale_list_find(const scale_list *list, const char *key, size_t key_size, scale_slice *value,
                             scale_error *error) {
    *value = (scale_slice){NULL, 0};
    if (list->page == NULL || list->next == 0)
        return scale__fail(error, SCALE_USAGE, "there is no document to find %.*s in", (int)key_size, key);
    return scale_json_page_find(list->page, list->next - 1, key, key_size, value, error);
}

const scale_json_page *scale_list_page(const scale_list *list) {
    return list->page;
}

scale_json_page *scale_list_take_page(scale_list *list) {
    scale_json_page *page = list->page;
    list->page = NULL;
    list->next = 0;
    return page;
}

/* ============================================================== life and death */

/* The text that stands for a value in a query, decoded in place. */
static size_t decode(char *text) {
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        char digits[3] = {0};
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        memcpy(digits, from + 1, 2);
        *to++ = (char)strtol(digits, NULL, 16);
        from += 2;
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* Where the caller wants to begin. */
static scale_status begin_paging(scale_list *list, scale_error *error) {
    const scale_call *request = list->request;
    char *token = NULL, *offset = NULL;
    scale_status status = SCALE_ERROR;
    if (scale__call_query_value(request, "next_token", &token) &&
        scale__call_query_value(request, "offset", &offset)) {
        size_t size = token == NULL ? 0 : decode(token);
        status = scale_paging_init(&list->paging, request->operation, token, size,
                                   offset == NULL ? 0 : strtoll(offset, NULL, 10), error);
    } else {
        scale__fail_no_memory(error);
    }
    scale__release(token);
    scale__release(offset);
    return status;
}

static scale_status check(const scale_call *call, scale_error *error) {
    if (call == NULL) return scale__fail(error, SCALE_USAGE, "a list needs a call");
    const char *name = call->operation->name;
    if (call->started) return scale__fail(error, SCALE_USAGE, "%s was started already", name);
    if (call->operation->page != SCALE_PAGE_NONE) return SCALE_OK;
    return scale__fail(error, SCALE_USAGE, "%s is no list that comes page by page", name);
}

scale_status scale_list_open(scale_list **result, scale_call *call, scale_listed_fn ready, void *user,
                             scale_error *error) {
    *result = NULL;
    scale_list *list = check(call, error) == SCALE_OK ? scale__allocate_zero(sizeof *list) : NULL;
    if (list == NULL) {
        scale_call_free(call);
        return scale__fail_no_memory(error); /* unless it was wrong use: the first error wins */
    }
    list->request = call;
    list->ready = ready;
    list->user = user;
    list->failure.retry_after = -1;
    if (begin_paging(list, error) == SCALE_OK) fetch(list);
    if (list->call == NULL) {
        if (error != NULL && error->kind == SCALE_NONE) *error = list->failure;
        scale_list_free(list);
        return SCALE_ERROR;
    }
    *result = list;
    return SCALE_OK;
}

/* Drops what was fetched and not read. */
static void drop(scale_list *list) {
    scale_call_free(list->call);
    scale_json_page_free(list->coming);
    list->call = NULL;
    list->coming = NULL;
}

void scale_list_cancel(scale_list *list) {
    drop(list);
    if (list->page != NULL) list->next = (size_t)scale_json_page_count(list->page);
    scale__fail(&list->failure, SCALE_CANCELED, "canceled");
    list->failure.operation = list->request->operation->name;
}

void scale_list_free(scale_list *list) {
    if (list == NULL) return;
    drop(list);
    scale_json_page_free(list->page);
    scale_call_free(list->request);
    scale_paging_clear(&list->paging);
    scale__release(list);
}
