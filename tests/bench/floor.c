/*
** floor.c - how fast these requests go with libcurl and nothing else: the least that any client built on
** it costs. No retries, no checks, answers thrown away.
**
**     bench_floor post URL FILE COUNT IN_FLIGHT     POSTs the lines of FILE in turn, COUNT in all
**     bench_floor files URL FILE COUNT IN_FLIGHT    POSTs FILE itself as a form, COUNT times
**     bench_floor pages URL [OUTPUT]                fetches page after page by next_token; and writes them
**
** BENCH_CA names the authority to trust, BENCH_HTTP=2 asks for HTTP/2. Prints how many requests (or pages)
** it made. curl_multi_socket_action on epoll, handles and connections kept.
*/
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "bench_floor: %s\n", what);
    exit(1);
}

/* ------------------------------------------------------------------- handles */

typedef struct answer {
    size_t size;
    bool has_form;
    char bytes[512u << 10];
} answer;

static size_t receive(char *data, size_t one, size_t count, void *user) {
    answer *to = user;
    size_t size = one * count;
    if (to->size + size >= sizeof to->bytes) return 0;
    memcpy(to->bytes + to->size, data, size);
    to->size += size;
    return size;
}

static CURL *new_handle(const char *url, struct curl_slist *headers) {
    CURL *easy = curl_easy_init();
    answer *to = malloc(sizeof *to);
    if (easy == NULL || to == NULL) fail("out of memory");
    to->size = 0;
    to->has_form = false;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_USERPWD, "live_bench:");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, to);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, to);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("BENCH_CA"));
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* with Debian's, each connection reads the store anew */
    bool http2 = getenv("BENCH_HTTP") != NULL && strcmp(getenv("BENCH_HTTP"), "2") == 0;
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
    return easy;
}

static answer *answer_of(CURL *easy) {
    char *to = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &to);
    return (answer *)(void *)to;
}

static void expect_success(CURL *easy, CURLcode result) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK) fail(curl_easy_strerror(result));
    if (status != 200) fail("a status other than 200");
}

/* ---------------------------------------------------------------- many at once */

/* libcurl's sockets on epoll. libcurl asks for a socket to be watched and not to be watched for each request;
 *what it
 ** wants is noted, and epoll is told before it waits, if it is something else than before. */
#define MOST_SOCKETS 4096

static struct {
    int epoll, first_changed;
    struct {
        int wanted, told,
            next; /* CURL_POLL_…; the next that changed, -1 after the last, 0: it is not in the list */
    } sockets[MOST_SOCKETS];
    long due; /* ms from `set_at`; -1: never */
    int64_t set_at;
} loop;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *socket_user) {
    (void)easy, (void)user, (void)socket_user;
    if (socket >= MOST_SOCKETS) fail("too many sockets");
    loop.sockets[socket].wanted = what == CURL_POLL_REMOVE ? 0 : what;
    if (loop.sockets[socket].next != 0) return 0;
    loop.sockets[socket].next = loop.first_changed;
    loop.first_changed = socket;
    return 0;
}

static int on_close(void *user, curl_socket_t socket) {
    (void)user;
    loop.sockets[socket].wanted = loop.sockets[socket].told = 0;
    return close(socket);
}

static int on_timer(CURLM *multi, long due, void *user) {
    (void)multi, (void)user;
    loop.due = due;
    loop.set_at = now();
    return 0;
}

static void tell_epoll(void) {
    while (loop.first_changed != -1) {
        int socket = loop.first_changed, wanted = loop.sockets[socket].wanted,
            told = loop.sockets[socket].told;
        loop.first_changed = loop.sockets[socket].next;
        loop.sockets[socket].next = 0;
        if (wanted == told) continue;
        struct epoll_event event = {.events = (wanted & CURL_POLL_IN ? EPOLLIN : 0u) |
                                              (wanted & CURL_POLL_OUT ? EPOLLOUT : 0u),
                                    .data.fd = socket};
        epoll_ctl(loop.epoll,
                  wanted == 0 ? EPOLL_CTL_DEL
                  : told == 0 ? EPOLL_CTL_ADD
                              : EPOLL_CTL_MOD,
                  socket, &event);
        loop.sockets[socket].told = wanted;
    }
}

/* Waits for sockets or the timer, and has libcurl go on. */
static void turn(CURLM *multi) {
    struct epoll_event events[64];
    int running;
    if (loop.due == 0) { /* whose answers are to be read before it waits */
        loop.due = -1;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        return;
    }
    tell_epoll();
    int64_t left = loop.due < 0 ? 1000 : loop.set_at + loop.due - now();
    int count = epoll_wait(loop.epoll, events, 64, left < 0 ? 0 : (int)left);
    for (int i = 0; i < count; i++) {
        int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(multi, events[i].data.fd, what, &running);
    }
    if (count == 0 && loop.due >= 0 && loop.set_at + loop.due <= now()) loop.due = 0;
}

