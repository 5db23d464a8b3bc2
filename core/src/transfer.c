#include "transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "alloc.h"
#include "error.h"

#define LARGE_RECEIVE_BUFFER  (256L * 1024L)
#define SMALL_RECEIVE_BUFFER  (16L * 1024L)
#define MOST_IDLE_CONNECTIONS 256L
#define MOST_ROOM_AHEAD       (1L << 20) /* of an answer, before its bytes have come */
#define MOST_RETRY_AFTER      INT32_MAX  /* seconds; the server may say any number */

/* What a request carries, which decides over its headers. */
typedef enum { NO_BODY, JSON_BODY, PARTS_BODY, BODY_COUNT } body_kind;

struct scale__transport {
    CURLM *multi;
    scale__transport_hooks hooks;
    scale__transfer *first_finished, *last_finished;
};

struct scale__session {
    scale__transport *transport;
    char *user_agent, *ca_file, *cert_file, *key_file, *proxy;
    bool verify, loopback;
    struct curl_slist *headers[2][BODY_COUNT]; /* by whether the key is a bearer token, and by body */
    scale__transfer *idle;                     /* handles kept for the next request */
    scale__transfer *active;                   /* doubly linked */
};

struct scale__transfer {
    scale__session *session;
    CURL *easy;
    curl_mime *mime;
    scale__transfer *next, *previous; /* in session->active, or idle by next */
    scale__transfer *next_finished;
    scale__buffer *answer, *head;
    struct curl_slist *headers; /* of this request alone */
    scale__finished_fn finished;
    void *user;
    CURLcode result;
    int begun; /* how often libcurl began to send the request */
    bool may_resend, in_multi, is_finished;
    int file_error; /* errno of a file that could not be read */
    char message[CURL_ERROR_SIZE];
};

const char *scale__transport_version(void) {
    return "libcurl/" LIBCURL_VERSION;
}

/* ================================================================ transport */

static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *user, void *socket_data) {
    scale__transport *transport = user;
    (void)easy;
    (void)socket_data;
    unsigned events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= SCALE_READABLE;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= SCALE_WRITABLE;
    return transport->hooks.watch(transport->hooks.loop, descriptor, events) ? 0 : -1;
}

static int on_timer(CURLM *multi, long delay, void *user) {
    scale__transport *transport = user;
    (void)multi;
    transport->hooks.set_timer(transport->hooks.loop, delay);
    return 0;
}

scale_status scale__transport_new(scale__transport **result, const scale__transport_hooks *hooks,
                                  scale_error *error) {
    *result = NULL;
    /* Counted inside libcurl, and thread-safe since 7.84. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return scale__fail(error, SCALE_NETWORK, "libcurl cannot be initialised");
    scale__transport *transport = scale__allocate_zero(sizeof *transport);
    CURLM *multi = curl_multi_init();
    if (transport == NULL || multi == NULL) {
        scale__release(transport);
        if (multi != NULL) curl_multi_cleanup(multi);
        curl_global_cleanup();
        return scale__fail_no_memory(error);
    }
    transport->multi = multi;
    transport->hooks = *hooks;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transport);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transport);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, MOST_IDLE_CONNECTIONS);
    *result = transport;
    return SCALE_OK;
}

void scale__transport_free(scale__transport *transport) {
    if (transport == NULL) return;
    curl_multi_cleanup(transport->multi);
    curl_global_cleanup();
    scale__release(transport);
}

/* Queues what libcurl says has ended. Every message is read at once: a message left behind wakes nobody. */
static void collect(scale__transport *transport) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) continue;
        char *pointer = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &pointer);
        scale__transfer *transfer = (scale__transfer *)(void *)pointer;
        transfer->result = result;
        transfer->is_finished = true;
        transfer->next_finished = NULL;
        if (transport->last_finished == NULL)
            transport->first_finished = transfer;
        else
            transport->last_finished->next_finished = transfer;
        transport->last_finished = transfer;
    }
}

