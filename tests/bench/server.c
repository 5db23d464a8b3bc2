/*
** server.c - the other end of the benchmarks: answers Scale's requests with fixed texts, as fast as one
** thread can, so that what is measured is the client. Nothing is stored and nothing is checked.
**
**     bench_server [TASKS]     prints "listening on http://127.0.0.1:PORT"; runs until it is killed
**
** POST …                a task of 500 bytes
** GET /v1/tasks?…       a page of 100 tasks of 1.5 KB, TASKS (100,000) in all, with next_token
** GET …                 an object with the names that a project and a batch have
*/
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE_TASKS 100
#define TASK_SIZE  1500
#define ID_AT      12
#define IN_SIZE    (1u << 20)
#define OUT_SIZE   (256u << 10)

/* One connection. What is in `out` from `sent` to `filled` is still to be written. */
typedef struct connection {
    int fd;
    size_t have, sent, filled;
    char in[IN_SIZE];
    char out[OUT_SIZE];
} connection;

static long all_tasks = 100000;
static char page[PAGE_TASKS * (TASK_SIZE + 1)];
static char task[512];
static const char thing[] = "{\"name\":\"bench\",\"project\":\"bench\",\"type\":\"imageannotation\","
                            "\"status\":\"in_progress\",\"created_at\":\"2026-01-01T00:00:00.000Z\","
                            "\"param_history\":[]}";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* Writes a task of exactly `size` bytes, its id 24 digits at ID_AT. */
static void write_task(char *to, size_t size, int number) {
    int head = snprintf(to, size,
                        "{\"task_id\":\"%024d\",\"created_at\":\"2026-01-01T00:00:00.000Z\","
                        "\"type\":\"imageannotation\",\"status\":\"completed\",\"project\":\"bench\","
                        "\"batch\":\"bench\",\"is_test\":false,\"metadata\":{},\"params\":{\"attachment\":"
                        "\"https://images.test/1.jpg\",\"geometries\":{\"box\":{\"min_height\":10}}},"
                        "\"response\":{\"annotations\":[",
                        number);
    static const char box[] = "{\"type\":\"box\",\"label\":\"cow\",\"left\":12.5,\"top\":30,\"width\":80},";
    static const char tail[] = "{}]}}";
    size_t at = (size_t)head;
    while (at + sizeof box + sizeof tail < size) {
        memcpy(to + at, box, sizeof box - 1);
        at += sizeof box - 1;
    }
    memcpy(to + at, tail, sizeof tail - 2);
    at += sizeof tail - 2;
    while (at < size - 1) to[at++] = ' ';
    to[at] = '}';
}

static void prepare(void) {
    write_task(task, sizeof task, 0);
    for (size_t i = 0; i < PAGE_TASKS; i++) {
        write_task(page + i * (TASK_SIZE + 1), TASK_SIZE, (int)i);
        page[i * (TASK_SIZE + 1) + TASK_SIZE] = ',';
    }
}

/* Adds an answer whose body is `head`, `body`, `tail` one after the other. */
static void answer(connection *c, const char *head, const char *body, size_t size, const char *tail) {
    int n = snprintf(c->out + c->filled, OUT_SIZE - c->filled,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(head) + size + strlen(tail), head);
    c->filled += (size_t)n;
    memcpy(c->out + c->filled, body, size);
    c->filled += size;
    memcpy(c->out + c->filled, tail, strlen(tail));
    c->filled += strlen(tail);
}

/* The page that the request's next_token names. A task's id is its place: the page, then two digits. */
static void answer_page(connection *c, const char *target) {
    const char *token = strstr(target, "next_token=");
    long number = token ? strtol(token + strlen("next_token="), NULL, 10) : 0;
    long left = all_tasks - number * PAGE_TASKS;
    size_t count = left > PAGE_TASKS ? PAGE_TASKS : left > 0 ? (size_t)left : 0;
    char id[32], tail[128];
    snprintf(id, sizeof id, "%022ld", number);
    for (size_t i = 0; i < count; i++) memcpy(page + i * (TASK_SIZE + 1) + ID_AT, id, 22);
    if (left > PAGE_TASKS)
        snprintf(tail, sizeof tail, "],\"limit\":100,\"has_more\":true,\"next_token\":\"%ld\"}", number + 1);
    else
        snprintf(tail, sizeof tail, "],\"limit\":100,\"has_more\":false}");
    answer(c, "{\"docs\":[", page, count ? count * (TASK_SIZE + 1) - 1 : 0, tail);
}

/* The value of Content-Length between two places, or 0. */
static size_t body_size(const char *from, const char *end) {
    static const char name[] = "\r\nContent-Length:";
    for (const char *p = from; p + sizeof name < end; p++)
        if (*p == '\r' && strncasecmp(p, name, sizeof name - 1) == 0)
            return strtoul(p + sizeof name - 1, NULL, 10);
    return 0;
}

/* Answers the first request in `in` if it is there in full. Returns the bytes it took, or 0. */
static size_t take_request(connection *c, const char *from, size_t size) {
    const char *end = memmem(from, size, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    size_t all = (size_t)(end - from) + 4 + body_size(from, end + 2);
    if (size < all) return 0;
    if (*from == 'P')
        answer(c, "", task, sizeof task, "");
    else if (strncmp(from, "GET /v1/tasks?", 14) == 0)
        answer_page(c, from);
    else
        answer(c, "", thing, sizeof thing - 1, "");
    return all;
}

/* Writes what it can of `out`. False when the other side is gone. */
static bool flush(connection *c) {
    while (c->sent < c->filled) {
        ssize_t n = send(c->fd, c->out + c->sent, c->filled - c->sent, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    c->sent = c->filled = 0;
    return true;
}

/* Answers every request that is there, one at a time: requests are not pipelined. False: close it. */
static bool serve(connection *c) {
    if (!flush(c)) return false;
    while (c->filled == 0) {
        ssize_t n = recv(c->fd, c->in + c->have, IN_SIZE - 1 - c->have, 0);
        if (n <= 0) return n < 0 && errno == EAGAIN;
        c->have += (size_t)n;
        c->in[c->have] = '\0';
        size_t taken = take_request(c, c->in, c->have);
        if (taken == 0) continue;
        memmove(c->in, c->in + taken, c->have - taken);
        c->have -= taken;
        if (!flush(c)) return false;
    }
    return true;
}

static void watch(int epoll, int fd, void *with, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = with};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void greet(int epoll, int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    connection *c = malloc(sizeof *c);
    if (c == NULL) fail("malloc");
    c->fd = fd;
    c->have = c->sent = c->filled = 0;
    watch(epoll, fd, c, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static int start_listening(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        fail("listen");
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    if (argc > 1) all_tasks = strtol(argv[1], NULL, 10);
    prepare();
    int listener = start_listening();
    int epoll = epoll_create1(0);
    if (epoll < 0) fail("epoll_create1");
    watch(epoll, listener, NULL, EPOLLIN);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (c == NULL) {
                greet(epoll, listener);
            } else if (!serve(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
}
