/* json_memory.c - every allocation of the codec fails once, in turn: a clean error, nothing leaked. */
#include "check.h"
#include "failing.h"
#include "json_text.h"

static scale_kind write_much(void) {
    scale_error error = SCALE_ERROR_INIT;
    scale_slice text;
    scale_json_writer *writer = scale_json_writer_new();
    if (writer == NULL) return SCALE_NO_MEMORY;
    scale_json_write_array(writer);
    for (int i = 0; i < 200; i++) {
        scale_json_write_object(writer);
        scale_json_write_key(writer, "a \"name\"", 8);
        scale_json_write_number(writer, 1.5);
        scale_json_write_key(writer, "b", 1);
        scale_json_write_raw(writer, (scale_slice){"[1,2]", 5});
        scale_json_write_end(writer);
    }
    scale_json_write_end(writer);
    scale_status status = scale_json_writer_text(writer, &text, &error);
    CHECK((status == SCALE_OK) == (error.kind == SCALE_NONE));
    if (status == SCALE_OK)
        CHECK_INT(scale_json_check(text, NULL, NULL), SCALE_OK);
    else
        CHECK_INT(text.size, 0);
    scale_json_writer_free(writer);
    return error.kind;
}

static scale_kind compare_much(void) {
    static const char text[] =
        "{\"a\":[{\"b\":{\"c\":[1,{\"d\":[2,[3,[4]]]}]}}],\"e\":{\"f\":{\"g\":{\"h\":{\"i\":{}}}}}}";
    scale_error error = SCALE_ERROR_INIT;
    scale_slice slice = {text, sizeof text - 1}, key;
    bool covers = true;
    scale_status status = scale_json_covers(&covers, &key, slice, slice, NULL, &error);
    CHECK(covers == (status == SCALE_OK));
    return error.kind;
}

static void fail_each(scale_kind (*work)(void)) {
    use_failing_memory();
    fail_at = allocations = alive = 0;
    CHECK_INT(work(), SCALE_NONE);
    CHECK_INT(alive, 0);
    long all = allocations;
    CHECK(all > 5);
    for (long n = 1; n <= all; n++) {
        fail_at = n;
        allocations = 0;
        CHECK_INT(work(), SCALE_NO_MEMORY);
        CHECK_INT(alive, 0);
    }
    scale_set_memory(NULL);
}

static void the_writer_survives_without_memory(void) {
    fail_each(write_much);
}

static void comparing_survives_without_memory(void) {
    fail_each(compare_much);
}

/* What only reads asks for none. */
static void reading_needs_no_memory(void) {
    static const char text[] = "{\"a\":[1,\"\\u00e9\"],\"b\":1e400,\"c\":123456789.123456789123456789}";
    scale_slice slice = {text, sizeof text - 1}, value;
    scale_json_number number;
    use_failing_memory();
    fail_at = allocations = 0;
    CHECK_INT(scale_json_check(slice, NULL, NULL), SCALE_OK);
    CHECK_INT(scale_json_outline(slice, NULL), SCALE_OK);
    CHECK(scale_json_get(slice, "c", 1, &value));
    CHECK(scale_json_number_read(value, &number));
    CHECK_INT(allocations, 0);
    scale_set_memory(NULL);
}

int main(void) {
    RUN(the_writer_survives_without_memory);
    RUN(comparing_survives_without_memory);
    RUN(reading_needs_no_memory);
    return RESULT();
}
