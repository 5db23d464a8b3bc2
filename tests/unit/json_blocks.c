/* json_blocks.c - the walks over blocks of 64 bytes give what is given byte by byte: those for every machine,
** compiled in here, and those that core chooses on this one. */
#include "check.h"
#include "json_text.h"
#include "json/scan.h"

#if defined(__SSE2__)
#include "json/check_blocks.h"
#include "json/outline_blocks.h"

static uint64_t seed = 88172645463325252u;

static size_t below(size_t limit) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (size_t)(seed >> 11) % limit;
}

/* A text of pieces that mostly fit, so that much of it is JSON and some of it nearly. */
static scale_slice make_text(int round) {
    static const char *const pieces[] = {"{\"a\":1}",
                                         "{\"a\":[],\"b\":{}}",
                                         "[1,2.5,-3e7]",
                                         "\"x\\\"y\\\\\"",
                                         "true",
                                         "null",
                                         "{}",
                                         "[]",
                                         "0",
                                         "\"\xC3\xA4\xE2\x82\xAC\"",
                                         " ",
                                         "\n"};
    static const char *const faults[] = {",",  ":",  "}",    "]",    "{",   "\"",
                                         "\\", "01", "\x01", "\xFF", "tru", "-"};
    char made[2000] = "[";
    for (size_t count = below(30); count > 0; count--) {
        strcat(made, pieces[below(sizeof pieces / sizeof *pieces)]);
        if (round % 3 == 0 && below(20) == 0) strcat(made, faults[below(sizeof faults / sizeof *faults)]);
        strcat(made, count > 1 ? "," : "");
        for (size_t pad = below(3) == 0 ? below(70) : 0; pad > 0; pad--) strcat(made, " ");
    }
    strcat(made, "]");
    return text_of(made, strlen(made));
}

/* Files may hold the same words in two places. */
static bool is_same_fault(const scale__json_fault *one, const scale__json_fault *other) {
    if (one->why == NULL || other->why == NULL) return one->why == other->why;
    return one->at == other->at && strcmp(one->why, other->why) == 0;
}

static void compare_check(const char *at, const char *end) {
    scale__json_fault fault = {NULL, NULL}, chosen = {NULL, NULL};
    const char *plainly = scale__json_pass_checked_plainly(at, end, 20, &fault);
    CHECK(check_brackets(at, end, 20) == plainly);
    CHECK(scale__json_pass_checked(at, end, 20, &chosen) == plainly);
    CHECK(is_same_fault(&chosen, &fault));
}

static void compare_outline(const char *at, const char *end) {
    scale__json_fault fault = {NULL, NULL}, portable = {NULL, NULL}, chosen = {NULL, NULL};
    const char *plainly = scale__json_pass_brackets_plainly(at, end, &fault);
    CHECK(walk(at, end, NULL, &portable) == plainly);
    CHECK(is_same_fault(&portable, &fault));
    CHECK(scale__json_pass_brackets(at, end, &chosen) == plainly);
    CHECK(is_same_fault(&chosen, &fault));
}

static void compare_members(const char *at, const char *end) {
    scale__json_member one[SCALE__JSON_MOST_MEMBERS], other[SCALE__JSON_MOST_MEMBERS];
    scale__json_search portable = {.members = one, .base = at}, chosen = {.members = other, .base = at};
    scale__json_fault fault = {NULL, NULL};
    CHECK(walk_object(at, end, &portable, &fault) == scale__json_pass_object(at, end, &chosen, &fault));
    CHECK(portable.regular == chosen.regular && portable.member_count == chosen.member_count);
    CHECK(memcmp(one, other, portable.member_count * sizeof *one) == 0);
}

static void every_walk_gives_what_the_plain_one_gives(void) {
    int right = 0;
    for (int round = 0; round < 6000; round++) {
        scale_slice text = make_text(round);
        const char *end = text.data + text.size;
        right += scale_json_check(text, NULL, NULL) == SCALE_OK;
        compare_check(text.data, end);
        compare_outline(text.data, end);
        text_free(text);
    }
    CHECK(right > 600 && right < 5400);
}

static void members_are_found_by_both(void) {
    for (size_t pad = 0; pad < 150; pad++) {
        char made[600];
        int size =
            snprintf(made, sizeof made, "{\"a\":1,%*s\"b,\\\"\":{\"c\":[2,{}]},%*s\"d\" :\"}\",\"e\":null}",
                     (int)pad, "", (int)(pad / 2), "");
        scale_slice text = text_of(made, (size_t)size);
        compare_members(text.data, text.data + text.size);
        text_free(text);
    }
}
#endif

int main(void) {
#if defined(__SSE2__)
    RUN(every_walk_gives_what_the_plain_one_gives);
    RUN(members_are_found_by_both);
#endif
    return RESULT();
}
