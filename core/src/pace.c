/*
** pace.c - how many requests may be in flight, and how many may go in a second.
**
** The rate follows what the server lets through between two refusals, which is what it allows, be it a
** bucket, a window or a queue: both times there was nothing left. It is not exact, for what a pause does
** not use may be lost or saved up; see lower_rate. Tried against limiters of many kinds in
** tests/unit/pace_limiters.c.
*/
#include <string.h>

#include "scaleapi.h"

/* in flight */
#define FIRST_LIMIT  16
#define LIMIT_AFRESH 4
#define ROUND_MS     20    /* a round trip is taken for this long at least */
#define LONGER       1.2   /* so much longer are answers that have "become longer" */
#define MORE         1.05  /* so much more are answers that have "become more" */
#define NO_GROWTH_MS 10000 /* and then it is tried again */

/* the rate */
#define UNDER        0.98  /* of what the server seems to allow: less than a step under it */
#define NEARLY       0.93  /* "close by"; of what stood before a step, when that is refused as well */
#define LEAST_RATE   0.1   /* a word from the server every ten seconds */
#define STEADY       3     /* times as long as it went well before, no more is tried */
#define LEAST_STEADY 2000  /* two windows of the usual limiter */
#define MOST_STEADY  30000 /* a pause of a second is 3 % of it */
#define STEP_MS      1000  /* one such window */
#define FIRST_STEP   0.02  /* where it was before UNDER */
#define DOUBT        0.02  /* the first step, for each time that `most` holds `least` */
#define STEPS_GROW   1.5
#define MOST_STEP    0.25
#define BASE_PAUSE   1000 /* after a 429 that names none, or less */
#define MOST_PAUSE   60000
#define MOST_ASKED   ((int64_t)1 << 40) /* a longer Retry-After is as good as for ever */
#define BURST_MS     50                 /* what a late turn of the loop may make up for */
#define QUIET_MS     1000               /* without work for so long: what was counted tells no more */

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* ==================================================================== in flight */

static void begin_round(scale_pace *pace, int64_t now) {
    pace->round_began = now;
    pace->round_answers = 0;
    pace->round_latency = 0;
    pace->round_peak = pace->in_flight;
    pace->sent_limit = pace->limit;
}

static void forget_checks(scale_pace *pace) {
    pace->checked_limit = 0;
    pace->no_growth_until = 0;
}

static const char *halve(scale_pace *pace, int at_least, int64_t now) {
    int before = pace->limit;
    pace->doubling = false;
    pace->limit = smaller(before, larger(at_least, before / 2));
    pace->cut_at = now;
    forget_checks(pace);
    begin_round(pace, now);
    return pace->limit == before ? NULL : "503, or no answer in time";
}

/* The answers of a round were sent under the limit of the one before. True: growth no longer helps. */
static bool growth_is_vain(scale_pace *pace, double throughput, double latency, int64_t now) {
    if (pace->checked_limit != 0 && pace->sent_limit * 4 < pace->checked_limit * 5) return false;
    bool vain = pace->checked_limit != 0 && latency > pace->checked_latency * LONGER &&
                throughput < pace->checked_throughput * MORE;
    if (vain) {
        pace->doubling = false;
        pace->no_growth_until = now + NO_GROWTH_MS;
        pace->limit = pace->sent_limit;
        return true;
    }
    pace->checked_limit = pace->sent_limit;
    pace->checked_latency = latency;
    pace->checked_throughput = throughput;
    return false;
}

static const char *end_round(scale_pace *pace, int64_t now) {
    double throughput = pace->round_answers * 1000.0 / (double)(now - pace->round_began);
    double latency = pace->round_latency / pace->round_answers;
    bool was_full = pace->round_peak >= pace->limit;
    const char *why = NULL;
    int before = pace->limit;
    int sent_limit = pace->limit;
    if (was_full && pace->limit < pace->ceiling && now >= pace->no_growth_until) {
        if (growth_is_vain(pace, throughput, latency, now)) {
            why = "more in flight brought longer answers, not more of them";
        } else {
            pace->limit = smaller(pace->ceiling, pace->doubling ? before * 2 : before + 1);
            why = "a round trip without refusals";
        }
    }
    begin_round(pace, now);
    pace->sent_limit = sent_limit;
    return pace->limit == before ? NULL : why;
}

/* ===================================================================== the rate */

/* What the limit must be so that the rate, not it, holds requests back. */
static int needed_in_flight(const scale_pace *pace) {
    double needed = pace->rate * pace->latency / 1000.0 * 1.25 + 2;
    return needed < pace->ceiling ? (int)needed : pace->ceiling;
}

