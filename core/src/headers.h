/*
** headers.h - the headers of requests, as libcurl takes them. For transfer.c.
*/
#ifndef SCALE_HEADERS_H
#define SCALE_HEADERS_H

#include <curl/curl.h>
#include <stdbool.h>

/* libcurl itself announces larger bodies, and waits whether they are welcome, unless it is told not to. */
#define SCALE__MOST_AT_ONCE ((size_t)1000000)

/* What a request carries, which decides over its headers. */
typedef enum scale__body_kind {
    SCALE__NO_BODY,
    SCALE__JSON_BODY,
    SCALE__LARGE_JSON_BODY, /* more than SCALE__MOST_AT_ONCE */
    SCALE__PARTS_BODY,
    SCALE__BODY_KINDS
} scale__body_kind;

/* What all requests with one key have in common. Zero: there is no key. */
typedef struct scale__headers {
    struct curl_slist *api[2][SCALE__BODY_KINDS]; /* by whether the key is a bearer token, and by body */
    struct curl_slist *proxy;                     /* for a proxy that is to open a tunnel */
} scale__headers;

/* False: no memory; what was made is to be freed all the same. */
bool scale__headers_make(scale__headers *headers, const char *key, const char *user_agent);
void scale__headers_free(scale__headers *headers);

/* Those of one request alone are appended to `list`, which is the caller's. False: no memory. The first gives
** a program's own lines ("Name: value", NULL after the last); the second the API's, and the key that makes it
** safe to send the request again. */
bool scale__headers_own(struct curl_slist **list, const char *const *lines);
bool scale__headers_idempotent(struct curl_slist **list, const struct curl_slist *of_api, const char *key);

#endif
