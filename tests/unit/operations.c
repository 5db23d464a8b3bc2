/* operations.c - the table, its suggestions, URLs, errors. */
#include "operations.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "check.h"
#include "error.h"
#include "url.h"

static bool is_standing(const char *text) {
    static const char *const known[] = {"sdk", "docs", "seen", "assumed"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (text != NULL && strcmp(text, known[i]) == 0) return true;
    return false;
}

/* Each name in the list of names is one of the row's parameters, and not one that must be there anyway. */
static void check_one_of(const scale_operation *row) {
    char names[256];
    if (row->one_of == NULL) return;
    snprintf(names, sizeof names, "%s", row->one_of);
    for (char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " ")) {
        const scale_parameter *parameter = scale_operation_parameter(row, name);
        CHECK(parameter != NULL && !parameter->required);
        CHECK(scale__operation_needs_one_of(row, name));
    }
    CHECK(!scale__operation_needs_one_of(row, ""));
}

static void every_row_says_where_it_comes_from(void) {
    const scale_operation *row;
    for (size_t n = 0; (row = scale_operation_at(n)) != NULL; n++) {
        CHECK(is_standing(row->standing));
        CHECK(row->summary != NULL && row->summary[0] != '\0');
        for (size_t i = 0; i < row->parameter_count; i++) {
            CHECK(is_standing(row->parameters[i].standing));
            CHECK(row->parameters[i].about[0] != '\0');
        }
        for (size_t i = 0; i < row->failure_count; i++) {
            CHECK(row->failures[i].status >= 400 && row->failures[i].status < 500);
            CHECK(is_standing(row->failures[i].standing));
        }
        check_one_of(row);
        CHECK_INT(scale_operation_version(row), row->path[2] - '0');
    }
}

static void every_enumeration_can_be_searched_for_near_misses(void) {
    const scale_enumeration *enumeration;
    for (size_t i = 0; (enumeration = scale_enumeration_at(i)) != NULL; i++)
        CHECK(enumeration->count > 0 && enumeration->count <= 64);
}

static void rows_are_found_by_every_name_of_the_sdk(void) {
    CHECK(scale_operation_find("tasks") == scale_operation_find("get_tasks"));
    CHECK(scale_operation_find("v2_get_tasks") == scale_operation_find("v2.get_tasks"));
    CHECK(scale_operation_find("v2.get_task") != scale_operation_find("get_task"));
    CHECK(scale_operation_find("task") == NULL);
    CHECK(scale_operation_find("") == NULL);
}

static void answers_say_what_they_are(void) {
    const scale_answer_kind *list = scale_answer_describe(SCALE_ANSWER_TASK_LIST_V2);
    CHECK_INT(list->form, SCALE_FORM_LIST);
    CHECK_TEXT(list->member, "tasks");
    CHECK_TEXT(list->object, "TaskV2");
    CHECK_TEXT(scale_answer_describe((scale_answer)1000)->name, "any");
    for (int i = 0; i < SCALE_ANSWER_COUNT; i++)
        CHECK(scale_answer_describe((scale_answer)i)->form != SCALE_FORM_LIST ||
              scale_answer_describe((scale_answer)i)->object != NULL);
}

static void every_row_is_whole(void) {
    const scale_operation *row;
    size_t count = 0;
    for (; (row = scale_operation_at(count)) != NULL; count++) {
        size_t braces = 0, in_path = 0;
        for (const char *p = row->path; *p != '\0'; p++) braces += *p == '{';
        for (size_t i = 0; i < row->parameter_count; i++) {
            const scale_parameter *p = &row->parameters[i];
            in_path += p->place == SCALE_IN_PATH;
            CHECK(p->place != SCALE_IN_BODY || row->body != SCALE_BODY_NONE);
            CHECK(p->enumeration == NULL || scale__enumeration_find(p->enumeration) != NULL);
        }
        CHECK_INT(braces, in_path);
        CHECK(row->parameter_count <= 64);
        CHECK(scale_operation_find(row->name) == row);
        CHECK(row->method == SCALE_GET || row->page == SCALE_PAGE_NONE);
        CHECK(row->method != SCALE_GET || row->repeat == SCALE_REPEAT_SAFE);
    }
    CHECK_INT(count, 73);
    CHECK(scale_operation_find("get_taskz") == NULL);
}

static void parameters_are_found_by_both_names(void) {
    const scale_operation *row = scale_operation_find("get_tasks");
    CHECK_TEXT(scale_operation_parameter(row, "created_after")->wire, "start_time");
    CHECK(scale_operation_parameter(row, "start_time") == scale_operation_parameter(row, "created_after"));
    CHECK(scale_operation_parameter(row, "created_afer") == NULL);
}

static void near_misses_are_suggested(void) {
    const scale_operation *row = scale_operation_find("get_tasks");
    CHECK_TEXT(scale_operation_suggest(row, "proyect_name"), "project_name");
    CHECK_TEXT(scale_operation_suggest(row, "timout"), "timeout");
    CHECK_TEXT(scale_operation_suggest(row, "statsu"), "status");
    CHECK(scale_operation_suggest(row, "colour") == NULL);
    CHECK(scale_operation_suggest(row, "") == NULL);
}

static void near_misses_of_values_are_refused(void) {
    const scale_operation *row = scale_operation_find("create_task");
    const scale_parameter *type = scale_operation_parameter(row, "task_type");
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale__check_enumeration(row, type, "imageannotation", &error), SCALE_OK);
    CHECK_INT(scale__check_enumeration(row, type, "holographic", &error), SCALE_OK);
    CHECK_INT(scale__check_enumeration(row, type, "imageanotation", &error), SCALE_ERROR);
    CHECK_TEXT(error.message,
               "unknown task_type 'imageanotation' for create_task; did you mean 'imageannotation'?");
}

