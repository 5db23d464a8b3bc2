/*
** page_server.h - a server of a few lines on the loop of the test: it answers each request with the next
** text of a script, and notes what was asked. `loop` and `client` are there between set_up and tear_down.
*/
#ifndef PAGE_SERVER_H
#define PAGE_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "scaleapi.h"

static scale_loop *loop;
static scale_client *client;

static int listener = -1;
static const char *const
    *script;                /* a 200's body each; one that begins with a digit: another status and its body */
static char asked[64][256]; /* first lines */
static int heard;

static void answer(int connection, const char *text) {
    char answer[4096];
    int status = *text >= '0' && *text <= '9' ? atoi(text) : 200;
    const char *body = status == 200 ? text : text + 4;
    int size = snprintf(answer, sizeof answer, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status,
                        strlen(body), body);
    CHECK(write(connection, answer, (size_t)size) == size);
}

static void on_request(scale_loop *its_loop, int connection, unsigned events, void *user) {
    char request[4096];
    (void)events;
    (void)user;
    ssize_t got = read(connection, request, sizeof request - 1);
    request[got > 0 ? got : 0] = '\0';
    snprintf(asked[heard], sizeof asked[0], "%.*s", (int)strcspn(request, "\r"), request);
    if (got > 0 && script[heard] != NULL) answer(connection, script[heard++]);
    scale_loop_watch(its_loop, connection, 0, NULL, NULL, NULL);
    close(connection);
}

static void on_connection(scale_loop *its_loop, int descriptor, unsigned events, void *user) {
    (void)events;
    int connection = accept(descriptor, NULL, NULL);
    CHECK_INT(scale_loop_watch(its_loop, connection, SCALE_READABLE, on_request, user, NULL), SCALE_OK);
}

static double no_pause(void *user) {
    (void)user;
    return 0.0;
}

static void set_up(const char *const *answers) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    scale_loop_options loop_options = SCALE_LOOP_OPTIONS_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    char url[64];
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 8) == 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    loop_options.random = no_pause;
    options.api_key = "test_key";
    options.base_url = url;
    CHECK_INT(scale_loop_new(&loop, &loop_options, NULL), SCALE_OK);
    CHECK_INT(scale_client_new(&client, loop, &options, NULL), SCALE_OK);
    scale_loop_watch(loop, listener, SCALE_READABLE, on_connection, NULL, NULL);
    script = answers;
    heard = 0;
}

static void tear_down(void) {
    scale_client_free(client);
    scale_loop_free(loop);
    close(listener);
}

#endif
