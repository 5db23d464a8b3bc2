/*
** on_libuv.c - calls on libuv's loop, beside whatever else a program does there.
**
**     cc on_libuv.c $(pkg-config --cflags --libs scaleapi libuv) -o on_libuv
**     SCALE_API_KEY=… SCALE_API_URL=… ./on_libuv BATCH…
**
** Prints the status of each batch. The library needs a poll handle on its descriptor and a timer.
*/
#include <scaleapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static uv_poll_t poll_handle;
static uv_timer_t timer_handle;
static scale_loop *loop;

static void need(scale_status status, const scale_error *error) {
    if (status == SCALE_OK) return;
    fprintf(stderr, "%s: %s\n", scale_kind_name(error->kind), error->message);
    exit(1);
}

/* --------------------------------------------------------------- the two loops */

static void on_readable(uv_poll_t *handle, int status, int events);
static void on_timeout(uv_timer_t *handle);

/* To be called whenever something was started, and after each step. */
static void wait_for_more(void) {
    int timeout = scale_loop_timeout(loop);
    if (scale_loop_unfinished(loop) == 0) {
        uv_poll_stop(&poll_handle); /* so that uv_run can end */
        uv_timer_stop(&timer_handle);
        return;
    }
    uv_poll_start(&poll_handle, UV_READABLE, on_readable);
    if (timeout < 0)
        uv_timer_stop(&timer_handle);
    else
        uv_timer_start(&timer_handle, on_timeout, (uint64_t)timeout, 0);
}

static void step(void) {
    scale_error error = SCALE_ERROR_INIT;
    need(scale_loop_step(loop, 0, &error), &error);
    wait_for_more();
}

static void on_readable(uv_poll_t *handle, int status, int events) {
    (void)handle, (void)status, (void)events;
    step();
}

static void on_timeout(uv_timer_t *handle) {
    (void)handle;
    step();
}

/* ---------------------------------------------------------------------- calls */

static void on_status(scale_call *call, void *user) {
    const char *name = user;
    scale_slice answer = scale_call_answer(call);
    if (answer.data != NULL)
        printf("%s: %.*s\n", name, (int)answer.size, answer.data);
    else
        printf("%s: %s\n", name, scale_kind_name(scale_call_error(call)->kind));
    scale_call_free(call);
}

static void ask(scale_client *client, char *name) {
    scale_error error = SCALE_ERROR_INIT;
    scale_call *call;
    need(scale_call_new(&call, client, scale_operation_find("batch_status"), NULL, &error), &error);
    need(scale_call_set_text(call, "batch_name", name, strlen(name), &error), &error);
    need(scale_call_start(call, on_status, name, &error), &error);
}

int main(int argc, char **argv) {
    scale_client *client;
    scale_error error = SCALE_ERROR_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    options.api_key = getenv("SCALE_API_KEY");
    options.base_url = getenv("SCALE_API_URL");
    need(scale_loop_new(&loop, NULL, &error), &error);
    need(scale_client_new(&client, loop, &options, &error), &error);
    uv_poll_init(uv_default_loop(), &poll_handle, scale_loop_descriptor(loop));
    uv_timer_init(uv_default_loop(), &timer_handle);

    for (int i = 1; i < argc; i++) ask(client, argv[i]);
    wait_for_more();
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);

    uv_close((uv_handle_t *)&poll_handle, NULL);
    uv_close((uv_handle_t *)&timer_handle, NULL);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    scale_client_free(client);
    scale_loop_free(loop);
    return 0;
}
