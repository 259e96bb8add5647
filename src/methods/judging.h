/* What the tests of explanations share. Each judges one method on one picture: it runs that method as a job inside its
 * own, as often as it needs to, and measures the maps. Private to this room. To add a test: copy a neighbour, change
 * it, add its line to methods.def; family "judging". */
#ifndef BL_METHODS_JUDGING_H
#define BL_METHODS_JUDGING_H

#include "methods/attribution.h"

typedef struct {
    bl_subject subject;      /* first: bl_subject_step; the picture, and the network's look at it */
    bool back;               /* its run goes back to the picture too; set before bl_judged_start */
    const bl_method *method; /* that is judged */
    const char *with;        /* its parameters */
    char objective[400];     /* what it explains, once the class is chosen */
    bl_job *inner;           /* the one at work, or the last */
    bool done;               /* it has its map */
    size_t inner_bytes;      /* most so far */
    int steps;               /* that it takes at most */
    bl_result *map;          /* what is judged */
    bl_result *facts;        /* numbers that can be averaged over pictures, and words about them */
} bl_judged;

/* Phases that bl_judged_step does: the look at the picture, and the map. Those of the test come after them. */
enum { BL_JUDGED_LOOK, BL_JUDGED_MAP, BL_JUDGED_PHASES };
/* In start, with a state that begins with a bl_judged: reads the parameters of BL_JUDGED_ROWS, starts the method,
 * declares both phases, and the results "map" and "facts". */
bl_status bl_judged_start(bl_job *job);
/* A step of these phases. */
bl_status bl_judged_step(bl_job *job, int phase, int number);
/* Frees the job inside. */
void bl_judged_end(bl_job *job);
/* Starts the method again: on that picture, with these interventions and parameters besides those of the request (NULL:
 * none). What it explains stays. */
bl_status bl_judged_again(bl_job *job, const bl_picture *picture, const char *objective, const char *edits,
                          const char *more);
/* One step of it, of `steps`; nothing when it is done before. Its passes count as the test's. */
bl_status bl_judged_advance(bl_job *job);
/* Its map, once it is done; H×W. */
const bl_result *bl_judged_map(const bl_judged *j);
/* Copies that map with its scale into a result. */
void bl_judged_keep(const bl_judged *j, bl_result *out);

/* The table of figures: opened with the words that every test has; a number that is not defined becomes a word. */
void bl_judged_open(bl_job *job);
void bl_judged_figure(bl_job *job, const char *name, const char *title, double value, const char *unit);

/* Numbers of a map as doubles: sizes, or with their sign. */
void bl_map_doubles(const bl_real *map, size_t n, bool sizes, double *out);
/* The pixels of a map in the order of their numbers, largest first; ties by chance, counted by (seed, sample). */
bl_status bl_map_order(bl_job *job, const bl_real *map, size_t n, uint32_t sample, uint32_t *order);
/* What is followed when the picture is changed: the class's probability where a class is explained, else the objective
 * itself. */
bl_objective bl_followed(const bl_job *job);

/* What the network's colours are without a network: how strongly the grey picture changes at a pixel (Sobel). */
void bl_edges(const bl_picture *p, bl_real *out);

#define BL_JUDGED_ROWS                                                                                                 \
    {.name = "method",                                                                                                 \
     .title = "method",                                                                                                \
     .type = BL_PARAM_METHOD,                                                                                          \
     .unit = "",                                                                                                       \
     .text = "gradient",                                                                                               \
     .meaning = "The method that is judged."},                                                                         \
    {                                                                                                                  \
        .name = "with", .title = "its parameters", .type = BL_PARAM_TEXT, .unit = "", .text = "",                      \
        .meaning = "Parameters of that method, as in \"samples=20 seed=3\"."                                           \
    }

#endif
