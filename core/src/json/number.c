/*
** number.c - numbers: from their spelling to int64_t or double and back, exactly. Called by the writer
** and by whoever reads values. Does not depend on the locale.
**
** A spelling is cut into a sign, its first 19 significant digits as an integer, and a power of ten.
** Most doubles that people write are then one exact operation away: digits and power both fit 53 bits,
** or their product or quotient fits 128. What is left goes to the C library.
*/
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/scan.h"

#define MOST_DIGITS 19                            /* always fit uint64_t */
#define MOST_SIMPLE 15                            /* digits and a point: digits and power are doubles both */
#define MOST_EXACT  ((uint64_t)1 << DBL_MANT_DIG) /* integers up to here are doubles */

#if defined(__SIZEOF_INT128__)
typedef unsigned __int128 wide;
#endif

static const uint64_t powers[] = {1u,
                                  10u,
                                  100u,
                                  1000u,
                                  10000u,
                                  100000u,
                                  1000000u,
                                  10000000u,
                                  100000000u,
                                  1000000000u,
                                  10000000000u,
                                  100000000000u,
                                  1000000000000u,
                                  10000000000000u,
                                  100000000000000u,
                                  1000000000000000u,
                                  10000000000000000u,
                                  100000000000000000u,
                                  1000000000000000000u,
                                  10000000000000000000u};

/* ================================================================== spellings */

/* A number as it is written: 0.d1d2d3… times ten to the `point`, without zeros in front. */
typedef struct spelling {
    const char *first,
        *end; /* from the first significant digit to behind the last digit; a point may be among them */
    int64_t point;
    uint64_t head;        /* its first digits, at most MOST_DIGITS */
    size_t count;         /* of digits from `first` on, zeros at the end included */
    bool negative, whole; /* whole: neither fraction nor exponent */
} spelling;

static int64_t read_exponent(const char *at, const char *end) {
    int64_t value = 0;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') at++;
    for (; at < end; at++) {
        if (value < INT64_C(1000000000000)) value = value * 10 + (*at - '0');
    }
    return negative ? -value : value;
}

static bool add_digit(spelling *s, const char *at) {
    if (s->count == 0 && *at == '0') return false;
    if (s->count == 0) s->first = at;
    if (s->count < MOST_DIGITS) s->head = s->head * 10 + (uint64_t)(*at - '0');
    s->count++;
    return true;
}

/* Takes a spelling apart that is known to be well formed. */
static void take_apart(spelling *s, scale_slice value) {
    const char *at = value.data, *end = at + value.size;
    bool fraction = false;
    memset(s, 0, sizeof *s);
    s->first = s->end = end;
    s->whole = true;
    s->negative = *at == '-';
    if (s->negative) at++;
    for (; at < end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            fraction = true;
            s->whole = false;
        } else if (add_digit(s, at)) {
            if (!fraction) s->point++;
        } else if (fraction) {
            s->point--;
        }
    }
    s->end = at;
    if (at == end) return;
    s->whole = false;
    s->point += read_exponent(at + 1, end);
}

/* =========================================================== digits to doubles */

/* The C library's reading of head * 10^exponent. A text without a point means the same in every locale. */
static double read_slowly(uint64_t head, int64_t exponent) {
    char text[64];
    if (exponent > 10000) exponent = 10000;
    if (exponent < -10000) exponent = -10000;
    snprintf(text, sizeof text, "%llue%lld", (unsigned long long)head, (long long)exponent);
    return strtod(text, NULL);
}

#if defined(__SIZEOF_INT128__)
static int bits_of(wide value) {
    uint64_t high = (uint64_t)(value >> 64);
    return high != 0 ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)value);
}

/* value / 2^shift, rounded to the nearest double, ties to even; `rest`: a little more than value. */
static double round_wide(wide value, bool rest, int shift) {
    int drop = bits_of(value) - DBL_MANT_DIG;
    if (drop <= 0) return ldexp((double)(uint64_t)value, -shift);
    uint64_t kept = (uint64_t)(value >> drop);
    wide lost = value & (((wide)1 << drop) - 1), half = (wide)1 << (drop - 1);
    if (lost > half || (lost == half && (rest || (kept & 1) != 0))) kept++;
    return ldexp((double)kept, drop - shift);
}

