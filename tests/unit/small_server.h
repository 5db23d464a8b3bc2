/*
** small_server.h - a server in a process of its own, one request a connection: start_server(url, room) with
** `script` saying what it answers, by the beginning of the request; anything else is a 404.
*/
#ifndef SMALL_SERVER_H
#define SMALL_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "loopback.h"

#define SMALL_SERVER_SECONDS 300 /* then it goes by itself */

typedef struct scripted {
    const char *request, *answer; /* "GET /x", "200 OK\r\n\r\nbody" */
} scripted;

static const char *answer_to(const scripted *script, const char *request) {
    for (; script->request != NULL; script++)
        if (strncmp(request, script->request, strlen(script->request)) == 0) return script->answer;
    return "404 Not Found\r\n\r\n";
}

/* All that comes within the first segments is the request: ours are small. */
static void answer_one(const scripted *script, int connection) {
    char request[8192], answer[4096];
    if (!read_request(connection, request, sizeof request)) return;
    int written = snprintf(answer, sizeof answer, "HTTP/1.1 %s", answer_to(script, request));
    if (write(connection, answer, (size_t)written) != written) return;
    shutdown(connection, SHUT_WR);
}

/* The script ends with a row of NULLs. */
static pid_t start_server(const scripted *script, char *url, size_t room) {
    int listener = listen_anywhere(url, room);
    pid_t child = fork();
    if (child == 0) {
        alarm(SMALL_SERVER_SECONDS);
        for (;;) {
            int connection = accept(listener, NULL, NULL);
            answer_one(script, connection);
            close(connection);
        }
    }
    close(listener);
    return child;
}

static void stop_server(pid_t server) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

#endif
