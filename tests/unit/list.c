/* list.c - lists that come page by page, through the public header alone. */
#include "page_server.h"

#define TOKEN(name, docs) "{\"docs\":[" docs "],\"has_more\":true,\"next_token\":\"" name "\"}"
#define LAST(docs)        "{\"docs\":[" docs "],\"has_more\":false}"
#define ONE               "{\"name\":\"1\"}"
#define TWO               "{\"name\":\"2\"}"
#define THREE             "{\"name\":\"3\"}"

static scale_call *new_call(const char *operation) {
    scale_call *call = NULL;
    CHECK_INT(scale_call_new(&call, client, scale_operation_find(operation), NULL, NULL), SCALE_OK);
    return call;
}

static scale_call *call_of(const char *operation) {
    scale_call *call = new_call(operation);
    CHECK_INT(scale_call_set_text(call, "project_name", "p", 1, NULL), SCALE_OK);
    return call;
}

static scale_list *open_with(scale_call *call) {
    scale_list *list = NULL;
    scale_error error = SCALE_ERROR_INIT;
    CHECK_INT(scale_list_open(&list, call, NULL, NULL, &error), SCALE_OK);
    CHECK_TEXT(error.message, "");
    return list;
}

static scale_list *open_list(const char *operation) {
    return open_with(call_of(operation));
}

/* The names of documents, as far as they are there: "1 2 3". */
static char seen[256];

static void note(scale_list *list) {
    scale_slice value;
    char text[64];
    size_t size = 0;
    CHECK_INT(scale_list_find(list, "name", 4, &value, NULL), SCALE_OK);
    CHECK(value.data != NULL && value.size < sizeof text);
    if (value.data == NULL || scale_json_string(value, text, &size, NULL) != SCALE_OK) return;
    if (*seen != '\0') strcat(seen, " ");
    strncat(seen, text, size);
}

/* Reads what is left, and notes it. Gives what ended it. */
static int read_all(scale_list *list, scale_error *error) {
    scale_slice document;
    int got;
    seen[0] = '\0';
    while ((got = scale_list_next(list, &document, error)) == 1) note(list);
    return got;
}

/* ======================================================================= the way */

static void a_list_goes_on_by_its_token(void) {
    static const char *const answers[] = {"{\"tasks\":[" ONE "," TWO "],\"next_token\":\"a+\\u002F\"}",
                                          "{\"tasks\":[" THREE "],\"next_token\":null}"};
    set_up(answers);
    scale_list *list = open_list("v2.get_tasks");
    CHECK_INT(read_all(list, NULL), 0);
    CHECK_TEXT(seen, "1 2 3");
    CHECK_TEXT(asked[0], "GET /v2/tasks?project_name=p HTTP/1.1");
    CHECK_TEXT(asked[1], "GET /v2/tasks?project_name=p&next_token=a%2B%2F HTTP/1.1");
    CHECK_INT(heard, 2);
    CHECK_INT(read_all(list, NULL), 0);
    CHECK_TEXT(seen, "");
    scale_list_free(list);
    tear_down();
}

static void a_list_goes_on_by_its_offset(void) {
    static const char *const answers[] = {"{\"docs\":[" ONE "," TWO
                                          "],\"limit\":2,\"offset\":5,\"has_more\":true}",
                                          "{\"docs\":[" THREE "],\"offset\":7,\"has_more\":true}",
                                          "{\"docs\":[" ONE "],\"limit\":2,\"offset\":8,\"has_more\":false}"};
    set_up(answers);
    scale_call *call = new_call("get_batches");
    scale_call_set_integer(call, "offset", 5, NULL);
    scale_call_set_text(call, "project_name", "p", 1, NULL);
    scale_list *list = open_with(call);
    CHECK_INT(read_all(list, NULL), 0);
    CHECK_TEXT(seen, "1 2 3 1");
    CHECK_TEXT(asked[0], "GET /v1/batches?offset=5&project=p HTTP/1.1");
    CHECK_TEXT(asked[1], "GET /v1/batches?project=p&offset=7 HTTP/1.1");
    CHECK_TEXT(asked[2], "GET /v1/batches?project=p&offset=8 HTTP/1.1");
    scale_list_free(list);
    tear_down();
}

