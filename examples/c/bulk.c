/*
** bulk.c - a task for each line of a file, as many at a time as the server likes; made once, however often
** it is run.
**
**     cc bulk.c $(pkg-config --cflags --libs scaleapi) -o bulk
**     SCALE_API_KEY=… SCALE_API_URL=… ./bulk rows.jsonl TYPE PROJECT
**
** A line is a task's fields, as `scalua upload` takes them. Lines without a unique_id get one that is a
** digest of the line, so that a second run finds what the first one made. Ctrl-C sends nothing more and
** waits for what is in flight; a second one does not wait.
*/
#include <scaleapi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 200 /* held at a time; how many of them are in flight is the client's to say */

static volatile sig_atomic_t interrupted;

static scale_loop *loop;
static scale_client *client;
static scale_call *calls[MOST_ROWS]; /* NULL: a free place */
static size_t under_way;
static size_t counts[SCALE_OUTCOME_HOPELESS + 1];

static void on_interrupt(int number) {
    interrupted = 1;
    signal(number, SIG_DFL);
}

static void need(scale_status status, const scale_error *error) {
    if (status == SCALE_OK) return;
    fprintf(stderr, "%s: %s\n", scale_kind_name(error->kind), error->message);
    exit(1);
}

/* Called from scale_loop_step, once a call. `user` is its place. */
static void on_done(scale_call *call, void *user) {
    const scale_error *error = scale_call_error(call);
    counts[scale_call_outcome(call)]++;
    if (error->kind != SCALE_NONE && error->kind != SCALE_CANCELED)
        fprintf(stderr, "%s: %s (%d attempts)\n", scale_kind_name(error->kind), error->message,
                error->attempts);
    *(scale_call **)user = NULL;
    under_way--;
    scale_call_free(call);
}

/* The row with a unique_id and the project put before its own fields; to be freed. NULL when it is no
** object that takes them. */
static char *body_of(const char *line, const char *type, const char *project) {
    const char *const names[] = {project, "", type}; /* in no batch */
    const scale_slice row = {line, strlen(line)};
    char id[SCALE_ROW_ID_SIZE] = "";
    scale_slice value;
    const char *rest = strchr(line, '{');
    char *body = malloc(row.size + strlen(project) + 256);
    if (rest == NULL || body == NULL || scale_json_check(row, NULL, NULL) != SCALE_OK)
        return free(body), NULL;
    if (!scale_json_get(row, "unique_id", 9, &value)) scale_row_id(id, names, 3, row, 1);
    rest += 1 + strspn(rest + 1, " \t\r\n");
    sprintf(body, "{\"project\":\"%s\"%s%s%s%s%s", project, *id ? ",\"unique_id\":\"" : "", id,
            *id ? "\"" : "", *rest == '}' ? "" : ",", rest);
    return body;
}

static void start(const char *line, const char *type, const char *project) {
    scale_error error = SCALE_ERROR_INIT;
    scale_call_options options = SCALE_CALL_OPTIONS_INIT;
    scale_call **place = calls;
    char *body = body_of(line, type, project);
    options.bulk = true;            /* goes when the pace allows, waits out an outage */
    options.accept_existing = true; /* a task with this unique_id that is equal is as good */
    options.digest_id = true;
    if (body == NULL) {
        fprintf(stderr, "no JSON object: %.60s\n", line);
        counts[SCALE_OUTCOME_FAILED]++;
        return;
    }
    while (*place != NULL) place++;
    need(scale_call_new(place, client, scale_operation_find("create_task"), &options, &error), &error);
    need(scale_call_set_text(*place, "task_type", type, strlen(type), &error), &error);
    need(scale_call_set_body(*place, body, strlen(body), &error), &error);
    need(scale_call_start(*place, on_done, place, &error), &error);
    under_way++;
    free(body);
}

/* Starts rows while there are places. False when there are no more rows. */
static bool fill(FILE *file, const char *type, const char *project) {
    static char *line;
    static size_t room;
    while (under_way < MOST_ROWS) {
        if (getline(&line, &room, file) < 0) return false;
        if (line[strspn(line, " \t\r\n")] != '\0') start(line, type, project);
    }
    return true;
}

/* What was not sent yet is not going to be. */
static void cancel_waiting(void) {
    for (size_t i = 0; i < MOST_ROWS; i++)
        if (calls[i] != NULL && !scale_call_is_in_flight(calls[i])) scale_call_cancel(calls[i]);
}

/* No row will fare better, or nothing has succeeded for so long that the client has given up. */
static bool is_pointless(void) {
    scale_client_pace pace;
    scale_client_get_pace(client, &pace);
    return counts[SCALE_OUTCOME_HOPELESS] > 0 || pace.state == SCALE_BREAKER_GIVEN_UP;
}

static void run(FILE *file, const char *type, const char *project) {
    scale_error error = SCALE_ERROR_INIT;
    scale_change change;
    bool more = true;
    while (more || under_way > 0) {
        bool ends = interrupted || is_pointless();
        more = more && !ends && fill(file, type, project);
        if (ends) cancel_waiting();
        need(scale_loop_step(loop, 200, &error), &error); /* a signal ends the wait, or 200 ms do */
        while (scale_client_next_change(client, &change))
            if (getenv("EXPLAIN") != NULL) fprintf(stderr, "%s: %s\n", change.what, change.why);
    }
}

int main(int argc, char **argv) {
    scale_error error = SCALE_ERROR_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    FILE *file = argc == 4 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) return fprintf(stderr, "usage: bulk ROWS.jsonl TYPE PROJECT\n"), 2;
    signal(SIGINT, on_interrupt);
    options.api_key = getenv("SCALE_API_KEY");
    options.base_url = getenv("SCALE_API_URL");
    options.max_in_flight = 100;
    need(scale_loop_new(&loop, NULL, &error), &error);
    need(scale_client_new(&client, loop, &options, &error), &error);
    run(file, argv[2], argv[3]);
    for (scale_outcome each = SCALE_OUTCOME_DONE; each <= SCALE_OUTCOME_HOPELESS; each++)
        if (counts[each] > 0) printf("%zu %s\n", counts[each], scale_outcome_name(each));
    scale_client_free(client);
    scale_loop_free(loop);
    fclose(file);
    if (interrupted) return 130;
    for (scale_outcome each = SCALE_OUTCOME_CONFLICT; each <= SCALE_OUTCOME_HOPELESS; each++)
        if (counts[each] > 0) return 1;
    return 0;
}
