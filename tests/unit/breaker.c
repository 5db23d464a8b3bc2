/* breaker.c - a server that goes away, on a clock of its own. */
#include "check.h"
#include "scaleapi.h"

static scale_breaker breaker;
static int64_t now;

static void start(void) {
    now = 1000;
    scale_breaker_init(&breaker, now);
}

static const char *land(scale_landing landing) {
    bool probe = scale_breaker_sent(&breaker);
    return scale_breaker_landed(&breaker, landing, probe, -1, 0, now);
}

static void open_it(void) {
    start();
    for (int i = 0; i < 5; i++) CHECK(land(SCALE_LANDED_FAILED) == NULL);
    CHECK_TEXT(land(SCALE_LANDED_FAILED), "six failures in a row");
}

static void six_failures_in_a_row_open_it(void) {
    open_it();
    CHECK_INT(breaker.state, SCALE_BREAKER_OPEN);
    CHECK_INT(scale_breaker_wait(&breaker, now), 1000);
}

static void an_answer_between_them_begins_the_count_anew(void) {
    start();
    for (int i = 0; i < 100; i++) {
        land(i % 6 == 5 ? SCALE_LANDED_ANSWERED : SCALE_LANDED_BUSY);
        CHECK_INT(breaker.state, SCALE_BREAKER_CLOSED);
    }
    for (int i = 0; i < 5; i++) land(SCALE_LANDED_FAILED);
    land(SCALE_LANDED_REFUSED); /* a 429 is a word of a server that is there */
    CHECK(land(SCALE_LANDED_FAILED) == NULL);
}

static void one_probe_at_a_time_goes_out(void) {
    open_it();
    now += 1000;
    CHECK_INT(scale_breaker_wait(&breaker, now), 0);
    CHECK(scale_breaker_sent(&breaker));
    CHECK_INT(breaker.state, SCALE_BREAKER_PROBING);
    CHECK_INT(scale_breaker_wait(&breaker, now + 100000), -1);
    /* What left before the outage was known says nothing of the probe. */
    CHECK(scale_breaker_landed(&breaker, SCALE_LANDED_FAILED, false, -1, 0, now) == NULL);
    CHECK_INT(breaker.state, SCALE_BREAKER_PROBING);
    CHECK_TEXT(scale_breaker_landed(&breaker, SCALE_LANDED_FAILED, true, -1, 0, now), "the probe failed");
    CHECK_INT(scale_breaker_wait(&breaker, now), 2000);
}

static void pauses_grow_to_half_a_minute(void) {
    static const int64_t pauses[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
    open_it();
    for (int i = 0; i < 8; i++) {
        CHECK_INT(scale_breaker_wait(&breaker, now), pauses[i]);
        now += pauses[i];
        land(SCALE_LANDED_FAILED);
    }
}

static void pauses_are_spread(void) {
    open_it();
    breaker.next = now;
    scale_breaker_landed(&breaker, SCALE_LANDED_FAILED, scale_breaker_sent(&breaker), -1, 0.999, now);
    int64_t wait = scale_breaker_wait(&breaker, now);
    CHECK(wait >= 1750 && wait < 2000);
}

static void retry_after_holds_the_probe_back_but_not_for_ever(void) {
    open_it();
    breaker.next = now;
    scale_breaker_landed(&breaker, SCALE_LANDED_BUSY, scale_breaker_sent(&breaker), 20000, 0, now);
    CHECK_INT(scale_breaker_wait(&breaker, now), 20000);
    breaker.next = now;
    scale_breaker_landed(&breaker, SCALE_LANDED_BUSY, scale_breaker_sent(&breaker), INT64_MAX, 0, now);
    CHECK_INT(scale_breaker_wait(&breaker, now), 30000);
}

static void an_answer_closes_it(void) {
    open_it();
    now += 1000;
    CHECK_TEXT(land(SCALE_LANDED_ANSWERED), "the server answers again");
    CHECK_INT(breaker.state, SCALE_BREAKER_CLOSED);
    CHECK_INT(scale_breaker_wait(&breaker, now), 0);
    for (int i = 0; i < 6; i++) land(SCALE_LANDED_FAILED);
    CHECK_INT(scale_breaker_wait(&breaker, now), 1000); /* pauses begin anew */
}

static void a_probe_that_is_given_up_makes_room_for_another(void) {
    open_it();
    now += 1000;
    CHECK(scale_breaker_sent(&breaker));
    CHECK(scale_breaker_landed(&breaker, SCALE_LANDED_DROPPED, true, -1, 0, now) == NULL);
    CHECK_INT(breaker.state, SCALE_BREAKER_OPEN);
    CHECK_INT(scale_breaker_wait(&breaker, now), 0);
}

static void it_is_given_up_when_nothing_has_succeeded_for_long(void) {
    start();
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now + 100000), -1); /* nothing went wrong */
    open_it();
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now + 1000), 4000);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now + 9000), 0);
    scale_breaker_give_up(&breaker, now + 9000);
    CHECK_INT(breaker.state, SCALE_BREAKER_GIVEN_UP);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now + 9000), -1);
    CHECK_INT(scale_breaker_wait(&breaker, now + 9000), 0); /* a probe may go */
    CHECK(scale_breaker_sent(&breaker));
    CHECK(scale_breaker_landed(&breaker, SCALE_LANDED_FAILED, true, -1, 0, now + 9000) == NULL);
    CHECK_INT(breaker.state, SCALE_BREAKER_GIVEN_UP);
    CHECK_INT(scale_breaker_wait(&breaker, now + 9000), 2000);
    CHECK_TEXT(land(SCALE_LANDED_ANSWERED), "the server answers again");
}

