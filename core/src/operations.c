/*
** operations.c - the rows of operations.def and enumerations.def, and how they are asked.
*/
#include "operations.h"

#include <string.h>

#include "error.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* clang-format off */
#define PATH(name, wire, value, standing, about) {name, wire, SCALE_IN_PATH, SCALE_##value, true, NULL, standing, about}
#define PATH_OF(name, wire, value, of, standing, about) {name, wire, SCALE_IN_PATH, SCALE_##value, true, of, standing, about}
#define QUERY(name, wire, value, standing, about) {name, wire, SCALE_IN_QUERY, SCALE_##value, false, NULL, standing, about}
#define QUERY_OF(name, wire, value, of, standing, about) {name, wire, SCALE_IN_QUERY, SCALE_##value, false, of, standing, about}
#define NEEDED_QUERY(name, wire, value, standing, about) {name, wire, SCALE_IN_QUERY, SCALE_##value, true, NULL, standing, about}
#define BODY(name, wire, value, standing, about) {name, wire, SCALE_IN_BODY, SCALE_##value, false, NULL, standing, about}
#define NEEDED(name, wire, value, standing, about) {name, wire, SCALE_IN_BODY, SCALE_##value, true, NULL, standing, about}
#define NEEDED_OF(name, wire, value, of, standing, about) {name, wire, SCALE_IN_BODY, SCALE_##value, true, of, standing, about}

#define PARAMETERS(...) \
    .parameters = (const scale_parameter[]){__VA_ARGS__}, .parameter_count = COUNT(((const scale_parameter[]){__VA_ARGS__}))
#define FAILURE(status, standing, cause) {status, standing, cause}
#define FAILURES(...) \
    .failures = (const scale_failure[]){__VA_ARGS__}, .failure_count = COUNT(((const scale_failure[]){__VA_ARGS__}))
#define PAGED(kind) .page = SCALE_PAGE_##kind
#define ONE_OF(names) .one_of = names
#define ALSO(names) .also = names
#define NOTE(text) .note = text

