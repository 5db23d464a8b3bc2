/*
** lserver.h - a server and its requests, as lrequests.c gathers them and lserver.c hands them to Lua. These
** three files alone know libmicrohttpd.
**
** A server's daemon and every exchange of it are owned by the server's userdata. A Lua exchange points
** to its own until that ends, on whichever side first.
*/
#ifndef LSCALE_SERVER_H
#define LSCALE_SERVER_H

#include <lua.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "lvisitors.h"

/* Who has shown no life for so many milliseconds makes room when all seats are taken, or all room for
** bodies: so many at a time. */
#define IDLE_AT_LIMIT  1000
#define MOST_SHOWN_OUT 256

typedef enum stage {
    AWAITS_HEAD,
    AWAITS_BODY,
    SUSPENDED, /* with Lua: in the list `arrived`, or handed out */
    ANSWERED,
} stage;

/* One request and its answer. */
typedef struct exchange {
    struct exchange *next;            /* in the server's list `arrived` */
    struct exchange *after, **before; /* in the server's list of all that are suspended */
    struct exchange **owner;          /* the userdata that was handed out, if any: points back here */
    struct server *server;
    struct MHD_Connection *connection;
    visitor *visitor;
    const char *method; /* libmicrohttpd's */
    char *body;
    size_t body_size, body_room, discarded;
    stage stage;
    unsigned refusal;              /* the status that it will get whatever it still sends, or 0 */
    struct MHD_Response *response; /* NULL once answered: the connection is dropped */
    unsigned status;
    char target[]; /* as it came, with the query */
} exchange;

typedef struct header {
    const char *name, *value;
    size_t name_size, value_size;
} header;

typedef struct server {
    struct MHD_Daemon *daemon; /* NULL before start and once closed */
    int listener;              /* -1 when there is none, or the daemon has it */
    exchange *first_arrived, *last_arrived;
    exchange *suspended; /* those that have arrived, and those with Lua */
    visitors visitors;
    size_t max_body, held; /* of one body, and of all that are on their way */
    lua_Integer most_open;
    int due_runs; /* after a connection was resumed: one that sends its answer, one that watches it again */
    header *headers;
    size_t header_count, header_room;
    lua_Integer connections, open, requests, in_flight, most_in_flight;
} server;

/* Starts the daemon on s->listener, which is the daemon's from then on. False: it does not start. */
bool lscale_start_daemon(server *s, unsigned connections, unsigned idle_timeout);

/* Frees what came of the body. */
void lscale_free_body(exchange *x);

#endif
