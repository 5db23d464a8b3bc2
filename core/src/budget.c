#include "scaleapi.h"

#define IN_STORE   50.0
#define BY_SUCCESS 0.25

void scale_budget_init(scale_budget *budget) {
    budget->retries = IN_STORE;
}

void scale_budget_refill(scale_budget *budget) {
    budget->retries += BY_SUCCESS;
    if (budget->retries > IN_STORE) budget->retries = IN_STORE;
}

bool scale_budget_has(const scale_budget *budget) {
    return budget->retries >= 1.0;
}

bool scale_budget_take(scale_budget *budget) {
    if (!scale_budget_has(budget)) return false;
    budget->retries -= 1.0;
    return true;
}
