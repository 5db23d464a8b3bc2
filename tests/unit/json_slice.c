/* json_slice.c - the first level of documents: finding members, stepping over them, cutting pages. */
#include "check.h"
#include "json_text.h"

/* What is found under `key`: its bytes, "(none)", or the message. */
static const char *found(const char *bytes, const char *key) {
    static char copy[SCALE_MESSAGE_SIZE];
    scale_error error = SCALE_ERROR_INIT;
    scale_slice value, text = text_of(bytes, strlen(bytes)), got;
    scale_status status = scale_json_find(text, key, strlen(key), &value, &error);
    bool there = scale_json_get(text, key, strlen(key), &got);
    if (status != SCALE_OK)
        snprintf(copy, sizeof copy, "%s", error.message);
    else if (value.data == NULL)
        snprintf(copy, sizeof copy, "(none)");
    else
        snprintf(copy, sizeof copy, "%.*s", (int)value.size, value.data);
    if (there != (status == SCALE_OK && value.data != NULL))
        snprintf(copy, sizeof copy, "get and find differ");
    text_free(text);
    return copy;
}

static void a_member_is_found_as_it_was_written(void) {
    static const char document[] =
        " {\"id\":\"x\\n\", \"n\" : -1.50 ,\"a\":[1, {\"n\":2}],\n\"o\":{},\"t\":true,\"z\":null} ";
    CHECK_TEXT(found(document, "id"), "\"x\\n\"");
    CHECK_TEXT(found(document, "n"), "-1.50");
    CHECK_TEXT(found(document, "a"), "[1, {\"n\":2}]");
    CHECK_TEXT(found(document, "o"), "{}");
    CHECK_TEXT(found(document, "t"), "true");
    CHECK_TEXT(found(document, "z"), "null");
    CHECK_TEXT(found(document, "i"), "(none)");
    CHECK_TEXT(found(document, ""), "(none)");
    CHECK_TEXT(found("{}", "id"), "(none)");
}

static void names_are_compared_decoded(void) {
    CHECK_TEXT(found("{\"\\u0069\\u0064\":1}", "id"), "1");
    CHECK_TEXT(found("{\"a\\\"b\":1}", "a\"b"), "1");
    CHECK_TEXT(found("{\"\":1}", ""), "1");
}

static void the_last_of_a_name_holds(void) {
    CHECK_TEXT(found("{\"a\":1,\"b\":0,\"a\":2}", "a"), "2");
    CHECK_TEXT(found("{\"a\":1,\"\\u0061\":[3]}", "a"), "[3]");
}

static void malformed_documents_are_told(void) {
    CHECK_TEXT(found("", "a"), "not JSON at byte 1: the text ends too early");
    CHECK_TEXT(found("[1]", "a"), "not JSON at byte 1: an object was expected");
    CHECK_TEXT(found(" 12", "a"), "not JSON at byte 2: an object or array was expected");
    CHECK_TEXT(found("{\"a\":1,", "a"), "not JSON at byte 8: the text ends too early");
    CHECK_TEXT(found("{\"a\":1,}", "a"), "not JSON at byte 8: a name in quotes was expected");
    CHECK_TEXT(found("{,}", "a"), "not JSON at byte 2: a name in quotes was expected");
    CHECK_TEXT(found("{\"a\" 1}", "a"), "not JSON at byte 6: a colon was expected");
    CHECK_TEXT(found("{\"a\":}", "a"), "not JSON at byte 6: a value was expected");
    CHECK_TEXT(found("{\"a\":1 \"b\":2}", "a"), "not JSON at byte 8: a comma or } was expected");
    CHECK_TEXT(found("{\"a\":tru}", "a"), "not JSON at byte 6: a value was expected");
    CHECK_TEXT(found("{\"a\":01}", "a"), "not JSON at byte 6: a number must not begin with 0 and a digit");
    CHECK_TEXT(found("{\"a\":[1}}", "a"), "not JSON at byte 8: a bracket that closes another kind");
    CHECK_TEXT(found("{\"a\":\"x}", "a"), "not JSON at byte 9: the text ends inside a string");
    CHECK_TEXT(found("{\"a\":1}}", "a"), "not JSON at byte 8: something stands behind the value");
    CHECK_TEXT(found("{\"a\":1]", "a"), "not JSON at byte 7: a comma or } was expected");
}

