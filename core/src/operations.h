/*
** operations.h - what core itself asks of the rows beside the public accessors.
*/
#ifndef SCALE_OPERATIONS_H
#define SCALE_OPERATIONS_H

#include "scaleapi.h"

/* The enumeration of that name, or NULL. */
const scale_enumeration *scale__enumeration_find(const char *name);

/* The first-level key that a good answer of this kind has, or NULL; `array` tells that the answer is
** an array instead of an object. */
const char *scale__answer_key(scale_answer answer, bool *array);

/* Fails with kind usage if `value` is a near miss of one of the parameter's known values. */
scale_status scale__check_enumeration(const scale_operation *operation, const scale_parameter *parameter,
                                      const char *value, scale_error *error);

#endif
