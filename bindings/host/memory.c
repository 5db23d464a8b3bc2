/*
** memory.c - the memory of the host's Lua state. Almost all that Lua asks for are blocks of a few bytes, and
*it says how
** large a block is when it frees it: such blocks are cut from large ones and kept, by size, for the next of
*that size.
** They go back to the system when the state is closed. Larger ones are the C library's.
**
** With a sanitizer all blocks are the C library's, so that it sees every one of them.
*/
#include <lua.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LARGEST 0
#else
#define LARGEST 256 /* of the blocks that are kept */
#endif
#define STEP       16 /* between two sizes, and what every block is aligned to */
#define CHUNK_SIZE ((size_t)64 << 10)

typedef struct spare_block {
    struct spare_block *next;
} spare_block;

typedef union chunk {
    union chunk *next;
    max_align_t aligned;
} chunk;

static struct {
    spare_block *spare[LARGEST / STEP + 1]; /* by size */
    chunk *chunks;
    char *at, *end; /* what is left of the newest chunk */
} memory;

static size_t class_of(size_t size) {
    return (size + STEP - 1) / STEP;
}

static void *cut(size_t size) {
    if ((size_t)(memory.end - memory.at) < size) {
        chunk *fresh = malloc(CHUNK_SIZE);
        if (fresh == NULL) return NULL;
        fresh->next = memory.chunks;
        memory.chunks = fresh;
        memory.at = (char *)(fresh + 1);
        memory.end = (char *)fresh + CHUNK_SIZE;
    }
    void *block = memory.at;
    memory.at += size;
    return block;
}

static void *take(size_t size) {
    if (size > LARGEST) return malloc(size);
    spare_block *block = memory.spare[class_of(size)];
    if (block == NULL) return cut(class_of(size) * STEP);
    memory.spare[class_of(size)] = block->next;
    return block;
}

static void give(void *block, size_t size) {
    if (size > LARGEST) {
        free(block);
    } else {
        spare_block *spare = block;
        spare->next = memory.spare[class_of(size)];
        memory.spare[class_of(size)] = spare;
    }
}

/* A lua_Alloc. */
static void *resize(void *unused, void *block, size_t old, size_t size) {
    (void)unused;
    if (block == NULL) return size == 0 ? NULL : take(size);
    if (size == 0) {
        give(block, old);
        return NULL;
    }
    if (old > LARGEST && size > LARGEST) return realloc(block, size);
    if (old <= LARGEST && size <= LARGEST && class_of(old) == class_of(size)) return block;
    void *moved = take(size);
    if (moved == NULL) return NULL;
    memcpy(moved, block, old < size ? old : size);
    give(block, old);
    return moved;
}

/* ==================================================================== the state */

/* A lua_WarnFunction: silent until it is told "@on", as Lua's own is. */
static void warn(void *user, const char *message, int to_be_continued) {
    static int is_on, is_continued;
    (void)user;
    if (!is_continued && !to_be_continued && *message == '@') {
        if (strcmp(message, "@on") == 0) is_on = 1;
        if (strcmp(message, "@off") == 0) is_on = 0;
        return;
    }
    if (is_on)
        fprintf(stderr, "%s%s%s", is_continued ? "" : "Lua warning: ", message, to_be_continued ? "" : "\n");
    is_continued = to_be_continued;
}

lua_State *host_open_state(void) {
    lua_State *L = lua_newstate(resize, NULL);
    if (L != NULL) lua_setwarnf(L, warn, NULL);
    return L;
}

void host_close_state(lua_State *L) {
    lua_close(L);
    while (memory.chunks != NULL) {
        chunk *next = memory.chunks->next;
        free(memory.chunks);
        memory.chunks = next;
    }
}
