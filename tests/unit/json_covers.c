/* json_covers.c - does what a server has stand for what was sent to it? */
#include "check.h"
#include "json_text.h"

/* "yes", the first-level name that differs, "(none)" for no name, or the message. */
static const char *covers(const char *found_text, const char *sent_text) {
    static const char *const prefixes[] = {"instruction"};
    static char copy[SCALE_MESSAGE_SIZE];
    scale_json_covers_options options = SCALE_JSON_COVERS_OPTIONS_INIT;
    scale_error error = SCALE_ERROR_INIT;
    scale_slice key, found = text_of(found_text, strlen(found_text)),
                     sent = text_of(sent_text, strlen(sent_text));
    bool covered, again;
    options.prefixes = prefixes;
    options.prefix_count = 1;
    scale_status status = scale_json_covers(&covered, &key, found, sent, &options, &error);
    if (status != SCALE_OK)
        snprintf(copy, sizeof copy, "%s", error.message);
    else if (covered)
        snprintf(copy, sizeof copy, "yes");
    else if (key.data == NULL)
        snprintf(copy, sizeof copy, "(none)");
    else
        snprintf(copy, sizeof copy, "%.*s", (int)key.size, key.data);
    scale_json_covers(&again, NULL, found, sent, &options, NULL);
    if (again != covered) snprintf(copy, sizeof copy, "differs without key and error");
    text_free(found);
    text_free(sent);
    return copy;
}

static void found_may_have_more(void) {
    CHECK_TEXT(covers("{\"a\":1,\"b\":2,\"c\":{\"d\":1,\"e\":2}}", "{\"c\":{\"e\":2},\"a\":1}"), "yes");
    CHECK_TEXT(covers("{\"a\":1}", "{}"), "yes");
    CHECK_TEXT(covers("{}", "{}"), "yes");
    CHECK_TEXT(covers("{}", "{\"a\":1}"), "\"a\"");
    CHECK_TEXT(covers("{\"c\":{\"e\":2}}", "{\"c\":{\"e\":2,\"d\":1}}"), "\"c\"");
}

static void values_are_equal_as_values(void) {
    CHECK_TEXT(covers("{\"a\":10.0}", " { \"a\" : 1e1 } "), "yes");
    CHECK_TEXT(covers("{\"a\":1623966396359000123}", "{\"a\":1623966396359000124}"), "\"a\"");
    CHECK_TEXT(covers("{\"\\u0061\":\"\\u00e9\\n\"}", "{\"a\":\"\xC3\xA9\\u000a\"}"), "yes");
    CHECK_TEXT(covers("{\"a\":\"x\"}", "{\"a\":\"xy\"}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":\"xy\"}", "{\"a\":\"x\"}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":true,\"b\":null}", "{\"a\":true,\"b\":null}"), "yes");
    CHECK_TEXT(covers("{\"a\":true}", "{\"a\":false}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":null}", "{\"a\":false}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":\"1\"}", "{\"a\":1}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":{}}", "{\"a\":[]}"), "\"a\"");
    CHECK_TEXT(covers("{}", "{\"a\":null}"), "\"a\"");
}

static void arrays_are_equal_element_by_element(void) {
    CHECK_TEXT(covers("{\"a\":[1,[2],{\"b\":3,\"x\":0}]}", "{\"a\":[1.0, [2], {\"b\":3}]}"), "yes");
    CHECK_TEXT(covers("{\"a\":[1,2,3]}", "{\"a\":[1,2]}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":[1]}", "{\"a\":[1,2]}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":[2,1]}", "{\"a\":[1,2]}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":[[1],[2]]}", "{\"a\":[[1],[3]]}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":[]}", "{\"a\":[]}"), "yes");
}

static void the_first_name_that_differs_is_told(void) {
    CHECK_TEXT(covers("{\"a\":1,\"z\":1,\"m\":1}", "{\"z\":1,\"m\":{\"a\":2},\"a\":2}"), "\"m\"");
    CHECK_TEXT(covers("{\"a\":{\"b\":{\"c\":1}},\"d\":1}", "{\"a\":{\"b\":{\"c\":1}},\"d\":2}"), "\"d\"");
}