void scale__transport_ready(scale__transport *transport, int descriptor, unsigned events) {
    int running;
    int flags = ((events & SCALE_READABLE) ? CURL_CSELECT_IN : 0) |
                ((events & SCALE_WRITABLE) ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(transport->multi, descriptor, flags, &running);
    collect(transport);
}

void scale__transport_timer(scale__transport *transport) {
    int running;
    curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(transport);
}

/* ================================================================== session */

static bool append_header(struct curl_slist **list, const char *header) {
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer == NULL) return false;
    *list = longer;
    return true;
}

/* Appends the key as a user name without a password. */
static bool append_basic(scale__buffer *line, const char *key) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t size = strlen(key) + 1;
    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = 0;
        for (size_t j = i; j < i + 3; j++) {
            unsigned char byte = j + 1 < size ? (unsigned char)key[j] : j + 1 == size ? ':' : 0;
            bits = bits << 8 | byte;
        }
        scale__buffer_append_byte(line, letters[bits >> 18 & 63]);
        scale__buffer_append_byte(line, letters[bits >> 12 & 63]);
        scale__buffer_append_byte(line, i + 1 < size ? letters[bits >> 6 & 63] : '=');
        scale__buffer_append_byte(line, i + 2 < size ? letters[bits & 63] : '=');
    }
    return line->state == SCALE__BUFFER_FINE;
}

/*
** The key stands in a header of our own: were libcurl told of it as a user name, it would put it into the
** addresses that redirects lead to.
*/
static bool append_key(struct curl_slist **list, const char *key, bool bearer) {
    scale__buffer line;
    if (key == NULL) return true;
    scale__buffer_init(&line, (size_t)-1 / 4);
    scale__buffer_append_text(&line, bearer ? "Authorization: Bearer " : "Authorization: Basic ");
    bool fine = bearer ? scale__buffer_append_text(&line, key) : append_basic(&line, key);
    fine = fine && scale__buffer_append_byte(&line, '\0') && append_header(list, line.data);
    scale__buffer_clear(&line);
    return fine;
}

/* "Expect:" takes the header out: an upload need not wait for a 100. */
static bool make_headers(scale__session *session, const char *key) {
    static const char *const types[] = {
        [NO_BODY] = "Content-Type:", [JSON_BODY] = "Content-Type: application/json", [PARTS_BODY] = NULL};
    for (size_t bearer = 0; bearer < 2; bearer++) {
        for (size_t body = 0; body < BODY_COUNT; body++) {
            struct curl_slist **list = &session->headers[bearer][body];
            bool fine = append_header(list, "Expect:") && append_key(list, key, bearer == 1) &&
                        (types[body] == NULL || append_header(list, types[body]));
            if (!fine) return false;
        }
    }
    return true;
}

scale_status scale__session_new(scale__session **result, scale__transport *transport,
                                const scale__session_settings *settings, scale_error *error) {
    *result = NULL;
    scale__session *session = scale__allocate_zero(sizeof *session);
    if (session == NULL) return scale__fail_no_memory(error);
    session->transport = transport;
    session->verify = settings->verify;
    session->loopback = settings->loopback;
    bool fine = scale__copy_into(&session->user_agent, settings->user_agent) &&
                scale__copy_into(&session->ca_file, settings->ca_file) &&
                scale__copy_into(&session->cert_file, settings->cert_file) &&
                scale__copy_into(&session->key_file, settings->key_file) &&
                scale__copy_into(&session->proxy, settings->proxy) &&
                make_headers(session, settings->api_key);
    if (!fine) {
        scale__session_free(session);
        return scale__fail_no_memory(error);
    }
    *result = session;
    return SCALE_OK;
}

static void free_transfer(scale__transfer *transfer) {
    curl_easy_cleanup(transfer->easy);
    if (transfer->mime != NULL) curl_mime_free(transfer->mime);
    scale__release(transfer);
}

