/*
** check_blocks.h - checking a value in full, 64 bytes at once. Included by check.c and avx2.c, which compile
*it
** for different machines.
**
** What may stand where is mostly a matter of what stands before: a value behind a bracket that opens, a comma
** or a colon; a comma behind a value; a colon behind a string. That is asked of all tokens of a block by
** shifting bit masks. What remains is a matter of brackets: that they pair up, that in objects colons
** and commas take turns, and that in arrays there are no colons. Whether the whole is right is all that
** is found out here; the reader says what is wrong.
*/
#ifndef SCALE_JSON_CHECK_BLOCKS_H
#define SCALE_JSON_CHECK_BLOCKS_H

#include "json/scan.h"

#include "json/blocks.h"

/* What is carried from one block to the next, beside the brackets. The masks are 0 or all bits, the others 0
** or 1: the last token (behind it, white space) was of that class. */
typedef struct carried {
    uint64_t in_string;
    bool escape;
    uint64_t scalar; /* the last byte was one of a number or word */
    uint64_t before_value, value, string, opened;
} carried;

/* The tokens of a block. */
typedef struct tokens {
    uint64_t strings; /* from the opening quote to before the closing one */
    uint64_t quotes, opening, closing, commas, colons, spaces, scalars;
    uint64_t controls, foreign; /* bytes below the space, and those that are not ASCII */
    uint64_t escapes;           /* backslashes that begin one */
} tokens;

static inline part as_it_is(part bytes) {
    return bytes; /* its highest bits are what is asked for */
}

static inline tokens read_tokens(const char *block, carried *c) {
    tokens t;
    uint64_t backslashes = find_backslashes(block), escaped = 0, special = MASK(block, is_below, ' ');
    if (backslashes != 0 || c->escape) escaped = escaped_bytes(backslashes, &c->escape);
    t.escapes = backslashes & ~escaped;
    t.quotes = MASK(block, is_byte, '"') & ~escaped;
    t.strings = running_parity(t.quotes) ^ c->in_string;
    c->in_string = 0 - (t.strings >> 63);
    uint64_t outside = ~(t.strings | t.quotes);
    t.opening = MASK(block, is_bracket_like, '{') & outside;
    t.closing = MASK(block, is_bracket_like, '}') & outside;
    t.commas = MASK(block, is_byte, ',') & outside;
    t.colons = MASK(block, is_byte, ':') & outside;
    t.spaces = MASK(block, is_byte, ' ') & outside;
    t.controls = t.foreign = 0;
    if (special != 0) {
        t.foreign = MASK(block, as_it_is);
        t.controls = special & ~t.foreign;
        t.spaces |=
            (MASK(block, is_byte, '\n') | MASK(block, is_byte, '\r') | MASK(block, is_byte, '\t')) & outside;
    }
    t.scalars = outside & ~(t.opening | t.closing | t.commas | t.colons | t.spaces);
    return t;
}

/* ====================================================================== order */

/* The bytes that stand behind one of these, white space between them or not. */
static inline uint64_t behind(uint64_t these, uint64_t spaces, uint64_t *carry) {
    uint64_t next = these << 1 | *carry, passed;
    *carry = these >> 63;
    if (spaces == 0) return next;
    /* A bit that is added to a run of bits comes out behind it. */
    if (__builtin_add_overflow(spaces, next & spaces, &passed)) *carry = 1;
    return (next | passed) & ~spaces;
}

/* The tokens that stand where they must not. */
static inline uint64_t out_of_order(const tokens *t, uint64_t scalar_starts, uint64_t *behind_opened,
                                    carried *c) {
    uint64_t ends = t->quotes & ~t->strings;
    uint64_t begins = (t->quotes & t->strings) | t->opening | scalar_starts;
    *behind_opened = behind(t->opening, t->spaces, &c->opened);
    uint64_t behind_string = behind(ends, t->spaces, &c->string);
    uint64_t behind_value = behind(ends | t->scalars | t->closing, t->spaces, &c->value);
    uint64_t before_value = behind(t->opening | t->commas | t->colons, t->spaces, &c->before_value);
    return (begins & ~before_value) | (t->commas & ~behind_value) | (t->colons & ~behind_string) |
           (t->closing & ~(behind_value | *behind_opened));
}

/* =================================================================== brackets */

typedef struct nesting {
    size_t depth, max_depth;
    uint64_t kinds; /* a bit an open bracket, the innermost the lowest: is it an object's? */
    uint64_t *aside;
    bool after_colon; /* in an object: the last of its separators was a colon */
} nesting;

/* The separators of a block, and how many of them, odd or even, there are up to each byte. */
typedef struct separators {
    uint64_t all, colons, parity;
} separators;

/* Takes what stands between two brackets, or the end of the block, which is at `last`. Before it, there were
** an odd number of separators in the block, or not. */
static inline bool take_region(nesting *n, const separators *s, uint64_t region, unsigned last,
                               bool odd_before) {
    uint64_t inside = s->all & region;
    if (inside == 0) return true;
    if ((n->kinds & 1) == 0) return (inside & s->colons) == 0;
    uint64_t phase = odd_before == n->after_colon ? 0 : ~(uint64_t)0;
    n->after_colon = ((s->parity ^ phase) >> last & 1) != 0;
    return (inside & (s->parity ^ phase ^ s->colons)) == 0;
}

