/*
** allowed.c - which operations and hosts are allowed, and how many requests. What is allowed is compared with
** the very text that was given: what is spelt otherwise (percent-encoded, 127.1, a dot behind) is refused.
*/
#include "allowed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "error.h"
#include "options.h"
#include "url.h"

#define MOST_OPERATIONS 256

struct scale_limits {
    size_t keepers; /* who made them, and who was given them */
    bool operations[MOST_OPERATIONS];
    char **hosts; /* NULL after the last */
    uint64_t most, sent;
    bool files;
};

/* ================================================================ operations */

/* A * stands for any letters. */
static bool fits(const char *pattern, const char *name) {
    for (; *pattern != '*'; pattern++, name++) {
        if (*pattern != *name) return false;
        if (*name == '\0') return true;
    }
    for (; *name != '\0'; name++)
        if (fits(pattern + 1, name)) return true;
    return fits(pattern + 1, name);
}

static bool is_meant(const char *word, const scale_operation *operation) {
    if (strcmp(word, "read") == 0) return scale_operation_only_reads(operation);
    if (strchr(word, '*') != NULL) return fits(word, operation->name);
    return scale_operation_find(word) == operation;
}

static scale_status fail_unknown(const char *word, scale_error *error) {
    const char *names[MOST_OPERATIONS];
    const scale_operation *operation;
    size_t count = 0;
    for (; count < MOST_OPERATIONS && (operation = scale_operation_at(count)) != NULL; count++)
        names[count] = operation->name;
    const char *meant = scale_suggest(word, names, count);
    if (meant == NULL) return scale__fail(error, SCALE_USAGE, "no operation is called '%s'", word);
    return scale__fail(error, SCALE_USAGE, "no operation is called '%s'; did you mean '%s'?", word, meant);
}

static scale_status allow_operations(scale_limits *limits, const char *const *words, scale_error *error) {
    static const char *const reading[] = {"read", NULL};
    for (const char *const *word = words == NULL ? reading : words; *word != NULL; word++) {
        const scale_operation *operation;
        bool known = false;
        for (size_t i = 0; i < MOST_OPERATIONS && (operation = scale_operation_at(i)) != NULL; i++) {
            if (!is_meant(*word, operation)) continue;
            limits->operations[i] = known = true;
        }
        if (!known) return fail_unknown(*word, error);
    }
    return SCALE_OK;
}

scale_status scale__limits_check_operation(const scale_limits *limits, const scale_operation *operation,
                                           scale_error *error) {
    size_t place = (size_t)(operation - scale_operation_at(0));
    if (limits == NULL || (place < MOST_OPERATIONS && limits->operations[place])) return SCALE_OK;
    return scale__fail(error, SCALE_NOT_ALLOWED, "%s is not allowed here", operation->name);
}

/* ===================================================================== hosts */

/* Where a URL leads, in its own words. */
typedef struct place {
    const char *name, *port; /* the port's default if it has none */
    size_t name_size, port_size;
} place;

/* "name", "name:port", "[v6]" or "[v6]:port". False: it is nothing of the kind. */
static bool read_place(place *p, const char *text, size_t size) {
    const char *end = text + size, *colon;
    if (size > 0 && *text == '[') {
        const char *bracket = memchr(text, ']', size);
        if (bracket == NULL) return false;
        colon = bracket + 1;
        if (strspn(text + 1, "0123456789abcdefABCDEF:.") != (size_t)(bracket - text - 1)) return false;
    } else {
        colon = memchr(text, ':', size);
        if (colon == NULL) colon = end;
        for (const char *each = text; each < colon; each++)
            if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *each) == NULL)
                return false;
    }
    p->name = text;
    p->name_size = (size_t)(colon - text);
    p->port = colon == end ? NULL : colon + 1;
    p->port_size = colon == end ? 0 : (size_t)(end - colon) - 1;
    if (p->name_size == 0 || (colon < end && *colon != ':')) return false;
    for (size_t i = 0; i < p->port_size; i++)
        if (p->port[i] < '0' || p->port[i] > '9') return false;
    return p->port == NULL || (p->port_size > 0 && p->port_size <= 5 && *p->port != '0');
}

static bool is_same(const char *one, size_t one_size, const char *other, size_t other_size) {
    return one_size == other_size && strncasecmp(one, other, one_size) == 0;
}

/* Are there dots alone between letters? "..example.com" and ".example.com" name nobody. */
static bool has_empty_label(const char *name, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (name[i] == '.' && (i == 0 || i + 1 == size || name[i + 1] == '.')) return true;
    return false;
}

static bool is_below(const place *p, const char *domain, size_t size) {
    if (p->name_size <= size + 1 || *p->name == '[' || has_empty_label(p->name, p->name_size)) return false;
    const char *tail = p->name + p->name_size - size;
    return tail[-1] == '.' && strncasecmp(tail, domain, size) == 0;
}

