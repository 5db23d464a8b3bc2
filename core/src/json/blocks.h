/*
** blocks.h - 64 bytes of a text at once, as bit masks: which of them are quotes, brackets, between quotes.
** Private to core/src/json; for machines with SSE2, which is every amd64.
*/
#ifndef SCALE_JSON_BLOCKS_H
#define SCALE_JSON_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/* The 64 bytes at `at`; those behind the end are spaces, and stand in `room`. */
static inline const char *block_at(const char *at, const char *end, char *room) {
    if (end - at >= 64) return at;
    memset(room, ' ', 64);
    return memcpy(room, at, (size_t)(end - at));
}

static inline __m128i is_byte(__m128i bytes, char one) {
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(one));
}

static inline __m128i is_separator(__m128i bytes) {
    return _mm_or_si128(is_byte(bytes, ','), is_byte(bytes, ':'));
}

/* Both kinds of bracket differ in one bit. */
static inline __m128i is_bracket(__m128i bytes) {
    bytes = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    return _mm_or_si128(is_byte(bytes, '{'), is_byte(bytes, '}'));
}

static inline __m128i part_of(const char *block, size_t index) {
    return _mm_loadu_si128((const __m128i *)(const void *)block + index);
}

static inline uint64_t join_masks(__m128i one, __m128i two, __m128i three, __m128i four) {
    uint64_t low = (unsigned)_mm_movemask_epi8(one) | (unsigned)_mm_movemask_epi8(two) << 16;
    uint64_t high = (unsigned)_mm_movemask_epi8(three) | (unsigned)_mm_movemask_epi8(four) << 16;
    return low | high << 32;
}

/* Which of the 64 bytes pass a test, the first one being the lowest bit. */
#define MASK(block, test, ...)                                                                               \
    join_masks(test(part_of(block, 0), ##__VA_ARGS__), test(part_of(block, 1), ##__VA_ARGS__),               \
               test(part_of(block, 2), ##__VA_ARGS__), test(part_of(block, 3), ##__VA_ARGS__))

/* Which bytes are backslashes. Most blocks have none, which is found out sooner. */
static inline uint64_t find_backslashes(const char *block) {
    __m128i front = _mm_or_si128(is_byte(part_of(block, 0), '\\'), is_byte(part_of(block, 1), '\\'));
    __m128i back = _mm_or_si128(is_byte(part_of(block, 2), '\\'), is_byte(part_of(block, 3), '\\'));
    if (_mm_movemask_epi8(_mm_or_si128(front, back)) == 0) return 0;
    return MASK(block, is_byte, '\\');
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
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

#endif
#endif