static wide power_of_ten(int exponent) {
    return exponent <= MOST_DIGITS ? (wide)powers[exponent]
                                   : (wide)powers[MOST_DIGITS] * powers[exponent - MOST_DIGITS];
}

/* True when 128 bits are enough. A quotient of 128 bits by at most 70 has 58 or more. */
static bool read_wide(uint64_t head, int64_t exponent, double *result) {
    if (exponent < -21 || exponent > 19) return false;
    if (exponent >= 0) {
        *result = round_wide((wide)head * powers[exponent], false, 0);
        return true;
    }
    int shift = 128 - bits_of(head);
    wide value = (wide)head << shift, divisor = power_of_ten((int)-exponent);
    *result = round_wide(value / divisor, value % divisor != 0, shift);
    return true;
}
#else
static bool read_wide(uint64_t head, int64_t exponent, double *result) {
    (void)head, (void)exponent, (void)result;
    return false;
}
#endif

/* head * 10^exponent, head not 0. */
static double read_digits(uint64_t head, int64_t exponent) {
    double result;
#if FLT_EVAL_METHOD == 0
    if (head <= MOST_EXACT && exponent >= -15 && exponent <= 15) {
        double power = (double)powers[exponent < 0 ? -exponent : exponent];
        return exponent < 0 ? (double)head / power : (double)head * power;
    }
#endif
    return read_wide(head, exponent, &result) ? result : read_slowly(head, exponent);
}

/* More digits than `head` holds: enough of them to round rightly, and a mark for the others. */
static double read_long(const spelling *s) {
    char text[800 + 64];
    size_t size = 0;
    bool more = false;
    for (const char *at = s->first; at < s->end; at++) {
        if (*at == '.') continue;
        if (size < 800)
            text[size++] = *at;
        else
            more = more || *at != '0';
    }
    int64_t exponent = s->point - (int64_t)size - (more ? 1 : 0);
    if (exponent > 10000) exponent = 10000;
    if (exponent < -10000) exponent = -10000;
    snprintf(text + size, sizeof text - size, "%se%lld", more ? "1" : "", (long long)exponent);
    return strtod(text, NULL);
}

static double nearest(const spelling *s) {
    double value = s->count == 0             ? 0.0
                   : s->count <= MOST_DIGITS ? read_digits(s->head, s->point - (int64_t)s->count)
                                             : read_long(s);
    return s->negative ? -value : value;
}

/* ==================================================================== reading */

static bool is_integer(const spelling *s) {
    uint64_t most = s->negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (!s->whole || s->count > MOST_DIGITS || s->head > most) return false;
    return s->count > 0 || !s->negative; /* an int64_t has no -0 */
}

static void classify(scale_json_number *number, const spelling *s) {
    memset(number, 0, sizeof *number);
    if (is_integer(s)) {
        number->kind = SCALE_JSON_INTEGER;
        number->integer = (int64_t)(s->negative ? 0 - s->head : s->head);
        number->real = (double)number->integer;
        return;
    }
    number->real = nearest(s);
    bool fits = isfinite(number->real) && (number->real != 0 || s->count == 0);
    number->kind = fits && !(s->whole && s->count > 0) ? SCALE_JSON_DOUBLE : SCALE_JSON_LONG;
}

static bool is_number(scale_slice value) {
    scale__json_fault fault;
    const char *end = scale__json_start(value) + value.size;
    return value.size > 0 && scale__json_pass_number(value.data, end, &fault) == end;
}

/* What most numbers are: an integer, or digits with a point in them, so few that all is exact. Looks at each
 *byte once.
 ** False: it is not so simple. */
static bool read_simply(scale_slice value, scale_json_number *number) {
    const char *at = value.data, *end = at + value.size, *point = NULL;
    uint64_t head = 0;
    bool negative = value.size > 0 && *at == '-';
    if (negative) at++;
    if (end - at < 1 || end - at > MOST_SIMPLE || (*at == '0' && end - at > 1 && at[1] != '.')) return false;
    for (const char *first = at; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit <= 9) {
            head = head * 10 + digit;
        } else {
            if (*at != '.' || point != NULL || at == first || at + 1 == end) return false;
            point = at;
        }
    }
    if ((negative && head == 0) || (point != NULL && FLT_EVAL_METHOD != 0)) return false;
    int64_t integer = negative ? -(int64_t)head : (int64_t)head;
    number->kind = point == NULL ? SCALE_JSON_INTEGER : SCALE_JSON_DOUBLE;
    number->integer = point == NULL ? integer : 0;
    number->real = point == NULL ? (double)integer : (double)integer / (double)powers[end - point - 1];
    return true;
}