/* Wherever the caller begins, the token says it from there on. */
static void where_it_begins_is_said_once(void) {
    static const char *const answers[] = {TOKEN("n", ONE), TOKEN("m", TWO), LAST(THREE)};
    set_up(answers);
    scale_call *call = call_of("get_tasks");
    scale_call_set_integer(call, "offset", 5, NULL);
    scale_call_set_integer(call, "limit", 2, NULL);
    scale_list *list = open_with(call);
    CHECK_INT(read_all(list, NULL), 0);
    CHECK_TEXT(asked[0], "GET /v1/tasks?project=p&offset=5&limit=2 HTTP/1.1");
    CHECK_TEXT(asked[1], "GET /v1/tasks?project=p&limit=2&next_token=n HTTP/1.1");
    CHECK_TEXT(asked[2], "GET /v1/tasks?project=p&limit=2&next_token=m HTTP/1.1");
    scale_list_free(list);
    tear_down();
}

static void the_next_page_comes_while_this_one_is_read_and_no_further(void) {
    static const char *const answers[] = {TOKEN("a", ONE "," TWO), TOKEN("b", THREE), LAST(ONE)};
    scale_slice document;
    set_up(answers);
    scale_list *list = open_list("get_tasks");
    CHECK_INT(scale_list_next(list, &document, NULL), 1);
    for (int i = 0; i < 20; i++) scale_loop_step(loop, 5, NULL);
    CHECK_INT(heard, 2);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    CHECK_INT(scale_list_next(list, &document, NULL), 1);
    CHECK_INT(scale_list_next(list, &document, NULL), 1); /* which turns the page */
    for (int i = 0; i < 20; i++) scale_loop_step(loop, 5, NULL);
    CHECK_INT(heard, 3);
    scale_list_free(list);
    tear_down();
}

/* A program that only reads keeps the network going all the same. */
static void reading_alone_brings_the_next_page_along(void) {
    char page[4096] = "{\"docs\":[" ONE;
    for (int i = 1; i < 200; i++) strcat(page, "," ONE);
    strcat(page, "],\"next_token\":\"a\"}");
    const char *const answers[] = {page, LAST(TWO)};
    scale_slice document;
    set_up(answers);
    scale_list *list = open_list("get_tasks");
    for (int i = 0; i < 200; i++) CHECK_INT(scale_list_next(list, &document, NULL), 1);
    CHECK_INT(heard, 2);
    scale_list_free(list);
    tear_down();
}

static void what_says_that_a_list_is_over(void) {
    static const char *const ends[] = {"\"has_more\":false", "\"has_more\":false,\"next_token\":\"x\"",
                                       "\"next_token\":null", "\"next_token\":\"\"", "\"x\":1"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char body[256];
        const char *const answers[] = {body};
        snprintf(body, sizeof body, "{\"docs\":[" ONE "],%s}", ends[i]);
        set_up(answers);
        scale_list *list = open_list("get_tasks");
        CHECK_INT(read_all(list, NULL), 0);
        CHECK_TEXT(seen, "1");
        scale_list_free(list);
        tear_down();
    }
}

static void empty_pages_are_passed_over(void) {
    static const char *const answers[] = {TOKEN("a", ""), TOKEN("b", ""), TOKEN("c", ONE),
                                          "{\"docs\":[],\"total\":1}"};
    set_up(answers);
    scale_list *list = open_list("get_tasks");
    CHECK_INT(read_all(list, NULL), 0);
    CHECK_TEXT(seen, "1");
    CHECK_INT(heard, 4);
    scale_list_free(list);
    tear_down();
}

/* ==================================================================== what is wrong */

static const char *const one_that_repeats[] = {TOKEN("a", ONE), TOKEN("a", TWO), LAST(THREE), NULL};
static const char *const a_circle[] = {TOKEN("a", ONE), TOKEN("b", ONE), TOKEN("c", ONE), TOKEN("d", ONE),
                                       TOKEN("b", ONE), TOKEN("c", ONE), TOKEN("d", ONE), NULL};
