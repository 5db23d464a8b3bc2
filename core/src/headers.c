/*
** headers.c - the headers of a request as the lists that libcurl takes: the key, what the body is, and those
** that a program gives itself. Only transfer.c knows of them.
*/
#include "headers.h"

#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "buffer.h"

static bool append_header(struct curl_slist **list, const char *header) {
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer == NULL) return false;
    *list = longer;
    return true;
}

static bool append_line(struct curl_slist **list, const char *name, const char *value) {
    scale__buffer line;
    scale__buffer_init(&line, (size_t)-1 / 4);
    scale__buffer_append_text(&line, name);
    scale__buffer_append_text(&line, ": ");
    bool fine = scale__buffer_append(&line, value, strlen(value) + 1) && append_header(list, line.data);
    scale__buffer_clear(&line);
    return fine;
}

/* Appends the key as a user name without a password. */
static bool append_basic(scale__buffer *line, const char *key) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t size = strlen(key) + 1;
    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = 0;
        for (size_t j = i; j < i + 3; j++) {
            unsigned char byte = j + 1 < size ? (unsigned char)key[j] : j + 1 == size ? ':' : 0;
            bits = bits << 8 | byte;
        }
        scale__buffer_append_byte(line, letters[bits >> 18 & 63]);
        scale__buffer_append_byte(line, letters[bits >> 12 & 63]);
        scale__buffer_append_byte(line, i + 1 < size ? letters[bits >> 6 & 63] : '=');
        scale__buffer_append_byte(line, i + 2 < size ? letters[bits & 63] : '=');
    }
    return line->state == SCALE__BUFFER_FINE;
}

/*
** The key stands in a header of our own: were libcurl told of it as a user name, it would put it into the
** addresses that redirects lead to.
*/
static bool append_key(struct curl_slist **list, const char *key, bool bearer) {
    scale__buffer value;
    scale__buffer_init(&value, (size_t)-1 / 4);
    scale__buffer_append_text(&value, bearer ? "Bearer " : "Basic ");
    bool fine = bearer ? scale__buffer_append_text(&value, key) : append_basic(&value, key);
    fine = fine && scale__buffer_append_byte(&value, '\0') && append_line(list, "Authorization", value.data);
    scale__buffer_clear(&value);
    return fine;
}

/* What libcurl would name if it were asked to write the header itself. */
static const char *accepted_encodings(void) {
    int features = curl_version_info(CURLVERSION_NOW)->features;
    bool brotli = (features & CURL_VERSION_BROTLI) != 0, zstd = (features & CURL_VERSION_ZSTD) != 0;
    if ((features & CURL_VERSION_LIBZ) == 0) return "Accept-Encoding:";
    if (brotli)
        return zstd ? "Accept-Encoding: deflate, gzip, br, zstd" : "Accept-Encoding: deflate, gzip, br";
    return zstd ? "Accept-Encoding: deflate, gzip, zstd" : "Accept-Encoding: deflate, gzip";
}

/* A header without a value is taken out. */
static bool append_by_body(struct curl_slist **list, scale__body_kind body) {
    static const char *const types[] = {[SCALE__NO_BODY] = "Content-Type:",
                                        [SCALE__JSON_BODY] = "Content-Type: application/json",
                                        [SCALE__LARGE_JSON_BODY] = "Content-Type: application/json",
                                        [SCALE__PARTS_BODY] = NULL};
    bool waits = body == SCALE__LARGE_JSON_BODY || body == SCALE__PARTS_BODY;
    const char *encodings = body == SCALE__NO_BODY ? accepted_encodings() : "Accept-Encoding:";
    if (waits && !append_header(list, "Expect:")) return false; /* an upload need not wait for a 100 */
    return append_header(list, encodings) && (types[body] == NULL || append_header(list, types[body]));
}

/*
** User-Agent and Accept-Encoding stand here since libcurl would print them twice for each request. To print
** is a quarter of all that it does for one, so the fewer the better: what is answered to a body is about as
** large as the body, which was not compressed either.
*/
bool scale__headers_make(scale__headers *headers, const char *key, const char *user_agent) {
    for (size_t bearer = 0; bearer < 2; bearer++) {
        for (size_t body = 0; body < SCALE__BODY_KINDS; body++) {
            struct curl_slist **list = &headers->api[bearer][body];
            bool fine = append_key(list, key, bearer == 1) && append_line(list, "User-Agent", user_agent) &&
                        append_by_body(list, (scale__body_kind)body);
            if (!fine) return false;
        }
    }
    return append_line(&headers->proxy, "User-Agent", user_agent);
}

void scale__headers_free(scale__headers *headers) {
    for (size_t i = 0; i < SCALE__BODY_KINDS; i++) {
        curl_slist_free_all(headers->api[0][i]);
        curl_slist_free_all(headers->api[1][i]);
    }
    curl_slist_free_all(headers->proxy);
}

/* ================================================================ one request */

/* libcurl writes a header without a value with a semicolon; with a colon, it takes the header out. */
static bool append_own_header(struct curl_slist **list, const char *line) {
    const char *colon = strchr(line, ':');
    if (colon[1 + strspn(colon + 1, " \t")] != '\0') return append_header(list, line);
    char *empty = scale__copy(line, (size_t)(colon - line) + 1);
    if (empty == NULL) return false;
    empty[colon - line] = ';';
    bool fine = append_header(list, empty);
    scale__release(empty);
    return fine;
}

bool scale__headers_own(struct curl_slist **list, const char *const *lines) {
    bool typed = false, fine = append_header(list, "Expect:");
    for (; fine && *lines != NULL; lines++) {
        typed = typed || strncasecmp(*lines, "Content-Type:", 13) == 0;
        fine = append_own_header(list, *lines);
    }
    return fine && (typed || append_header(list, "Content-Type:"));
}

bool scale__headers_idempotent(struct curl_slist **list, const struct curl_slist *of_api, const char *key) {
    bool fine = true;
    for (; fine && of_api != NULL; of_api = of_api->next) fine = append_header(list, of_api->data);
    return fine && append_line(list, "Idempotency-Key", key);
}
