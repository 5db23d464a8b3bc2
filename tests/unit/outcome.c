/* outcome.c - what errors mean for work of many calls, and ids that are digests. */
#include "check.h"
#include "scaleapi.h"

/* Each kind means one thing, and what the server may get over is not taken for an end. */
static void every_kind_has_an_outcome(void) {
    static const struct {
        scale_kind kind;
        const char *outcome;
    } expected[] = {{SCALE_NONE, "done"},           {SCALE_INVALID_REQUEST, "failed"},
                    {SCALE_NOT_FOUND, "failed"},    {SCALE_USAGE, "failed"},
                    {SCALE_TOO_LARGE, "failed"},    {SCALE_DUPLICATE, "conflict"},
                    {SCALE_AMBIGUOUS, "ambiguous"}, {SCALE_UNAUTHORIZED, "hopeless"},
                    {SCALE_FORBIDDEN, "hopeless"},  {SCALE_NOT_ENABLED, "hopeless"},
                    {SCALE_TLS, "hopeless"},        {SCALE_NETWORK, "open"},
                    {SCALE_TIMEOUT, "open"},        {SCALE_INTERNAL, "open"},
                    {SCALE_UNAVAILABLE, "open"},    {SCALE_TOO_MANY_REQUESTS, "open"},
                    {SCALE_BAD_ANSWER, "open"},     {SCALE_BUDGET, "open"},
                    {SCALE_CANCELED, "open"}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        CHECK_TEXT(scale_outcome_name(scale_kind_outcome(expected[i].kind)), expected[i].outcome);
    CHECK_TEXT(scale_outcome_name(SCALE_OUTCOME_EXISTING), "existing");
    CHECK_TEXT(scale_outcome_name((scale_outcome)99), "unknown");
}

static void id_of(char *id, const char *const *names, size_t count, const char *row, uint64_t copy) {
    scale_row_id(id, names, count, (scale_slice){row, strlen(row)}, copy);
}

/* FIPS 180-4's own examples, and lengths around a block's end. */
static void an_id_is_a_sha_256(void) {
    char id[SCALE_ROW_ID_SIZE], row[200];
    id_of(id, NULL, 0, "", 1);
    CHECK_TEXT(id, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    id_of(id, NULL, 0, "abc", 1);
    CHECK_TEXT(id, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    id_of(id, NULL, 0, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1);
    CHECK_TEXT(id, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(row, 'a', sizeof row);
    scale_row_id(id, NULL, 0, (scale_slice){row, 64}, 1);
    CHECK_TEXT(id, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    scale_row_id(id, NULL, 0, (scale_slice){row, 119}, 1);
    CHECK_TEXT(id, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb");
}

/* Each as sha256sum gives it for printf 'p\0\0t\0{}' and printf 'p\0\0t\0{}\0002'. */
static void it_counts_names_and_copies_in_and_no_white_space_around(void) {
    static const char *const names[] = {"p", "", "t"};
    char id[SCALE_ROW_ID_SIZE];
    id_of(id, names, 3, " \t{}\r\n", 1);
    CHECK_TEXT(id, "cccac8fca9cac675aa813cd72e185ebcdcaad4ffed77f9b53ff1cf26c01cca25");
    id_of(id, names, 3, "{}", 0);
    CHECK_TEXT(id, "cccac8fca9cac675aa813cd72e185ebcdcaad4ffed77f9b53ff1cf26c01cca25");
    id_of(id, names, 3, "{}", 2);
    CHECK_TEXT(id, "81fafa35befae6fab6274821fa935853eeb9fbc21c71e55884e8627c16c3243d");
}

int main(void) {
    RUN(every_kind_has_an_outcome);
    RUN(an_id_is_a_sha_256);
    RUN(it_counts_names_and_copies_in_and_no_white_space_around);
    return RESULT();
}