void scale__session_free(scale__session *session) {
    if (session == NULL) return;
    while (session->active != NULL) scale__transfer_drop(session->active);
    while (session->idle != NULL) {
        scale__transfer *transfer = session->idle;
        session->idle = transfer->next;
        free_transfer(transfer);
    }
    for (size_t i = 0; i < BODY_COUNT; i++) {
        curl_slist_free_all(session->headers[0][i]);
        curl_slist_free_all(session->headers[1][i]);
    }
    scale__release(session->user_agent);
    scale__release(session->ca_file);
    scale__release(session->cert_file);
    scale__release(session->key_file);
    scale__release(session->proxy);
    scale__release(session);
}

/* ============================================================ easy callbacks */

/* Room for the whole answer at once, if its size is announced and can be believed. */
static void make_room(scale__transfer *transfer) {
    curl_off_t size = -1;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    if (size > 0 && size <= MOST_ROOM_AHEAD) scale__buffer_make_room(transfer->answer, (size_t)size);
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *user) {
    scale__transfer *transfer = user;
    (void)size; /* always 1 */
    if (transfer->answer->size == 0) make_room(transfer);
    return scale__buffer_append(transfer->answer, bytes, count) ? count : 0;
}

/*
** Called whenever libcurl is about to send a request over a connection. That is how we know that nothing
** was sent yet; and the second time in one exchange means that a kept connection proved dead and libcurl
** would send the request again by itself, which is for our own rules to decide.
*/
static int on_request(void *user, char *to_ip, char *from_ip, int to_port, int from_port) {
    scale__transfer *transfer = user;
    (void)to_ip;
    (void)from_ip;
    (void)to_port;
    (void)from_port;
    transfer->begun++;
    return transfer->begun > 1 && !transfer->may_resend ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int on_open(void *user, curl_socket_t descriptor, curlsocktype purpose) {
    scale__transport *transport = user;
    (void)purpose;
    transport->hooks.opened(transport->hooks.loop, descriptor);
    return CURL_SOCKOPT_OK;
}

static int on_close(void *user, curl_socket_t descriptor) {
    scale__transport *transport = user;
    transport->hooks.forget(transport->hooks.loop, descriptor);
    return close(descriptor);
}

static void set_tls(CURL *easy, const scale__session *session) {
    if (session->ca_file != NULL) curl_easy_setopt(easy, CURLOPT_CAINFO, session->ca_file);
    /* With Debian's built-in path kept, every fresh connection reads the whole store anew. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (session->cert_file != NULL) curl_easy_setopt(easy, CURLOPT_SSLCERT, session->cert_file);
    if (session->key_file != NULL) curl_easy_setopt(easy, CURLOPT_SSLKEY, session->key_file);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, session->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, session->verify ? 2L : 0L);
}

/* What all requests of a session have in common. */
static void set_up(scale__transfer *transfer) {
    const scale__session *session = transfer->session;
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, session->user_agent);
    if (session->loopback)
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    else if (session->proxy != NULL)
        curl_easy_setopt(easy, CURLOPT_PROXY, session->proxy);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, session->transport);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, session->transport);
    set_tls(easy, session);
}

/* An idle handle, or a new one; NULL when out of memory. */
static scale__transfer *take_handle(scale__session *session) {
    scale__transfer *transfer = session->idle;
    if (transfer != NULL) {
        session->idle = transfer->next;
        return transfer;
    }
    transfer = scale__allocate_zero(sizeof *transfer);
    if (transfer == NULL) return NULL;
    transfer->session = session;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        scale__release(transfer);
        return NULL;
    }
    set_up(transfer);
    return transfer;
}

/* =============================================================== file parts */

static size_t read_file(char *place, size_t size, size_t count, void *user) {
    FILE *file = user;
    size_t got = fread(place, size, count, file);
    return got == 0 && ferror(file) ? CURL_READFUNC_ABORT : got * size;
}

static int seek_file(void *user, curl_off_t offset, int origin) {
    return fseeko(user, (off_t)offset, origin) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static void close_file(void *user) {
    fclose(user);
}

/* Streams the file. libcurl's own file parts would name a type where the name tells none; the
** server is to guess it from the bytes. */
static bool add_file(curl_mimepart *part, const char *path, int *file_error) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL || fseeko(file, 0, SEEK_END) != 0) {
        *file_error = errno;
        if (file != NULL) fclose(file);
        return false;
    }
    off_t size = ftello(file);
    rewind(file);
    if (curl_mime_data_cb(part, size, read_file, seek_file, close_file, file) == CURLE_OK) return true;
    fclose(file);
    return false;
}

