/*
** on_epoll.c - calls inside a program that has a loop of its own, on epoll: it also reads standard input.
**
**     cc on_epoll.c $(pkg-config --cflags --libs scaleapi) -o on_epoll
**     printf 'id-of-a-task\nanother\n' | SCALE_API_KEY=… SCALE_API_URL=… ./on_epoll
**
** For each line, which is a task's id, it prints the task's status. All that the library needs of a loop
** is one descriptor to wait for and one time-out.
*/
#include <errno.h>
#include <scaleapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void need(scale_status status, const scale_error *error) {
    if (status == SCALE_OK) return;
    fprintf(stderr, "%s: %s\n", scale_kind_name(error->kind), error->message);
    exit(1);
}

static void on_task(scale_call *call, void *user) {
    scale_slice status = {NULL, 0};
    (void)user;
    if (scale_call_error(call)->kind == SCALE_NONE)
        scale_json_get(scale_call_answer(call), "status", 6, &status);
    if (status.data != NULL)
        printf("%.*s\n", (int)status.size, status.data);
    else
        printf("%s\n", scale_kind_name(scale_call_error(call)->kind));
    scale_call_free(call);
}

static void ask(scale_client *client, const char *id, size_t size) {
    scale_error error = SCALE_ERROR_INIT;
    scale_call *call;
    need(scale_call_new(&call, client, scale_operation_find("get_task"), NULL, &error), &error);
    need(scale_call_set_text(call, "task_id", id, size, &error), &error);
    need(scale_call_start(call, on_task, NULL, &error), &error);
}

/* Asks for each line, the last of which may lack its line feed. False at the end of the input. */
static bool read_lines(scale_client *client) {
    static char text[4096];
    static size_t size;
    ssize_t got = read(STDIN_FILENO, text + size, sizeof text - size);
    if (got > 0) size += (size_t)got;
    for (char *end; (end = memchr(text, '\n', size)) != NULL;) {
        size_t line = (size_t)(end - text);
        if (line > 0) ask(client, text, line);
        size -= line + 1;
        memmove(text, end + 1, size);
    }
    if (size == sizeof text) {
        fprintf(stderr, "a line is longer than %zu bytes\n", sizeof text - 1);
        exit(1);
    }
    if (got <= 0 && size > 0) ask(client, text, size);
    return got > 0;
}

/* False when the descriptor is of a kind that is always readable: a file, which epoll refuses. */
static bool add(int epoll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0) return true;
    if (errno == EPERM) return false;
    perror("epoll_ctl");
    exit(1);
}

static void run(int epoll, scale_loop *loop, scale_client *client) {
    scale_error error = SCALE_ERROR_INIT;
    struct epoll_event event;
    bool open = add(epoll, STDIN_FILENO);
    if (!open)
        while (read_lines(client)) {}
    while (open || scale_loop_unfinished(loop) > 0) {
        int count = epoll_wait(epoll, &event, 1, scale_loop_timeout(loop));
        if (count == 1 && event.data.fd == STDIN_FILENO && !read_lines(client)) {
            open = false;
            epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        }
        need(scale_loop_step(loop, 0, &error), &error); /* does not wait */
    }
}

int main(void) {
    scale_loop *loop;
    scale_client *client;
    scale_error error = SCALE_ERROR_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    options.api_key = getenv("SCALE_API_KEY");
    options.base_url = getenv("SCALE_API_URL");
    need(scale_loop_new(&loop, NULL, &error), &error);
    need(scale_client_new(&client, loop, &options, &error), &error);
    add(epoll, scale_loop_descriptor(loop));
    run(epoll, loop, client);
    scale_client_free(client);
    scale_loop_free(loop);
    close(epoll);
    return 0;
}
