#include "answer.h"

#include <string.h>

#include "alloc.h"
#include "error.h"
#include "operations.h"

/* =============================================================== good answers */

static scale_status fail_member(const char *member, bool is_there, scale_error *error) {
    if (!is_there) return scale__fail(error, SCALE_BAD_ANSWER, "the answer has no %s", member);
    return scale__fail(error, SCALE_BAD_ANSWER, "%s of the answer is not an array", member);
}

static scale_status fail_json(const scale_error *problem, scale_error *error) {
    if (problem->kind == SCALE_NO_MEMORY) return scale__fail_no_memory(error);
    return scale__fail(error, SCALE_BAD_ANSWER, "the answer is %s", problem->message);
}

/* One pass that both checks the answer and finds its documents. */
static scale_status cut_page(const char *member, scale_slice answer, bool in_full, scale_json_page **page,
                             scale_error *error) {
    scale_error problem = SCALE_ERROR_INIT;
    scale_slice value;
    if (scale_json_page_new(page, answer, member, in_full, &problem) != SCALE_OK)
        return fail_json(&problem, error);
    if (scale_json_page_count(*page) >= 0) return SCALE_OK;
    scale_json_page_free(*page);
    *page = NULL;
    return fail_member(member, scale_json_get(answer, member, strlen(member), &value), error);
}

scale_status scale__answer_check(const scale_operation *operation, scale_slice answer, bool in_full,
                                 scale_json_page **page, scale_error *error) {
    const scale_answer_kind *kind = scale_answer_describe(operation->answer);
    scale_error problem = SCALE_ERROR_INIT;
    scale_slice value;
    if (kind->form == SCALE_FORM_ANY || kind->form == SCALE_FORM_ADDRESS) return SCALE_OK;
    /* What is found at once needs no second look; what follows says what is wrong. */
    if (kind->form == SCALE_FORM_OBJECT && kind->member != NULL &&
        scale_json_get(answer, kind->member, strlen(kind->member), &value))
        return SCALE_OK;
    bool array = kind->form == SCALE_FORM_LIST && kind->member == NULL;
    scale_json_type wanted = array ? SCALE_JSON_TYPE_ARRAY : SCALE_JSON_TYPE_OBJECT;
    if (answer.size == 0) return scale__fail(error, SCALE_BAD_ANSWER, "the answer is empty");
    bool is_page = operation->page != SCALE_PAGE_NONE && scale_json_type_of(answer) == wanted;
    if (is_page) return cut_page(kind->member, answer, in_full, page, error);
    if (scale_json_outline(answer, &problem) != SCALE_OK) return fail_json(&problem, error);
    if (scale_json_type_of(answer) != wanted)
        return scale__fail(error, SCALE_BAD_ANSWER, "the answer is not an %s", array ? "array" : "object");
    if (kind->member == NULL) return SCALE_OK;
    bool is_there = scale_json_get(answer, kind->member, strlen(kind->member), &value);
    bool is_right = kind->form != SCALE_FORM_LIST || scale_json_type_of(value) == SCALE_JSON_TYPE_ARRAY;
    return is_there && is_right ? SCALE_OK : fail_member(kind->member, is_there, error);
}

/* ============================================================== error answers */

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static scale_slice trimmed(scale_slice text) {
    while (text.size > 0 && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_space(text.data[text.size - 1])) text.size--;
    return text;
}

/* A string's characters, or any other value as it was written. False when there is nothing to say. */
static bool take_value(scale_error *error, scale_slice value) {
    size_t size = 0;
    if (scale_json_type_of(value) == SCALE_JSON_TYPE_STRING) {
        char *text = scale__allocate(value.size);
        bool fine = text != NULL && scale_json_string(value, text, &size, NULL) == SCALE_OK && size > 0;
        if (fine) scale__error_set_message(error, text, size);
        scale__release(text);
        return fine;
    }
    if (scale_json_type_of(value) == SCALE_JSON_TYPE_NULL || value.size == 0) return false;
    scale__error_set_message(error, value.data, value.size);
    return true;
}

static bool begins_with(scale_slice text, const char *beginning) {
    return text.size >= strlen(beginning) && strncasecmp(text.data, beginning, strlen(beginning)) == 0;
}

/* An HTML page says what it has to say in its title. */
static bool take_title(scale_error *error, scale_slice page) {
    if (!begins_with(page, "<")) return false;
    const char *from = memmem(page.data, page.size, "<title>", 7);
    if (from == NULL) from = memmem(page.data, page.size, "<TITLE>", 7);
    if (from == NULL) return false;
    from += 7;
    const char *to = memchr(from, '<', page.size - (size_t)(from - page.data));
    if (to == NULL) return false;
    scale_slice title = trimmed((scale_slice){from, (size_t)(to - from)});
    if (title.size == 0) return false;
    scale__error_set_message(error, title.data, title.size);
    return true;
}

static const char *words_for(scale_kind kind) {
    switch (kind) {
    case SCALE_INVALID_REQUEST: return "the server refused the request";
    case SCALE_UNAUTHORIZED: return "the API key is not valid";
    case SCALE_NOT_ENABLED: return "not enabled for this account";
    case SCALE_FORBIDDEN: return "not allowed with this key";
    case SCALE_NOT_FOUND: return "not found";
    case SCALE_DUPLICATE: return "already exists";
    case SCALE_TOO_LARGE: return "the request is too large";
    case SCALE_TOO_MANY_REQUESTS: return "too many requests";
    case SCALE_UNAVAILABLE: return "the service is unavailable";
    case SCALE_TIMEOUT: return "the server timed out";
    case SCALE_INTERNAL: return "the server failed";
    default: return "the server gave no reason";
    }
}

void scale__answer_read_error(scale_error *error, scale_slice body) {
    scale_slice text = trimmed(body), value;
    bool object = scale_json_type_of(text) == SCALE_JSON_TYPE_OBJECT;
    if (object && scale_json_get(text, "error", 5, &value) && take_value(error, value)) return;
    if (object && scale_json_get(text, "message", 7, &value) && take_value(error, value)) return;
    if (take_title(error, text)) return;
    if (text.size > 0)
        scale__error_set_message(error, text.data, text.size);
    else
        scale__error_set_message(error, words_for(error->kind), strlen(words_for(error->kind)));
}
