/*
** answer.h - what the bytes of an answer say: is it the thing, and in which words was the error put.
*/
#ifndef SCALE_ANSWER_H
#define SCALE_ANSWER_H

#include "scaleapi.h"

/* Checks the structure of a good answer, and that it is what the operation gives. `page` gets it, cut, if it
** is one of a list that comes page by page; checked in full if asked. Errors: bad_answer, no_memory. */
scale_status scale__answer_check(const scale_operation *operation, scale_slice answer, bool in_full,
                                 scale_json_page **page, scale_error *error);

/* Fills error->message with the server's own words from the body of an error. */
void scale__answer_read_error(scale_error *error, scale_slice body);

#endif