static void fill_tokens(scale_pace *pace, int64_t now) {
    double burst = 2 + pace->rate * BURST_MS / 1000.0;
    if (now > pace->filled_at) {
        pace->tokens += (double)(now - pace->filled_at) * pace->rate / 1000.0;
        pace->filled_at = now;
    }
    if (pace->tokens > burst) pace->tokens = burst;
}

static double greater(double a, double b) {
    return a > b ? a : b;
}

static double within(double x, double least, double most) {
    return x < least ? least : x > most ? most : x;
}

/* It goes down in any case; but what stood for a while is believed for two refusals. */
static void set_rate(scale_pace *pace, double rate, double active) {
    double before = pace->rate, steady = active * STEADY;
    bool stepped = pace->trust == 2;
    if (pace->trust > 0) rate = greater(rate, pace->stood * (stepped ? UNDER : NEARLY));
    if (pace->trust > 0) pace->trust--;
    if (before > 0 && rate > before * UNDER) rate = before * UNDER;
    pace->rate = greater(rate, LEAST_RATE);
    /* No step has shown that it was too early: but the less of the rate is left, the less is known. */
    if (!stepped && before > 0) steady = greater(steady, (double)pace->steady_for * pace->rate / before);
    /* It lies between two steps, and close: known. */
    if (stepped && before * NEARLY < pace->stood) steady = MOST_STEADY;
    pace->steady_for = (int64_t)within(steady, LEAST_STEADY, MOST_STEADY);
    pace->held = false;
}

static void begin_count(scale_pace *pace, int64_t now) {
    pace->passed = 0;
    pace->count_began = now;
}

/* When sending began, or began again after a pause. */
static int64_t resumed(const scale_pace *pace) {
    return pace->paused_until > pace->count_began ? pace->paused_until : pace->count_began;
}

/* Of what is on its way, as much as was sent before, if it was sent evenly while an answer takes. */
static double sent_before(const scale_pace *pace, int64_t sent_at, int64_t now) {
    double from = greater((double)resumed(pace), (double)now - pace->latency);
    double before = (double)sent_at - from;
    return before > 0 ? pace->in_flight * before / ((double)now - from) : 0;
}

/*
** What the server allows lies between what it let through from the last refusal to this one, the pause
** counted (`least`: that is it, if what is not used in a pause is saved up), and the same without the
** pause (`most`: that is it, if it is lost). The shorter the pause beside the rest, the less it matters.
** Where both are uncertain, a middle that is too high is found out at once, and one that is too low is
** left in quick steps.
*/
static void lower_rate(scale_pace *pace, double passed, int64_t sent_at) {
    double active = greater((double)(sent_at - resumed(pace)), 1);
    double all = (double)(sent_at - pace->count_began);
    if (pace->rate <= 0 && active < pace->latency) active = pace->latency;
    if (pace->paused_until <= pace->count_began) all = active + BASE_PAUSE; /* a rest was before it */
    if (all < active) all = active;
    double most = passed * 1000 / active, least = passed * 1000 / all;
    if (pace->rate > 0 && most > pace->rate) most = pace->rate;
    if (least > most) least = most;
    double of_least = (all - active) / all / 2;
    set_rate(pace, 1 / (of_least / least + (1 - of_least) / most) * UNDER, active);
    pace->step = within((most / least - 1) * DOUBT, FIRST_STEP, MOST_STEP);
}

/* What the server asked for, but a second at least; two, four, … when nothing was answered since. */
static int64_t pause_after_refusal(const scale_pace *pace, int64_t retry_after, double random) {
    int64_t pause = BASE_PAUSE;
    for (int i = 1; i < pace->refusals && pause < MOST_PAUSE; i++) pause *= 2;
    if (pause > MOST_PAUSE) pause = MOST_PAUSE;
    if (retry_after > MOST_ASKED) retry_after = MOST_ASKED;
    if (retry_after > pause) pause = retry_after;
    return pause + (int64_t)(random * (pause < 10000 ? (double)pause : 10000) / 20);
}

/* What was on its way when the first refusal came is part of the same one. */
static const char *refuse(scale_pace *pace, int64_t sent_at, int64_t retry_after, double random,
                          int64_t now) {
    bool again = sent_at > pace->refused_at;
    if (again) {
        double under_way = sent_before(pace, sent_at, now);
        double passed = pace->passed + under_way;
        bool none = pace->refusals > 0 && under_way < 1;
        pace->refusals++;
        pace->refused_at = now;
        if (!none && passed >= 1) {
            lower_rate(pace, passed, sent_at);
            pace->count_began = sent_at;
            pace->passed = -under_way;
        }
        halve(pace, needed_in_flight(pace), now);
    } else if (pace->passed < 0) {
        pace->passed += 1; /* it was taken for one that passes */
    }
    int64_t until = now + pause_after_refusal(pace, retry_after, random);
    if (until > pace->paused_until) pace->paused_until = until;
    pace->raise_at = pace->paused_until + pace->steady_for;
    pace->tokens = 1;
    pace->filled_at = pace->paused_until;
    return again ? "429" : NULL;
}

