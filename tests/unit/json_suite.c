/* json_suite.c - the codec against the JSON test suite: what is JSON passes, what is not is refused, and
** nothing reads past the end. */
#include <dirent.h>

#include "check.h"
#include "json_text.h"

#define FOLDER "tests/data/json-test-suite/test_parsing"

typedef void visit_fn(const char *name, scale_slice text);

static scale_slice read_file(const char *name) {
    char path[512], bytes[1 << 18];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) abort();
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return text_of(bytes, size);
}

/* Returns how many files there were. */
static int visit(char prefix, visit_fn *each) {
    DIR *folder = opendir(FOLDER);
    struct dirent *entry;
    int count = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != prefix && (prefix != '*' || entry->d_name[0] == '.')) continue;
        scale_slice text = read_file(entry->d_name);
        each(entry->d_name, text);
        text_free(text);
        count++;
    }
    if (folder != NULL) closedir(folder);
    return count;
}

static void accept(const char *name, scale_slice text) {
    scale_error error = SCALE_ERROR_INIT;
    if (scale_json_check(text, NULL, &error) != SCALE_OK) check_report(name, 0, "check", error.message, "");
    if (scale_json_outline(text, &error) != SCALE_OK) check_report(name, 0, "outline", error.message, "");
}

/* Of what is right, the reader gives the same tokens when it is told so. */
static void read_both_ways(const char *name, scale_slice text) {
    scale_json_reader strict, checked;
    scale_json_token token;
    scale_slice one = {NULL, 0}, other = {NULL, 0};
    scale_json_reader_init(&strict, text, NULL);
    scale_json_reader_init_checked(&checked, text);
    do {
        token = scale_json_reader_next(&strict, &one);
        if (scale_json_reader_next(&checked, &other) != token) check_report(name, 0, "another token", "", "");
        if (token == SCALE_JSON_TOKEN_END || token == SCALE_JSON_TOKEN_ERROR) break;
        if (one.data != other.data || one.size != other.size || strict.plain != checked.plain)
            check_report(name, (int)(one.data - text.data), "another text", "", "");
    } while (check_failures_in_test == 0);
}

static void refuse(const char *name, scale_slice text) {
    scale_error error = SCALE_ERROR_INIT;
    if (scale_json_check(text, NULL, &error) == SCALE_OK) check_report(name, 0, "accepted", "", "");
    if (strncmp(error.message, "not JSON at byte ", 17) != 0) check_report(name, 0, error.message, "", "");
    if (error.kind != SCALE_BAD_JSON) check_report(name, 0, "the kind is not bad_json", "", "");
}

/* Everything that reads, for the sanitizers to see. */
static void touch_all(const char *name, scale_slice text) {
    scale_json_cursor cursor;
    scale_json_number number;
    scale_slice key, value;
    char *room = malloc(text.size + 1);
    size_t size;
    bool covers;
    (void)name;
    scale_json_type_of(text);
    scale_json_number_read(text, &number);
    scale_json_get(text, "a", 1, &value);
    scale_json_covers(&covers, &key, text, text, NULL, NULL);
    if (scale_json_cursor_init(&cursor, text, NULL) == SCALE_OK) {
        while (scale_json_cursor_next(&cursor, &key, &value, NULL) == 1) {
            scale_json_number_read(value, &number);
            scale_json_string(value, room, &size, NULL);
            scale_json_string_equals(value, "a", 1);
        }
    }
    free(room);
}

static void refuse_prefixes(const char *name, scale_slice text) {
    size_t size = text.size;
    while (size > 0 && strchr(" \n\r\t", text.data[size - 1]) != NULL) size--;
    if (strchr("}]\"", text.data[size - 1]) == NULL) return; /* a shorter number is a number too */
    for (size_t cut = 0; cut < size; cut++) {
        scale_slice part = text_of(text.data, cut);
        if (scale_json_check(part, NULL, NULL) == SCALE_OK) check_report(name, (int)cut, "cut", "", "");
        if (scale_json_outline(part, NULL) == SCALE_OK) check_report(name, (int)cut, "cut outline", "", "");
        touch_all(name, part);
        text_free(part);
    }
}

static void checked_texts_read_the_same(void) {
    CHECK_INT(visit('y', read_both_ways), 95);
}

static void what_is_json_is_accepted(void) {
    CHECK_INT(visit('y', accept), 95);
}

static void what_is_not_json_is_refused(void) {
    CHECK_INT(visit('n', refuse), 188);
}

static void nothing_reads_past_the_end(void) {
    CHECK_INT(visit('*', touch_all), 318);
}

static void a_text_that_is_cut_anywhere_is_refused(void) {
    CHECK_INT(visit('y', refuse_prefixes), 95);
}

int main(void) {
    RUN(what_is_json_is_accepted);
    RUN(checked_texts_read_the_same);
    RUN(what_is_not_json_is_refused);
    RUN(nothing_reads_past_the_end);
    RUN(a_text_that_is_cut_anywhere_is_refused);
    return RESULT();
}
