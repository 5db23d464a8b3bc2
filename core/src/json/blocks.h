/*
** blocks.h - 64 bytes of a text at once, as bit masks: which of them are quotes, brackets, between quotes.
** Private to core/src/json; for machines with SSE2, which is every amd64. What walks over blocks is compiled
** once more for those with AVX2 (avx2.c), and chosen when the program runs.
*/
#ifndef SCALE_JSON_BLOCKS_H
#define SCALE_JSON_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>

/* The 64 bytes at `at`; those behind the end are spaces, and stand in `room`. */
static inline const char *block_at(const char *at, const char *end, char *room) {
    if (end - at >= 64) return at;
    memset(room, ' ', 64);
    return memcpy(room, at, (size_t)(end - at));
}

/* A block is looked at in parts, as large as the machine can. Of a comparison, a byte is 0 or has all bits.
 */
#if defined(__AVX2__)
typedef __m256i part;

static inline part part_of(const char *block, size_t index) {
    return _mm256_loadu_si256((const __m256i *)(const void *)block + index);
}

static inline part all_of(char byte) {
    return _mm256_set1_epi8(byte);
}

static inline part is_byte(part bytes, char byte) {
    return _mm256_cmpeq_epi8(bytes, all_of(byte));
}

/* As signed bytes. */
static inline part is_below(part bytes, char byte) {
    return _mm256_cmpgt_epi8(all_of(byte), bytes);
}

static inline part add_to(part bytes, char byte) {
    return _mm256_add_epi8(bytes, all_of(byte));
}

static inline part either(part one, part other) {
    return _mm256_or_si256(one, other);
}

static inline uint64_t bits_of(part bytes) {
    return (unsigned)_mm256_movemask_epi8(bytes);
}

#define MASK(block, test, ...)                                                                               \
    (bits_of(test(part_of(block, 0), ##__VA_ARGS__)) | bits_of(test(part_of(block, 1), ##__VA_ARGS__)) << 32)

static inline bool has_byte(const char *block, char byte) {
    return bits_of(either(is_byte(part_of(block, 0), byte), is_byte(part_of(block, 1), byte))) != 0;
}
#else
typedef __m128i part;

static inline part part_of(const char *block, size_t index) {
    return _mm_loadu_si128((const __m128i *)(const void *)block + index);
}

static inline part all_of(char byte) {
    return _mm_set1_epi8(byte);
}

static inline part is_byte(part bytes, char byte) {
    return _mm_cmpeq_epi8(bytes, all_of(byte));
}

/* As signed bytes. */
static inline part is_below(part bytes, char byte) {
    return _mm_cmplt_epi8(bytes, all_of(byte));
}

static inline part add_to(part bytes, char byte) {
    return _mm_add_epi8(bytes, all_of(byte));
}

static inline part either(part one, part other) {
    return _mm_or_si128(one, other);
}

static inline uint64_t bits_of(part bytes) {
    return (unsigned)_mm_movemask_epi8(bytes);
}

static inline uint64_t join_bits(part one, part two, part three, part four) {
    return bits_of(one) | bits_of(two) << 16 | bits_of(three) << 32 | bits_of(four) << 48;
}

/* Which of the 64 bytes pass a test, the first one being the lowest bit. */
#define MASK(block, test, ...)                                                                               \
    join_bits(test(part_of(block, 0), ##__VA_ARGS__), test(part_of(block, 1), ##__VA_ARGS__),                \
              test(part_of(block, 2), ##__VA_ARGS__), test(part_of(block, 3), ##__VA_ARGS__))

static inline bool has_byte(const char *block, char byte) {
    part front = either(is_byte(part_of(block, 0), byte), is_byte(part_of(block, 1), byte));
    part back = either(is_byte(part_of(block, 2), byte), is_byte(part_of(block, 3), byte));
    return bits_of(either(front, back)) != 0;
}
#endif

/* Both kinds of bracket differ in one bit. */
static inline part is_bracket_like(part bytes, char curly) {
    return is_byte(either(bytes, all_of(0x20)), curly);
}

static inline part is_separator(part bytes) {
    return either(is_byte(bytes, ','), is_byte(bytes, ':'));
}

static inline part is_bracket(part bytes) {
    bytes = either(bytes, all_of(0x20));
    return either(is_byte(bytes, '{'), is_byte(bytes, '}'));
}

/* Which bytes are backslashes. Most blocks have none, which is found out sooner. */
static inline uint64_t find_backslashes(const char *block) {
    return has_byte(block, '\\') ? MASK(block, is_byte, '\\') : 0;
}

/* The bytes behind a backslash that is not itself behind one. `carry`: the last byte of the block before
** is such a backslash; set for the next. */
static inline uint64_t escaped_bytes(uint64_t backslashes, bool *carry) {
    uint64_t escaped = *carry ? 1 : 0;
    *carry = false;
    backslashes &= ~escaped;
    while (backslashes != 0) {
        uint64_t first = backslashes & (0 - backslashes);
        escaped |= first << 1;
        *carry = first >> 63 != 0;
        backslashes &= ~(first | first << 1);
    }
    return escaped;
}

/* Each bit becomes the sum of itself and those below: from an opening quote to before the closing one, 1. */
static inline uint64_t running_parity(uint64_t bits) {
#if defined(__PCLMUL__)
    return (uint64_t)_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)bits), _mm_set1_epi8(-1), 0));
#else
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
#endif
}

#endif

/* ============================================================ compiled for AVX2 */

#if defined(SCALE_AVX2)
static inline bool scale__json_has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("pclmul");
}

/* As in scan.h. The first gives NULL also where the other reader is to say what is wrong. */
const char *scale__json_check_brackets_avx2(const char *at, const char *end, size_t max_depth);
const char *scale__json_pass_brackets_avx2(const char *at, const char *end, scale__json_fault *fault);
const char *scale__json_pass_object_avx2(const char *at, const char *end, scale__json_search *search,
                                         scale__json_fault *fault);
#endif
#endif