static bool add_part(scale__transfer *transfer, const scale__part *part) {
    curl_mimepart *place = curl_mime_addpart(transfer->mime);
    if (place == NULL || curl_mime_name(place, part->name) != CURLE_OK) return false;
    if (part->filename != NULL && curl_mime_filename(place, part->filename) != CURLE_OK) return false;
    if (part->path != NULL) return add_file(place, part->path, &transfer->file_error);
    return curl_mime_data(place, part->data, part->size) == CURLE_OK;
}

static bool set_parts(scale__transfer *transfer, const scale__part *parts) {
    transfer->mime = curl_mime_init(transfer->easy);
    if (transfer->mime == NULL) return false;
    for (; parts != NULL; parts = parts->next)
        if (!add_part(transfer, parts)) return false;
    curl_easy_setopt(transfer->easy, CURLOPT_MIMEPOST, transfer->mime);
    return true;
}

/* ================================================================= transfers */

static const char *const method_names[] = {[SCALE_GET] = "GET",
                                           [SCALE_POST] = "POST",
                                           [SCALE_PUT] = "PUT",
                                           [SCALE_DELETE] = "DELETE",
                                           [SCALE_HEAD] = "HEAD"};

/* libcurl writes a header without a value with a semicolon; with a colon, it takes the header out. */
static bool append_own_header(struct curl_slist **list, const char *line) {
    const char *colon = strchr(line, ':');
    if (colon[1 + strspn(colon + 1, " \t")] != '\0') return append_header(list, line);
    char *empty = scale__copy(line, (size_t)(colon - line) + 1);
    if (empty == NULL) return false;
    empty[colon - line] = ';';
    bool fine = append_header(list, empty);
    scale__release(empty);
    return fine;
}

static bool set_own_headers(scale__transfer *transfer, const char *const *headers) {
    bool typed = false, fine = append_header(&transfer->headers, "Expect:");
    for (; fine && *headers != NULL; headers++) {
        typed = typed || strncasecmp(*headers, "Content-Type:", 13) == 0;
        fine = append_own_header(&transfer->headers, *headers);
    }
    if (fine && !typed) fine = append_header(&transfer->headers, "Content-Type:");
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return fine;
}

/* The session's headers, and the key that makes it safe to send the request again. */
static bool set_idempotent_headers(scale__transfer *transfer, const struct curl_slist *list,
                                   const char *key) {
    scale__buffer line;
    bool fine = true;
    scale__buffer_init(&line, (size_t)-1 / 4);
    scale__buffer_append_text(&line, "Idempotency-Key: ");
    scale__buffer_append_text(&line, key);
    for (; fine && list != NULL; list = list->next) fine = append_header(&transfer->headers, list->data);
    fine = fine && scale__buffer_append_byte(&line, '\0') && append_header(&transfer->headers, line.data);
    scale__buffer_clear(&line);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return fine;
}

static bool set_headers(scale__transfer *transfer, const scale__request *request, body_kind kind) {
    struct curl_slist *list = transfer->session->headers[request->bearer][kind];
    if (request->headers != NULL) return set_own_headers(transfer, request->headers);
    if (request->idempotency_key != NULL)
        return set_idempotent_headers(transfer, list, request->idempotency_key);
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, list) == CURLE_OK;
}

static bool set_body(scale__transfer *transfer, const scale__request *request) {
    CURL *easy = transfer->easy;
    bool has_body = request->body != NULL;
    body_kind kind = request->parts != NULL ? PARTS_BODY : has_body ? JSON_BODY : NO_BODY;
    if (!set_headers(transfer, request, kind)) return false;
    if (kind == PARTS_BODY) return set_parts(transfer, request->parts);
    if (request->method == SCALE_HEAD) return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (!has_body && request->method != SCALE_POST && request->method != SCALE_PUT) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return true;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(has_body ? request->body_size : 0));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, has_body ? request->body : "");
    return true;
}