bool scale_json_number_read(scale_slice value, scale_json_number *number) {
    spelling s;
    if (read_simply(value, number)) return true;
    if (!is_number(value)) return false;
    take_apart(&s, value);
    classify(number, &s);
    return true;
}

/* ================================================================== comparing */

/* The next digit of a spelling, zeros without end behind the last. */
static char next_digit(const char **at, const char *end) {
    if (*at < end && **at == '.') (*at)++;
    return *at < end ? *(*at)++ : '0';
}

static bool same_digits(const spelling *one, const spelling *other) {
    const char *p = one->first, *q = other->first;
    if (one->negative != other->negative || one->point != other->point) return false;
    while (p < one->end || q < other->end) {
        if (next_digit(&p, one->end) != next_digit(&q, other->end)) return false;
    }
    return true;
}

/* An integer and a double are equal when neither loses anything. */
static bool integer_is(int64_t integer, double real) {
    return real >= -9223372036854775808.0 && real < 9223372036854775808.0 && (double)integer == real &&
           (int64_t)real == integer;
}

bool scale__json_number_equals(scale_slice one, scale_slice other) {
    spelling s, t;
    scale_json_number m, n;
    if (!is_number(one) || !is_number(other)) return false;
    take_apart(&s, one);
    take_apart(&t, other);
    classify(&m, &s);
    classify(&n, &t);
    if (m.kind == SCALE_JSON_LONG || n.kind == SCALE_JSON_LONG) return same_digits(&s, &t);
    if (m.kind == n.kind) return m.kind == SCALE_JSON_INTEGER ? m.integer == n.integer : m.real == n.real;
    return m.kind == SCALE_JSON_INTEGER ? integer_is(m.integer, n.real) : integer_is(n.integer, m.real);
}

/* ==================================================================== writing */

/* The shortest digits of a double: an integer without zeros at its end, and a power of ten. */
typedef struct digits {
    uint64_t digits;
    int exponent;
} digits;

static void drop_zeros(digits *d) {
    while (d->digits % 10 == 0) {
        d->digits /= 10;
        d->exponent++;
    }
}

#if defined(__SIZEOF_INT128__)
/* The multiple of `unit` that is closest to `whole` and a fraction, of which `fraction` tells how it
** compares with a half; but not one below `low`: under a power of two, doubles are denser. */
static uint64_t closest(uint64_t whole, int fraction, bool more, uint64_t unit, uint64_t low) {
    uint64_t below = whole / unit, rest = whole % unit;
    bool odd = (below & 1) != 0, up;
    if (unit == 1)
        up = fraction > 0 || (fraction == 0 && odd);
    else
        up = rest > unit / 2 || (rest == unit / 2 && (more || odd));
    return up || below < low ? below + 1 : below;
}

/*
** For 1e-5 <= value < 2^53, where all of this is exact in 128 bits: scaled by a power of ten to 17
** digits before the point, the doubles' borders to the neighbours enclose at least one integer; then
** digits are taken off as long as one is left between the borders.
*/
static bool shorten(double value, digits *d) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = (bits & (MOST_EXACT / 2 - 1)) | MOST_EXACT / 2;
    int shift = 1075 + 2 - (int)(bits >> 52); /* in quarters of the last bit */
    int power = 16;
    while (power > 0 && value >= (double)powers[17 - power]) power--;
    for (double bound = 1.0; value < bound && power < 21; bound /= 10) power++;
    wide scale = power_of_ten(power), mask = ((wide)1 << shift) - 1;
    wide middle = (wide)mantissa * 4 * scale;
    wide above = middle + 2 * scale, under = middle - (mantissa == MOST_EXACT / 2 ? scale : 2 * scale);
    uint64_t low = (uint64_t)(under >> shift), high = (uint64_t)(above >> shift);
    bool open = (mantissa & 1) != 0; /* a border itself reads back as the even neighbour */
    if ((under & mask) != 0 || open) low++;
    if ((above & mask) == 0 && open) high--;
    if (low > high) return false;
    uint64_t unit = 1;
    d->exponent = -power;
    for (uint64_t l = (low + 9) / 10, h = high / 10; l <= h; l = (l + 9) / 10, h /= 10) {
        low = l;
        unit *= 10;
        d->exponent++;
    }
    wide fraction = middle & mask, half = (wide)1 << (shift - 1);
    d->digits = closest((uint64_t)(middle >> shift),
                        fraction > half    ? 1
                        : fraction == half ? 0
                                           : -1,
                        fraction != 0, unit, low);
    return true;
}
#else
static bool shorten(double value, digits *d) {
    (void)value, (void)d;
    return false;
}
#endif