static void names_in_paths_keep_nothing_safe(void) {
    scale__buffer buffer;
    scale__buffer_init(&buffer, 1000);
    static const char name[] = "b/1 \xC3\xA9?#%";
    CHECK(scale__url_encode_segment(&buffer, name, sizeof name - 1));
    CHECK_TEXT(buffer.data, "b%2F1%20%C3%A9%3F%23%25");
    scale__buffer_empty(&buffer);
    scale__url_encode_segment(&buffer, "..", 2);
    scale__url_encode_segment(&buffer, ".", 1);
    scale__url_encode_segment(&buffer, "a.b_c-d~", 8);
    CHECK_TEXT(buffer.data, "%2E%2E%2Ea.b_c-d~");
    scale__buffer_clear(&buffer);
}

static void base_urls_are_understood(void) {
    static const struct {
        const char *text, *meaning;
        bool loopback;
    } rows[] = {
        {"https://api.scale.com", "https://api.scale.com", false},
        {"https://api.scale.com/", "https://api.scale.com", false},
        {"https://api.scale.com/v1", "https://api.scale.com", false},
        {"https://api.scale.com/v2/", "https://api.scale.com", false},
        {"https://api.scale.com/v1//", "https://api.scale.com", false},
        {"http://127.0.0.1:8080/proxy/v1/", "http://127.0.0.1:8080/proxy", true},
        {"http://localhost:80", "http://localhost:80", true},
        {"http://[::1]:80", "http://[::1]:80", true},
        {"http://127.evil.example", "http://127.evil.example", false},
        {"http://localhost.example", "http://localhost.example", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scale__base_url base;
        CHECK_INT(scale__base_url_parse(&base, rows[i].text, NULL), SCALE_OK);
        CHECK_TEXT(base.text, rows[i].meaning);
        CHECK_INT(base.loopback, rows[i].loopback);
        scale__release(base.text);
    }
}

static void bad_base_urls_are_named(void) {
    static const char *const bad[] = {"",         "api.scale.com", "ftp://x",
                                      "https://", "https://a?b",   "https://a b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scale__base_url base;
        scale_error error = SCALE_ERROR_INIT;
        CHECK_INT(scale__base_url_parse(&base, bad[i], &error), SCALE_ERROR);
        CHECK(strstr(error.message, bad[i]) != NULL);
        CHECK(base.text == NULL);
    }
}

static void a_path_is_not_needed_in_a_url(void) {
    static const char *const hosts[] = {"https://example.test?a=b:c", "https://example.test#a",
                                        "https://example.test/", "https://example.test"};
    scale__origin origin;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        CHECK_INT(scale__url_origin(&origin, hosts[i], NULL), SCALE_OK);
        CHECK_INT(origin.size, strlen("https://example.test"));
    }
    CHECK_INT(scale__url_origin(&origin, "http://localhost?@evil.test", NULL), SCALE_OK);
    CHECK(origin.loopback);
    CHECK_INT(scale__url_origin(&origin, "https://?a", NULL), SCALE_ERROR);
}

static void statuses_have_kinds(void) {
    CHECK_TEXT(scale_kind_name(scale__kind_of_status(402)), "not_enabled");
    CHECK_TEXT(scale_kind_name(scale__kind_of_status(504)), "timeout");
    CHECK_TEXT(scale_kind_name(scale__kind_of_status(530)), "internal");
    CHECK_TEXT(scale_kind_name(scale__kind_of_status(302)), "unexpected_status");
    CHECK_TEXT(scale_kind_name((scale_kind)999), "unknown");
}

static void the_first_error_wins_and_fits(void) {
    char text[3000];
    scale_error error = SCALE_ERROR_INIT;
    memset(text, 'x', sizeof text);
    for (size_t i = 1000; i + 2 < sizeof text; i += 3) memcpy(text + i, "\xE2\x82\xAC", 3);
    text[sizeof text - 1] = '\0';
    CHECK_INT(scale__fail(&error, SCALE_FILE, "%s", text), SCALE_ERROR);
    size_t size = strlen(error.message);
    CHECK(size < SCALE_MESSAGE_SIZE && size > SCALE_MESSAGE_SIZE - 5);
    CHECK_INT((size - 1000) % 3, 0); /* cut between characters */
    scale__fail(&error, SCALE_TLS, "later");
    CHECK_INT(error.kind, SCALE_FILE);
    scale_error lines = SCALE_ERROR_INIT;
    scale__fail(&lines, SCALE_FILE, "a\nb\x1b[1m");
    CHECK_TEXT(lines.message, "a b [1m");
}

int main(void) {
    RUN(every_row_is_whole);
    RUN(every_row_says_where_it_comes_from);
    RUN(every_enumeration_can_be_searched_for_near_misses);
    RUN(rows_are_found_by_every_name_of_the_sdk);
    RUN(answers_say_what_they_are);
    RUN(parameters_are_found_by_both_names);
    RUN(near_misses_are_suggested);
    RUN(near_misses_of_values_are_refused);
    RUN(names_in_paths_keep_nothing_safe);
    RUN(base_urls_are_understood);
    RUN(bad_base_urls_are_named);
    RUN(a_path_is_not_needed_in_a_url);
    RUN(statuses_have_kinds);
    RUN(the_first_error_wins_and_fits);
    return RESULT();
}
