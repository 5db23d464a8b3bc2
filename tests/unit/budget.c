/* budget.c - retries in store. */
#include "check.h"
#include "scaleapi.h"

static void fifty_retries_are_in_store(void) {
    scale_budget budget;
    int taken = 0;
    scale_budget_init(&budget);
    while (scale_budget_take(&budget)) taken++;
    CHECK_INT(taken, 50);
    CHECK(!scale_budget_has(&budget));
}

static void four_successes_give_one_retry(void) {
    scale_budget budget;
    scale_budget_init(&budget);
    while (scale_budget_take(&budget)) continue;
    for (int i = 0; i < 3; i++) scale_budget_refill(&budget);
    CHECK(!scale_budget_take(&budget));
    scale_budget_refill(&budget);
    CHECK(scale_budget_take(&budget));
    CHECK(!scale_budget_take(&budget));
}

static void the_store_does_not_overflow(void) {
    scale_budget budget;
    int taken = 0;
    scale_budget_init(&budget);
    for (int i = 0; i < 10000; i++) scale_budget_refill(&budget);
    while (scale_budget_take(&budget)) taken++;
    CHECK_INT(taken, 50);
}

/* Calls one after the other, tried up to four times, of which the server fails `percent`. */
static double part_of_retries(unsigned percent) {
    scale_budget budget;
    unsigned long chance = 1;
    int requests = 0, retries = 0;
    scale_budget_init(&budget);
    for (int call = 0; call < 100000; call++)
        for (int attempt = 1; attempt <= 4; attempt++) {
            if (attempt > 1 && !scale_budget_take(&budget)) break;
            requests++;
            if (attempt > 1) retries++;
            chance = (chance * 1103515245UL + 12345UL) & 0x7fffffffUL;
            if ((chance >> 8) % 100 < percent) continue;
            scale_budget_refill(&budget);
            break;
        }
    return (double)retries / requests;
}

static void retries_stay_at_a_fifth_of_the_requests(void) {
    for (unsigned percent = 5; percent <= 100; percent += 5) CHECK(part_of_retries(percent) < 0.202);
    CHECK(part_of_retries(15) > 0.14); /* what is not an outage is retried as it should be */
}

int main(void) {
    RUN(fifty_retries_are_in_store);
    RUN(four_successes_give_one_retry);
    RUN(the_store_does_not_overflow);
    RUN(retries_stay_at_a_fifth_of_the_requests);
    return RESULT();
}
