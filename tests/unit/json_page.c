/* json_page.c - pages: cut in one pass, and fields found without another. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "json_text.h"
#include "scaleapi.h"

static scale_json_page *cut(scale_slice text, bool in_full, scale_error *error) {
    scale_json_page *page;
    scale_status status = scale_json_page_new(&page, text, "docs", in_full, error);
    CHECK((page != NULL) == (status == SCALE_OK));
    return page;
}

static scale_slice field(const scale_json_page *page, size_t index, const char *name) {
    scale_slice value = {NULL, 0};
    scale_error error = SCALE_ERROR_INIT;
    if (scale_json_page_find(page, index, name, strlen(name), &value, &error) != SCALE_OK)
        return (scale_slice){"!", 1};
    return value;
}

static void documents_and_their_fields_are_found(void) {
    static const char bytes[] =
        " {\"a\":[1,{}], \"docs\" : [{\"id\":1,\"s\":\"x\"}, {\"s\" :\"y\"},7,[{\"id\":2}],\n"
        "{\"id\" 3},{\"s\":{\"id\":0},\"id\" : 4 ,\"\":5},{}],\"n\":null} ";
    static const char *const documents[] = {"{\"id\":1,\"s\":\"x\"}",
                                            "{\"s\" :\"y\"}",
                                            "7",
                                            "[{\"id\":2}]",
                                            "{\"id\" 3}",
                                            "{\"s\":{\"id\":0},\"id\" : 4 ,\"\":5}",
                                            "{}"};
    static const char *const ids[] = {"1", "", "!", "!", "!", "4", ""};
    scale_slice key, value, text = text_of(bytes, sizeof bytes - 1);
    scale_json_page *page = cut(text, false, NULL);
    CHECK_INT(scale_json_page_count(page), 7);
    for (size_t i = 0; i < 7; i++) {
        CHECK(text_is(scale_json_page_document(page, i), documents[i]));
        scale_slice id = field(page, i, "id");
        CHECK(id.data == NULL ? ids[i][0] == '\0' : text_is(id, ids[i]));
    }
    CHECK(text_is(field(page, 5, ""), "5"));
    CHECK(scale_json_page_beside(page, 0, &key, &value) && text_is(key, "\"a\"") && text_is(value, "[1,{}]"));
    CHECK(scale_json_page_beside(page, 1, &key, &value) && text_is(key, "\"n\"") && text_is(value, "null"));
    CHECK(!scale_json_page_beside(page, 2, &key, &value));
    CHECK(!scale_json_page_is_checked(page));
    scale_json_page_free(page);
    text_free(text);
}

static void the_last_of_a_name_holds(void) {
    static const char bytes[] =
        "{\"docs\":3,\"docs\":[{}],\"d\\u006fcs\":[{\"a\":1,\"\\u0061\":2},{\"a\":1,\"a\":[}]]}";
    static const char right[] = "{\"docs\":3,\"docs\":[{}],\"d\\u006fcs\":[{\"a\":1,\"\\u0061\":2}]}";
    scale_slice key, value, text = text_of(bytes, sizeof bytes - 1);
    CHECK(cut(text, false, NULL) == NULL);
    text_free(text);
    text = text_of(right, sizeof right - 1);
    scale_json_page *page = cut(text, false, NULL);
    CHECK_INT(scale_json_page_count(page), 1);
    CHECK(text_is(field(page, 0, "a"), "2"));
    CHECK(!scale_json_page_beside(page, 0, &key, &value));
    scale_json_page_free(page);
    text_free(text);
}

static void a_page_may_have_no_documents(void) {
    static const char *const texts[] = {"{}", "{\"total\":1}", "{\"docs\":{}}",
                                        "{\"docs\":[1],\"docs\":null}"};
    for (size_t i = 0; i < 4; i++) {
        scale_json_page *page = cut((scale_slice){texts[i], strlen(texts[i])}, false, NULL);
        CHECK_INT(scale_json_page_count(page), -1);
        scale_json_page_free(page);
    }
}

/* More of them than are noted. */
static void many_members_are_found_too(void) {
    char *bytes = malloc(20000);
    size_t size = (size_t)sprintf(bytes, "{\"docs\":[{");
    for (int i = 0; i < 200; i++) size += (size_t)sprintf(bytes + size, "\"name%d\":%d,", i, i);
    size += (size_t)sprintf(bytes + size, "\"last\":true}]}");
    scale_json_page *page = cut((scale_slice){bytes, size}, false, NULL);
    CHECK(text_is(field(page, 0, "name0"), "0"));
    CHECK(text_is(field(page, 0, "name199"), "199"));
    CHECK(text_is(field(page, 0, "last"), "true"));
    CHECK(field(page, 0, "name200").data == NULL);
    scale_json_page_free(page);
    free(bytes);
}

static void what_is_wrong_is_told(void) {
    static const char *const cases[][2] = {
        {"[]", "not JSON at byte 1: an object was expected"},
        {"7", "not JSON at byte 1: an object or array was expected"},
        {"", "not JSON at byte 1: the text ends too early"},
        {"{\"docs\":[{\"id\":1]}", "not JSON at byte 17: a bracket that closes another kind"},
        {"{\"docs\":[{} {}]}", "not JSON at byte 13: a comma or ] was expected"},
        {"{\"docs\":[]} x", "not JSON at byte 13: something stands behind the value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scale_error error = SCALE_ERROR_INIT;
        CHECK(cut((scale_slice){cases[i][0], strlen(cases[i][0])}, i % 2 == 0, &error) == NULL);
        CHECK_TEXT(error.message, cases[i][1]);
    }
}

static void documents_are_checked_in_full_when_asked(void) {
    static const char bytes[] = "{\"docs\":[{\"id\":\"a\"},{\"id\":01}]}";
    static const char right[] = "{\"docs\":[{\"id\":\"a\"},{\"id\":1}]}";
    scale_error error = SCALE_ERROR_INIT;
    scale_json_page *page = cut((scale_slice){bytes, sizeof bytes - 1}, false, NULL);
    CHECK(page != NULL);
    scale_json_page_free(page);
    CHECK(cut((scale_slice){bytes, sizeof bytes - 1}, true, &error) == NULL);
    CHECK_TEXT(error.message, "not JSON at byte 27: a number must not begin with 0 and a digit");
    page = cut((scale_slice){right, sizeof right - 1}, true, NULL);
    CHECK(scale_json_page_is_checked(page));
    CHECK(text_is(field(page, 1, "id"), "1"));
    scale_json_page_free(page);
}

int main(void) {
    RUN(documents_and_their_fields_are_found);
    RUN(the_last_of_a_name_holds);
    RUN(a_page_may_have_no_documents);
    RUN(many_members_are_found_too);
    RUN(what_is_wrong_is_told);
    RUN(documents_are_checked_in_full_when_asked);
    return RESULT();
}