static bool is_host_allowed(const char *allowed, const place *p, const char *usual_port) {
    place wanted;
    bool below = strncmp(allowed, "*.", 2) == 0;
    if (strcmp(allowed, "*") == 0) return true;
    if (below) allowed += 2;
    if (!read_place(&wanted, allowed, strlen(allowed))) return false;
    const char *port = p->port == NULL ? usual_port : p->port;
    size_t port_size = p->port == NULL ? strlen(usual_port) : p->port_size;
    if (wanted.port == NULL) {
        wanted.port = usual_port;
        wanted.port_size = strlen(usual_port);
    }
    if (!is_same(port, port_size, wanted.port, wanted.port_size)) return false;
    if (below) return is_below(p, wanted.name, wanted.name_size);
    return is_same(p->name, p->name_size, wanted.name, wanted.name_size);
}

static scale_status allow_hosts(scale_limits *limits, const char *const *hosts, scale_error *error) {
    size_t count = 0;
    while (hosts != NULL && hosts[count] != NULL) count++;
    limits->hosts = scale__allocate_zero((count + 1) * sizeof *limits->hosts);
    if (limits->hosts == NULL) return scale__fail_no_memory(error);
    for (size_t i = 0; i < count; i++) {
        place p;
        const char *name = strncmp(hosts[i], "*.", 2) == 0 ? hosts[i] + 2 : hosts[i];
        if (strcmp(name, "*") != 0 && !read_place(&p, name, strlen(name)))
            return scale__fail(error, SCALE_USAGE, "'%s' is no host: it is a name, and a port if it must be",
                               hosts[i]);
        if (!scale__copy_into(&limits->hosts[i], hosts[i])) return scale__fail_no_memory(error);
    }
    return SCALE_OK;
}

scale_status scale__limits_check_url(const scale_limits *limits, const char *url, scale_error *error) {
    scale__origin origin;
    place p;
    if (limits == NULL) return SCALE_OK;
    if (scale__url_origin(&origin, url, error) != SCALE_OK) return SCALE_ERROR;
    const char *host = strchr(url, ':') + 3;
    size_t size = origin.size - (size_t)(host - url);
    if (read_place(&p, host, size))
        for (char **each = limits->hosts; *each != NULL; each++)
            if (is_host_allowed(*each, &p, origin.https ? "443" : "80")) return SCALE_OK;
    return scale__fail(error, SCALE_NOT_ALLOWED, "the host %.*s is not allowed here", (int)size, host);
}

/* ============================================================ requests, files */

scale_status scale__limits_check_file(const scale_limits *limits, const scale_operation *operation,
                                      scale_error *error) {
    if (limits == NULL || limits->files) return SCALE_OK;
    return scale__fail(error, SCALE_NOT_ALLOWED, "%s of a file on this machine is not allowed here",
                       operation->name);
}

scale_status scale__limits_check_more(const scale_limits *limits, scale_error *error) {
    if (limits == NULL || limits->sent < limits->most) return SCALE_OK;
    return scale__fail(error, SCALE_NOT_ALLOWED, "no more than %" PRIu64 " requests are allowed here",
                       limits->most);
}

scale_status scale__limits_take(scale_limits *limits, scale_error *error) {
    if (scale__limits_check_more(limits, error) != SCALE_OK) return SCALE_ERROR;
    if (limits != NULL) limits->sent++;
    return SCALE_OK;
}

uint64_t scale_limits_requests(const scale_limits *limits) {
    return limits->sent;
}

/* ============================================================== life and death */

scale_limits *scale__limits_keep(scale_limits *limits) {
    if (limits != NULL) limits->keepers++;
    return limits;
}

scale_status scale_limits_new(scale_limits **result, const scale_limits_options *given, scale_error *error) {
    scale_limits_options options = SCALE_LIMITS_OPTIONS_INIT;
    *result = NULL;
    if (given != NULL && scale__take_options(&options, sizeof options, given, error) != SCALE_OK)
        return SCALE_ERROR;
    scale_limits *limits = scale__allocate_zero(sizeof *limits);
    if (limits == NULL) return scale__fail_no_memory(error);
    limits->keepers = 1;
    limits->most = options.requests;
    limits->files = options.files;
    if (allow_operations(limits, options.operations, error) != SCALE_OK ||
        allow_hosts(limits, options.hosts, error) != SCALE_OK) {
        scale_limits_free(limits);
        return SCALE_ERROR;
    }
    *result = limits;
    return SCALE_OK;
}

void scale_limits_free(scale_limits *limits) {
    if (limits == NULL || --limits->keepers > 0) return;
    for (char **each = limits->hosts; each != NULL && *each != NULL; each++) scale__release(*each);
    scale__release(limits->hosts);
    scale__release(limits);
}
