/* A view: a network at one size with everything observed and all gradients (view.c, explain.c). */
#ifndef BL_WASM_VIEW_H
#define BL_WASM_VIEW_H

#include "abi.h"

typedef struct {
    abi_model *model;
    bl_plan *plan;
    bl_run *run;
    bl_picture input;     /* the picture of the last pass, at the network's size */
    float *probabilities; /* as many as scores */
    int32_t height, width;
    bool forward, backward; /* what was run, so what may be read */
    bl_objective objective; /* of the last backward pass */
    bl_rule rule;
    bl_explained explained; /* the last one asked for */
    bl_fields fields;       /* n 0: not asked for */
    double *numbers;        /* it, or another table, as it goes out */
} view;

/* Was that pass made? Otherwise the error says which call is missing. */
bl_status abi_view_ready(const view *v, bool backward);

#endif