/* Only a rate that holds requests back is tried higher; in steps that grow as long as all goes well. */
static const char *raise_rate(scale_pace *pace, int64_t now) {
    if (pace->rate <= 0 || now < pace->raise_at || !pace->held) return NULL;
    fill_tokens(pace, now);
    pace->stood = pace->rate;
    pace->trust = 2;
    pace->rate *= 1 + pace->step;
    pace->limit = larger(pace->limit, needed_in_flight(pace));
    pace->step = pace->step * STEPS_GROW < MOST_STEP ? pace->step * STEPS_GROW : MOST_STEP;
    pace->raise_at = now + STEP_MS;
    pace->held = false;
    return "no 429 for a while";
}

/* ====================================================================== landings */

static const char *take_answer(scale_pace *pace, int64_t sent_at, int64_t now) {
    double latency = (double)(now - sent_at);
    if (sent_at > pace->refused_at) pace->refusals = 0;
    pace->passed += 1;
    pace->latency = pace->latency == 0 ? latency : pace->latency + (latency - pace->latency) / 16;
    pace->round_answers++;
    pace->round_latency += latency;
    const char *why = raise_rate(pace, now);
    if (sent_at < pace->round_began || now - pace->round_began < ROUND_MS) return why;
    const char *round_why = end_round(pace, now);
    return why != NULL ? why : round_why;
}

void scale_pace_init(scale_pace *pace, int ceiling, int64_t now) {
    memset(pace, 0, sizeof *pace);
    pace->ceiling = larger(ceiling, 1);
    pace->limit = smaller(pace->ceiling, FIRST_LIMIT);
    pace->doubling = true;
    pace->steady_for = LEAST_STEADY;
    pace->cut_at = pace->refused_at = INT64_MIN;
    pace->quiet_since = pace->filled_at = now;
    begin_count(pace, now);
    begin_round(pace, now);
}

void scale_pace_set_ceiling(scale_pace *pace, int ceiling) {
    pace->ceiling = larger(ceiling, 1);
    /* As if it had begun with it, if it has just begun. */
    if (pace->doubling && pace->limit < FIRST_LIMIT && pace->latency == 0) pace->limit = FIRST_LIMIT;
    pace->limit = smaller(pace->limit, pace->ceiling);
}

void scale_pace_restart(scale_pace *pace, int64_t now) {
    pace->limit = smaller(pace->limit, LIMIT_AFRESH);
    pace->doubling = true;
    pace->cut_at = now;
    forget_checks(pace);
    begin_count(pace, now);
    begin_round(pace, now);
}

int64_t scale_pace_wait(scale_pace *pace, int64_t now) {
    if (pace->in_flight >= pace->limit) return -1;
    /* A pause that was too short is followed by one that tries. */
    if (pace->refusals > 1 && pace->in_flight > 0) return -1;
    if (pace->paused_until > now) return pace->paused_until - now;
    if (pace->rate <= 0) return 0;
    fill_tokens(pace, now);
    if (pace->tokens >= 1) return 0;
    pace->held = true;
    int64_t wait = (int64_t)((1 - pace->tokens) * 1000.0 / pace->rate);
    return wait + 1;
}

void scale_pace_sent(scale_pace *pace, int64_t now) {
    int64_t quiet_since = pace->paused_until > pace->quiet_since ? pace->paused_until : pace->quiet_since;
    double gap = QUIET_MS + (pace->rate > 0 ? 1000.0 / pace->rate : 0);
    if (pace->in_flight == 0 && (double)(now - quiet_since) > gap) {
        begin_count(pace, now);
        begin_round(pace, now);
    }
    if (pace->rate > 0) {
        fill_tokens(pace, now);
        pace->tokens -= 1;
    }
    pace->in_flight++;
    if (pace->in_flight > pace->round_peak) pace->round_peak = pace->in_flight;
}

const char *scale_pace_landed(scale_pace *pace, scale_landing landing, int64_t sent_at, int64_t retry_after,
                              double random, int64_t now) {
    pace->in_flight--;
    pace->quiet_since = now;
    switch (landing) {
    case SCALE_LANDED_ANSWERED: return take_answer(pace, sent_at, now);
    case SCALE_LANDED_REFUSED: return refuse(pace, sent_at, retry_after, random, now);
    case SCALE_LANDED_BUSY: return sent_at > pace->cut_at ? halve(pace, 1, now) : NULL;
    default: return NULL;
    }
}