static const char *const without_a_token[] = {"{\"docs\":[" ONE "],\"has_more\":true}", NULL};
static const char *const a_token_that_is_none[] = {"{\"docs\":[" ONE "],\"next_token\":7}", NULL};
static const char *const a_torn_token[] = {"{\"docs\":[" ONE "],\"next_token\":\"\\ud800\"}", NULL};
static const char *const nothing_for_ever[] = {TOKEN("0", ""), TOKEN("1", ""), TOKEN("2", ""), TOKEN("3", ""),
                                               TOKEN("4", ""), TOKEN("5", ""), TOKEN("6", ""), TOKEN("7", ""),
                                               TOKEN("8", ""), TOKEN("9", ""), TOKEN("A", ""), NULL};
static const char *const a_page_twice[] = {"{\"docs\":[" ONE "," TWO "],\"has_more\":true}",
                                           "{\"docs\":[" ONE "," THREE "],\"has_more\":true}",
                                           "{\"docs\":[" ONE "," THREE "],\"has_more\":true}", NULL};
static const char *const gone[] = {TOKEN("a", ONE "," TWO), "404 {\"error\":\"gone\"}", NULL};
static const char *const no_page[] = {"{\"docs\":{}}", "{\"docs\":{}}", "{\"docs\":{}}", "{\"docs\":{}}",
                                      NULL};

