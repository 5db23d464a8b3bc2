/*
** parameters.c - the values of a call, each checked against the row and put where it belongs: into the path,
** the query, the body or a part of it.
*/
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "alloc.h"
#include "call.h"
#include "error.h"
#include "operations.h"

static scale_status fail_value(const scale_call *call, const scale_parameter *parameter, scale_error *error) {
    return scale__fail(error, SCALE_USAGE, "%s of %s must be %s", parameter->name, call->operation->name,
                       scale_value_describe(parameter->value));
}

static bool takes_many(const scale_parameter *parameter) {
    return parameter->value == SCALE_TEXTS || parameter->value == SCALE_COMMA_TEXTS;
}

/* A name that the row does not have: what was probably meant, or else what there is. */
static void fail_unknown(const scale_operation *operation, const char *name, scale_error *error) {
    const char *meant = scale_operation_suggest(operation, name);
    char names[SCALE_MESSAGE_SIZE / 2] = "nothing";
    size_t used = 0;
    if (meant != NULL) {
        scale__fail(error, SCALE_USAGE, "unknown option '%s' for %s; did you mean '%s'?", name,
                    operation->name, meant);
        return;
    }
    for (size_t i = 0; i < operation->parameter_count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ",
                                 operation->parameters[i].name);
    scale__fail(error, SCALE_USAGE, "unknown option '%s' for %s, which takes %s", name, operation->name,
                names);
}

/* The row's parameter of that name, for a value to come; NULL with the error filled. */
static const scale_parameter *expect(scale_call *call, const char *name, scale_error *error) {
    const scale_operation *operation = call->operation;
    const scale_parameter *parameter = scale_operation_parameter(operation, name);
    if (call->started) {
        scale__fail(error, SCALE_USAGE, "%s was started already", operation->name);
        return NULL;
    }
    if (parameter == NULL) {
        fail_unknown(operation, name, error);
        return NULL;
    }
    if ((call->given & scale__call_bit(call, parameter)) != 0 && !takes_many(parameter)) {
        scale__fail(error, SCALE_USAGE, "%s of %s was given twice", parameter->name, operation->name);
        return NULL;
    }
    return parameter;
}

static size_t path_index(const scale_call *call, const scale_parameter *parameter) {
    size_t index = 0;
    for (const scale_parameter *p = call->operation->parameters; p < parameter; p++)
        if (p->place == SCALE_IN_PATH) index++;
    return index;
}

const char *scale__call_path_value(const scale_call *call, const char *name) {
    const scale_parameter *parameter = scale_operation_parameter(call->operation, name);
    return parameter == NULL || parameter->place != SCALE_IN_PATH
               ? NULL
               : call->path_values[path_index(call, parameter)];
}

static scale_status put_in_path(scale_call *call, const scale_parameter *parameter, const char *text,
                                size_t size, scale_error *error) {
    if (size == 0 || memchr(text, '\0', size) != NULL)
        return scale__fail(error, SCALE_USAGE, "%s of %s must not be empty", parameter->name,
                           call->operation->name);
    char *copy = scale__copy(text, size);
    if (copy == NULL) return scale__fail_no_memory(error);
    call->path_values[path_index(call, parameter)] = copy;
    return SCALE_OK;
}

/* Where that key stands in the query, which has it. */
static size_t place_of(const scale__buffer *query, const char *key) {
    size_t size = strlen(key), place = 1; /* behind the question mark */
    while (strncmp(query->data + place, key, size) != 0 || query->data[place + size] != '=')
        place += strcspn(query->data + place, "&") + 1;
    return place;
}

/* Where its value ends. */
static size_t end_of_value(const scale__buffer *query, const char *key) {
    size_t place = place_of(query, key);
    return place + strcspn(query->data + place, "&");
}

/* The parameter, if it has a value in the query. */
static const scale_parameter *in_query(const scale_call *call, const char *name) {
    const scale_parameter *parameter = scale_operation_parameter(call->operation, name);
    bool found = parameter != NULL && parameter->place == SCALE_IN_QUERY &&
                 (call->given & scale__call_bit(call, parameter)) != 0;
    return found ? parameter : NULL;
}

