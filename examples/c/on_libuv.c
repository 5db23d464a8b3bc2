/*
** on_libuv.c - calls on libuv's loop, beside whatever else a program does there.
**
**     cc on_libuv.c $(pkg-config --cflags --libs scaleapi libuv) -o on_libuv
**     SCALE_API_KEY=… SCALE_API_URL=… ./on_libuv BATCH…
**
** Prints the status of each batch. Here libuv watches the library's sockets itself, one by one, and its
** timer: the loop's hooks tell it which and when. (Its one descriptor would do as well: see on_epoll.c.)
*/
#include <scaleapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* A socket of the library's. */
typedef struct socket_handle {
    uv_poll_t poll; /* must be first */
    int descriptor;
    struct socket_handle *next;
} socket_handle;

static socket_handle *sockets;
static uv_timer_t timer_handle;
static scale_loop *loop;

static void need(scale_status status, const scale_error *error) {
    if (status == SCALE_OK) return;
    fprintf(stderr, "%s: %s\n", scale_kind_name(error->kind), error->message);
    exit(1);
}

/* --------------------------------------------------------------- the two loops */

static void step(void) {
    scale_error error = SCALE_ERROR_INIT;
    need(scale_loop_step(loop, 0, &error), &error);
}

static void on_ready(uv_poll_t *handle, int status, int events) {
    (void)handle, (void)status, (void)events;
    step();
}

static void on_timeout(uv_timer_t *handle) {
    (void)handle;
    step();
}

static void free_handle(uv_handle_t *handle) {
    free(handle);
}

static socket_handle *add(int descriptor) {
    socket_handle *made = malloc(sizeof *made);
    if (made == NULL || uv_poll_init(uv_default_loop(), &made->poll, descriptor) != 0)
        return free(made), NULL;
    made->descriptor = descriptor;
    made->next = sockets;
    sockets = made;
    return made;
}

/* The hooks. They are called in the midst of the library's work, and only take note. */
static bool watch(void *host, int descriptor, unsigned events) {
    socket_handle **place = &sockets, *found;
    int wanted = (events & SCALE_READABLE ? UV_READABLE : 0) | (events & SCALE_WRITABLE ? UV_WRITABLE : 0);
    (void)host;
    while (*place != NULL && (*place)->descriptor != descriptor) place = &(*place)->next;
    found = *place;
    if (events == 0 && found != NULL) {
        *place = found->next;
        uv_close((uv_handle_t *)&found->poll, free_handle);
        return true;
    }
    if (found == NULL) found = add(descriptor);
    return found != NULL && uv_poll_start(&found->poll, wanted, on_ready) == 0;
}

static void set_timer(void *host, int delay_ms) {
    (void)host;
    if (delay_ms < 0)
        uv_timer_stop(&timer_handle);
    else
        uv_timer_start(&timer_handle, on_timeout, (uint64_t)delay_ms, 0);
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
    scale_loop_hooks hooks = SCALE_LOOP_HOOKS_INIT;
    options.api_key = getenv("SCALE_API_KEY");
    options.base_url = getenv("SCALE_API_URL");
    need(scale_loop_new(&loop, NULL, &error), &error);
    need(scale_client_new(&client, loop, &options, &error), &error);
    uv_timer_init(uv_default_loop(), &timer_handle);
    hooks.watch = watch;
    hooks.set_timer = set_timer;
    need(scale_loop_set_hooks(loop, &hooks, &error), &error);

    for (int i = 1; i < argc; i++) ask(client, argv[i]);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT); /* ends when nothing is watched and no timer runs any more */

    scale_client_free(client);
    scale_loop_free(loop);
    uv_close((uv_handle_t *)&timer_handle, NULL);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return 0;
}
