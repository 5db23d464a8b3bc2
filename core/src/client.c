/*
** client.c - a key, a base URL and limits; who may send next.
*/
#include "client.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "alloc.h"
#include "bulk.h"
#include "error.h"
#include "options.h"

void scale__client_took_off(scale_client *client) {
    scale_client_stats *stats = &client->stats;
    stats->in_flight++;
    if (stats->in_flight > stats->most_in_flight) stats->most_in_flight = stats->in_flight;
}

void scale__client_landed(scale_client *client) {
    client->stats.in_flight--;
}

static scale_call *call_of(scale__link *link) {
    return (scale_call *)(void *)((char *)link - offsetof(scale_call, link));
}

static scale_call *first_of(scale__link *list) {
    return scale__link_is_alone(list) ? NULL : call_of(list->next);
}

/* One that has begun goes before those that have not. Bulk ones that are to be sent again take turns, so that
** a long outage is not tried on one of them alone. */
void scale__client_enqueue(scale_client *client, scale_call *call) {
    bool begun = call->attempts > 0;
    bool lookup = call->phase == SCALE__PHASE_LOOKUP;
    scale__link *list = !call->options.bulk ? &client->queue
                        : begun && !lookup  ? &client->again
                                            : &client->bulk;
    scale__link_remove(&call->link);
    if (begun && list != &client->again)
        scale__link_prepend(list, &call->link);
    else
        scale__link_append(list, &call->link);
}

static bool has_room(const scale_client *client) {
    return client->stats.in_flight < (size_t)client->options.max_in_flight;
}

/* The bulk call that is next. A retry draws on the budget, unless it is a probe; when that is empty, retries
** go if little else does: the pace and the breaker keep them from being a flood. */
static scale_call *next_bulk(scale_client *client, bool *draws) {
    scale_call *fresh = first_of(&client->bulk), *again = first_of(&client->again);
    *draws = false;
    if (again == NULL || (fresh != NULL && fresh->phase == SCALE__PHASE_LOOKUP)) return fresh;
    if (scale__lane_is_open(client->lane.lane)) return again;
    *draws = scale_budget_has(&client->budget);
    return *draws || scale__lane_is_calm(client->lane.lane) ? again : fresh;
}

static void pump_bulk(scale_client *client) {
    scale__lane *lane = client->lane.lane;
    scale_call *call;
    int64_t wait = -1;
    bool draws;
    while (has_room(client) && (wait = scale__lane_wait(lane)) == 0 &&
           (call = next_bulk(client, &draws)) != NULL) {
        scale__engine_send(call);
        if (draws && call->state == SCALE__CALL_IN_FLIGHT) scale_budget_take(&client->budget);
    }
    if (wait != 0 && scale__lane_is_given_up(lane))
        scale__bulk_turn_away(client);
    else if (!scale__lane_arm(lane, wait == 0 ? -1 : wait) && scale__lane_is_idle(lane))
        scale__bulk_abandon(client);
}

void scale__client_pump(scale_client *client) {
    if (client->pumping) return;
    client->pumping = true;
    while (has_room(client) && !scale__link_is_alone(&client->queue))
        scale__engine_send(first_of(&client->queue));
    if (!scale__link_is_alone(&client->bulk) || !scale__link_is_alone(&client->again)) pump_bulk(client);
    client->pumping = false;
}

static void close_calls(scale__link *list) {
    while (!scale__link_is_alone(list)) {
        scale_call *call = call_of(list->next);
        scale__engine_abort(call, SCALE_CLOSED, "the client was closed", false);
        call->client = NULL;
        call->loop = NULL;
    }
}

/* Ends all calls and lets go of the loop; the client itself stays until it is freed. */
static void detach(void *user) {
    scale_client *client = user;
    client->pumping = true;
    close_calls(&client->queue);
    close_calls(&client->bulk);
    close_calls(&client->again);
    close_calls(&client->calls);
    scale__lane_leave(&client->lane);
    scale__session_free(client->session);
    client->session = NULL;
    client->loop = NULL;
}

void scale__write_user_agent(char *text, size_t room, const char *extension) {
    struct utsname system;
    const char *name = uname(&system) == 0 ? system.sysname : "unknown";
    bool extended = extension != NULL && *extension != '\0';
    snprintf(text, room, "scalua/%s %s %s%s%s", SCALE_VERSION, scale__transport_version(), name,
             extended ? " " : "", extended ? extension : "");
}

const char *scale_transport_name(void) {
    return scale__transport_version();
}

static scale_status check_key(const char *key, scale_error *error) {
    if (key == NULL || *key == '\0') return scale__fail(error, SCALE_USAGE, "no API key was given");
    for (; *key != '\0'; key++)
        if ((unsigned char)*key <= 0x20 || *key == 0x7F || *key == ':')
            return scale__fail(error, SCALE_USAGE,
                               "the API key has a space, a colon or a control character in it");
    return SCALE_OK;
}