void scale__call_unset(scale_call *call, const char *name) {
    const scale_parameter *parameter = in_query(call, name);
    scale__buffer *query = &call->query;
    if (parameter == NULL) return;
    call->given &= ~scale__call_bit(call, parameter);
    size_t place = place_of(query, parameter->wire), end = end_of_value(query, parameter->wire);
    if (query->data[end] == '&')
        end++;
    else
        place--; /* the last one goes with what stands before it */
    memmove(query->data + place, query->data + end, query->size - end + 1);
    query->size -= end - place;
}

bool scale__call_query_value(const scale_call *call, const char *name, char **value) {
    const scale_parameter *parameter = in_query(call, name);
    *value = NULL;
    if (parameter == NULL) return true;
    size_t place = place_of(&call->query, parameter->wire) + strlen(parameter->wire) + 1;
    *value = scale__copy(call->query.data + place, end_of_value(&call->query, parameter->wire) - place);
    return *value != NULL;
}

/* One more value of a list that stands in the query already, with commas between them. */
static bool add_to_list(scale__buffer *query, const char *key, const char *text, size_t size) {
    size_t end = end_of_value(query, key);
    char *rest = scale__copy(query->data + end, query->size - end);
    if (rest == NULL) return false;
    query->size = end;
    scale__buffer_append_text(query, "%2C");
    scale__url_encode(query, text, size);
    bool fine = scale__buffer_append_text(query, rest);
    scale__release(rest);
    return fine;
}

static scale_status put_in_query(scale_call *call, const scale_parameter *parameter, const char *text,
                                 size_t size, scale_error *error) {
    scale__buffer *query = &call->query;
    bool more =
        (call->given & scale__call_bit(call, parameter)) != 0 && parameter->value == SCALE_COMMA_TEXTS;
    if (more)
        return add_to_list(query, parameter->wire, text, size) ? SCALE_OK : scale__fail_no_memory(error);
    scale__buffer_append_byte(query, query->size == 0 ? '?' : '&');
    scale__buffer_append_text(query, parameter->wire);
    scale__buffer_append_byte(query, '=');
    return scale__url_encode(query, text, size) ? SCALE_OK : scale__fail_no_memory(error);
}

static scale_status add_part(scale_call *call, const char *name, const char *data, size_t size,
                             scale_error *error) {
    scale__part *part = scale__allocate_zero(sizeof *part);
    if (part == NULL) return scale__fail_no_memory(error);
    part->name = scale__copy_text(name);
    part->data = scale__copy(data, size);
    part->size = size;
    if (part->name == NULL || part->data == NULL) {
        scale__parts_free(part);
        return scale__fail_no_memory(error);
    }
    scale__part **last = &call->parts;
    while (*last != NULL) last = &(*last)->next;
    *last = part;
    return SCALE_OK;
}

/* Appends `"key":` or `,"key":` and the JSON text. Wire names need no escapes. */
static scale_status put_in_fields(scale_call *call, const scale_parameter *parameter, const char *json,
                                  size_t size, scale_error *error) {
    scale__buffer *fields = &call->fields;
    scale__buffer_append_byte(fields, fields->size == 0 ? '{' : ',');
    scale__buffer_append_byte(fields, '"');
    scale__buffer_append_text(fields, parameter->wire);
    scale__buffer_append_text(fields, "\":");
    return scale__buffer_append(fields, json, size) ? SCALE_OK : scale__fail_no_memory(error);
}

static scale_status set_whole_body(scale_call *call, const char *json, size_t size, scale_error *error) {
    scale__release(call->body);
    call->body = scale__copy(json, size);
    call->body_size = size;
    return call->body == NULL ? scale__fail_no_memory(error) : SCALE_OK;
}

/* A body parameter whose JSON text is known to be right. */
static scale_status put_in_body(scale_call *call, const scale_parameter *parameter, const char *json,
                                size_t size, scale_error *error) {
    if (call->body != NULL)
        return scale__fail(error, SCALE_USAGE, "%s of %s was given beside a whole body", parameter->name,
                           call->operation->name);
    if (call->operation->body == SCALE_BODY_WHOLE) return set_whole_body(call, json, size, error);
    if (call->operation->body == SCALE_BODY_PARTS) return add_part(call, parameter->wire, json, size, error);
    return put_in_fields(call, parameter, json, size, error);
}

