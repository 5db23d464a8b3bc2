#include "server_clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define GOOD_FOR    1000 /* ms that a date is not read again */
#define LAST_SECOND INT64_C(253402300799)
#define SECONDS     19 /* characters of 2021-06-17T21:46:36 */

void scale__server_clock_set(scale__server_clock *clock, int64_t date, int64_t now) {
    if (date <= 0 || date > LAST_SECOND) return;
    *clock = (scale__server_clock){date, now, true};
}

bool scale__server_clock_is_old(const scale__server_clock *clock, int64_t now) {
    return !clock->is_set || now - clock->at >= GOOD_FOR;
}

bool scale__server_clock_at(const scale__server_clock *clock, int64_t moment, int64_t *time) {
    if (clock->is_set) *time = clock->date * 1000 + (moment - clock->at);
    return clock->is_set;
}

/* Nothing is taken for a time but what is one: digits where the form has zeros, and no offset. */
static bool is_time(const char *text, size_t size) {
    static const char form[] = "0000-00-00T00:00:00";
    if (size <= SECONDS) return false;
    for (size_t i = 0; i < SECONDS; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
    }
    size_t end = SECONDS;
    if (text[end] == '.')
        for (end++; end < size && text[end] >= '0' && text[end] <= '9';) end++;
    size_t left = size - end;
    return (left == 1 && text[end] == 'Z') || (left == 6 && memcmp(text + end, "+00:00", 6) == 0);
}

/* Both in the same form, and in UTC: then what is earlier comes first in the alphabet. */
bool scale__server_clock_is_before(scale_slice text, int64_t time) {
    char moment[64];
    struct tm parts;
    time_t second = (time_t)(time / 1000);
    if (text.data == NULL || text.size < 2 || text.data[0] != '"') return false;
    if (time < 0 || time / 1000 > LAST_SECOND || !is_time(text.data + 1, text.size - 2)) return false;
    gmtime_r(&second, &parts);
    strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%S", &parts);
    return memcmp(text.data + 1, moment, SECONDS) < 0;
}