/* `count` digits of the value, as the C library rounds them. Its point may be any locale's. */
static void round_to(double value, int count, digits *d) {
    char text[64];
    const char *at = text;
    snprintf(text, sizeof text, "%.*e", count - 1, value);
    d->digits = 0;
    for (; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9') d->digits = d->digits * 10 + (uint64_t)(*at - '0');
    }
    d->exponent = atoi(at + 1) - (count - 1);
}

/* Tries more and more digits. Fifteen always survive, so that fewer need no trial but among the
** smallest. Below a power of two doubles are denser: what reads back may lie a digit above. */
static void shorten_slowly(double value, digits *d) {
    for (int count = value < DBL_MIN ? 1 : 15; count <= 17; count++) {
        round_to(value, count, d);
        if (read_digits(d->digits, d->exponent) == value) return;
        d->digits++;
        if (read_digits(d->digits, d->exponent) == value) return;
    }
}

static size_t put_digits(char *text, uint64_t value) {
    char reversed[20];
    size_t size = 0;
    do {
        reversed[size++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < size; i++) text[i] = reversed[size - 1 - i];
    return size;
}

/* digits * 10^exponent with the point behind `before` digits, 0 < before <= 16. */
static size_t put_plain(char *text, const char *numerals, size_t count, size_t before) {
    size_t size = 0;
    for (size_t i = 0; i < before; i++) text[size++] = i < count ? numerals[i] : '0';
    text[size++] = '.';
    if (count <= before) text[size++] = '0';
    for (size_t i = before; i < count; i++) text[size++] = numerals[i];
    return size;
}

static size_t put_small(char *text, const char *numerals, size_t count, size_t zeros) {
    size_t size = 0;
    text[size++] = '0';
    text[size++] = '.';
    while (zeros-- > 0) text[size++] = '0';
    memcpy(text + size, numerals, count);
    return size + count;
}

static size_t put_scientific(char *text, const char *numerals, size_t count, int exponent) {
    size_t size = 0;
    text[size++] = numerals[0];
    if (count > 1) text[size++] = '.';
    memcpy(text + size, numerals + 1, count - 1);
    size += count - 1;
    text[size++] = 'e';
    text[size++] = exponent < 0 ? '-' : '+';
    return size + put_digits(text + size, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

static size_t put_number(char *text, const digits *d) {
    char numerals[20];
    size_t count = put_digits(numerals, d->digits);
    int point = (int)count + d->exponent; /* digits before the point */
    if (point > 16 || point < -4) return put_scientific(text, numerals, count, point - 1);
    if (point > 0) return put_plain(text, numerals, count, (size_t)point);
    return put_small(text, numerals, count, (size_t)-point);
}

size_t scale_json_number_write(char *text, double value) {
    size_t sign = 0;
    digits d = {0, 0};
    if (!isfinite(value)) return 0;
    if (signbit(value)) {
        text[sign++] = '-';
        value = -value;
    }
    if (value < (double)MOST_EXACT && value == (double)(uint64_t)value) {
        d.digits = (uint64_t)value;
    } else if (value < 1e-5 || value >= (double)MOST_EXACT || !shorten(value, &d)) {
        shorten_slowly(value, &d);
        drop_zeros(&d);
    }
    return sign + put_number(text + sign, &d);
}
