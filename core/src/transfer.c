#include "transfer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "error.h"
#include "headers.h"
#include "mime.h"

#define LARGE_RECEIVE_BUFFER (256L * 1024L)
#define SMALL_RECEIVE_BUFFER (16L * 1024L)
#define IDLE_CONNECTIONS     256L       /* kept at least */
#define MOST_ROOM_AHEAD      (1L << 20) /* of an answer, before its bytes have come */
#define MOST_RETRY_AFTER     INT32_MAX  /* seconds; the server may say any number */

struct scale__transport {
    CURLM *multi;
    scale__transport_hooks hooks;
    long most_at_once; /* of all sessions */
    scale__transfer *first_finished, *last_finished;
};

struct scale__session {
    scale__transport *transport;
    char *user_agent, *ca_file, *cert_file, *key_file, *proxy;
    bool verify, loopback, https, http2;
    int most_at_once;
    scale__headers headers;
    scale__transfer *idle;   /* handles kept for the next request */
    scale__transfer *active; /* doubly linked */
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
    bool may_resend, wants_date, in_multi, is_finished;
    int file_error; /* errno of a file that could not be read */
    char message[CURL_ERROR_SIZE];
};

const char *scale__transport_version(void) {
    return "libcurl/" LIBCURL_VERSION;
}

bool scale__transport_has_http2(void) {
    return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) != 0;
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

/* A connection over the limit is closed when its request ends: all that are used at once must fit. */
static void make_room(scale__transport *transport, int more) {
    transport->most_at_once += more;
    long room = transport->most_at_once > IDLE_CONNECTIONS ? transport->most_at_once : IDLE_CONNECTIONS;
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, room);
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
    make_room(transport, 0);
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

scale_status scale__session_new(scale__session **result, scale__transport *transport,
                                const scale__session_settings *settings, scale_error *error) {
    *result = NULL;
    scale__session *session = scale__allocate_zero(sizeof *session);
    if (session == NULL) return scale__fail_no_memory(error);
    session->transport = transport;
    session->verify = settings->verify;
    session->loopback = settings->loopback;
    session->https = settings->https;
    session->most_at_once = settings->most_at_once;
    make_room(transport, session->most_at_once);
    session->http2 = settings->http2;
    bool fine = scale__copy_into(&session->user_agent, settings->user_agent) &&
                scale__copy_into(&session->ca_file, settings->ca_file) &&
                scale__copy_into(&session->cert_file, settings->cert_file) &&
                scale__copy_into(&session->key_file, settings->key_file) &&
                scale__copy_into(&session->proxy, settings->proxy) &&
                (settings->api_key == NULL ||
                 scale__headers_make(&session->headers, settings->api_key, settings->user_agent));
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
    scale__headers_free(&session->headers);
    make_room(session->transport, -session->most_at_once);
    scale__release(session->user_agent);
    scale__release(session->ca_file);
    scale__release(session->cert_file);
    scale__release(session->key_file);
    scale__release(session->proxy);
    scale__release(session);
}

/* ============================================================ easy callbacks */

/* Room for the whole answer at once, if its size is announced and can be believed. */
static void expect_answer(scale__transfer *transfer) {
    curl_off_t size = -1;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    if (size > 0 && size <= MOST_ROOM_AHEAD) scale__buffer_make_room(transfer->answer, (size_t)size);
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *user) {
    scale__transfer *transfer = user;
    (void)size; /* always 1 */
    if (transfer->answer->size == 0) expect_answer(transfer);
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
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     session->http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    /* The first requests wait to see whether they can share the connection that is being made. */
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, session->http2 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (session->headers.proxy == NULL)
        curl_easy_setopt(easy, CURLOPT_USERAGENT, session->user_agent);
    else if (session->https)
        curl_easy_setopt(easy, CURLOPT_PROXYHEADER, session->headers.proxy);
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

/* ================================================================= transfers */

static const char *const method_names[] = {[SCALE_GET] = "GET",
                                           [SCALE_POST] = "POST",
                                           [SCALE_PUT] = "PUT",
                                           [SCALE_DELETE] = "DELETE",
                                           [SCALE_HEAD] = "HEAD"};

static bool set_headers(scale__transfer *transfer, const scale__request *request, scale__body_kind kind) {
    struct curl_slist *list = transfer->session->headers.api[request->bearer][kind];
    bool fine = true;
    if (request->headers != NULL)
        fine = scale__headers_own(&transfer->headers, request->headers);
    else if (request->idempotency_key != NULL)
        fine = scale__headers_idempotent(&transfer->headers, list, request->idempotency_key);
    if (transfer->headers != NULL) list = transfer->headers;
    return fine && curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, list) == CURLE_OK;
}

static bool set_parts(scale__transfer *transfer, const scale__part *parts) {
    transfer->mime = curl_mime_init(transfer->easy);
    if (transfer->mime == NULL || !scale__mime_fill(transfer->mime, parts, &transfer->file_error))
        return false;
    return curl_easy_setopt(transfer->easy, CURLOPT_MIMEPOST, transfer->mime) == CURLE_OK;
}

static bool set_body(scale__transfer *transfer, const scale__request *request) {
    CURL *easy = transfer->easy;
    bool has_body = request->body != NULL;
    scale__body_kind kind = request->parts != NULL ? SCALE__PARTS_BODY
                            : has_body             ? SCALE__JSON_BODY
                                                   : SCALE__NO_BODY;
    if (!set_headers(transfer, request, kind)) return false;
    if (kind == SCALE__PARTS_BODY) return set_parts(transfer, request->parts);
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
    transfer->wants_date = request->wants_date;
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

static const char *header_of(CURL *easy, const char *name) {
    struct curl_header *header = NULL;
    bool found = curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK;
    return found ? header->value : NULL;
}

/* An answer that lay in a cache for a while has the date of that time. */
static int64_t date_of(CURL *easy) {
    const char *age = header_of(easy, "Age"), *date = header_of(easy, "Date");
    if (date == NULL || (age != NULL && atoi(age) > 0)) return -1;
    return (int64_t)curl_getdate(date, NULL);
}

/* The answer's headers, without those of interim answers and proxies. */
static void read_head(scale__transfer *transfer, scale__outcome *outcome) {
    struct curl_header *header = NULL;
    while ((header = curl_easy_nextheader(transfer->easy, CURLH_HEADER, -1, header)) != NULL) {
        size_t size = strlen(header->value);
        /* libcurl's own leaves one */
        while (size > 0 && strchr(" \t\r\n", header->value[size - 1]) != NULL) size--;
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
    outcome->resent = transfer->begun > 1 && transfer->may_resend ? (uint64_t)transfer->begun - 1 : 0;
    outcome->retry_after = retry_after(transfer->easy);
    outcome->date = transfer->wants_date ? date_of(transfer->easy) : -1;
    outcome->redirect = redirect;
    if (transfer->result != CURLE_OK) describe_failure(transfer, outcome);
    if (transfer->head != NULL && transfer->result == CURLE_OK) read_head(transfer, outcome);
}

bool scale__transport_has_finished(const scale__transport *transport) {
    return transport != NULL && transport->first_finished != NULL;
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
