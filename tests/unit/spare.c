/* spare.c - the block that is kept for the next answer: it is the same memory again, and nothing is lost when
** its holders go in any order (the address sanitizer looks on). */
#include "spare.h"
#include "alloc.h"
#include "check.h"

static void what_was_given_is_taken(void) {
    scale__spare *spare = scale__spare_new();
    scale__buffer buffer;
    char *block = scale__allocate(1000);
    scale__buffer_init(&buffer, 1 << 20);
    scale__spare_take(spare, &buffer);
    CHECK(buffer.data == NULL);
    scale__spare_give(spare, block, 1000);
    scale__spare_take(spare, &buffer);
    CHECK(buffer.data == block && buffer.size == 0);
    CHECK_INT(buffer.room, 1000);
    CHECK(scale__buffer_append_text(&buffer, "all of it is there"));
    CHECK(buffer.data == block);
    scale__buffer_clear(&buffer);
    scale__spare_leave(spare);
}

static void a_buffer_in_use_keeps_its_own(void) {
    scale__spare *spare = scale__spare_new();
    scale__buffer buffer;
    scale__buffer_init(&buffer, 1 << 20);
    scale__buffer_append_text(&buffer, "mine");
    scale__spare_give(spare, scale__allocate(1000), 1000);
    scale__spare_take(spare, &buffer);
    CHECK_TEXT(buffer.data, "mine");
    scale__buffer_clear(&buffer);
    scale__spare_leave(spare);
}

/* What is too large or too small to be kept, and what was kept before, is released. */
static void one_block_is_kept_and_no_giant(void) {
    scale__spare *spare = scale__spare_new();
    scale__buffer buffer;
    scale__buffer_init(&buffer, 1 << 20);
    scale__spare_give(spare, scale__allocate((2 << 20) + 1), (2 << 20) + 1);
    scale__spare_give(spare, scale__allocate(2), 2);
    scale__spare_take(spare, &buffer);
    CHECK(buffer.data == NULL);
    scale__spare_give(spare, scale__allocate(100), 100);
    scale__spare_give(spare, scale__allocate(200), 200);
    scale__spare_take(spare, &buffer);
    CHECK_INT(buffer.room, 200);
    scale__buffer_clear(&buffer);
    CHECK(scale__spare_hold(spare) == spare);
    scale__spare_leave(spare);
    scale__spare_give(spare, scale__allocate(300), 300);
    scale__spare_leave(spare);
}

int main(void) {
    RUN(what_was_given_is_taken);
    RUN(a_buffer_in_use_keeps_its_own);
    RUN(one_block_is_kept_and_no_giant);
    return RESULT();
}
