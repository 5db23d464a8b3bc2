#include "buffer.h"

#include <string.h>

#include "alloc.h"

#define FIRST_ROOM 256

void scale__buffer_init(scale__buffer *buffer, size_t ceiling) {
    memset(buffer, 0, sizeof *buffer);
    buffer->ceiling = ceiling;
}

void scale__buffer_clear(scale__buffer *buffer) {
    scale__release(buffer->data);
    scale__buffer_init(buffer, buffer->ceiling);
}

void scale__buffer_empty(scale__buffer *buffer) {
    buffer->size = 0;
    buffer->state = SCALE__BUFFER_FINE;
    if (buffer->data != NULL) buffer->data[0] = '\0';
}

void scale__buffer_make_room(scale__buffer *buffer, size_t size) {
    if (buffer->data != NULL || size >= buffer->ceiling) return;
    buffer->data = scale__allocate(size + 1);
    if (buffer->data == NULL) {
        buffer->state = SCALE__BUFFER_NO_MEMORY;
        return;
    }
    buffer->data[0] = '\0';
    buffer->room = size + 1;
}

char *scale__buffer_reserve(scale__buffer *buffer, size_t size) {
    if (buffer->state != SCALE__BUFFER_FINE) return NULL;
    if (size > buffer->ceiling || buffer->size > buffer->ceiling - size) {
        buffer->state = SCALE__BUFFER_TOO_LARGE;
        return NULL;
    }
    size_t needed = buffer->size + size + 1;
    if (needed > buffer->room) {
        size_t room = buffer->room == 0 ? FIRST_ROOM : buffer->room;
        while (room < needed) room *= 2;
        if (room > buffer->ceiling + 1) room = buffer->ceiling + 1;
        char *data = scale__resize(buffer->data, room);
        if (data == NULL) {
            buffer->state = SCALE__BUFFER_NO_MEMORY;
            return NULL;
        }
        buffer->data = data;
        buffer->room = room;
    }
    return buffer->data + buffer->size;
}

void scale__buffer_advance(scale__buffer *buffer, size_t size) {
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

bool scale__buffer_append(scale__buffer *buffer, const void *bytes, size_t size) {
    char *place = scale__buffer_reserve(buffer, size);
    if (place == NULL) return false;
    if (size > 0) memcpy(place, bytes, size);
    scale__buffer_advance(buffer, size);
    return true;
}

bool scale__buffer_append_text(scale__buffer *buffer, const char *text) {
    return scale__buffer_append(buffer, text, strlen(text));
}

bool scale__buffer_append_byte(scale__buffer *buffer, char byte) {
    return scale__buffer_append(buffer, &byte, 1);
}

char *scale__buffer_take(scale__buffer *buffer, size_t *size) {
    if (scale__buffer_reserve(buffer, 0) == NULL) return NULL;
    scale__buffer_advance(buffer, 0);
    char *data = buffer->data;
    *size = buffer->size;
    scale__buffer_init(buffer, buffer->ceiling);
    return data;
}
