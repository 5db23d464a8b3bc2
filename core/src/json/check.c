/*
** check.c - checking a value in full: 64 bytes at once where the machine can, by the reader otherwise, which
*also says
** what is wrong. Called for scale_json_check, and by page.c.
*/
#include "json/scan.h"

#if !defined(__SSE2__)
const char *scale__json_pass_checked(const char *at, const char *end, size_t max_depth,
                                     scale__json_fault *fault) {
    return scale__json_pass_checked_plainly(at, end, max_depth, fault);
}
#else
#include "json/check_blocks.h"

static inline const char *check(const char *at, const char *end, size_t max_depth) {
#if defined(SCALE_AVX2)
    if (scale__json_has_avx2()) return scale__json_check_brackets_avx2(at, end, max_depth);
#endif
    return check_brackets(at, end, max_depth);
}

const char *scale__json_pass_checked(const char *at, const char *end, size_t max_depth,
                                     scale__json_fault *fault) {
    if (at < end && (*at == '{' || *at == '[')) {
        const char *behind = check(at, end, max_depth);
        if (behind != NULL) return behind;
    }
    return scale__json_pass_checked_plainly(at, end, max_depth, fault);
}
#endif
