/*
** buffer.h - bytes that grow, up to a ceiling given at birth.
**
** A failed append (no memory, or over the ceiling) is remembered: later appends do nothing, so that
** a caller may append many times and look once, at the end.
*/
#ifndef SCALE_BUFFER_H
#define SCALE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

typedef enum scale__buffer_state {
    SCALE__BUFFER_FINE = 0,
    SCALE__BUFFER_NO_MEMORY,
    SCALE__BUFFER_TOO_LARGE
} scale__buffer_state;

typedef struct scale__buffer {
    char *data; /* NUL-ended once anything was appended; NULL before */
    size_t size;
    size_t room;
    size_t ceiling;
    scale__buffer_state state;
} scale__buffer;

void scale__buffer_init(scale__buffer *buffer, size_t ceiling); /* allocates nothing */
void scale__buffer_clear(scale__buffer *buffer);                /* frees, and is as after init */
void scale__buffer_empty(scale__buffer *buffer);                /* keeps the memory, forgets a failure */

bool scale__buffer_append(scale__buffer *buffer, const void *bytes, size_t size);
bool scale__buffer_append_text(scale__buffer *buffer, const char *text);
bool scale__buffer_append_byte(scale__buffer *buffer, char byte);

/* Makes room for `size` more bytes and returns where they go, or NULL. Follow with _advance. */
char *scale__buffer_reserve(scale__buffer *buffer, size_t size);
void scale__buffer_advance(scale__buffer *buffer, size_t size);

/* Into an empty buffer so many bytes are to come: makes room for them at once, if it has none yet. */
void scale__buffer_make_room(scale__buffer *buffer, size_t size);

/* Hands the bytes over (NUL-ended, free with scale__release); the buffer is as after init.
** NULL when it had failed or memory ran out. */
char *scale__buffer_take(scale__buffer *buffer, size_t *size);

#endif