static void deeper_values_are_not_looked_at(void) {
    CHECK_TEXT(found("{\"a\":[nonsense],\"b\":\"\\q\"}", "a"), "[nonsense]");
    CHECK_TEXT(found("{\"a\":[nonsense],\"b\":\"\\q\"}", "b"), "\"\\q\"");
}

/* The values of several names, with bars between them; "-" for none. */
static const char *picked(const char *bytes) {
    static const scale_slice names[] = {{"id", 2}, {"a\"b", 3}, {"", 0}, {"status", 6}};
    static char copy[SCALE_MESSAGE_SIZE];
    scale_error error = SCALE_ERROR_INIT;
    scale_slice values[4], one, text = text_of(bytes, strlen(bytes));
    size_t used = 0;
    if (scale_json_pick(text, names, 4, values, &error) != SCALE_OK)
        snprintf(copy, sizeof copy, "%s", error.message);
    for (size_t i = 0; i < 4 && error.kind == SCALE_NONE; i++) {
        bool there = scale_json_get(text, names[i].data, names[i].size, &one);
        CHECK(there == (values[i].data != NULL) && (!there || one.data == values[i].data));
        used += (size_t)snprintf(copy + used, sizeof copy - used, "%.*s|", there ? (int)values[i].size : 1,
                                 there ? values[i].data : "-");
    }
    text_free(text);
    return copy;
}

static void several_members_are_picked_in_one_pass(void) {
    CHECK_TEXT(picked("{}"), "-|-|-|-|");
    CHECK_TEXT(picked(" { \"id\" : 1 , \"\" : { \"id\" : 2 } , \"status\" :\"x\" } "),
               "1|-|{ \"id\" : 2 }|\"x\"|");
    CHECK_TEXT(picked("{\"x\":{\"id\":1},\"status\":[{\"status\":1}],\"i\":1,\"idd\":1}"),
               "-|-|-|[{\"status\":1}]|");
    CHECK_TEXT(picked("{\"a\\\"b\":1,\"\\u0069d\":2,\"s\":\"\\\\\",\"status\":3}"), "2|1|-|3|");
    CHECK_TEXT(picked("{\"id\":1,\"status\":2,\"id\":3}"), "3|-|-|2|");
    CHECK_TEXT(picked("{\"s\":\"\\\"id\\\":1,{[\",\"id\":[\"}\"]}"), "[\"}\"]|-|-|-|");
    CHECK_TEXT(picked("{\"id\":1,\"status\":}"), "not JSON at byte 18: a value was expected");
    CHECK_TEXT(picked("{\"id\":1,\"status\"}"), "not JSON at byte 17: a colon was expected");
    CHECK_TEXT(picked("{\"id\"}"), "not JSON at byte 6: a colon was expected");
    CHECK_TEXT(picked("{\"id\":1:2}"), "not JSON at byte 8: a comma or } was expected");
    CHECK_TEXT(picked("{\"id\":1,,}"), "not JSON at byte 9: a name in quotes was expected");
    CHECK_TEXT(picked("{id:1}"), "not JSON at byte 2: a name in quotes was expected");
    CHECK_TEXT(picked("{\"id\":1 2}"), "not JSON at byte 9: a comma or } was expected");
    CHECK_TEXT(picked("{[]:1}"), "not JSON at byte 2: a name in quotes was expected");
    CHECK_TEXT(picked("{\"x\"[]\"y\":1,\"id\":2}"), "not JSON at byte 5: a colon was expected");
    CHECK_TEXT(picked("{\"id\":1}x"), "not JSON at byte 9: something stands behind the value");
}

/* Names at every place around the borders of the blocks that are looked at at once. */
static void members_are_found_at_every_place(void) {
    for (int pad = 0; pad < 200; pad++) {
        char made[600];
        snprintf(made, sizeof made,
                 "{\"x\":\"%*s\",\"id\":[1,{\"id\":0}],\"y\":\"%*s\\\"\",\"status\" : \"z\"}", pad, "", pad,
                 "");
        CHECK_TEXT(picked(made), "[1,{\"id\":0}]|-|-|\"z\"|");
    }
}