#define OPERATION(label, verb, address, kind, result, again, origin, line, ...) \
    {.name = label, .method = SCALE_##verb, .path = address, .body = SCALE_BODY_##kind, .answer = SCALE_ANSWER_##result, \
     .repeat = SCALE_REPEAT_##again, .standing = origin, .summary = line, __VA_ARGS__},
static const scale_operation operations[] = {
#include "operations.def"
};
#undef OPERATION

#define VALUE(name, value) {name, value}
#define ENUMERATION(name, ...) static const scale_enumeration_value name##_values[] = {__VA_ARGS__};
#include "enumerations.def"
#undef ENUMERATION

#define ENUMERATION(name, ...) {#name, name##_values, COUNT(name##_values)},
static const scale_enumeration enumerations[] = {
#include "enumerations.def"
};
#undef ENUMERATION

#define ANSWER(id, name, form, member, object) {name, SCALE_FORM_##form, member, object},
static const scale_answer_kind answers[] = {SCALE_ANSWERS(ANSWER)};
#undef ANSWER

/* What may be given beside an operation's own parameters; bindings read them, suggestions know them. */
static const char *const call_options[] = {"timeout", "connect_timeout", "deadline", "max_attempts",
                                           "accept_existing", "digest_id", "idempotency_key", "bulk", "check_in_full"};
/* clang-format on */

const scale_operation *scale_operation_at(size_t index) {
    return index < COUNT(operations) ? &operations[index] : NULL;
}

/* Is `word` one of the words, separated by spaces? `words` may be NULL. */
static bool is_among(const char *words, const char *word) {
    size_t size = strlen(word);
    while (words != NULL && *words != '\0') {
        size_t length = strcspn(words, " ");
        if (length == size && memcmp(words, word, size) == 0) return true;
        words += length + (words[length] == ' ');
    }
    return false;
}

const scale_operation *scale_operation_find(const char *name) {
    for (size_t i = 0; i < COUNT(operations); i++)
        if (strcmp(operations[i].name, name) == 0) return &operations[i];
    for (size_t i = 0; i < COUNT(operations); i++)
        if (is_among(operations[i].also, name)) return &operations[i];
    return NULL;
}

bool scale_operation_only_reads(const scale_operation *operation) {
    return operation->method == SCALE_GET;
}

int scale_operation_version(const scale_operation *operation) {
    return strncmp(operation->path, "/v2/", 4) == 0 ? 2 : 1;
}

const scale_parameter *scale_operation_parameter(const scale_operation *operation, const char *name) {
    for (size_t i = 0; i < operation->parameter_count; i++)
        if (strcmp(operation->parameters[i].name, name) == 0) return &operation->parameters[i];
    for (size_t i = 0; i < operation->parameter_count; i++)
        if (strcmp(operation->parameters[i].wire, name) == 0) return &operation->parameters[i];
    return NULL;
}

const scale_answer_kind *scale_answer_describe(scale_answer answer) {
    return &answers[(unsigned)answer < SCALE_ANSWER_COUNT ? answer : SCALE_ANSWER_ANY];
}

const char *scale_value_describe(scale_value value) {
    switch (value) {
    case SCALE_TEXT: return "a string";
    case SCALE_INTEGER: return "an integer";
    case SCALE_BOOLEAN: return "true or false";
    case SCALE_TIME: return "a time (ISO 8601, or seconds since 1970)";
    case SCALE_TEXTS:
    case SCALE_COMMA_TEXTS: return "a string or a list of strings";
    case SCALE_JSON_OBJECT: return "an object";
    case SCALE_JSON_ARRAY: return "an array";
    case SCALE_JSON_TEXTS:
    case SCALE_JSON_NAMES: return "a list of strings";
    case SCALE_FILE_PART: return "a file";
    default: return "a JSON value";
    }
}

bool scale__operation_needs_one_of(const scale_operation *operation, const char *name) {
    return is_among(operation->one_of, name);
}

const scale_enumeration *scale_enumeration_at(size_t index) {
    return index < COUNT(enumerations) ? &enumerations[index] : NULL;
}

const scale_enumeration *scale__enumeration_find(const char *name) {
    for (size_t i = 0; i < COUNT(enumerations); i++)
        if (strcmp(enumerations[i].name, name) == 0) return &enumerations[i];
    return NULL;
}

/* ============================================================== suggestions */

#define LONGEST_WORD 40

static size_t smallest(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters must be put in, taken out, changed or swapped with their neighbour to make `a`
** of `b`. Words too long for the table are as far apart as can be. */
static size_t distance(const char *a, const char *b) {
    size_t a_size = strlen(a), b_size = strlen(b);
    size_t table[LONGEST_WORD + 1][LONGEST_WORD + 1];
    if (a_size > LONGEST_WORD || b_size > LONGEST_WORD) return LONGEST_WORD;
    for (size_t i = 0; i <= a_size; i++) table[i][0] = i;
    for (size_t j = 0; j <= b_size; j++) table[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        for (size_t j = 1; j <= b_size; j++) {
            size_t change = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            table[i][j] = smallest(table[i - 1][j] + 1, table[i][j - 1] + 1, change);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && table[i - 2][j - 2] + 1 < table[i][j]) table[i][j] = table[i - 2][j - 2] + 1;
        }
    }
    return table[a_size][b_size];
}

const char *scale_suggest(const char *word, const char *const *words, size_t count) {
    const char *best = NULL;
    size_t limit = strlen(word) / 4 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, words[i]);
        if (d == 0 || d > limit) continue;
        best = words[i];
        limit = d - 1;
        if (limit == 0) break;
    }
    return best;
}

const char *scale_operation_suggest(const scale_operation *operation, const char *name) {
    const char *words[64];
    size_t count = 0;
    for (size_t i = 0; i < operation->parameter_count && count < COUNT(words); i++)
        words[count++] = operation->parameters[i].name;
    for (size_t i = 0; i < COUNT(call_options) && count < COUNT(words); i++) words[count++] = call_options[i];
    return scale_suggest(name, words, count);
}

scale_status scale__check_enumeration(const scale_operation *operation, const scale_parameter *parameter,
                                      const char *value, scale_error *error) {
    const scale_enumeration *known =
        parameter->enumeration == NULL ? NULL : scale__enumeration_find(parameter->enumeration);
    const char *words[64];
    if (known == NULL) return SCALE_OK;
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->values[i].value, value) == 0) return SCALE_OK;
        words[i] = known->values[i].value;
    }
    const char *meant = scale_suggest(value, words, known->count);
    if (meant == NULL) return SCALE_OK;
    return scale__fail(error, SCALE_USAGE, "unknown %s '%s' for %s; did you mean '%s'?", parameter->name,
                       value, operation->name, meant);
}