static void the_last_of_a_name_holds(void) {
    CHECK_TEXT(covers("{\"a\":1,\"a\":2}", "{\"a\":2}"), "yes");
    CHECK_TEXT(covers("{\"a\":1,\"a\":2}", "{\"a\":1}"), "\"a\"");
    CHECK_TEXT(covers("{\"a\":2}", "{\"a\":1,\"\\u0061\":2}"), "yes");
    CHECK_TEXT(covers("{\"a\":1}", "{\"a\":1,\"\\u0061\":2}"), "\"\\u0061\"");
}

static void an_instruction_may_go_on(void) {
    CHECK_TEXT(covers("{\"instruction\":\"Draw. Carefully.\"}", "{\"instruction\":\"Dr\\u0061w.\"}"), "yes");
    CHECK_TEXT(covers("{\"instruction\":\"Draw.\"}", "{\"instruction\":\"Draw. Carefully.\"}"),
               "\"instruction\"");
    CHECK_TEXT(covers("{\"instruction\":\"draw.\"}", "{\"instruction\":\"Draw.\"}"), "\"instruction\"");
    CHECK_TEXT(covers("{\"p\":{\"instruction\":\"Draw it\"}}", "{\"p\":{\"instruction\":\"Draw\"}}"),
               "\"p\"");
}

static void only_objects_are_compared(void) {
    CHECK_TEXT(covers("[]", "{}"), "(none)");
    CHECK_TEXT(covers("{}", "[]"), "(none)");
    CHECK_TEXT(covers("", ""), "(none)");
    CHECK_TEXT(covers("null", "{\"a\":1}"), "(none)");
}

static void malformed_texts_are_told(void) {
    CHECK_TEXT(covers("{\"a\":1}", "{\"a\":1"), "not JSON at byte 7: the text ends too early");
    CHECK_TEXT(covers("{\"a\"}", "{\"a\":1}"), "not JSON at byte 5: a colon was expected");
}

static void many_members_and_great_depth_are_compared(void) {
    enum { MANY = 20000 };
    char *found = malloc(MANY * 32), *sent = malloc(MANY * 32);
    size_t found_size = 0, sent_size = 0;
    for (int i = 0; i < MANY; i++) {
        found_size += (size_t)sprintf(found + found_size, "%c\"key%d\":%d", i == 0 ? '{' : ',', i, i);
        sent_size += (size_t)sprintf(sent + sent_size, "%c\"key%d\":%d", i == 0 ? '{' : ',', MANY - 1 - i,
                                     MANY - 1 - i);
    }
    strcpy(found + found_size, "}");
    strcpy(sent + sent_size, "}");
    CHECK_TEXT(covers(found, sent), "yes");
    found[found_size - 1] = '0';
    CHECK_TEXT(covers(found, sent), "\"key19999\"");
    found_size = 0;
    for (int i = 0; i < 511; i++)
        found_size += (size_t)sprintf(found + found_size, "%s", i % 2 == 0 ? "{\"a\":" : "[");
    for (int i = 510; i >= 0; i--)
        found_size +=
            (size_t)sprintf(found + found_size, "%s%s", i == 510 ? "1" : "", i % 2 == 0 ? "}" : "]");
    CHECK_TEXT(covers(found, found), "yes");
    free(found);
    free(sent);
}

int main(void) {
    RUN(found_may_have_more);
    RUN(values_are_equal_as_values);
    RUN(arrays_are_equal_element_by_element);
    RUN(the_first_name_that_differs_is_told);
    RUN(the_last_of_a_name_holds);
    RUN(an_instruction_may_go_on);
    RUN(only_objects_are_compared);
    RUN(malformed_texts_are_told);
    RUN(many_members_and_great_depth_are_compared);
    return RESULT();
}