static void a_server_that_contradicts_itself_is_found_out(void) {
    static const struct {
        const char *operation;
        const char *const *answers;
        int requests;
        scale_kind kind;
        const char *message, *seen;
    } cases[] = {
        {"get_tasks", one_that_repeats, 2, SCALE_BAD_ANSWER, "the server gave the same next_token twice",
         "1 2"},
        {"get_tasks", a_circle, 6, SCALE_BAD_ANSWER, "the server gave the same next_token twice",
         "1 1 1 1 1 1"},
        {"get_tasks", without_a_token, 1, SCALE_BAD_ANSWER,
         "the server says that there is more, but gives no next_token", "1"},
        {"get_tasks", a_token_that_is_none, 1, SCALE_BAD_ANSWER, "next_token of the answer is not a string",
         "1"},
        {"get_tasks", a_torn_token, 1, SCALE_BAD_ANSWER, NULL, "1"},
        {"get_tasks", nothing_for_ever, 10, SCALE_BAD_ANSWER, "the server gave 10 empty pages in a row", ""},
        {"get_batches", a_page_twice, 3, SCALE_BAD_ANSWER, "the server gave the same page twice",
         "1 2 1 3 1 3"},
        {"get_tasks", gone, 2, SCALE_NOT_FOUND, "gone", "1 2"},
        {"get_tasks", no_page, 4, SCALE_BAD_ANSWER, "docs of the answer is not an array", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scale_error error = SCALE_ERROR_INIT, again = SCALE_ERROR_INIT;
        scale_slice document;
        set_up(cases[i].answers);
        scale_list *list = open_list(cases[i].operation);
        CHECK_INT(read_all(list, &error), -1);
        CHECK_TEXT(seen, cases[i].seen);
        CHECK_INT(error.kind, cases[i].kind);
        CHECK_TEXT(error.operation, cases[i].operation);
        if (cases[i].message != NULL) CHECK_TEXT(error.message, cases[i].message);
        CHECK_INT(heard, cases[i].requests);
        CHECK_INT(scale_list_next(list, &document, &again), -1);
        CHECK_TEXT(again.message, error.message);
        scale_list_free(list);
        tear_down();
    }
}

static void the_callers_own_token_counts_too(void) {
    static const char *const answers[] = {TOKEN("a/b", ONE), LAST(TWO)};
    scale_error error = SCALE_ERROR_INIT;
    set_up(answers);
    scale_call *call = call_of("get_tasks");
    scale_call_set_text(call, "next_token", "a/b", 3, NULL);
    scale_list *list = open_with(call);
    CHECK_INT(read_all(list, &error), -1);
    CHECK_TEXT(seen, "1");
    CHECK_INT(heard, 1);
    scale_list_free(list);
    tear_down();
}

static void fails(scale_call *call, scale_kind kind, const char *message) {
    scale_error error = SCALE_ERROR_INIT;
    scale_list *list = (scale_list *)(void *)&error;
    CHECK_INT(scale_list_open(&list, call, NULL, NULL, &error), SCALE_ERROR);
    CHECK(list == NULL);
    CHECK_INT(error.kind, kind);
    CHECK_TEXT(error.message, message);
}

static void wrong_use_is_refused_before_anything_is_sent(void) {
    static const char *const answers[] = {NULL};
    set_up(answers);
    fails(NULL, SCALE_USAGE, "a list needs a call");
    fails(new_call("get_projects"), SCALE_USAGE, "get_projects is no list that comes page by page");
    fails(new_call("v2.get_tasks"), SCALE_USAGE,
          "v2.get_tasks needs project_id or project_name or batch_id or batch_name");
    scale_call *started = call_of("get_tasks");
    CHECK_INT(scale_call_start(started, NULL, NULL, NULL), SCALE_OK);
    fails(started, SCALE_USAGE, "get_tasks was started already");
    CHECK_INT(scale_loop_unfinished(loop), 0);
    scale_paging paging;
    CHECK_INT(scale_paging_init(&paging, scale_operation_find("get_task"), NULL, 0, 0, NULL), SCALE_ERROR);
    scale_paging_clear(&paging);
    scale_list_free(NULL);
    tear_down();
}

/* ============================================================== on somebody's own loop */

static int calls_of_ready, ended;

/* Reads as far as it goes without waiting. */
static void on_ready(scale_list *list, void *user) {
    scale_slice document;
    int got = 1;
    calls_of_ready++;
    while (scale_list_is_ready(list) && (got = scale_list_next(list, &document, user)) == 1) note(list);
    if (got == 1) return;
    ended = got == 0 ? 1 : -1;
    scale_list_free(list);
}

static void listen_to(const char *const *answers, scale_error *error) {
    scale_list *list = NULL;
    set_up(answers);
    calls_of_ready = ended = 0;
    seen[0] = '\0';
    CHECK_INT(scale_list_open(&list, call_of("get_tasks"), on_ready, error, NULL), SCALE_OK);
    CHECK(!scale_list_is_ready(list));
    for (int i = 0; i < 500 && ended == 0; i++) scale_loop_step(loop, 10, NULL);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    tear_down();
}

static void it_says_when_there_is_something_to_read(void) {
    static const char *const answers[] = {TOKEN("a", ONE "," TWO), TOKEN("b", ""), TOKEN("c", THREE),
                                          LAST("")};
    scale_error error = SCALE_ERROR_INIT;
    listen_to(answers, &error);
    CHECK_TEXT(seen, "1 2 3");
    CHECK_INT(ended, 1);
    CHECK_INT(calls_of_ready, 3); /* the empty one in the middle is no news */
    listen_to(gone, &error);
    CHECK_TEXT(seen, "1 2");
    CHECK_INT(ended, -1);
    CHECK_TEXT(error.message, "gone");
    CHECK_INT(calls_of_ready, 2);
}

static void count_ready(scale_list *list, void *user) {
    (void)list;
    ++*(int *)user;
}

/* Who reads slowly has one page in reserve, and no step of the loop is the list's own. */
static void a_slow_reader_is_not_run_over(void) {
    static const char *const answers[] = {TOKEN("a", ONE), TOKEN("b", TWO), LAST(THREE)};
    scale_list *list = NULL;
    scale_slice document;
    int told = 0;
    set_up(answers);
    CHECK_INT(scale_list_open(&list, call_of("get_tasks"), count_ready, &told, NULL), SCALE_OK);
    for (int i = 0; i < 20; i++) scale_loop_step(loop, 5, NULL);
    CHECK_INT(told, 1);
    CHECK_INT(scale_list_next(list, &document, NULL), 1);
    CHECK_INT(heard, 1);
    CHECK(!scale_list_is_ready(list));
    for (int i = 0; i < 20; i++) scale_loop_step(loop, 5, NULL);
    CHECK_INT(told, 2);
    CHECK_INT(heard, 2);
    CHECK_INT(scale_list_next(list, &document, NULL), 1);
    CHECK_INT(scale_list_next(list, &document, NULL), 1); /* waits: allowed all the same */
    CHECK_INT(scale_list_next(list, &document, NULL), 0);
    scale_list_free(list);
    tear_down();
}

static void read_inside(scale_call *call, void *user) {
    scale_call_free(call);
    CHECK_INT(read_all(user, NULL), 0);
    ended = 1;
}

static void a_list_may_be_read_in_a_done_function(void) {
    static const char *const answers[] = {TOKEN("a", ONE), "{\"task_id\":\"x\"}", LAST(TWO)};
    set_up(answers);
    scale_list *list = open_list("get_tasks");
    scale_call *call = new_call("get_task");
    scale_call_set_text(call, "task_id", "x", 1, NULL);
    ended = 0;
    CHECK_INT(scale_call_start(call, read_inside, list, NULL), SCALE_OK);
    for (int i = 0; i < 100 && !ended; i++) scale_loop_step(loop, 10, NULL);
    CHECK_TEXT(seen, "1 2");
    scale_list_free(list);
    tear_down();
}

/* ==================================================================== early ends */

static void it_can_be_left_at_any_point(void) {
    static const char *const answers[] = {TOKEN("a", ONE "," TWO), TOKEN("b", THREE), LAST(ONE)};
    scale_slice document;
    for (int documents = 0; documents <= 4; documents++) {
        for (int steps = 0; steps < 6; steps++) {
            set_up(answers);
            scale_list *list = open_list("get_tasks");
            for (int i = 0; i < documents; i++) CHECK_INT(scale_list_next(list, &document, NULL), 1);
            for (int i = 0; i < steps; i++) scale_loop_step(loop, 1, NULL);
            scale_list_free(list);
            CHECK_INT(scale_loop_unfinished(loop), 0);
            tear_down();
        }
    }
}

static void cancel_now(scale_loop *its_loop, void *user) {
    (void)its_loop;
    scale_list_cancel(user);
}

static void it_can_be_canceled(void) {
    static const char *const answers[] = {TOKEN("a", ONE "," TWO), NULL};
    scale_error error = SCALE_ERROR_INIT;
    scale_slice document;
    set_up(answers);
    scale_list *list = open_list("get_tasks");
    CHECK_INT(scale_list_next(list, &document, NULL), 1);
    scale_list_cancel(list);
    CHECK(scale_json_string_equals(document, "x", 1) == false && memcmp(document.data, ONE, 12) == 0);
    CHECK(scale_list_is_ready(list));
    CHECK_INT(scale_list_next(list, &document, &error), -1);
    CHECK_INT(error.kind, SCALE_CANCELED);
    CHECK_INT(scale_loop_unfinished(loop), 0);
    scale_list_free(list);
    /* while it waits */
    error = (scale_error)SCALE_ERROR_INIT;
    list = open_list("get_tasks");
    scale_loop_after(loop, 1, cancel_now, list);
    scale_loop_watch(loop, listener, 0, NULL, NULL, NULL); /* the server says nothing any more */
    CHECK_INT(scale_list_next(list, &document, &error), -1);
    CHECK_INT(error.kind, SCALE_CANCELED);
    scale_list_free(list);
    tear_down();
}

static void what_is_there_can_be_read_after_the_loop_is_gone(void) {
    static const char *const answers[] = {TOKEN("a", ONE "," TWO), TOKEN("b", THREE), LAST(ONE)};
    for (int steps = 0; steps < 20; steps += 19) {
        scale_error error = SCALE_ERROR_INIT;
        scale_slice document;
        set_up(answers);
        scale_list *list = open_list("get_tasks");
        CHECK_INT(scale_list_next(list, &document, NULL), 1);
        for (int i = 0; i < steps; i++) scale_loop_step(loop, 5, NULL);
        scale_loop_free(loop);
        CHECK_INT(read_all(list, &error), -1);
        CHECK_TEXT(seen, steps == 0 ? "2" : "2 3");
        CHECK_INT(error.kind, SCALE_CLOSED);
        scale_list_free(list);
        scale_client_free(client);
        close(listener);
    }
}

/* ========================================================================= pages */

static void pages_can_be_read_whole_and_kept(void) {
    static const char *const answers[] = {
        "{\"total\":3,\"docs\":[" ONE "," TWO "],\"has_more\":true,\"next_token\":\"a\"}", LAST(THREE)};
    scale_slice key, value;
    scale_error error = SCALE_ERROR_INIT;
    set_up(answers);
    scale_list *list = open_list("get_tasks");
    CHECK(scale_list_page(list) == NULL && scale_list_take_page(list) == NULL);
    CHECK_INT(scale_list_find(list, "name", 4, &value, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "there is no document to find name in");
    CHECK_INT(scale_list_next_page(list, NULL), 1);
    CHECK_INT(scale_json_page_count(scale_list_page(list)), 2);
    CHECK(scale_json_page_beside(scale_list_page(list), 0, &key, &value));
    CHECK(scale_json_string_equals(key, "total", 5));
    scale_json_page *first = scale_list_take_page(list);
    CHECK_INT(read_all(list, NULL), 0);
    CHECK_TEXT(seen, "3");
    CHECK_INT(scale_list_next_page(list, NULL), 0);
    scale_list_free(list);
    tear_down();
    CHECK_INT(scale_json_page_find(first, 1, "name", 4, &value, NULL), SCALE_OK);
    CHECK(scale_json_string_equals(value, "2", 1));
    scale_json_page_free(first);
}

static void a_page_that_was_taken_is_the_callers(void) {
    static const char *const answers[] = {LAST("{\"name\":\"a\"}")};
    set_up(answers);
    scale_call *call = call_of("get_batches");
    CHECK_INT(scale_call_start(call, NULL, NULL, NULL), SCALE_OK);
    CHECK_INT(scale_call_wait(call, NULL), SCALE_OK);
    CHECK(scale_call_answer(call).data != NULL);
    scale_json_page *page = scale_call_take_page(call);
    CHECK(scale_call_answer(call).data == NULL && scale_call_take_page(call) == NULL);
    scale_call_free(call);
    CHECK_INT(scale_json_page_count(page), 1);
    scale_json_page_free(page);
    tear_down();
}

/* Every list that comes in pages can be asked for its next one. */
static void every_paged_operation_is_a_read_with_a_place_to_go_on_from(void) {
    const scale_operation *row;
    for (size_t i = 0; (row = scale_operation_at(i)) != NULL; i++) {
        if (row->page == SCALE_PAGE_NONE) continue;
        const char *place = row->page == SCALE_PAGE_TOKEN ? "next_token" : "offset";
        const scale_parameter *parameter = scale_operation_parameter(row, place);
        CHECK(row->method == SCALE_GET && row->body == SCALE_BODY_NONE);
        CHECK(parameter != NULL && parameter->place == SCALE_IN_QUERY);
        CHECK(parameter != NULL &&
              parameter->value == (row->page == SCALE_PAGE_TOKEN ? SCALE_TEXT : SCALE_INTEGER));
    }
}

int main(void) {
    RUN(a_list_goes_on_by_its_token);
    RUN(a_list_goes_on_by_its_offset);
    RUN(where_it_begins_is_said_once);
    RUN(the_next_page_comes_while_this_one_is_read_and_no_further);
    RUN(reading_alone_brings_the_next_page_along);
    RUN(what_says_that_a_list_is_over);
    RUN(empty_pages_are_passed_over);
    RUN(a_server_that_contradicts_itself_is_found_out);
    RUN(the_callers_own_token_counts_too);
    RUN(wrong_use_is_refused_before_anything_is_sent);
    RUN(it_says_when_there_is_something_to_read);
    RUN(a_slow_reader_is_not_run_over);
    RUN(a_list_may_be_read_in_a_done_function);
    RUN(it_can_be_left_at_any_point);
    RUN(it_can_be_canceled);
    RUN(what_is_there_can_be_read_after_the_loop_is_gone);
    RUN(pages_can_be_read_whole_and_kept);
    RUN(a_page_that_was_taken_is_the_callers);
    RUN(every_paged_operation_is_a_read_with_a_place_to_go_on_from);
    return RESULT();
}
