/* limits.c - what limits allow and refuse: operations by name and pattern, hosts as URLs spell them, how
 * many. */
#include "allowed.h"

#include <stdio.h>

#include "check.h"

static scale_limits *make(const char *const *operations, const char *const *hosts, uint64_t requests) {
    scale_limits_options options = SCALE_LIMITS_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    scale_limits *limits;
    options.operations = operations;
    options.hosts = hosts;
    options.requests = requests;
    CHECK(scale_limits_new(&limits, &options, &error) == SCALE_OK);
    CHECK_TEXT(error.message, "");
    return limits;
}

static bool allows(const scale_limits *limits, const char *operation) {
    scale_error error = SCALE_ERROR_INIT;
    const scale_operation *row = scale_operation_find(operation);
    CHECK(row != NULL);
    bool allowed = scale__limits_check_operation(limits, row, &error) == SCALE_OK;
    CHECK_INT(error.kind, allowed ? SCALE_NONE : SCALE_NOT_ALLOWED);
    return allowed;
}

static void reading_is_allowed_by_default(void) {
    scale_limits *limits;
    const scale_operation *row;
    size_t allowed = 0;
    CHECK(scale_limits_new(&limits, NULL, NULL) == SCALE_OK);
    for (size_t i = 0; (row = scale_operation_at(i)) != NULL; i++) {
        CHECK_INT(allows(limits, row->name), row->method == SCALE_GET);
        allowed += allows(limits, row->name);
    }
    CHECK(allowed > 20);
    CHECK(scale__limits_check_file(limits, scale_operation_find("upload_file"), NULL) != SCALE_OK);
    CHECK(scale__limits_check_url(limits, "http://127.0.0.1/", NULL) != SCALE_OK);
    scale_limits_free(limits);
}

static void names_and_patterns(void) {
    static const char *const words[] = {"create_task", "v2.get_*", "*batch_status", NULL};
    static const char *const nothing[] = {NULL};
    scale_limits *limits = make(words, NULL, UINT64_MAX);
    CHECK(allows(limits, "create_task"));
    CHECK(allows(limits, "v2.get_task"));
    CHECK(allows(limits, "batch_status"));
    CHECK(!allows(limits, "get_task"));
    CHECK(!allows(limits, "create_batch"));
    CHECK(!allows(limits, "v2.pause_batch"));
    scale_limits_free(limits);
    limits = make(nothing, NULL, UINT64_MAX);
    CHECK(!allows(limits, "get_task"));
    scale_limits_free(limits);
}

static void what_is_no_operation_is_refused(void) {
    static const char *const wrong[][2] = {
        {"get_tsk", "no operation is called 'get_tsk'; did you mean 'get_task'?"},
        {"v3.*", "no operation is called 'v3.*'"},
        {"", "no operation is called ''"},
        {"Read", "no operation is called 'Read'"}};
    for (size_t i = 0; i < 4; i++) {
        const char *const words[] = {"read", wrong[i][0], NULL};
        scale_limits_options options = SCALE_LIMITS_OPTIONS_INIT;
        scale_error error = SCALE_ERROR_INIT;
        scale_limits *limits;
        options.operations = words;
        CHECK(scale_limits_new(&limits, &options, &error) != SCALE_OK);
        CHECK(limits == NULL);
        CHECK_INT(error.kind, SCALE_USAGE);
        CHECK_TEXT(error.message, wrong[i][1]);
    }
}

/* ===================================================================== hosts */

static const char *const hosts[] = {"files.example.com", "10.0.0.1:8080", "[::1]:8080",
                                    "*.cdn.example.com", "LOCAL",         NULL};

static const struct {
    const char *url;
    bool allowed;
} urls[] = {
    {"https://files.example.com/a", true},
    {"http://files.example.com", true},
    {"HTTPS://Files.EXAMPLE.com?x", true},
    {"https://files.example.com:443/", true},
    {"http://files.example.com:80#x", true},
    {"http://files.example.com/@evil.com/", true},
    {"http://10.0.0.1:8080/x", true},
    {"http://[::1]:8080/x", true},
    {"https://a.cdn.example.com/", true},
    {"https://a.b.cdn.example.com/", true},
    {"http://local/", true},
    /* another port */
    {"https://files.example.com:80/", false},
    {"http://files.example.com:443/", false},
    {"http://files.example.com:8080/", false},
    {"http://10.0.0.1/", false},
    {"http://10.0.0.1:80800/", false},
    {"http://10.0.0.1:08080/", false},
    {"http://10.0.0.1:/", false},
    {"http://10.0.0.1:8080:80/", false},
    {"http://10.0.0.1:+8080/", false},
    /* somebody else */
    {"http://evil.com/", false},
    {"http://evil.com/files.example.com", false},
    {"http://evil.com?files.example.com", false},
    {"http://evil.com#files.example.com", false},
    {"http://files.example.com.evil.com/", false},
    {"http://evilfiles.example.com/", false},
    {"http://files.example.com@evil.com/", false},
    {"http://files.example.com:80@evil.com/", false},
    {"http://evil.com@files.example.com/", false},
    {"http://evil.com\\@files.example.com/", false},
    {"http://files.example.com\\.evil.com/", false},
    {"http://files.example.com;evil.com/", false},
    {"http://files.example.com,evil.com/", false},
    {"http://files.example.com%2eevil.com/", false},
    {"http://evil.com%00.cdn.example.com/", false},
    {"http://evil.com%2f.cdn.example.com/", false},
    {"http://evil.com\t.cdn.example.com/", false},
    {"http:///files.example.com/", false},
    {"http:files.example.com/", false},
    {"file://files.example.com/etc/passwd", false},
    {"ftp://files.example.com/", false},
    {"//files.example.com/", false},
    {"", false},
    /* the same in other words */
    {"http://files.example.com./", false},
    {"http://files%2eexample.com/", false},
    {"http://%66iles.example.com/", false},
    {"http://files\xE3\x80\x82"
     "example.com/",
     false},
    {"http://0x0a.0.0.1:8080/", false},
    {"http://10.1:8080/", false},
    {"http://167772161:8080/", false},
    {"http://[0:0:0:0:0:0:0:1]:8080/", false},
    {"http://[::1%25lo]:8080/", false},
    {"http://[::1]/", false},
    {"http://[::1]evil.com:8080/", false},
    {"http://[::1", false},
    {"http://::1:8080/", false},
    /* not below */
    {"https://cdn.example.com/", false},
    {"https://.cdn.example.com/", false},
    {"https://a..cdn.example.com/", false},
    {"https://acdn.example.com/", false},
    {"https://a.cdn.example.com:8443/", false},
    {"https://a.cdn.example.com./", false},
};