static void many_names_are_picked(void) {
    scale_slice names[20], values[20];
    for (size_t i = 0; i < 20; i++) names[i] = (scale_slice){&"abcdefghijklmnopqrst"[i], 1};
    CHECK_INT(scale_json_pick((scale_slice){"{\"a\":1,\"t\":2}", 13}, names, 20, values, NULL), SCALE_OK);
    CHECK(text_is(values[0], "1") && text_is(values[19], "2") && values[1].data == NULL);
}

/* The elements, with bars between them, or the message. */
static const char *elements(const char *bytes) {
    static char copy[SCALE_MESSAGE_SIZE];
    scale_error error = SCALE_ERROR_INIT;
    scale_slice value, text = text_of(bytes, strlen(bytes));
    scale_json_cursor cursor;
    int more = -1;
    copy[0] = '\0';
    if (scale_json_cursor_init(&cursor, text, &error) == SCALE_OK) {
        while ((more = scale_json_cursor_next(&cursor, NULL, &value, &error)) == 1)
            snprintf(copy + strlen(copy), sizeof copy - strlen(copy), "%.*s|", (int)value.size, value.data);
    }
    if (more < 0) snprintf(copy, sizeof copy, "%s", error.message);
    text_free(text);
    return copy;
}

static void elements_are_cut(void) {
    CHECK_TEXT(elements("[]"), "");
    CHECK_TEXT(elements("[ ]"), "");
    CHECK_TEXT(elements("[1]"), "1|");
    CHECK_TEXT(elements("[1,\"a,]\",[2,[]],{\"b\":[3]},null]"), "1|\"a,]\"|[2,[]]|{\"b\":[3]}|null|");
    CHECK_TEXT(elements(" [\n  1 ,\r\n\t{ \"a\" : 1 }\n]\n"), "1|{ \"a\" : 1 }|");
    CHECK_TEXT(elements("[1,]"), "not JSON at byte 4: a value was expected");
    CHECK_TEXT(elements("[,1]"), "not JSON at byte 2: a value was expected");
    CHECK_TEXT(elements("[1 2]"), "not JSON at byte 4: a comma or ] was expected");
    CHECK_TEXT(elements("[1"), "not JSON at byte 3: the text ends too early");
    CHECK_TEXT(elements("[1]]"), "not JSON at byte 4: something stands behind the value");
}

static void an_error_stays(void) {
    scale_json_cursor cursor;
    scale_slice value;
    scale_json_cursor_init(&cursor, (scale_slice){"[1,x]", 5}, NULL);
    CHECK_INT(scale_json_cursor_next(&cursor, NULL, &value, NULL), 1);
    for (int i = 0; i < 2; i++) {
        scale_error error = SCALE_ERROR_INIT;
        CHECK_INT(scale_json_cursor_next(&cursor, NULL, &value, &error), -1);
        CHECK_TEXT(error.message, "not JSON at byte 4: a value was expected");
    }
    CHECK_INT(scale_json_cursor_value(&cursor, &value, NULL), SCALE_ERROR);
}

/* ======================================================================= pages */

static const char page[] = "{\n  \"total\" : 2,\n  \"docs\": [\n    {\"task_id\": \"a\", \"x\": [1, 2]},\n"
                           "    {\"task_id\": \"b\"}\n  ],\n  \"has_more\": false\n}\n";

