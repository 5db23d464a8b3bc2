/*
** idle.c - a crowd that says little: connects to a server on this machine and holds on.
**
**     idle PORT COUNT
**
** Every fourth of its connections says nothing, every fourth half a request line, every fourth headers
** without an end, every fourth half a body. Prints "N open" when all are there, waits until its standard
** input ends, and prints how many the server has "closed" by then.
*/
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const beginnings[] = {
    "", "GET /v1/proj", "GET /v1/projects HTTP/1.1\r\nHost: x\r\nX-Long: a\r\n",
    "POST /v1/projects HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"name\":"};

/* A connection that has said its beginning; -1 if there is none within two seconds. */
static int visit(const struct sockaddr_in *address, const char *words) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    struct pollfd ready = {fd, POLLOUT, 0};
    connect(fd, (const struct sockaddr *)address, sizeof *address);
    if (poll(&ready, 1, 2000) == 1 && (ready.revents & POLLERR) == 0 &&
        send(fd, words, strlen(words), MSG_NOSIGNAL) >= 0)
        return fd;
    close(fd);
    return -1;
}

static int is_closed(int fd) {
    char byte[4096];
    ssize_t size;
    do size = recv(fd, byte, sizeof byte, MSG_DONTWAIT);
    while (size > 0);
    struct pollfd state = {fd, POLLRDHUP, 0};
    return size == 0 || (poll(&state, 1, 0) == 1 && (state.revents & (POLLERR | POLLHUP)) != 0);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int count = atoi(argv[2]), open = 0, closed = 0;
    int *sockets = calloc((size_t)count, sizeof *sockets);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (sockets == NULL) return 1;
    for (int i = 0; i < count; i++) {
        sockets[i] = visit(&address, beginnings[i % 4]);
        if (sockets[i] >= 0) open++;
    }
    printf("%d open\n", open);
    fflush(stdout);
    while (getchar() != EOF) continue;
    for (int i = 0; i < count; i++)
        if (sockets[i] >= 0 && is_closed(sockets[i])) closed++;
    printf("%d closed\n", closed);
    free(sockets);
    return 0;
}
