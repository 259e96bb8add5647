/* Backward passes by another rule, shown as a map and in colours: guided backpropagation and deconvnet. Private to this
 * room. */
#ifndef BL_METHODS_BACKPROP_H
#define BL_METHODS_BACKPROP_H

#include "methods/attribution.h"

typedef struct {
    bl_subject subject;
    bl_result *map, *colours, *facts;
} bl_backprop;

bl_status bl_backprop_start(bl_job *job);
/* times_value: the signal starts with the objective's value in place of 1. */
bl_status bl_backprop_step(bl_job *job, bl_rule rule, bool times_value);
extern const bl_param bl_backprop_params[2];

#endif
