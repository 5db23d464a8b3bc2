/*
** check.h - what a unit test needs: CHECK(…) counts and prints a failure with both values and goes
** on; RUN(test) names the test; RESULT() prints the sum and gives main's result.
*/
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

static int check_passed, check_failed, check_failures_in_test;
static const char *check_name;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) check_report(__FILE__, __LINE__, #condition, "", "");                              \
    } while (0)

#define CHECK_INT(actual, expected)                                                                          \
    do {                                                                                                     \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected);                          \
        if (actual_ != expected_) {                                                                          \
            char a_[32], e_[32];                                                                             \
            snprintf(a_, sizeof a_, "%lld", actual_);                                                        \
            snprintf(e_, sizeof e_, "%lld", expected_);                                                      \
            check_report(__FILE__, __LINE__, #actual, a_, e_);                                               \
        }                                                                                                    \
    } while (0)

#define CHECK_TEXT(actual, expected)                                                                         \
    do {                                                                                                     \
        const char *actual_ = (actual), *expected_ = (expected);                                             \
        if (actual_ == NULL || strcmp(actual_, expected_) != 0)                                              \
            check_report(__FILE__, __LINE__, #actual, actual_ ? actual_ : "(null)", expected_);              \
    } while (0)

#define RUN(test)                                                                                            \
    do {                                                                                                     \
        check_name = #test;                                                                                  \
        check_failures_in_test = 0;                                                                          \
        test();                                                                                              \
        if (check_failures_in_test == 0)                                                                     \
            check_passed++;                                                                                  \
        else                                                                                                 \
            check_failed++;                                                                                  \
    } while (0)

#define RESULT() (printf("%d passed, %d failed\n", check_passed, check_failed), check_failed != 0)

static inline void check_report(const char *file, int line, const char *what, const char *actual,
                                const char *expected) {
    check_failures_in_test++;
    printf("FAILED %s (%s:%d): %s", check_name, file, line, what);
    if (*actual != '\0' || *expected != '\0') printf(" is \"%s\", expected \"%s\"", actual, expected);
    putchar('\n');
}

#endif
