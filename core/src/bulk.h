/*
** bulk.h - what is different for a call that is one of many: it goes when its lane allows, and ends when its
** lane is given up.
*/
#ifndef SCALE_BULK_H
#define SCALE_BULK_H

#include "call.h"

/* Its request left, and its answer is due within a time or not (`awaited`); came back, with a failure or
** (NULL) an answer, `cause` in words; or was dropped. */
void scale__bulk_sent(scale_call *call, bool awaited);
void scale__bulk_landed(scale_call *call, const scale__failure *failure, const char *cause);
void scale__bulk_dropped(scale_call *call);

/* What retry.c is to know of its last attempt. */
scale__attempt scale__bulk_attempt(const scale_call *call, scale__attempt attempt);

/* Ends the client's bulk calls: all, since nothing has succeeded for long; those that wait, since that was so
** before; those that wait, since there is no memory to wake them. */
void scale__bulk_give_up(scale_client *client);
void scale__bulk_turn_away(scale_client *client);
void scale__bulk_abandon(scale_client *client);

#endif