static void hosts_are_told_by_their_very_text(void) {
    scale_limits *limits = make(NULL, hosts, UINT64_MAX);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        bool allowed = scale__limits_check_url(limits, urls[i].url, NULL) == SCALE_OK;
        if (allowed != urls[i].allowed) check_report(__FILE__, __LINE__, urls[i].url, "wrong", "");
    }
    scale_limits_free(limits);
    static const char *const any[] = {"*", NULL};
    limits = make(NULL, any, UINT64_MAX);
    CHECK(scale__limits_check_url(limits, "http://evil.com:99/", NULL) == SCALE_OK);
    CHECK(scale__limits_check_url(limits, "http://a@evil.com/", NULL) != SCALE_OK);
    scale_limits_free(limits);
}

static void what_is_no_host_is_refused(void) {
    static const char *const wrong[] = {
        "",     "http://x.com", "x.com/",  "a@b.com", "x.com:", "x.com:0", "x.com:99999999",
        "[::1", "*.",           "a.*.com", "**",      "a b"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const words[] = {wrong[i], NULL};
        scale_limits_options options = SCALE_LIMITS_OPTIONS_INIT;
        scale_error error = SCALE_ERROR_INIT;
        scale_limits *limits;
        options.hosts = words;
        if (scale_limits_new(&limits, &options, &error) == SCALE_OK)
            check_report(__FILE__, __LINE__, wrong[i], "taken", "");
        CHECK_INT(error.kind, SCALE_USAGE);
        scale_limits_free(limits);
    }
}

/* ================================================================== requests */

static void requests_are_counted(void) {
    scale_limits *limits = make(NULL, NULL, 2);
    scale_error error = SCALE_ERROR_INIT;
    CHECK(scale__limits_take(limits, NULL) == SCALE_OK);
    CHECK(scale__limits_check_more(limits, NULL) == SCALE_OK);
    CHECK(scale__limits_take(limits, NULL) == SCALE_OK);
    CHECK(scale__limits_check_more(limits, NULL) != SCALE_OK);
    CHECK(scale__limits_take(limits, &error) != SCALE_OK);
    CHECK_INT(error.kind, SCALE_NOT_ALLOWED);
    CHECK_TEXT(error.message, "no more than 2 requests are allowed here");
    CHECK_INT(scale_limits_requests(limits), 2);
    scale_limits_free(limits);
}

static void a_client_keeps_its_limits(void) {
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    scale_loop *loop;
    scale_client *client;
    scale_call *call;
    options.api_key = "k";
    options.base_url = "http://127.0.0.1:1";
    options.limits = make(NULL, NULL, 0);
    CHECK(scale_loop_new(&loop, NULL, NULL) == SCALE_OK);
    CHECK(scale_client_new(&client, loop, &options, NULL) == SCALE_OK);
    scale_limits_free(options.limits);
    CHECK(scale_call_new(&call, client, scale_operation_find("cancel_task"), NULL, &error) != SCALE_OK);
    CHECK_TEXT(error.message, "cancel_task is not allowed here");
    CHECK(scale_call_new(&call, client, scale_operation_find("get_task"), NULL, NULL) == SCALE_OK);
    CHECK(scale_call_set_text(call, "task_id", "1", 1, NULL) == SCALE_OK);
    error.kind = SCALE_NONE;
    CHECK(scale_call_start(call, NULL, NULL, &error) != SCALE_OK);
    CHECK_INT(error.kind, SCALE_NOT_ALLOWED);
    scale_call_free(call);
    scale_client_free(client);
    scale_loop_free(loop);
}

int main(void) {
    RUN(reading_is_allowed_by_default);
    RUN(names_and_patterns);
    RUN(what_is_no_operation_is_refused);
    RUN(hosts_are_told_by_their_very_text);
    RUN(what_is_no_host_is_refused);
    RUN(requests_are_counted);
    RUN(a_client_keeps_its_limits);
    return RESULT();
}
