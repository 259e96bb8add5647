/* Class activation maps: what the channels of a late layer show, weighted by what they are worth to the objective.
 * Private to this room. */
#ifndef BL_METHODS_CAM_H
#define BL_METHODS_CAM_H

#include "methods/attribution.h"

typedef enum { BL_CAM_GRAD, BL_CAM_GRAD_PP, BL_CAM_HIRES, BL_CAM_LAYER, BL_CAM_XGRAD, BL_CAM_PLAIN } bl_cam_kind;

typedef struct {
    int layer, channels, height, width;
    bl_real *cells; /* height × width: the map before it is enlarged */
} bl_cam;

/* In start: parameter "layer", or the last convolution with its activation when none is given. */
void bl_cam_layer(bl_job *job, bl_cam *c);
/* After a run with the layer was made: its shape and memory. Refuses a layer that has no rows and columns, naming the
 * last that has. */
bl_status bl_cam_take(bl_job *job, bl_cam *c, const bl_run *run);
/* The cells from activations A and gradients G, C×h×w each, not cut at 0. BL_CAM_PLAIN wants gradients that are the
 * same at every cell of a channel, as global average pooling and one linear layer give; otherwise BL_UNSUPPORTED. */
bl_status bl_cam_cells(bl_job *job, bl_cam *c, bl_cam_kind kind, const bl_real *a, const bl_real *g);
/* Cuts the cells at 0 if parameter "keep" says so, and enlarges them to the picture by parameter "enlarge". */
void bl_cam_enlarge(bl_job *job, const bl_cam *c, const bl_subject *s, bl_real *map);
/* The finished map's range, and its facts with the grid; a note where nothing is above 0. */
void bl_cam_facts(bl_job *job, const bl_cam *c, const bl_subject *s, bl_result *map, bl_result *facts);

#define BL_CAM_ROWS                                                                                                    \
    {.name = "layer",                                                                                                  \
     .title = "layer",                                                                                                 \
     .type = BL_PARAM_LAYER,                                                                                           \
     .text = "",                                                                                                       \
     .unit = "",                                                                                                       \
     .meaning = "The layer whose channels are weighted; the last convolution when none is given."},                    \
        {.name = "keep",                                                                                               \
         .title = "keep",                                                                                              \
         .type = BL_PARAM_CHOICE,                                                                                      \
         .unit = "",                                                                                                   \
         .choices = "positive signed",                                                                                 \
         .meaning = "What speaks for the score alone, or what speaks against it too."},                                \
        {.name = "enlarge",                                                                                            \
         .title = "cells become",                                                                                      \
         .type = BL_PARAM_CHOICE,                                                                                      \
         .unit = "",                                                                                                   \
         .choices = "smooth cells",                                                                                    \
         .meaning = "The layer's cells enlarged smoothly to the picture, or shown as they are."},                      \
        BL_PERCENTILE_ROW

#endif
