/*
** core.c - the same work as floor.c, done by libscaleapi: what retries, limits, checks and the codec cost.
**
**     bench_core post BASE FILE COUNT IN_FLIGHT     a create_task for the lines of FILE in turn
**     bench_core files BASE FILE COUNT IN_FLIGHT    an upload_file of FILE, COUNT times
**     bench_core pages BASE                         get_tasks, page after page by next_token
**
** BENCH_CA names the authority to trust, BENCH_HTTP the version of HTTP. Prints how many calls succeeded.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scaleapi.h"

static scale_loop *loop;
static scale_client *client;
static scale_error error = SCALE_ERROR_INIT;

static void fail(const char *what) {
    fprintf(stderr, "bench_core: %s\n", what);
    exit(1);
}

static void need(scale_status status) {
    if (status != SCALE_OK) fail(error.message);
}

static void start_client(const char *base, int in_flight) {
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    options.api_key = "live_bench";
    options.base_url = base;
    options.max_in_flight = in_flight;
    options.ca_file = getenv("BENCH_CA");
    options.http = getenv("BENCH_HTTP");
    need(scale_loop_new(&loop, NULL, &error));
    need(scale_client_new(&client, loop, &options, &error));
}

/* --------------------------------------------------------------------- post */

static char *text, *next_line;
static long left, done;

static void read_lines(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail("cannot read the file");
    size_t size = (size_t)ftell(file);
    rewind(file);
    text = next_line = malloc(size + 1);
    if (text == NULL || fread(text, 1, size, file) != size) fail("cannot read the file");
    text[size] = '\0';
    fclose(file);
}

static void call_done(scale_call *call, void *user);

static const char *file; /* to be uploaded; NULL: lines are sent */

static scale_call *new_task(void) {
    static const char type[] = "imageannotation";
    size_t size = strcspn(next_line, "\n");
    scale_call *call;
    need(scale_call_new(&call, client, scale_operation_find("create_task"), NULL, &error));
    need(scale_call_set_text(call, "task_type", type, sizeof type - 1, &error));
    need(scale_call_set_body(call, next_line, size, &error));
    next_line += size + (next_line[size] == '\n');
    if (*next_line == '\0') next_line = text;
    return call;
}

static scale_call *new_upload(void) {
    scale_call *call;
    need(scale_call_new(&call, client, scale_operation_find("upload_file"), NULL, &error));
    need(scale_call_set_text(call, "project_name", "bench", 5, &error));
    need(scale_call_set_file(call, file, NULL, &error));
    return call;
}

static void start_next(void) {
    if (left == 0) return;
    left--;
    scale_call *call = file == NULL ? new_task() : new_upload();
    need(scale_call_start(call, call_done, NULL, &error));
}

static void call_done(scale_call *call, void *user) {
    (void)user;
    if (scale_call_answer(call).data == NULL) fail(scale_call_error(call)->message);
    scale_call_free(call);
    done++;
    start_next();
}

static void run(long count, long in_flight) {
    left = count;
    for (long i = 0; i < in_flight; i++) start_next();
    while (done < count) need(scale_loop_step(loop, -1, &error));
    printf("%ld\n", done);
}

/* -------------------------------------------------------------------- pages */

/* Copies the page's next_token to `token`. False when there is none. */
static bool read_token(const scale_json_page *page, char *token, size_t room) {
    scale_slice key, value;
    for (size_t i = 0; scale_json_page_beside(page, i, &key, &value); i++) {
        if (!scale_json_string_equals(key, "next_token", 10) || value.size <= 2) continue;
        snprintf(token, room, "%.*s", (int)value.size - 2, value.data + 1);
        return true;
    }
    return false;
}

/* Fetches one page, and puts the token of the next one in the place of its own. False when there is none. */
static bool fetch_page(char *token, size_t room) {
    scale_call *call;
    need(scale_call_new(&call, client, scale_operation_find("get_tasks"), NULL, &error));
    need(scale_call_set_text(call, "project_name", "bench", 5, &error));
    need(scale_call_set_integer(call, "limit", 100, &error));
    if (*token != '\0') need(scale_call_set_text(call, "next_token", token, strlen(token), &error));
    need(scale_call_start(call, NULL, NULL, &error));
    need(scale_call_wait(call, &error));
    scale_json_page *page = scale_call_take_page(call);
    if (page == NULL) fail(scale_call_error(call)->message);
    bool more = read_token(page, token, room);
    scale_json_page_free(page);
    scale_call_free(call);
    return more;
}

static void pages(void) {
    char token[256] = "";
    long count = 1;
    while (fetch_page(token, sizeof token)) count++;
    printf("%ld\n", count);
}

int main(int argc, char **argv) {
    if (argc == 6 && strcmp(argv[1], "post") == 0) {
        start_client(argv[2], atoi(argv[5]));
        read_lines(argv[3]);
        run(atol(argv[4]), atol(argv[5]));
    } else if (argc == 6 && strcmp(argv[1], "files") == 0) {
        start_client(argv[2], atoi(argv[5]));
        file = argv[3];
        run(atol(argv[4]), atol(argv[5]));
    } else if (argc == 3 && strcmp(argv[1], "pages") == 0) {
        start_client(argv[2], 1);
        pages();
    } else {
        fail("usage: post|files BASE FILE COUNT IN_FLIGHT | pages BASE");
    }
    scale_client_free(client);
    scale_loop_free(loop);
    free(text);
    return 0;
}