static inline bool enter(nesting *n, uint64_t is_object) {
    if (n->depth == n->max_depth || ((n->kinds & 1) != 0 && !n->after_colon)) return false;
    if (n->depth % 64 == 0) n->aside[n->depth / 64] = n->kinds;
    n->kinds = n->kinds << 1 | is_object;
    n->depth++;
    n->after_colon = false;
    return true;
}

/* `empty`: what it closes was opened just before. */
static inline bool leave(nesting *n, uint64_t is_object, bool empty) {
    if ((n->kinds & 1) != is_object || (is_object && !n->after_colon && !empty)) return false;
    n->kinds >>= 1;
    n->depth--;
    if (n->depth % 64 == 0) n->kinds = n->aside[n->depth / 64];
    n->after_colon = true; /* in an object, it was the value of a member */
    return true;
}

/* Takes the brackets of a block and what is between them. Gives the bytes up to the one that ends the value,
** all when none does; 0 when something is wrong. */
static inline uint64_t take_brackets(nesting *n, const tokens *t, uint64_t behind_opened, const char *at) {
    uint64_t all = t->commas | t->colons, brackets = t->opening | t->closing, left = ~(uint64_t)0;
    const separators s = {all, t->colons, running_parity(all)};
    bool odd = false;
    for (; brackets != 0; brackets &= brackets - 1) {
        unsigned index = (unsigned)__builtin_ctzll(brackets);
        uint64_t bit = brackets & (0 - brackets), is_object = (unsigned char)at[index] >> 5 & 1;
        if (!take_region(n, &s, left & (bit - 1), index, odd)) return 0;
        odd = (s.parity & bit) != 0;
        left = ~(bit | (bit - 1));
        if ((t->opening & bit) != 0) {
            if (!enter(n, is_object)) return 0;
        } else {
            if (!leave(n, is_object, (behind_opened & bit) != 0)) return 0;
            if (n->depth == 0) return ~left;
        }
    }
    return take_region(n, &s, left, 63, odd) ? ~(uint64_t)0 : 0;
}

/* ===================================================================== values */

static inline bool is_scalar_byte(char byte) {
    switch (byte) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ':':
    case '"':
    case '[':
    case ']':
    case '{':
    case '}': return false;
    default: return true;
    }
}

/* A number or word, and nothing of the kind right behind it. */
static inline bool is_scalar(const char *at, const char *end) {
    scale__json_fault unread;
    const char *behind;
    if (*at == '-' || (*at >= '0' && *at <= '9'))
        behind = scale__json_pass_number(at, end, &unread);
    else if (*at == 't' || *at == 'f' || *at == 'n')
        behind = scale__json_pass_word(at, end, &unread);
    else
        return false;
    return behind != NULL && (behind == end || !is_scalar_byte(*behind));
}

static inline part is_digit(part bytes) {
    return is_below(add_to(bytes, (char)(0x80 - '0')), (char)(0x80 + 10));
}

/* Most numbers are digits alone, which is seen without reading them. */
static inline bool are_scalars(uint64_t starts, uint64_t scalars, const char *block, const char *at,
                               const char *end) {
    uint64_t digits = starts != 0 ? MASK(block, is_digit) : 0;
    for (; starts != 0; starts &= starts - 1) {
        uint64_t first = starts & (0 - starts), run = scalars & ~(scalars + first);
        const char *scalar = at + __builtin_ctzll(starts);
        bool whole = (run & ~digits) == 0 && run >> 63 == 0;
        if (whole && (*scalar != '0' || run == first)) continue;
        if (!is_scalar(scalar, end)) return false;
    }
    return true;
}

static bool are_escapes(uint64_t escapes, const char *at, const char *end) {
    scale__json_fault unread;
    for (; escapes != 0; escapes &= escapes - 1) {
        if (scale__json_pass_escape_form(at + __builtin_ctzll(escapes), end, &unread) == NULL) return false;
    }
    return true;
}

/* `behind` is where those end that were seen before, which may be in this block. */
static bool are_characters(uint64_t foreign, const char *at, const char *end, const char **behind) {
    scale__json_fault unread;
    for (; foreign != 0; foreign &= foreign - 1) {
        const char *character = at + __builtin_ctzll(foreign);
        if (character < *behind) continue;
        *behind = scale__json_pass_utf8(character, end, &unread);
        if (*behind == NULL) return false;
    }
    return true;
}

/* An object or array. NULL when something is wrong. */
static const char *check_brackets(const char *at, const char *end, size_t max_depth) {
    uint64_t aside[SCALE_JSON_MOST_DEPTH / 64];
    nesting n = {0, max_depth, 0, aside, false};
    carried c = {.before_value = 1};
    const char *behind_foreign = at;
    char room[64];
    for (; at < end; at += 64) {
        const char *block = block_at(at, end, room);
        tokens t = read_tokens(block, &c);
        uint64_t starts = t.scalars & ~(t.scalars << 1 | c.scalar), behind_opened;
        uint64_t wrong = out_of_order(&t, starts, &behind_opened, &c);
        uint64_t ours = take_brackets(&n, &t, behind_opened, block), inside = t.strings & ours;
        c.scalar = t.scalars >> 63;
        if (ours == 0 || ((wrong | (t.controls & t.strings)) & ours) != 0) return NULL;
        if (!are_scalars(starts & ours, t.scalars, block, at, end) ||
            !are_escapes(t.escapes & inside, at, end) ||
            !are_characters(t.foreign & inside, at, end, &behind_foreign))
            return NULL;
        if (n.depth == 0) return at + 64 - __builtin_clzll(ours);
    }
    return NULL;
}

#endif
