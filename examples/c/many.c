/*
** many.c - a thousand tasks, fifty requests at a time, on one thread.
**
**     cc many.c $(pkg-config --cflags --libs scaleapi) -o many
**     SCALE_API_KEY=… SCALE_API_URL=… ./many PROJECT
**
** All calls are started at once; the client sends so many at a time. Each has a unique_id, so that it is sent
** again when something goes wrong, and a second run makes nothing twice.
*/
#include <scaleapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASKS 1000

static int made, there_before, failed;

static void need(scale_status status, const scale_error *error) {
    if (status == SCALE_OK) return;
    fprintf(stderr, "%s: %s\n", scale_kind_name(error->kind), error->message);
    exit(1);
}

/* Called from scale_loop_step, once a call. */
static void on_done(scale_call *call, void *user) {
    const scale_error *error = scale_call_error(call);
    (void)user;
    if (error->kind != SCALE_NONE) {
        failed++;
        fprintf(stderr, "%s: %s\n", scale_kind_name(error->kind), error->message);
    } else if (scale_call_existed(call)) {
        there_before++;
    } else {
        made++;
    }
    scale_call_free(call);
}

static void start(scale_client *client, const char *project, int number) {
    static const char type[] = "textcollection";
    char body[512];
    scale_call *call;
    scale_error error = SCALE_ERROR_INIT;
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    options.bulk = true;            /* waits its turn; tried longer */
    options.accept_existing = true; /* an equal task with this unique_id is as good */
    int size = snprintf(body, sizeof body,
                        "{\"project\": \"%s\", \"unique_id\": \"%s-%d\", \"instruction\": \"Which number?\","
                        " \"attachments\": [{\"type\": \"text\", \"content\": \"%d\"}],"
                        " \"fields\": [{\"type\": \"text\", \"field_id\": \"n\", \"title\": \"Number\"}]}",
                        project, project, number, number);
    need(scale_call_new(&call, client, scale_operation_find("create_task"), &options, &error), &error);
    need(scale_call_set_text(call, "task_type", type, sizeof type - 1, &error), &error);
    need(scale_call_set_body(call, body, (size_t)size, &error), &error);
    need(scale_call_start(call, on_done, NULL, &error), &error);
}

int main(int argc, char **argv) {
    scale_loop *loop;
    scale_client *client;
    scale_error error = SCALE_ERROR_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    if (argc != 2) return fprintf(stderr, "usage: many PROJECT\n"), 2;
    options.api_key = getenv("SCALE_API_KEY");
    options.base_url = getenv("SCALE_API_URL");
    options.max_in_flight = 50;
    need(scale_loop_new(&loop, NULL, &error), &error);
    need(scale_client_new(&client, loop, &options, &error), &error);

    for (int i = 1; i <= TASKS; i++) start(client, argv[1], i);
    while (scale_loop_unfinished(loop) > 0) need(scale_loop_step(loop, -1, &error), &error);
    printf("%d made, %d there before, %d failed\n", made, there_before, failed);

    scale_client_free(client);
    scale_loop_free(loop);
    return failed > 0;
}
