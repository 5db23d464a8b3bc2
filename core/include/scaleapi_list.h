/*
** scaleapi_list.h - lists that come page by page, read document by document. Part of scaleapi.h.
**
**     scale_call_new(&call, client, scale_operation_find("get_tasks"), NULL, &error);
**     scale_call_set_text(call, "project_name", "kittens", 7, &error);
**     scale_list_open(&list, call, NULL, NULL, &error);
**     while ((got = scale_list_next(list, &task, &error)) == 1) …
**     scale_list_free(list);
**
** While the program works on a page, the next one is on its way; no more than one is fetched in vain. A
** server that goes round in circles, gives a page twice, or says that there is more and does not give it,
** is found out: the list ends with an error. An error comes after the documents that came before it.
*/
#include "scaleapi.h" /* which includes this file in its turn */

#ifndef SCALEAPI_LIST_H
#define SCALEAPI_LIST_H

#ifdef __cplusplus
extern "C" {
#endif

/* ==================================================================== list */

typedef struct scale_list scale_list;

/* Called from scale_loop_step each time a page, the end or an error has come that scale_list_next can give
** without waiting. It may read, cancel and free the list. */
typedef void (*scale_listed_fn)(scale_list *list, void *user);

/* Opens the list that `call` asks for: its arguments say which, from where on, and how long a page is; its
** options hold for the call of each page. The first page is asked for at once. The call is the list's from
** now on, also when this fails: it is not to be started or freed. With a `ready` function the list never
** steps the loop but to wait, as it must where scale_list_next is called too early; without (NULL),
** scale_list_next steps it now and then, so that the next page comes along while a program without a loop
** of its own works on this one. The client outlives the list. Errors: usage (the operation is no list that
** comes page by page, or something is missing), closed, no_memory. */
SCALE_API scale_status scale_list_open(scale_list **list, scale_call *call, scale_listed_fn ready, void *user,
                                       scale_error *error);

/* The next document: 1; 0 at the end; -1 and an error, the same each time from then on. Waits for it, if it
** must, by stepping the loop. `document` is the page's: it is there until scale_list_next or
** scale_list_next_page is called again, or the list is freed. Errors: those of the calls; bad_answer also
** when the server contradicts itself; canceled. One of the loop itself, `network`, does not end the list. */
SCALE_API int scale_list_next(scale_list *list, scale_slice *document, scale_error *error);

/* True when scale_list_next will not wait: a document, the end or an error is at hand. */
SCALE_API bool scale_list_is_ready(scale_list *list);

/* A field of the document that scale_list_next gave last; value->data is NULL when it has none of that name.
** Quicker than scale_json_find: the page knows where fields are. Errors: usage (there is no such document),
** bad_json. */
SCALE_API scale_status scale_list_find(const scale_list *list, const char *key, size_t key_size,
                                       scale_slice *value, scale_error *error);

/* Page by page: passes over what is left of the page in use and makes the next one that. Gives 1, 0 or -1,
** and waits, as scale_list_next does. The last page may have no documents. Errors: those of
** scale_list_next. */
SCALE_API int scale_list_next_page(scale_list *list, scale_error *error);

/* The page in use, or NULL before the first: its documents, and what stands beside them (total, …). Borrowed,
** as a document is. */
SCALE_API const scale_json_page *scale_list_page(const scale_list *list);

/* The same, to be freed by the caller with scale_json_page_free, which needs the list no more; the
** documents of it stay where they are. scale_list_next goes on with the next page. */
SCALE_API scale_json_page *scale_list_take_page(scale_list *list);

/* Ends the list with kind `canceled`, unless it ended with an error before: what was not read yet is dropped,
** and a page under way too. The `ready` function is not called any more. */
SCALE_API void scale_list_cancel(scale_list *list);

/* Frees the list at any point, and what is under way; but not while it waits in scale_list_next further up
** the stack. NULL is fine. */
SCALE_API void scale_list_free(scale_list *list);

/* ================================================================== paging */

/*
** What is next, for those who make the calls for the pages themselves: how a list goes on, and whether the
** server leads them in circles. In memory of the caller's.
*/
typedef struct scale_paging {
    const scale_operation *operation;
    char *token; /* of SCALE_PAGE_TOKEN: the next page's next_token, NUL-ended, or NULL at first; the struct's
                  */
    size_t token_size;
    int64_t offset; /* of SCALE_PAGE_OFFSET: the next page's offset */

    /* the rest is its own */
    char *old_token;
    size_t old_token_size;
    uint64_t documents;
    unsigned pages, empty_pages;
} scale_paging;

/* Begins before the first page of a list. `token` (may be NULL) and `offset` are what that one is asked for
** with. Errors: no_memory, usage (the operation is no list that comes page by page). */
SCALE_API scale_status scale_paging_init(scale_paging *paging, const scale_operation *operation,
                                         const char *token, size_t token_size, int64_t offset,
                                         scale_error *error);

/* Frees what it holds. One that scale_paging_init failed on, or that is all zero, is fine. */
SCALE_API void scale_paging_clear(scale_paging *paging);

/* What comes after `page`: 1, and the next one is asked for with paging->token or paging->offset, and with
** no other parameter that says where to begin (next_token, cursor, offset); 0, it was the last; -1 and an
** error, the server contradicts itself. Errors: bad_answer, no_memory. */
SCALE_API int scale_paging_next(scale_paging *paging, const scale_json_page *page, scale_error *error);

#ifdef __cplusplus
}
#endif

#endif
