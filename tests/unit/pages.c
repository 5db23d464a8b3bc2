/* pages.c - a list read page by page from C, with the public header alone: what it says of pages is enough.
** The server is a few lines on the same loop. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "scaleapi.h"

/* ==================================================================== server */

static int listener = -1;
static const char *const *script; /* an answer's body for each request */
static char asked[8][256];        /* first lines */
static int heard;

static void on_request(scale_loop *loop, int connection, unsigned events, void *user) {
    char request[4096], answer[1024];
    (void)events;
    (void)user;
    ssize_t got = read(connection, request, sizeof request - 1);
    request[got > 0 ? got : 0] = '\0';
    snprintf(asked[heard], sizeof asked[0], "%.*s", (int)strcspn(request, "\r"), request);
    const char *body = script[heard++];
    int size = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(body), body);
    CHECK(write(connection, answer, (size_t)size) == size);
    scale_loop_watch(loop, connection, 0, NULL, NULL, NULL);
    close(connection);
}

static void on_connection(scale_loop *loop, int descriptor, unsigned events, void *user) {
    (void)events;
    int connection = accept(descriptor, NULL, NULL);
    CHECK_INT(scale_loop_watch(loop, connection, SCALE_READABLE, on_request, user, NULL), SCALE_OK);
}

static scale_loop *loop;
static scale_client *client;

static void set_up(const char *const *answers) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    char url[64];
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 8) == 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    options.api_key = "test_key";
    options.base_url = url;
    CHECK_INT(scale_loop_new(&loop, NULL, NULL), SCALE_OK);
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

/* ====================================================================== a list */

static scale_slice member(scale_slice object, const char *name) {
    scale_slice value = {NULL, 0};
    if (!scale_json_get(object, name, strlen(name), &value)) value = (scale_slice){NULL, 0};
    return value;
}

/* Appends the text of each document's member, and a space. */
static void note_documents(const scale_operation *operation, scale_slice page, const char *name, char *seen) {
    scale_json_cursor cursor;
    scale_slice document;
    scale_slice docs = member(page, scale_answer_describe(operation->answer)->member);
    CHECK_INT(scale_json_cursor_init(&cursor, docs, NULL), SCALE_OK);
    while (scale_json_cursor_next(&cursor, NULL, &document, NULL) == 1) {
        scale_slice value = member(document, name);
        char text[64];
        size_t size = 0;
        CHECK(value.size < sizeof text && scale_json_string(value, text, &size, NULL) == SCALE_OK);
        strncat(seen, text, size);
        strcat(seen, " ");
    }
}

static bool says_more(scale_slice page) {
    scale_slice more = member(page, "has_more");
    return more.size == 4 && memcmp(more.data, "true", 4) == 0;
}

static scale_call *ask(const char *operation, const char *token, size_t size, int64_t offset) {
    scale_call *call = NULL;
    CHECK_INT(scale_call_new(&call, client, scale_operation_find(operation), NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_set_text(call, "project_name", "p", 1, NULL), SCALE_OK);
    if (size > 0) CHECK_INT(scale_call_set_text(call, "next_token", token, size, NULL), SCALE_OK);
    if (offset > 0) CHECK_INT(scale_call_set_integer(call, "offset", offset, NULL), SCALE_OK);
    CHECK_INT(scale_call_start(call, NULL, NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_wait(call, NULL), SCALE_OK);
    return call;
}

static void a_list_goes_on_by_its_token(void) {
    static const char *const answers[] = {
        "{\"tasks\":[{\"task_id\":\"1\"},{\"task_id\":\"2\"}],\"next_token\":\"a+\\u002F\"}",
        "{\"tasks\":[{\"task_id\":\"3\"}],\"next_token\":null}"};
    char seen[64] = "", token[64];
    size_t size = 0;
    set_up(answers);
    do {
        scale_call *call = ask("v2.get_tasks", token, size, 0);
        scale_slice page = scale_call_answer(call), next = member(page, "next_token");
        note_documents(scale_operation_find("v2.get_tasks"), page, "task_id", seen);
        size = 0;
        if (scale_json_type_of(next) == SCALE_JSON_TYPE_STRING)
            CHECK_INT(scale_json_string(next, token, &size, NULL), SCALE_OK);
        scale_call_free(call);
    } while (size > 0);
    CHECK_TEXT(seen, "1 2 3 ");
    CHECK_TEXT(asked[1], "GET /v2/tasks?project_name=p&next_token=a%2B%2F HTTP/1.1");
    CHECK_INT(heard, 2);
    tear_down();
}

static void a_list_goes_on_by_its_offset(void) {
    static const char *const answers[] = {
        "{\"docs\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"limit\":2,\"offset\":0,\"has_more\":true}",
        "{\"docs\":[{\"name\":\"c\"}],\"limit\":2,\"offset\":2,\"has_more\":false}"};
    char seen[64] = "";
    int64_t offset = 0;
    bool more = true;
    set_up(answers);
    while (more) {
        scale_call *call = ask("get_batches", NULL, 0, offset);
        scale_slice page = scale_call_answer(call);
        scale_json_number limit;
        note_documents(scale_operation_find("get_batches"), page, "name", seen);
        CHECK(scale_json_number_read(member(page, "limit"), &limit));
        offset += limit.integer;
        more = says_more(page);
        scale_call_free(call);
    }
    CHECK_TEXT(seen, "a b c ");
    CHECK_TEXT(asked[1], "GET /v1/batches?project=p&offset=2 HTTP/1.1");
    CHECK_INT(heard, 2);
    tear_down();
}

static void a_page_that_was_taken_is_the_callers(void) {
    static const char *const answers[] = {"{\"docs\":[{\"name\":\"a\"}],\"has_more\":false}"};
    set_up(answers);
    scale_call *call = ask("get_batches", NULL, 0, 0);
    CHECK(scale_call_answer(call).data != NULL);
    scale_json_page *page = scale_call_take_page(call);
    CHECK(scale_call_answer(call).data == NULL && scale_call_take_page(call) == NULL);
    scale_call_free(call);
    CHECK_INT(scale_json_page_count(page), 1);
    scale_json_page_free(page);
    tear_down();
}

int main(void) {
    RUN(a_list_goes_on_by_its_token);
    RUN(a_list_goes_on_by_its_offset);
    RUN(a_page_that_was_taken_is_the_callers);
    return RESULT();
}
