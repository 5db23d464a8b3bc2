/*
** error.h - filling a scale_error. The first error wins: a filled one is left as it is.
*/
#ifndef SCALE_ERROR_H
#define SCALE_ERROR_H

#include "scaleapi.h"

/* Fills `error` (NULL is fine) unless it is filled already. Always SCALE_ERROR, so that a caller
** can `return scale__fail(…)`. The message is cut to fit at a character's end. */
scale_status scale__fail(scale_error *error, scale_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
scale_status scale__fail_no_memory(scale_error *error);

/* What a status that is not 2xx means. */
scale_kind scale__kind_of_status(int code);

/* Copies a text, of `size` bytes, into room of the caller's: cut at a character's end, control characters as
** spaces. */
void scale__fit_text(char *into, size_t room, const char *text, size_t size);

/* Puts a text into error->message: cut, likewise. */
void scale__error_set_message(scale_error *error, const char *text, size_t size);

#endif
