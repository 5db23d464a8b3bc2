/*
** server.c - the other end of the benchmarks: answers Scale's requests with fixed texts, as fast as one
** thread can, so that what is measured is the client. Nothing is stored and nothing is checked.
**
**     bench_server [--tasks N] [--latency MS] [--cert FILE --key FILE]
**
** Prints "listening on http://127.0.0.1:PORT", with a certificate https; runs until it is killed.
**
** POST /v1/files…       what an uploaded file is called
** POST …                a task of 500 bytes
** GET /v1/tasks?…       a page of 100 tasks of 1.5 KB, N (100,000) in all, with next_token
** GET …                 an object with the names that a project and a batch have
*/
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE_TASKS 100
#define TASK_SIZE  1500
#define ID_AT      12
#define IN_SIZE    (2u << 20)
#define OUT_SIZE   (256u << 10)

/* One connection. What is in `out` from `sent` to `filled` is still to be written. */
typedef struct connection {
    int fd;
    SSL *tls;                /* or NULL */
    struct connection *next; /* among those whose answer is due later */
    int64_t due;             /* ms; 0: nothing is */
    bool gone;
    size_t have, sent, filled;
    char in[IN_SIZE];
    char out[OUT_SIZE];
} connection;

static long all_tasks = 100000, latency;
static SSL_CTX *tls;
static connection *first_due, *last_due;
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
        snprintf(tail, sizeof tail,
                 "],\"total\":%ld,\"limit\":100,\"offset\":0,\"has_more\":true,\"next_token\":\"%ld\"}",
                 all_tasks, number + 1);
    else
        snprintf(tail, sizeof tail, "],\"total\":%ld,\"limit\":100,\"offset\":0,\"has_more\":false}",
                 all_tasks);
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

static bool is_complete(const connection *c) {
    const char *end = memmem(c->in, c->have, "\r\n\r\n", 4);
    return end != NULL && c->have >= (size_t)(end - c->in) + 4 + body_size(c->in, end + 2);
}

/* Answers the first request in `in`, which is there in full, and takes it out. */
static void answer_request(connection *c) {
    static const char file[] = "{\"attachment_url\":\"scaledata://bench/1\",\"id\":\"1\"}";
    const char *end = memmem(c->in, c->have, "\r\n\r\n", 4);
    size_t taken = (size_t)(end - c->in) + 4 + body_size(c->in, end + 2);
    if (strncmp(c->in, "POST /v1/files", 14) == 0)
        answer(c, "", file, sizeof file - 1, "");
    else if (*c->in == 'P')
        answer(c, "", task, sizeof task, "");
    else if (strncmp(c->in, "GET /v1/tasks?", 14) == 0)
        answer_page(c, c->in);
    else
        answer(c, "", thing, sizeof thing - 1, "");
    memmove(c->in, c->in + taken, c->have - taken);
    c->have -= taken;
}

/* ---------------------------------------------------------------- connections */

/* As recv and send do, or through TLS. */
static ssize_t tls_result(connection *c, int result) {
    if (result > 0) return result;
    int reason = SSL_get_error(c->tls, result);
    errno = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

static ssize_t receive(connection *c, char *to, size_t room) {
    if (c->tls == NULL) return recv(c->fd, to, room, 0);
    return tls_result(c, SSL_read(c->tls, to, (int)room));
}

static ssize_t transmit(connection *c, const char *from, size_t size) {
    if (c->tls == NULL) return send(c->fd, from, size, MSG_NOSIGNAL);
    return tls_result(c, SSL_write(c->tls, from, (int)size));
}

/* Writes what it can of `out`. False when the other side is gone. */
static bool flush(connection *c) {
    while (c->sent < c->filled) {
        ssize_t n = transmit(c, c->out + c->sent, c->filled - c->sent);
        if (n < 0) return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    c->sent = c->filled = 0;
    return true;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void answer_later(connection *c) {
    c->due = now() + latency;
    c->next = NULL;
    if (first_due == NULL)
        first_due = c;
    else
        last_due->next = c;
    last_due = c;
}

/* Answers every request that is there, one at a time: requests are not pipelined. False: close it. */
static bool serve(connection *c) {
    if (!flush(c)) return false;
    while (c->filled == 0) {
        ssize_t n = receive(c, c->in + c->have, IN_SIZE - 1 - c->have);
        if (n <= 0) return n < 0 && errno == EAGAIN;
        c->have += (size_t)n;
        c->in[c->have] = '\0';
        if (c->due != 0 || !is_complete(c)) continue;
        if (latency > 0) {
            answer_later(c);
            continue;
        }
        answer_request(c);
        if (!flush(c)) return false;
    }
    return true;
}

static void drop(connection *c) {
    close(c->fd);
    SSL_free(c->tls);
    free(c);
}

static void serve_or_drop(connection *c) {
    if (c->gone || serve(c)) return;
    c->gone = true;
    if (c->due == 0) drop(c);
}

/* Answers what is due. Returns ms until the next is, -1 if none will. */
static int answer_due(void) {
    int64_t time = now();
    while (first_due != NULL && first_due->due <= time) {
        connection *c = first_due;
        first_due = c->next;
        c->due = 0;
        if (c->gone) {
            drop(c);
            continue;
        }
        answer_request(c);
        serve_or_drop(c);
    }
    return first_due == NULL ? -1 : (int)(first_due->due - time);
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
    memset(c, 0, offsetof(connection, in));
    c->fd = fd;
    if (tls != NULL) {
        c->tls = SSL_new(tls);
        SSL_set_fd(c->tls, fd);
        SSL_set_accept_state(c->tls);
    }
    watch(epoll, fd, c, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static int start_listening(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        fail("listen");
    printf("listening on %s://127.0.0.1:%d\n", tls == NULL ? "http" : "https", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void read_arguments(int argc, char **argv) {
    const char *cert = NULL, *key = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--tasks") == 0) all_tasks = strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--latency") == 0) latency = strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--cert") == 0) cert = argv[i + 1];
        if (strcmp(argv[i], "--key") == 0) key = argv[i + 1];
    }
    if (cert == NULL) return;
    tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        fail(cert);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

int main(int argc, char **argv) {
    read_arguments(argc, argv);
    prepare();
    signal(SIGPIPE, SIG_IGN);
    int listener = start_listening();
    int epoll = epoll_create1(0);
    if (epoll < 0) fail("epoll_create1");
    watch(epoll, listener, NULL, EPOLLIN);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, answer_due());
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (c == NULL)
                greet(epoll, listener);
            else
                serve_or_drop(c);
        }
    }
}
