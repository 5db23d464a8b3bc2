#include "spare.h"

#include <stdatomic.h>
#include <string.h>

#include "alloc.h"

#define MOST_KEPT ((size_t)1 << 20)

/* What is kept begins with how large it is. */
struct scale__spare {
    atomic_int holders;
    _Atomic(char *) block;
};

scale__spare *scale__spare_new(void) {
    scale__spare *spare = scale__allocate(sizeof *spare);
    if (spare == NULL) return NULL;
    atomic_init(&spare->holders, 1);
    atomic_init(&spare->block, NULL);
    return spare;
}

scale__spare *scale__spare_hold(scale__spare *spare) {
    atomic_fetch_add(&spare->holders, 1);
    return spare;
}

void scale__spare_leave(scale__spare *spare) {
    if (spare == NULL || atomic_fetch_sub(&spare->holders, 1) > 1) return;
    scale__release(atomic_load(&spare->block));
    scale__release(spare);
}

void scale__spare_take(scale__spare *spare, scale__buffer *buffer) {
    if (buffer->data != NULL) return;
    char *block = atomic_exchange(&spare->block, NULL);
    if (block == NULL) return;
    memcpy(&buffer->room, block, sizeof buffer->room);
    buffer->data = block;
    scale__buffer_empty(buffer);
}

void scale__spare_give(scale__spare *spare, char *block, size_t room) {
    if (room >= sizeof room && room <= MOST_KEPT) {
        memcpy(block, &room, sizeof room);
        block = atomic_exchange(&spare->block, block);
    }
    scale__release(block);
}
