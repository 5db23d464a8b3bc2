/* retry.c - when a failed request is sent again, and after how long. */
#include "retry.h"

#include "check.h"

static scale__failure status(int code) {
    return (scale__failure){SCALE_INTERNAL, code, true, false, -1};
}

static scale__attempt attempt(int number) {
    return (scale__attempt){number, 4, true, 0, 300000, 0.5};
}

static scale__verdict decide(scale__failure failure, scale__attempt of, int64_t *pause) {
    *pause = -1;
    return scale__retry_decide(&failure, &of, pause);
}

static void passing_statuses_are_sent_again(void) {
    static const int again[] = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530};
    static const int never[] = {301, 400, 401, 402, 403, 404, 409, 410, 413, 422, 501, 505, 525, 599};
    int64_t pause;
    for (size_t i = 0; i < sizeof again / sizeof *again; i++)
        CHECK_INT(decide(status(again[i]), attempt(1), &pause), SCALE__SEND_AGAIN);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        CHECK_INT(decide(status(never[i]), attempt(1), &pause), SCALE__GIVE_UP);
}

static void a_cut_answer_is_sent_again(void) {
    int64_t pause;
    scale__failure cut = {SCALE_BAD_ANSWER, 200, true, false, -1};
    CHECK_INT(decide(cut, attempt(1), &pause), SCALE__SEND_AGAIN);
    cut.kind = SCALE_TOO_LARGE;
    CHECK_INT(decide(cut, attempt(1), &pause), SCALE__GIVE_UP);
}

static void what_may_be_done_twice_ends_ambiguous(void) {
    int64_t pause;
    scale__attempt once = attempt(1);
    once.repeatable = false;
    CHECK_INT(decide(status(500), once, &pause), SCALE__END_AMBIGUOUS);
    CHECK_INT(decide(status(504), once, &pause), SCALE__END_AMBIGUOUS);
    /* The server's word that it did nothing. */
    CHECK_INT(decide(status(429), once, &pause), SCALE__SEND_AGAIN);
    CHECK_INT(decide(status(408), once, &pause), SCALE__SEND_AGAIN);
    CHECK_INT(decide(status(400), once, &pause), SCALE__GIVE_UP);
    scale__failure dropped = {SCALE_NETWORK, 0, true, true, -1};
    CHECK_INT(decide(dropped, once, &pause), SCALE__END_AMBIGUOUS);
    dropped.sent = false; /* never left this machine */
    CHECK_INT(decide(dropped, once, &pause), SCALE__SEND_AGAIN);
}

static void a_certificate_is_not_tried_again(void) {
    int64_t pause;
    scale__failure refused = {SCALE_TLS, 0, false, false, -1};
    CHECK_INT(decide(refused, attempt(1), &pause), SCALE__GIVE_UP);
}

static void attempts_are_counted(void) {
    int64_t pause;
    CHECK_INT(decide(status(500), attempt(3), &pause), SCALE__SEND_AGAIN);
    CHECK_INT(decide(status(500), attempt(4), &pause), SCALE__GIVE_UP);
}

static void pauses_double_up_to_a_bound(void) {
    static const int64_t plain[] = {125, 250, 500, 1000, 2000, 4000, 8000, 10000, 10000};
    static const int64_t busy[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    int64_t pause;
    for (int i = 0; i < 9; i++) {
        scale__attempt of = attempt(i + 1);
        of.most = 20;
        CHECK_INT(decide(status(500), of, &pause), SCALE__SEND_AGAIN);
        CHECK_INT(pause, plain[i]);
    }
    for (int i = 0; i < 8; i++) {
        scale__attempt of = attempt(i + 1);
        of.most = 20;
        decide(status(i % 2 == 0 ? 429 : 503), of, &pause);
        CHECK_INT(pause, busy[i]);
    }
}

static void pauses_are_spread_from_nothing_on(void) {
    int64_t pause;
    scale__attempt of = attempt(3);
    of.random = 0;
    decide(status(500), of, &pause);
    CHECK_INT(pause, 0);
    of.random = 0.999;
    decide(status(500), of, &pause);
    CHECK_INT(pause, 999);
}

static void retry_after_is_a_floor(void) {
    int64_t pause;
    scale__failure failure = status(429);
    failure.retry_after = 7000;
    CHECK_INT(decide(failure, attempt(1), &pause), SCALE__SEND_AGAIN);
    CHECK_INT(pause, 7000);
    failure.retry_after = 100;
    decide(failure, attempt(1), &pause);
    CHECK_INT(pause, 500);
}

static void a_pause_beyond_the_deadline_ends_at_once(void) {
    int64_t pause;
    scale__failure failure = status(503);
    scale__attempt of = attempt(1);
    of.now = 299000;
    failure.retry_after = 1000;
    CHECK_INT(decide(failure, of, &pause), SCALE__GIVE_UP);
    failure.retry_after = 900;
    CHECK_INT(decide(failure, of, &pause), SCALE__SEND_AGAIN);
}

int main(void) {
    RUN(passing_statuses_are_sent_again);
    RUN(a_cut_answer_is_sent_again);
    RUN(what_may_be_done_twice_ends_ambiguous);
    RUN(a_certificate_is_not_tried_again);
    RUN(attempts_are_counted);
    RUN(pauses_double_up_to_a_bound);
    RUN(pauses_are_spread_from_nothing_on);
    RUN(retry_after_is_a_floor);
    RUN(a_pause_beyond_the_deadline_ends_at_once);
    return RESULT();
}
