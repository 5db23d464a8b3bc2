/*
** avx2.c - the walks over blocks once more, compiled for machines with AVX2: see CMakeLists.txt. Called by
** check.c and outline.c where the machine has it.
*/
#include "json/check_blocks.h"
#include "json/outline_blocks.h"

const char *scale__json_check_brackets_avx2(const char *at, const char *end, size_t max_depth) {
    return check_brackets(at, end, max_depth);
}

const char *scale__json_pass_brackets_avx2(const char *at, const char *end, scale__json_fault *fault) {
    return walk(at, end, NULL, fault);
}

const char *scale__json_pass_object_avx2(const char *at, const char *end, scale__json_search *search,
                                         scale__json_fault *fault) {
    return walk_object(at, end, search, fault);
}
