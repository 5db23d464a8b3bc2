/*
** loopback.h - what servers of the unit tests share: a listener on this machine, and a request read whole.
*/
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

/* A listener on a port of the system's choice, and its URL. */
static inline int listen_anywhere(char *url, size_t room) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 64) == 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    snprintf(url, room, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return listener;
}

/* Reads until head and body are there. False when the other end is gone before. */
static inline bool read_request(int connection, char *request, size_t room) {
    for (size_t size = 0;;) {
        ssize_t got = read(connection, request + size, room - 1 - size);
        if (got <= 0) return false;
        size += (size_t)got;
        request[size] = '\0';
        const char *body = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "Content-Length: ");
        if (body != NULL && strlen(body + 4) >= (size_t)(length == NULL ? 0 : atoi(length + 16))) return true;
    }
}

#endif