/* Cuts in one pass: keys and types of the first level, documents of the array under "docs". */
static const char *cut(const char *bytes) {
    static char copy[SCALE_MESSAGE_SIZE];
    scale_error error = SCALE_ERROR_INIT;
    scale_slice key, value, text = text_of(bytes, strlen(bytes));
    scale_json_cursor cursor, inner;
    size_t used = 0;
    int more = -1;
    scale_json_cursor_init(&cursor, text, &error);
    while ((more = scale_json_cursor_step(&cursor, &key, &error)) == 1) {
        used += (size_t)snprintf(copy + used, sizeof copy - used, "%.*s:%d ", (int)key.size, key.data,
                                 (int)scale_json_cursor_type(&cursor));
        if (!scale_json_string_equals(key, "docs", 4)) continue;
        scale_json_cursor_enter(&cursor, &inner, &error);
        while ((more = scale_json_cursor_next(&inner, NULL, &value, &error)) == 1)
            used += (size_t)snprintf(copy + used, sizeof copy - used, "<%.*s> ", (int)value.size, value.data);
        if (more < 0) break;
        scale_json_cursor_leave(&cursor, &inner);
    }
    if (more < 0) snprintf(copy, sizeof copy, "%s", error.message);
    text_free(text);
    return copy;
}

static void a_page_is_cut_in_one_pass(void) {
    CHECK_TEXT(cut(page),
               "\"total\":4 \"docs\":2 <{\"task_id\": \"a\", \"x\": [1, 2]}> <{\"task_id\": \"b\"}> "
               "\"has_more\":5 ");
    CHECK_TEXT(cut("{\"docs\":[]}"), "\"docs\":2 ");
    CHECK_TEXT(cut("{\"docs\":[{}],\"docs\":[1]}"), "\"docs\":2 <{}> \"docs\":2 <1> ");
    CHECK_TEXT(cut("{\"docs\":[{}}"), "not JSON at byte 12: a comma or ] was expected");
    CHECK_TEXT(cut("{\"docs\":[{}]"), "not JSON at byte 13: the text ends too early");
}

static void a_cursor_that_was_left_early_passes_over_the_rest(void) {
    scale_json_cursor cursor, inner;
    scale_slice key, value;
    scale_json_cursor_init(&cursor, (scale_slice){page, sizeof page - 1}, NULL);
    scale_json_cursor_step(&cursor, &key, NULL);
    scale_json_cursor_step(&cursor, &key, NULL);
    CHECK_INT(scale_json_cursor_enter(&cursor, &inner, NULL), SCALE_OK);
    CHECK_INT(scale_json_cursor_next(&inner, NULL, &value, NULL), 1);
    scale_json_cursor_leave(&cursor, &inner);
    CHECK_INT(scale_json_cursor_step(&cursor, &key, NULL), 1);
    CHECK(text_is(key, "\"has_more\""));
    CHECK_INT(scale_json_cursor_value(&cursor, &value, NULL), SCALE_OK);
    CHECK(text_is(value, "false"));
    CHECK_INT(scale_json_cursor_value(&cursor, &value, NULL), SCALE_ERROR);
}

static void the_end_stays_the_end(void) {
    scale_json_cursor cursor;
    scale_slice value;
    scale_json_cursor_init(&cursor, (scale_slice){"[1] ", 4}, NULL);
    CHECK_INT(scale_json_cursor_next(&cursor, NULL, &value, NULL), 1);
    for (int i = 0; i < 3; i++) CHECK_INT(scale_json_cursor_next(&cursor, NULL, &value, NULL), 0);
}

static void only_brackets_are_entered(void) {
    scale_json_cursor cursor, inner;
    scale_error error = SCALE_ERROR_INIT;
    scale_json_cursor_init(&cursor, (scale_slice){"[12]", 4}, NULL);
    scale_json_cursor_step(&cursor, NULL, NULL);
    CHECK_INT(scale_json_cursor_enter(&cursor, &inner, &error), SCALE_ERROR);
    CHECK_TEXT(error.message, "not JSON at byte 2: an object or array was expected");
}

int main(void) {
    RUN(a_member_is_found_as_it_was_written);
    RUN(names_are_compared_decoded);
    RUN(the_last_of_a_name_holds);
    RUN(malformed_documents_are_told);
    RUN(deeper_values_are_not_looked_at);
    RUN(several_members_are_picked_in_one_pass);
    RUN(members_are_found_at_every_place);
    RUN(many_names_are_picked);
    RUN(elements_are_cut);
    RUN(an_error_stays);
    RUN(a_page_is_cut_in_one_pass);
    RUN(a_cursor_that_was_left_early_passes_over_the_rest);
    RUN(the_end_stays_the_end);
    RUN(only_brackets_are_entered);
    return RESULT();
}