static scale_status put_text_in_body(scale_call *call, const scale_parameter *parameter, const char *text,
                                     size_t size, scale_error *error) {
    if (call->operation->body == SCALE_BODY_PARTS) return add_part(call, parameter->wire, text, size, error);
    scale_json_writer *writer = scale_json_writer_new();
    if (writer == NULL) return scale__fail_no_memory(error);
    scale_json_write_string(writer, text, size);
    scale_slice json;
    scale_status status = scale_json_writer_text(writer, &json, error);
    if (status == SCALE_OK) status = put_in_body(call, parameter, json.data, json.size, error);
    scale_json_writer_free(writer);
    return status;
}

static scale_status put_plain(scale_call *call, const scale_parameter *parameter, const char *text,
                              size_t size, scale_error *error) {
    scale_status status = parameter->place == SCALE_IN_PATH ? put_in_path(call, parameter, text, size, error)
                          : parameter->place == SCALE_IN_QUERY
                              ? put_in_query(call, parameter, text, size, error)
                              : put_in_body(call, parameter, text, size, error);
    if (status == SCALE_OK) call->given |= scale__call_bit(call, parameter);
    return status;
}

static bool takes_text(const scale_parameter *parameter) {
    return parameter->value == SCALE_TEXT || parameter->value == SCALE_TIME ||
           parameter->value == SCALE_JSON_ANY || takes_many(parameter);
}

scale_status scale_call_set_text(scale_call *call, const char *name, const char *text, size_t size,
                                 scale_error *error) {
    const scale_parameter *parameter = expect(call, name, error);
    if (parameter == NULL) return SCALE_ERROR;
    if (!takes_text(parameter)) return fail_value(call, parameter, error);
    if (parameter->enumeration != NULL && size < 64) {
        char word[64];
        memcpy(word, text, size);
        word[size] = '\0';
        if (scale__check_enumeration(call->operation, parameter, word, error) != SCALE_OK) return SCALE_ERROR;
    }
    if (parameter->place != SCALE_IN_BODY) return put_plain(call, parameter, text, size, error);
    scale_status status = put_text_in_body(call, parameter, text, size, error);
    if (status == SCALE_OK) call->given |= scale__call_bit(call, parameter);
    return status;
}