/* It stands in a header: a line end would begin another one. */
static scale_status check_user_agent(const char *text, scale_error *error) {
    for (; text != NULL && *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return scale__fail(error, SCALE_USAGE, "user_agent has a control character in it");
    return SCALE_OK;
}

static scale_status check_numbers(const scale_client_options *options, scale_error *error) {
    const struct {
        const char *name;
        int value;
    } rows[] = {
        {"timeout", options->timeout},
        {"upload_timeout", options->upload_timeout},
        {"deadline", options->deadline},
        {"connect_timeout", options->connect_timeout},
        {"max_attempts", options->max_attempts},
        {"max_in_flight", options->max_in_flight},
        {"give_up_after", options->give_up_after},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value <= 0)
            return scale__fail(error, SCALE_USAGE, "%s must be more than 0", rows[i].name);
    return SCALE_OK;
}

static bool wants_http2(const scale_client_options *options) {
    return options->http != NULL && strcmp(options->http, "2") == 0;
}

static scale_status check_http(const scale_client_options *options, scale_error *error) {
    if (options->http == NULL || strcmp(options->http, "1.1") == 0) return SCALE_OK;
    if (!wants_http2(options))
        return scale__fail(error, SCALE_USAGE, "http must be \"1.1\" or \"2\", not \"%s\"", options->http);
    if (scale__transport_has_http2()) return SCALE_OK;
    return scale__fail(error, SCALE_USAGE, "this libcurl was built without HTTP/2");
}

static scale_status check_address(const scale_client *client, scale_error *error) {
    if (client->base.https || client->base.loopback || client->options.allow_http) return SCALE_OK;
    return scale__fail(error, SCALE_USAGE,
                       "base_url '%s' would send the key in the clear; use https, or set allow_http",
                       client->base.text);
}

static scale_status open_session(scale_client *client, const scale_client_options *options,
                                 scale_error *error) {
    char user_agent[512];
    scale__write_user_agent(user_agent, sizeof user_agent, options->user_agent);
    const scale__session_settings settings = {
        .api_key = options->api_key,
        .user_agent = user_agent,
        .ca_file = options->ca_file,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .proxy = options->proxy,
        .verify = options->verify,
        .loopback = client->base.loopback,
        .https = client->base.https,
        .most_at_once = client->options.max_in_flight,
        .http2 = client->http2,
    };
    return scale__session_new(&client->session, scale__loop_transport(client->loop), &settings, error);
}

static void wake(void *client) {
    scale__client_pump(client);
}

static void give_up(void *client) {
    scale__bulk_give_up(client);
}

static scale_status join_lane(scale_client *client, const char *key, scale_error *error) {
    client->lane.ceiling = client->options.max_in_flight;
    client->lane.give_up_after = client->options.give_up_after;
    client->lane.wake = wake;
    client->lane.give_up = give_up;
    client->lane.client = client;
    return scale__lane_join(&client->lane, client->loop, client->base.text, key, error);
}

static void keep_numbers(scale_client *client, const scale_client_options *options) {
    client->options = *options;
    client->options.api_key = client->options.base_url = client->options.user_agent = NULL;
    client->options.ca_file = client->options.cert_file = client->options.key_file = client->options.proxy =
        client->options.http = NULL;
    client->options.limits = NULL;
}

scale_status scale_client_new(scale_client **result, scale_loop *loop, const scale_client_options *given,
                              scale_error *error) {
    scale_client_options taken = SCALE_CLIENT_OPTIONS_INIT;
    const scale_client_options *options = &taken;
    *result = NULL;
    if (scale__take_options(&taken, sizeof taken, given, error) != SCALE_OK) return SCALE_ERROR;
    if (check_key(options->api_key, error) != SCALE_OK || check_numbers(options, error) != SCALE_OK ||
        check_user_agent(options->user_agent, error) != SCALE_OK || check_http(options, error) != SCALE_OK)
        return SCALE_ERROR;
    scale_client *client = scale__allocate_zero(sizeof *client);
    if (client == NULL) return scale__fail_no_memory(error);
    client->loop = loop;
    client->http2 = wants_http2(options);
    client->member.close = detach;
    client->member.client = client;
    scale__link_init(&client->member.link);
    scale__link_init(&client->lane.link);
    scale__link_init(&client->queue);
    scale__link_init(&client->bulk);
    scale__link_init(&client->again);
    scale__link_init(&client->calls);
    scale_budget_init(&client->budget);
    keep_numbers(client, options);
    client->spare = scale__spare_new();
    client->limits = scale__limits_keep(options->limits);
    const char *base_url = options->base_url == NULL ? "https://api.scale.com" : options->base_url;
    if (client->spare == NULL) scale__fail_no_memory(error);
    if (client->spare == NULL || scale__base_url_parse(&client->base, base_url, error) != SCALE_OK ||
        check_address(client, error) != SCALE_OK || open_session(client, options, error) != SCALE_OK ||
        join_lane(client, options->api_key, error) != SCALE_OK) {
        scale_client_free(client);
        return SCALE_ERROR;
    }
    scale__loop_join(loop, &client->member);
    *result = client;
    return SCALE_OK;
}

void scale_client_free(scale_client *client) {
    if (client == NULL) return;
    scale__link_remove(&client->member.link);
    if (client->loop != NULL) detach(client);
    scale__spare_leave(client->spare);
    scale_limits_free(client->limits);
    scale__release(client->base.text);
    scale__release(client);
}

static size_t length(const scale__link *list) {
    size_t count = 0;
    for (const scale__link *link = list->next; link != list; link = link->next) count++;
    return count;
}

bool scale_client_server_time(const scale_client *client, int64_t *time) {
    return client->loop != NULL && scale__server_clock_at(&client->clock, scale_loop_now(client->loop), time);
}

void scale_client_get_stats(const scale_client *client, scale_client_stats *stats) {
    *stats = client->stats;
    stats->queued = length(&client->queue) + length(&client->bulk) + length(&client->again);
}

void scale_client_get_pace(const scale_client *client, scale_client_pace *pace) {
    memset(pace, 0, sizeof *pace);
    pace->budget = client->budget.retries;
    if (client->lane.lane != NULL) scale__lane_describe(client->lane.lane, pace);
}

bool scale_client_next_change(scale_client *client, scale_change *change) {
    return client->lane.lane != NULL && scale__lane_next_change(client->lane.lane, change);
}

const char *scale_client_base_url(const scale_client *client) {
    return client->base.text;
}
