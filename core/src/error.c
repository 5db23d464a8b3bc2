#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
#define SCALE_KIND_NAME(id, name) [id] = name,
    SCALE_KINDS(SCALE_KIND_NAME)
#undef SCALE_KIND_NAME
};

const char *scale_kind_name(scale_kind kind) {
    return (unsigned)kind < SCALE_KIND_COUNT ? kind_names[kind] : "unknown";
}

/* The largest length up to `size` that does not end inside a UTF-8 sequence. */
static size_t whole_characters(const char *text, size_t size) {
    size_t end = size;
    while (end > 0 && size - end < 4 && ((unsigned char)text[end - 1] & 0xC0) == 0x80) end--;
    if (end == 0) return size;
    unsigned char lead = (unsigned char)text[end - 1];
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return end - 1 + length <= size ? size : end - 1;
}

void scale__fit_text(char *into, size_t room, const char *text, size_t size) {
    if (size >= room) size = whole_characters(text, room - 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        into[i] = byte < 0x20 || byte == 0x7F ? ' ' : text[i];
    }
    into[size] = '\0';
}

void scale__error_set_message(scale_error *error, const char *text, size_t size) {
    scale__fit_text(error->message, sizeof error->message, text, size);
}

scale_status scale__fail(scale_error *error, scale_kind kind, const char *format, ...) {
    if (error == NULL || error->kind != SCALE_NONE) return SCALE_ERROR;
    char text[SCALE_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) length = 0;
    size_t size = (size_t)length < sizeof text ? (size_t)length : whole_characters(text, sizeof text - 1);
    scale__error_set_message(error, text, size);
    error->kind = kind;
    return SCALE_ERROR;
}

scale_status scale__fail_no_memory(scale_error *error) {
    return scale__fail(error, SCALE_NO_MEMORY, "out of memory");
}

scale_kind scale__kind_of_status(int code) {
    switch (code) {
    case 400:
    case 422: return SCALE_INVALID_REQUEST;
    case 401: return SCALE_UNAUTHORIZED;
    case 402: return SCALE_NOT_ENABLED;
    case 403: return SCALE_FORBIDDEN;
    case 404: return SCALE_NOT_FOUND;
    case 408:
    case 504: return SCALE_TIMEOUT;
    case 409: return SCALE_DUPLICATE;
    case 413: return SCALE_TOO_LARGE;
    case 429: return SCALE_TOO_MANY_REQUESTS;
    case 503: return SCALE_UNAVAILABLE;
    default: return code >= 500 && code < 600 ? SCALE_INTERNAL : SCALE_UNEXPECTED_STATUS;
    }
}