/* Seconds since 1970 as the API reads them: UTC, with milliseconds. */
static scale_status set_time(scale_call *call, const scale_parameter *parameter, double seconds,
                             scale_error *error) {
    char text[64], whole[48];
    struct tm parts;
    if (!(seconds > -62135596800.0 && seconds < 253402300800.0)) return fail_value(call, parameter, error);
    double rounded = (double)(int64_t)(seconds * 1000.0 + (seconds < 0 ? -0.5 : 0.5));
    int64_t ms = (int64_t)rounded;
    int64_t rest = ((ms % 1000) + 1000) % 1000;
    time_t base = (time_t)((ms - rest) / 1000);
    gmtime_r(&base, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    int size = snprintf(text, sizeof text, "%s.%03dZ", whole, (int)rest);
    return put_plain(call, parameter, text, (size_t)size, error);
}

scale_status scale_call_set_integer(scale_call *call, const char *name, int64_t value, scale_error *error) {
    const scale_parameter *parameter = expect(call, name, error);
    char text[32];
    if (parameter == NULL) return SCALE_ERROR;
    if (parameter->value == SCALE_TIME) return set_time(call, parameter, (double)value, error);
    if (parameter->value != SCALE_INTEGER && parameter->value != SCALE_JSON_ANY)
        return fail_value(call, parameter, error);
    int size = snprintf(text, sizeof text, "%lld", (long long)value);
    return put_plain(call, parameter, text, (size_t)size, error);
}

scale_status scale_call_set_number(scale_call *call, const char *name, double value, scale_error *error) {
    const scale_parameter *parameter = expect(call, name, error);
    if (parameter == NULL) return SCALE_ERROR;
    if (parameter->value == SCALE_TIME) return set_time(call, parameter, value, error);
    if (value >= -9007199254740992.0 && value <= 9007199254740992.0 && value == (double)(int64_t)value)
        return scale_call_set_integer(call, name, (int64_t)value, error);
    return fail_value(call, parameter, error);
}

scale_status scale_call_set_boolean(scale_call *call, const char *name, bool value, scale_error *error) {
    const scale_parameter *parameter = expect(call, name, error);
    if (parameter == NULL) return SCALE_ERROR;
    if (parameter->value != SCALE_BOOLEAN && parameter->value != SCALE_JSON_ANY)
        return fail_value(call, parameter, error);
    return put_plain(call, parameter, value ? "true" : "false", value ? 4 : 5, error);
}

static bool are_texts(scale_slice array) {
    scale_json_cursor cursor;
    scale_slice element;
    if (scale_json_cursor_init(&cursor, array, NULL) != SCALE_OK) return false;
    while (scale_json_cursor_next(&cursor, NULL, &element, NULL) == 1)
        if (scale_json_type_of(element) != SCALE_JSON_TYPE_STRING) return false;
    return true;
}

static bool fits(const scale_parameter *parameter, scale_slice json) {
    scale_json_type type = scale_json_type_of(json);
    scale_json_number number;
    switch (parameter->value) {
    case SCALE_JSON_ANY: return true;
    case SCALE_JSON_OBJECT: return type == SCALE_JSON_TYPE_OBJECT;
    case SCALE_JSON_ARRAY: return type == SCALE_JSON_TYPE_ARRAY;
    case SCALE_JSON_TEXTS:
    case SCALE_JSON_NAMES: return type == SCALE_JSON_TYPE_ARRAY && are_texts(json);
    case SCALE_TEXT: return type == SCALE_JSON_TYPE_STRING;
    case SCALE_INTEGER: return scale_json_number_read(json, &number) && number.kind == SCALE_JSON_INTEGER;
    case SCALE_BOOLEAN: return type == SCALE_JSON_TYPE_BOOLEAN;
    default: return false;
    }
}

/* ["a"] as [{"name":"a"}] */
static scale_status put_names(scale_call *call, const scale_parameter *parameter, scale_slice names,
                              scale_error *error) {
    scale_json_cursor cursor;
    scale_slice element;
    scale__buffer objects;
    if (scale_json_cursor_init(&cursor, names, error) != SCALE_OK) return SCALE_ERROR;
    scale__buffer_init(&objects, SCALE__MOST_REQUEST);
    scale__buffer_append_byte(&objects, '[');
    while (scale_json_cursor_next(&cursor, NULL, &element, NULL) == 1) {
        if (objects.size > 1) scale__buffer_append_byte(&objects, ',');
        scale__buffer_append_text(&objects, "{\"name\":");
        scale__buffer_append(&objects, element.data, element.size);
        scale__buffer_append_byte(&objects, '}');
    }
    scale_status status = scale__buffer_append_byte(&objects, ']')
                              ? put_plain(call, parameter, objects.data, objects.size, error)
                              : scale__fail_no_memory(error);
    scale__buffer_clear(&objects);
    return status;
}

/* Text that is not JSON: of a parameter, or of the whole body. */
static scale_status fail_json(const scale_call *call, const scale_parameter *parameter,
                              const scale_error *problem, scale_error *error) {
    const char *name = call->operation->name;
    if (parameter == NULL)
        return scale__fail(error, problem->kind, "the body of %s is %s", name, problem->message);
    return scale__fail(error, problem->kind, "%s of %s must be %s, or that as JSON; the text is %s",
                       parameter->name, name, scale_value_describe(parameter->value), problem->message);
}

/* The parameter that is the whole body, or NULL. */
static const scale_parameter *whole_parameter(const scale_operation *operation) {
    if (operation->body != SCALE_BODY_WHOLE) return NULL;
    for (size_t i = 0; i < operation->parameter_count; i++)
        if (operation->parameters[i].place == SCALE_IN_BODY) return &operation->parameters[i];
    return NULL;
}

scale_status scale_call_set_json(scale_call *call, const char *name, const char *json, size_t size,
                                 scale_error *error) {
    const scale_parameter *parameter = expect(call, name, error);
    scale_slice slice = {json, size};
    scale_error problem = SCALE_ERROR_INIT;
    if (parameter == NULL) return SCALE_ERROR;
    if (scale_json_check(slice, NULL, &problem) != SCALE_OK)
        return fail_json(call, parameter, &problem, error);
    bool null = scale_json_type_of(slice) == SCALE_JSON_TYPE_NULL && !parameter->required;
    if (parameter->place != SCALE_IN_BODY || (!null && !fits(parameter, slice)))
        return fail_value(call, parameter, error);
    if (parameter->value == SCALE_JSON_NAMES && !null) return put_names(call, parameter, slice, error);
    return put_plain(call, parameter, json, size, error);
}

scale_status scale_call_set_body(scale_call *call, const char *json, size_t size, scale_error *error) {
    scale_slice slice = {json, size};
    const char *name = call->operation->name;
    const scale_parameter *parameter = whole_parameter(call->operation);
    scale_error problem = SCALE_ERROR_INIT;
    if (call->operation->body == SCALE_BODY_NONE || call->operation->body == SCALE_BODY_PARTS)
        return scale__fail(error, SCALE_USAGE, "%s takes no JSON body", name);
    if (call->started || call->body != NULL || call->fields.size > 0)
        return scale__fail(error, SCALE_USAGE, "the body of %s was given already", name);
    if (scale_json_check(slice, NULL, &problem) != SCALE_OK)
        return fail_json(call, parameter, &problem, error);
    if (parameter != NULL) {
        if (!fits(parameter, slice)) return fail_value(call, parameter, error);
        call->given |= scale__call_bit(call, parameter);
    } else if (scale_json_type_of(slice) != SCALE_JSON_TYPE_OBJECT) {
        return scale__fail(error, SCALE_USAGE, "the body of %s must be a JSON object", name);
    }
    return set_whole_body(call, json, size, error);
}

/* ===================================================================== files */

void scale__parts_free(scale__part *part) {
    while (part != NULL) {
        scale__part *next = part->next;
        scale__release(part->name);
        scale__release(part->data);
        scale__release(part->path);
        scale__release(part->filename);
        scale__release(part);
        part = next;
    }
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static scale_status set_file_part(scale_call *call, scale__part *file, const char *filename,
                                  scale_error *error) {
    const scale_parameter *parameter = expect(call, "file", error);
    if (file == NULL) return scale__fail_no_memory(error);
    file->name = scale__copy_text("file");
    file->filename = scale__copy_text(filename);
    if (parameter == NULL || file->name == NULL || file->filename == NULL) {
        scale__parts_free(file);
        return scale__fail_no_memory(error);
    }
    call->given |= scale__call_bit(call, parameter);
    call->file = file;
    return SCALE_OK;
}

scale_status scale_call_set_file(scale_call *call, const char *path, const char *filename,
                                 scale_error *error) {
    struct stat facts;
    char byte;
    if (scale__limits_check_file(call->client->limits, call->operation, error) != SCALE_OK)
        return SCALE_ERROR;
    /* A pipe would hold the loop until somebody writes into it, and cannot be sent again. */
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode))
        return scale__fail(error, SCALE_FILE, "cannot read %s: not a regular file", path);
    FILE *probe = fopen(path, "rbe");
    bool readable = probe != NULL && (fread(&byte, 1, 1, probe) == 1 || !ferror(probe));
    if (!readable) scale__fail(error, SCALE_FILE, "cannot read %s: %m", path);
    if (probe != NULL) fclose(probe);
    if (!readable) return SCALE_ERROR;
    scale__part *file = scale__allocate_zero(sizeof *file);
    if (file != NULL && (file->path = scale__copy_text(path)) == NULL) {
        scale__parts_free(file);
        file = NULL;
    }
    return set_file_part(call, file, filename == NULL ? last_part(path) : filename, error);
}

scale_status scale_call_set_file_data(scale_call *call, const void *data, size_t size, const char *filename,
                                      scale_error *error) {
    scale__part *file = scale__allocate_zero(sizeof *file);
    if (file != NULL && (file->data = scale__copy(data, size)) == NULL) {
        scale__parts_free(file);
        file = NULL;
    }
    if (file != NULL) file->size = size;
    return set_file_part(call, file, filename == NULL ? "file" : filename, error);
}