static bool set_request(scale__transfer *transfer, const scale__request *request) {
    CURL *easy = transfer->easy;
    if (!set_body(transfer, request)) return false;
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method_names[request->method]);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, request->stall_timeout > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)((request->stall_timeout + 999) / 1000));
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                     request->large_answer ? LARGE_RECEIVE_BUFFER : SMALL_RECEIVE_BUFFER);
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
}

static void link_active(scale__transfer *transfer) {
    scale__session *session = transfer->session;
    transfer->previous = NULL;
    transfer->next = session->active;
    if (session->active != NULL) session->active->previous = transfer;
    session->active = transfer;
}

static void unlink_active(scale__transfer *transfer) {
    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        transfer->session->active = transfer->next;
    if (transfer->next != NULL) transfer->next->previous = transfer->previous;
}

/* Takes the exchange's traces off the handle and keeps the handle for the next one. */
static void give_back(scale__transfer *transfer) {
    if (transfer->in_multi) curl_multi_remove_handle(transfer->session->transport->multi, transfer->easy);
    transfer->in_multi = false;
    unlink_active(transfer);
    if (transfer->mime != NULL) {
        curl_easy_setopt(transfer->easy, CURLOPT_MIMEPOST, NULL);
        curl_mime_free(transfer->mime);
        transfer->mime = NULL;
    }
    if (transfer->headers != NULL) {
        curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
        curl_slist_free_all(transfer->headers);
        transfer->headers = NULL;
    }
    transfer->next = transfer->session->idle;
    transfer->session->idle = transfer;
}

static scale_status start_failed(scale__transfer *transfer, const scale__request *request,
                                 scale_error *error) {
    int file_error = transfer->file_error;
    give_back(transfer);
    if (file_error == 0) return scale__fail_no_memory(error);
    const scale__part *part = request->parts;
    while (part->path == NULL) part = part->next;
    return scale__fail(error, SCALE_FILE, "cannot read %s: %s", part->path, strerror(file_error));
}

scale_status scale__transfer_start(scale__transfer **result, scale__session *session,
                                   const scale__request *request, scale__buffer *answer,
                                   scale__finished_fn finished, void *user, scale_error *error) {
    *result = NULL;
    scale__transfer *transfer = take_handle(session);
    if (transfer == NULL) return scale__fail_no_memory(error);
    transfer->answer = answer;
    transfer->head = request->head;
    transfer->finished = finished;
    transfer->user = user;
    transfer->begun = 0;
    transfer->file_error = 0;
    transfer->is_finished = false;
    transfer->may_resend = request->may_resend;
    transfer->message[0] = '\0';
    link_active(transfer);
    if (!set_request(transfer, request)) return start_failed(transfer, request, error);
    if (curl_multi_add_handle(session->transport->multi, transfer->easy) != CURLM_OK)
        return start_failed(transfer, request, error);
    transfer->in_multi = true;
    *result = transfer;
    return SCALE_OK;
}

static void remove_finished(scale__transport *transport, scale__transfer *transfer) {
    scale__transfer *previous = NULL, *each = transport->first_finished;
    while (each != NULL && each != transfer) {
        previous = each;
        each = each->next_finished;
    }
    if (each == NULL) return;
    if (previous == NULL)
        transport->first_finished = transfer->next_finished;
    else
        previous->next_finished = transfer->next_finished;
    if (transport->last_finished == transfer) transport->last_finished = previous;
}

void scale__transfer_drop(scale__transfer *transfer) {
    if (transfer->is_finished) remove_finished(transfer->session->transport, transfer);
    give_back(transfer);
}

/* ================================================================== outcomes */

/* What a libcurl result means; `passing` tells whether another attempt may fare better. */
static scale_kind kind_of_result(CURLcode result, bool *passing) {
    *passing = true;
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT: return SCALE_TIMEOUT;
    case CURLE_PARTIAL_FILE:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return SCALE_BAD_ANSWER;
    case CURLE_SSL_CONNECT_ERROR: return SCALE_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED: *passing = false; return SCALE_TLS;
    case CURLE_OUT_OF_MEMORY: *passing = false; return SCALE_NO_MEMORY;
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT: *passing = false; return SCALE_USAGE;
    default: return SCALE_NETWORK;
    }
}

