/*
** json_text.h - texts for the tests of the codec, in memory that ends where they end, so that reading
** a byte too much is found by the address sanitizer.
*/
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "scaleapi.h"

/* Needs text_free. */
static inline scale_slice text_of(const char *bytes, size_t size) {
    char *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL) abort();
    if (size > 0) memcpy(copy, bytes, size);
    return (scale_slice){copy, size};
}

static inline void text_free(scale_slice text) {
    free((char *)text.data);
}

/* `count` times the same byte or bytes. Needs text_free. */
static inline scale_slice text_repeat(const char *bytes, size_t count) {
    size_t size = strlen(bytes);
    char *copy = malloc(size * count + 1);
    if (copy == NULL) abort();
    for (size_t i = 0; i < count; i++) memcpy(copy + i * size, bytes, size);
    return (scale_slice){copy, size * count};
}

/* The message of the error that checking gives; "" when the text is JSON. */
static inline const char *text_problem(const char *bytes, size_t size) {
    static scale_error error;
    scale_slice text = text_of(bytes, size);
    error = (scale_error)SCALE_ERROR_INIT;
    scale_status status = scale_json_check(text, NULL, &error);
    text_free(text);
    if ((status == SCALE_OK) != (error.kind == SCALE_NONE)) return "status and error differ";
    return status == SCALE_OK || error.kind == SCALE_BAD_JSON ? error.message : "not bad_json";
}

static inline bool text_is(scale_slice slice, const char *expected) {
    return slice.data != NULL && slice.size == strlen(expected) &&
           memcmp(slice.data, expected, slice.size) == 0;
}

#endif
