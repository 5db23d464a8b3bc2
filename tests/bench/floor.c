/*
** floor.c - how fast these requests go with libcurl and nothing else: the least that any client built on
** it costs. No retries, no checks, answers thrown away.
**
**     bench_floor post URL FILE COUNT IN_FLIGHT     POSTs the lines of FILE in turn, COUNT in all
**     bench_floor pages URL                         fetches page after page by next_token
**
** Prints how many requests (or pages) it made. curl_multi_perform and curl_multi_poll, handles and
** connections kept: at 50 in flight on loopback no slower than sockets of our own on epoll.
*/
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
    fprintf(stderr, "bench_floor: %s\n", what);
    exit(1);
}

/* ------------------------------------------------------------------- handles */

typedef struct answer {
    size_t size;
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
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_USERPWD, "live_bench:");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, to);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, to);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
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

static void start_next(CURLM *multi, CURL *easy) {
    size_t size = strcspn(next_line, "\n");
    answer_of(easy)->size = 0;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, next_line);
    curl_multi_add_handle(multi, easy);
    next_line += size + (next_line[size] == '\n');
    if (*next_line == '\0') next_line = text;
}

static void post(const char *url, const char *path, long count, long in_flight) {
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    long started = 0, done = 0;
    read_lines(path);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);
    while (started < count && started < in_flight) {
        start_next(multi, new_handle(url, headers));
        started++;
    }
    while (done < count) {
        int running, left;
        CURLMsg *message;
        curl_multi_perform(multi, &running);
        bool any = false;
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            CURL *easy = message->easy_handle;
            expect_success(easy, message->data.result);
            curl_multi_remove_handle(multi, easy);
            any = true;
            done++;
            if (started < count) {
                start_next(multi, easy);
                started++;
            }
        }
        if (!any && done < count) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    printf("%ld\n", done);
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

static void pages(const char *url) {
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
        count++;
    }
    printf("%ld\n", count);
}

int main(int argc, char **argv) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (argc == 6 && strcmp(argv[1], "post") == 0)
        post(argv[2], argv[3], atol(argv[4]), atol(argv[5]));
    else if (argc == 3 && strcmp(argv[1], "pages") == 0)
        pages(argv[2]);
    else
        fail("usage: post URL FILE COUNT IN_FLIGHT | pages URL");
    return 0;
}
