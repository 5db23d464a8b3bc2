/*
** failing.h - memory whose n-th allocation fails: use_failing_memory(), then set `fail_at` (0: none)
** and `allocations` to 0 before each run. `alive` counts blocks that were not released.
*/
#ifndef FAILING_H
#define FAILING_H

#include <stdlib.h>

#include "scaleapi.h"

static long allocations, fail_at, alive;

static void *failing_allocate(size_t size, void *user) {
    (void)user;
    if (++allocations == fail_at) return NULL;
    void *block = malloc(size);
    if (block != NULL) alive++;
    return block;
}

static void *failing_resize(void *block, size_t size, void *user) {
    if (block == NULL) return failing_allocate(size, user);
    return ++allocations == fail_at ? NULL : realloc(block, size);
}

static void failing_release(void *block, void *user) {
    (void)user;
    alive--;
    free(block);
}

static void use_failing_memory(void) {
    static const scale_memory hooks = {failing_allocate, failing_resize, failing_release, NULL};
    scale_set_memory(&hooks);
}

#endif
