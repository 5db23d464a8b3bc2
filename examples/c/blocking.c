/*
** blocking.c - one call after the other: makes a project and a task in it, and reads all its tasks.
**
**     cc blocking.c $(pkg-config --cflags --libs scaleapi) -o blocking
**     SCALE_API_KEY=… SCALE_API_URL=… ./blocking
*/
#include <scaleapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char project[] = "{\"name\": \"sounds\", \"type\": \"textcollection\"}";
static const char task[] =
    "{\"project\": \"sounds\", \"unique_id\": \"sound-17\", \"instruction\": \"Who says this?\","
    " \"attachments\": [{\"type\": \"text\", \"content\": \"meow\"}],"
    " \"fields\": [{\"type\": \"text\", \"field_id\": \"who\", \"title\": \"Who?\"}]}";

static void need(scale_status status, const scale_error *error) {
    if (status == SCALE_OK) return;
    fprintf(stderr, "%s: %s\n", scale_kind_name(error->kind), error->message);
    exit(1);
}

static scale_call *new_call(scale_client *client, const char *operation) {
    scale_error error = SCALE_ERROR_INIT;
    scale_call *call;
    need(scale_call_new(&call, client, scale_operation_find(operation), NULL, &error), &error);
    return call;
}

static void set_text(scale_call *call, const char *name, const char *text) {
    scale_error error = SCALE_ERROR_INIT;
    need(scale_call_set_text(call, name, text, strlen(text), &error), &error);
}

/* Makes something. That it is there already, from the last time, is as good. */
static void make(scale_call *call, const char *body) {
    scale_error error = SCALE_ERROR_INIT;
    need(scale_call_set_body(call, body, strlen(body), &error), &error);
    need(scale_call_start(call, NULL, NULL, &error), &error);
    if (scale_call_wait(call, &error) != SCALE_OK && error.kind != SCALE_DUPLICATE) need(SCALE_ERROR, &error);
    scale_call_free(call);
}

/* Prints each task of the list as the server gave it, page after page. */
static void print_tasks(scale_call *call) {
    scale_list *list;
    scale_slice each;
    scale_error error = SCALE_ERROR_INIT;
    int got;
    need(scale_list_open(&list, call, NULL, NULL, &error), &error); /* the call is the list's now */
    while ((got = scale_list_next(list, &each, &error)) == 1) printf("%.*s\n", (int)each.size, each.data);
    need(got == 0 ? SCALE_OK : SCALE_ERROR, &error);
    scale_list_free(list);
}

int main(void) {
    scale_loop *loop;
    scale_client *client;
    scale_error error = SCALE_ERROR_INIT;
    scale_client_options options = SCALE_CLIENT_OPTIONS_INIT;
    options.api_key = getenv("SCALE_API_KEY");
    options.base_url = getenv("SCALE_API_URL");
    need(scale_loop_new(&loop, NULL, &error), &error);
    need(scale_client_new(&client, loop, &options, &error), &error);

    make(new_call(client, "create_project"), project);
    scale_call *create = new_call(client, "create_task");
    set_text(create, "task_type", "textcollection");
    make(create, task);

    scale_call *list = new_call(client, "get_tasks");
    set_text(list, "project_name", "sounds");
    print_tasks(list);

    scale_client_free(client);
    scale_loop_free(loop);
    return 0;
}
