/* Methods that hide pieces of the picture (superpixels) and look at what is left of the score: the pieces, batches of
 * pictures without some of them, and the linear systems that follow. Private to this room. */
#ifndef BL_METHODS_PIECES_H
#define BL_METHODS_PIECES_H

#include "methods/attribution.h"

typedef struct {
    bl_subject subject; /* first: bl_subject_step */
    bl_run *run;
    int n;          /* pieces */
    int32_t *label; /* per pixel */
    bl_real *off;   /* what hidden pieces look like, C×H×W */
    uint8_t *on;    /* per piece: is it seen? Of one sample at a time */
    bl_result *map, *facts;
} bl_pieces;

/* In start, after bl_subject_start: cuts the picture by parameters `segments` and `fill`. */
bl_status bl_pieces_cut(bl_job *job, bl_pieces *p);
/* The run, an independent phase of `items` samples of one number each, and the results. */
bl_status bl_pieces_phase(bl_job *job, bl_pieces *p, int items);
/* The part of such a phase: `mask` fills p->on for an item; out gets the objective's value. */
bl_status bl_pieces_part(bl_job *job, bl_pieces *p, void (*mask)(bl_job *job, int item), int first, int count,
                         bl_real *out);
/* Every piece in the colour of its weight. */
void bl_pieces_show(bl_job *job, bl_pieces *p, const double *weights);

/* A·x = b for a symmetric, positive A (n×n, its lower half read and written over) by Cholesky; x in b. Unknowns that
 * the others make up already become 0. */
void bl_solve(double *a, double *b, int n);

#define BL_PIECES_ROWS                                                                                                 \
    {.name = "segments",                                                                                               \
     .title = "pieces",                                                                                                \
     .type = BL_PARAM_INTEGER,                                                                                         \
     .unit = "",                                                                                                       \
     .least = 1,                                                                                                       \
     .most = 200,                                                                                                      \
     .otherwise = 40,                                                                                                  \
     .meaning = "Into how many pieces of like colour the picture is cut, about."},                                     \
    {                                                                                                                  \
        .name = "fill", .title = "hidden as", .type = BL_PARAM_CHOICE, .unit = "", .choices = "own mean black blur",   \
        .meaning = "What a hidden piece becomes: its own mean colour, the network's, black, or blurred."               \
    }

#endif