static void describe_failure(scale__transfer *transfer, scale__outcome *outcome) {
    CURLcode result = transfer->result;
    const char *text = transfer->message[0] != '\0' ? transfer->message : curl_easy_strerror(result);
    outcome->kind = kind_of_result(result, &outcome->passing);
    if (result == CURLE_WRITE_ERROR && transfer->answer->state != SCALE__BUFFER_FINE) {
        bool large = transfer->answer->state == SCALE__BUFFER_TOO_LARGE;
        outcome->kind = large ? SCALE_TOO_LARGE : SCALE_NO_MEMORY;
        outcome->passing = false;
        snprintf(outcome->message, sizeof outcome->message,
                 large ? "the answer is larger than %zu bytes" : "out of memory", transfer->answer->ceiling);
    } else if (result == CURLE_ABORTED_BY_CALLBACK && transfer->begun > 1) {
        snprintf(outcome->message, sizeof outcome->message,
                 "the connection was closed before an answer came");
    } else if (result == CURLE_ABORTED_BY_CALLBACK) {
        outcome->kind = SCALE_FILE;
        outcome->passing = false;
        snprintf(outcome->message, sizeof outcome->message, "the file could not be read while it was sent");
    } else {
        size_t size = strlen(text);
        while (size > 0 && text[size - 1] == ' ') size--;
        snprintf(outcome->message, sizeof outcome->message, "%.*s", (int)size, text);
    }
}

static int64_t retry_after(CURL *easy) {
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > MOST_RETRY_AFTER) seconds = MOST_RETRY_AFTER;
    return seconds > 0 ? (int64_t)seconds * 1000 : -1;
}

/* The answer's headers, without those of interim answers and proxies. */
static void read_head(scale__transfer *transfer, scale__outcome *outcome) {
    struct curl_header *header = NULL;
    while ((header = curl_easy_nextheader(transfer->easy, CURLH_HEADER, -1, header)) != NULL) {
        size_t size = strlen(header->value);
        while (size > 0 && strchr(" \t\r\n", header->value[size - 1]) != NULL)
            size--; /* libcurl's own leaves one */
        scale__buffer_append(transfer->head, header->name, strlen(header->name) + 1);
        scale__buffer_append(transfer->head, header->value, size);
        scale__buffer_append_byte(transfer->head, '\0');
    }
    if (transfer->head->state == SCALE__BUFFER_FINE) return;
    outcome->kind = transfer->head->state == SCALE__BUFFER_TOO_LARGE ? SCALE_TOO_LARGE : SCALE_NO_MEMORY;
    snprintf(outcome->message, sizeof outcome->message, "the answer's headers are too many to keep");
}

static void read_outcome(scale__transfer *transfer, scale__outcome *outcome) {
    long code = 0, connections = 0;
    char *redirect = NULL;
    memset(outcome, 0, sizeof *outcome);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &redirect);
    outcome->code = code < 200 ? 0 : (int)code; /* 1xx announce an answer that did not come */
    outcome->connections = (uint64_t)connections;
    outcome->sent = transfer->begun > 0;
    outcome->retry_after = retry_after(transfer->easy);
    outcome->redirect = redirect;
    if (transfer->result != CURLE_OK) describe_failure(transfer, outcome);
    if (transfer->head != NULL && transfer->result == CURLE_OK) read_head(transfer, outcome);
}

void scale__transport_deliver(scale__transport *transport) {
    scale__transfer *transfer;
    while ((transfer = transport->first_finished) != NULL) {
        scale__outcome outcome;
        scale__finished_fn finished = transfer->finished;
        void *user = transfer->user;
        remove_finished(transport, transfer);
        read_outcome(transfer, &outcome);
        give_back(transfer);
        finished(user, &outcome);
    }
}
