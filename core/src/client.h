/*
** client.h - a client as the call engine sees it.
*/
#ifndef SCALE_CLIENT_H
#define SCALE_CLIENT_H

#include "allowed.h"
#include "lane.h"
#include "loop.h"
#include "scaleapi.h"
#include "server_clock.h"
#include "spare.h"
#include "transfer.h"
#include "url.h"

struct scale_client {
    scale__member member;
    scale_loop *loop;
    scale__session *session;
    scale__base_url base;
    scale__spare *spare;          /* for answers that are pages */
    scale_client_options options; /* the numbers and flags; its texts are NULL */
    scale_client_stats stats;
    scale__server_clock clock;
    scale__lane_member lane;
    scale_budget budget;
    scale_limits *limits; /* NULL: none */
    scale__link queue;    /* calls that wait for a place */
    scale__link bulk;     /* bulk ones, look-ups first */
    scale__link again;    /* bulk ones that are to be sent again */
    scale__link calls;    /* unfinished ones that are in flight or in a pause */
    bool pumping, http2;
};

/* Puts a call into the queue that is its. */
void scale__client_enqueue(scale_client *client, struct scale_call *call);

/* Starts queued calls while there is room in flight. */
void scale__client_pump(scale_client *client);

/* A request left, or came back. */
void scale__client_took_off(scale_client *client);
void scale__client_landed(scale_client *client);

/* What requests say of who sends them: "scalua/0.1.0 libcurl/7.88.1 Linux EXTENSION". `extension`
** may be NULL. */
void scale__write_user_agent(char *text, size_t room, const char *extension);

#endif
