/* memory.c - every allocation of core fails once, in turn: a clean error, nothing lost, nothing leaked. */
#include <stdlib.h>

#include "check.h"
#include "failing.h"
#include "scaleapi.h"

/* One upload and one task, to a server that is not there. Returns the kind of the first error. */
static scale_kind work(void) {
    scale_error error = SCALE_ERROR_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    scale_loop *loop = NULL;
    scale_client *client = NULL;
    scale_call *task = NULL, *file = NULL;
    options.api_key = "test_key";
    options.base_url = "http://127.0.0.1:1/";
    options.max_attempts = 1;
    if (scale_loop_new(&loop, NULL, &error) == SCALE_OK &&
        scale_client_new(&client, loop, &options, &error) == SCALE_OK &&
        scale_call_new(&task, client, scale_operation_find("create_batch"), NULL, &error) == SCALE_OK &&
        scale_call_set_text(task, "project", "p", 1, &error) == SCALE_OK &&
        scale_call_set_text(task, "batch_name", "b \xC3\xA9", 4, &error) == SCALE_OK &&
        scale_call_set_json(task, "metadata", "{\"a\":[1]}", 9, &error) == SCALE_OK &&
        scale_call_start(task, NULL, NULL, &error) == SCALE_OK &&
        scale_call_new(&file, client, scale_operation_find("upload_file"), NULL, &error) == SCALE_OK &&
        scale_call_set_text(file, "display_name", "d", 1, &error) == SCALE_OK &&
        scale_call_set_file_data(file, "bytes", 5, "a.txt", &error) == SCALE_OK &&
        scale_call_start(file, NULL, NULL, &error) == SCALE_OK) {
        scale_call_wait(task, &error);
        scale_call_wait(file, NULL);
    }
    scale_call_free(task);
    scale_call_free(file);
    scale_client_free(client);
    scale_loop_free(loop);
    return error.kind;
}

static void the_nth_allocation_fails(void) {
    use_failing_memory();
    fail_at = 0;
    allocations = 0;
    CHECK_INT(work(), SCALE_NETWORK);
    CHECK_INT(alive, 0);
    long all = allocations;
    CHECK(all > 20);
    for (long n = 1; n <= all; n++) {
        fail_at = n;
        allocations = 0;
        scale_kind kind = work();
        CHECK(kind == SCALE_NO_MEMORY || kind == SCALE_NETWORK);
        CHECK_INT(alive, 0);
    }
    scale_set_memory(NULL);
}

int main(void) {
    RUN(the_nth_allocation_fails);
    return RESULT();
}