static CURLM *new_multi(long in_flight) {
    CURLM *multi = curl_multi_init();
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    loop.first_changed = -1;
    loop.due = -1;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    return multi;
}

typedef void (*prepare_fn)(CURL *easy);

/* Makes `count` requests, `in_flight` at once; `prepare` gives each its body. */
static void run(const char *url, struct curl_slist *headers, long count, long in_flight, prepare_fn prepare) {
    CURLM *multi = new_multi(in_flight);
    long started = 0, done = 0;
    for (; started < count && started < in_flight; started++) {
        CURL *easy = new_handle(url, headers);
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
        prepare(easy);
        curl_multi_add_handle(multi, easy);
    }
    while (done < count) {
        int left;
        CURLMsg *message;
        turn(multi);
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            CURL *easy = message->easy_handle;
            expect_success(easy, message->data.result);
            curl_multi_remove_handle(multi, easy);
            done++;
            if (started == count) continue;
            prepare(easy);
            curl_multi_add_handle(multi, easy);
            started++;
        }
    }
    printf("%ld\n", done);
}

/* --------------------------------------------------------------------- post */

static char *text, *next_line;

static void read_lines(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail("cannot read the file");
    size_t size = (size_t)ftell(file);
    rewind(file);
    text = next_line = malloc(size + 1);
    if (text == NULL || fread(text, 1, size, file) != size) fail("cannot read the file");
    text[size] = '\0';
    fclose(file);
}

static void prepare_line(CURL *easy) {
    size_t size = strcspn(next_line, "\n");
    answer_of(easy)->size = 0;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, next_line);
    next_line += size + (next_line[size] == '\n');
    if (*next_line == '\0') next_line = text;
}

static void post(const char *url, const char *path, long count, long in_flight) {
    read_lines(path);
    run(url, curl_slist_append(NULL, "Content-Type: application/json"), count, in_flight, prepare_line);
}

/* -------------------------------------------------------------------- files */

static const char *file_path;

/* The form reads the file each time; a handle keeps it until it is gone. */
static void prepare_file(CURL *easy) {
    answer_of(easy)->size = 0;
    if (answer_of(easy)->has_form) return;
    curl_mime *form = curl_mime_init(easy);
    curl_mimepart *part = curl_mime_addpart(form);
    curl_mime_name(part, "project_name");
    curl_mime_data(part, "bench", CURL_ZERO_TERMINATED);
    part = curl_mime_addpart(form);
    curl_mime_name(part, "file");
    if (curl_mime_filedata(part, file_path) != CURLE_OK) fail("cannot read the file");
    curl_easy_setopt(easy, CURLOPT_MIMEPOST, form);
    answer_of(easy)->has_form = true;
}

static void files(const char *url, const char *path, long count, long in_flight) {
    file_path = path;
    run(url, curl_slist_append(NULL, "Expect:"), count, in_flight, prepare_file);
}

/* -------------------------------------------------------------------- pages */

/* The text of next_token, which stands at the end of a page, or NULL. */
static const char *token_of(answer *page) {
    static const char key[] = "\"next_token\":\"";
    page->bytes[page->size] = '\0';
    const char *tail = page->size > 200 ? page->bytes + page->size - 200 : page->bytes;
    const char *at = strstr(tail, key);
    return at ? at + sizeof key - 1 : NULL;
}

static void pages(const char *url, const char *output) {
    FILE *file = output == NULL ? NULL : fopen(output, "wb");
    if (output != NULL && file == NULL) fail("cannot write the output");
    CURL *easy = new_handle(url, NULL);
    answer *page = answer_of(easy);
    char next[1024];
    long count = 0;
    for (const char *token = ""; token != NULL; token = token_of(page)) {
        int size = (int)strcspn(token, "\"");
        snprintf(next, sizeof next, "%s%s%.*s", url, size ? "&next_token=" : "", size, token);
        curl_easy_setopt(easy, CURLOPT_URL, next);
        page->size = 0;
        expect_success(easy, curl_easy_perform(easy));
        if (file != NULL && fwrite(page->bytes, 1, page->size, file) != page->size)
            fail("cannot write the output");
        count++;
    }
    if (file != NULL && fclose(file) != 0) fail("cannot write the output");
    printf("%ld\n", count);
}

int main(int argc, char **argv) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (argc == 6 && strcmp(argv[1], "post") == 0)
        post(argv[2], argv[3], atol(argv[4]), atol(argv[5]));
    else if (argc == 6 && strcmp(argv[1], "files") == 0)
        files(argv[2], argv[3], atol(argv[4]), atol(argv[5]));
    else if ((argc == 3 || argc == 4) && strcmp(argv[1], "pages") == 0)
        pages(argv[2], argv[3]);
    else
        fail("usage: post URL FILE COUNT IN_FLIGHT | files URL FILE COUNT IN_FLIGHT | pages URL [OUTPUT]");
    return 0;
}
