#include "alloc.h"

#include <stdlib.h>
#include <string.h>

#include "scaleapi.h"

static void *default_allocate(size_t size, void *user) {
    (void)user;
    return malloc(size);
}

static void *default_resize(void *block, size_t size, void *user) {
    (void)user;
    return realloc(block, size);
}

static void default_release(void *block, void *user) {
    (void)user;
    free(block);
}

static const scale_memory default_memory = {default_allocate, default_resize, default_release, NULL};
static scale_memory memory = {default_allocate, default_resize, default_release, NULL};

void scale_set_memory(const scale_memory *hooks) {
    bool whole = hooks != NULL && hooks->allocate != NULL && hooks->resize != NULL && hooks->release != NULL;
    memory = whole ? *hooks : default_memory;
}

void *scale__allocate(size_t size) {
    return memory.allocate(size == 0 ? 1 : size, memory.user);
}

void *scale__allocate_zero(size_t size) {
    void *block = scale__allocate(size);
    if (block != NULL) memset(block, 0, size);
    return block;
}

void *scale__resize(void *block, size_t size) {
    return memory.resize(block, size == 0 ? 1 : size, memory.user);
}

void scale__release(void *block) {
    if (block != NULL) memory.release(block, memory.user);
}

char *scale__copy(const char *text, size_t size) {
    char *copy = scale__allocate(size + 1);
    if (copy == NULL) return NULL;
    if (size > 0) memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *scale__copy_text(const char *text) {
    return text == NULL ? NULL : scale__copy(text, strlen(text));
}

bool scale__copy_into(char **place, const char *text) {
    *place = scale__copy_text(text);
    return text == NULL || *place != NULL;
}
