/*
** operations.h - what core itself asks of the rows beside the public accessors.
*/
#ifndef SCALE_OPERATIONS_H
#define SCALE_OPERATIONS_H

#include "scaleapi.h"

/* The enumeration of that name, or NULL. */
const scale_enumeration *scale__enumeration_find(const char *name);

/* Is this one of the parameters of which the operation needs at least one? */
bool scale__operation_needs_one_of(const scale_operation *operation, const char *name);

/* Fails with kind usage if `value` is a near miss of one of the parameter's known values. */
scale_status scale__check_enumeration(const scale_operation *operation, const scale_parameter *parameter,
                                      const char *value, scale_error *error);

#endif