static void silence_is_given_up_once_all_that_time_an_answer_was_waited_for(void) {
    start();
    CHECK_INT(scale_breaker_patience(&breaker, 5000, now, now), 5000);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, now, now + 4999), 1);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, now, now + 5000), 0);
    int64_t first = now;
    now += 4000;
    land(SCALE_LANDED_ANSWERED); /* the others go on to be waited for: from here on */
    CHECK_INT(scale_breaker_patience(&breaker, 5000, first, now), 5000);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, first, now + 5000), 0);
    /* For a while nothing was in flight, since the pace is slow: that is no silence of the server's. */
    CHECK_INT(scale_breaker_patience(&breaker, 5000, now + 3000, now + 3000), 5000);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now + 100000), -1);
    /* Once something failed, that does not count. */
    land(SCALE_LANDED_FAILED);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, now + 3000, now + 3000), 2000);
    scale_breaker_give_up(&breaker, now);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, now, now + 9000), -1);
}

static void refusals_alone_are_no_success(void) {
    start();
    now += 3000;
    land(SCALE_LANDED_REFUSED);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now), 2000);
    scale_breaker_give_up(&breaker, now);
    CHECK_INT(scale_breaker_wait(&breaker, now), 30000);
    now += 30000;
    land(SCALE_LANDED_REFUSED);
    CHECK_INT(breaker.state, SCALE_BREAKER_GIVEN_UP);
    CHECK_INT(scale_breaker_wait(&breaker, now), 30000);
}

static void the_time_counts_from_where_work_begins(void) {
    start();
    land(SCALE_LANDED_FAILED);
    now += 3600000;
    scale_breaker_begin(&breaker, now);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now), -1);
    land(SCALE_LANDED_FAILED);
    CHECK_INT(scale_breaker_patience(&breaker, 5000, -1, now), 5000);
}

/* Two minutes away, with 32 in flight at first: few requests are spent on it, and it is found soon. */
static void an_outage_costs_few_requests(void) {
    open_it();
    int64_t back = now + 120000;
    int probes = 0;
    for (int i = 0; i < 26; i++) scale_breaker_landed(&breaker, SCALE_LANDED_FAILED, false, -1, 0.5, now);
    while (breaker.state != SCALE_BREAKER_CLOSED) {
        now += 1;
        if (scale_breaker_wait(&breaker, now) != 0) continue;
        probes++;
        land(now >= back ? SCALE_LANDED_ANSWERED : SCALE_LANDED_FAILED);
    }
    CHECK(probes <= 10);
    CHECK(now - back <= 30000);
}

static void its_states_have_names(void) {
    CHECK_TEXT(scale_breaker_state_name(SCALE_BREAKER_CLOSED), "closed");
    CHECK_TEXT(scale_breaker_state_name(SCALE_BREAKER_GIVEN_UP), "given_up");
}

int main(void) {
    RUN(six_failures_in_a_row_open_it);
    RUN(an_answer_between_them_begins_the_count_anew);
    RUN(one_probe_at_a_time_goes_out);
    RUN(pauses_grow_to_half_a_minute);
    RUN(pauses_are_spread);
    RUN(retry_after_holds_the_probe_back_but_not_for_ever);
    RUN(an_answer_closes_it);
    RUN(a_probe_that_is_given_up_makes_room_for_another);
    RUN(it_is_given_up_when_nothing_has_succeeded_for_long);
    RUN(silence_is_given_up_once_all_that_time_an_answer_was_waited_for);
    RUN(refusals_alone_are_no_success);
    RUN(the_time_counts_from_where_work_begins);
    RUN(an_outage_costs_few_requests);
    RUN(its_states_have_names);
    return RESULT();
}
