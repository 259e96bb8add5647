/* What the attribution methods share: the picture as the network sees it, the first look at it, runs of batches, the
 * way from a gradient's channels to a map, and the rows of facts beside it. Private to this room. */
#ifndef BL_METHODS_ATTRIBUTION_H
#define BL_METHODS_ATTRIBUTION_H

#include "methods/method.h"

typedef struct {
    int channels, height, width;
    size_t pixels, n;   /* H×W, C×H×W */
    bl_real *x;         /* the picture as the network takes it, C×H×W */
    bl_picture picture; /* the same in 8 bits; its pixels belong to the job's arena */
    bl_rules rules;     /* of its runs' backward passes; set before they are made */
    bl_run *run;        /* of that one picture, forward */
    double value;       /* the objective's, after bl_subject_look */
    int predicted;      /* after bl_subject_look; −1 where the objective needs no scores */
} bl_subject;

/* In start: takes the picture and makes the run for the look at it, with the objective and, where `scores` says so, the
 * scores computed. `observe`: another value to be kept readable, or −1; `gradient`: the value a backward pass is to
 * reach, or −1. */
bl_status bl_subject_start(bl_job *job, bl_subject *s, bool scores, int observe, int gradient);
/* The two results of most of these methods: a map as large as the picture, and the facts. */
bl_status bl_map_and_facts(bl_job *job, const bl_subject *s, const char *name, const char *title, bl_result **map,
                           bl_result **facts);
/* A forward pass of the picture as it is: chooses an open class, fills value and predicted. */
bl_status bl_subject_look(bl_job *job, bl_subject *s);
/* A step that is that and nothing else, for methods whose state begins with the subject. */
bl_status bl_subject_step(bl_job *job, int phase, int number);
/* A run of `batch` pictures of that size as far as the objective needs; backward to `gradient` unless it is −1. */
bl_status bl_subject_run(bl_job *job, const bl_subject *s, int batch, int gradient, bl_run **out);
/* The class of the largest score of picture i in the batch; −1 where the run has no scores. */
int bl_batch_class(const bl_run *run, int i);

/* How the channels of a pixel become one number: the largest size, the sum of sizes, the length, the sum. */
typedef enum { BL_REDUCE_MAX, BL_REDUCE_SUM, BL_REDUCE_L2, BL_REDUCE_SIGNED } bl_reduction;
/* g: C×n in units of the network's input. power 1: divides by the deviations, so that the map is per unit of colour (0
 * black … 1 full); 2: by their squares, for squares of gradients; 0: not at all. */
void bl_reduce(const bl_model *m, const bl_real *g, bl_reduction how, int power, size_t n, bl_real *map);
/* Range, family and unit of a map by parameter "percentile"; sizes or signed. */
void bl_map_show(bl_job *job, bl_result *map, bool is_signed, const char *unit);

/* Pictures that stand for "nothing": the mean colour, black, white, the picture blurred (sigma in pixels), or uniform
 * noise counted by (seed, sample); C×H×W as the network takes it. */
typedef enum { BL_FILL_MEAN, BL_FILL_BLACK, BL_FILL_WHITE, BL_FILL_BLUR, BL_FILL_NOISE } bl_fill;
void bl_fill_make(bl_job *job, const bl_subject *s, bl_fill fill, float sigma, uint32_t sample, bl_real *out);
/* Σ over the channels of (x − x')·g, into map or added to it by factor; x' NULL: 0. Signed, and the same in any unit.
 */
void bl_product(const bl_subject *s, const bl_real *base, const bl_real *g, bl_real factor, bool add, bl_real *map);

/* Opens the table and writes what was explained, its value and the prediction; the caller adds rows and closes. */
void bl_facts_open(bl_job *job, bl_result *facts, const bl_subject *s);
/* The largest number of the map; a note where there is none ("The map is zero: …"). */
void bl_facts_largest(bl_job *job, bl_result *facts, const bl_result *map);
/* Rows that compare the map's sum with what it should add up to. */
void bl_facts_sum(bl_result *facts, const bl_result *map, double due, const char *of);
/* Opens the table; rows for the value at a baseline, what the map should add up to and by how much it misses that; the
 * largest. Returns that miss as a share; the caller adds rows and closes. */
double bl_facts_complete(bl_job *job, bl_result *facts, const bl_subject *s, const bl_result *map, double baseline);
/* No memory for the job's results. */
bl_status bl_no_room(bl_job *job);

/* Rows of parameter tables. */
#define BL_REDUCE_ROW                                                                                                  \
    {                                                                                                                  \
        .name = "reduce", .title = "colours become", .type = BL_PARAM_CHOICE, .choices = "max sum l2 signed",          \
        .unit = "",                                                                                                    \
        .meaning = "How the colours of a pixel become one number: the largest size, the sum of sizes, the length, or " \
                   "the sum with its sign."                                                                            \
    }
#define BL_PERCENTILE_ROW                                                                                              \
    {                                                                                                                  \
        .name = "percentile", .title = "brightest at", .type = BL_PARAM_NUMBER, .unit = "%", .least = 90, .most = 100, \
        .otherwise = 99, .meaning = "The share of pixels below the end of the colour scale."                           \
    }
#define BL_SEED_ROW(of)                                                                                                \
    {                                                                                                                  \
        .name = "seed", .title = "seed", .type = BL_PARAM_INTEGER, .unit = "", .least = 0, .most = 4294967295.0,       \
        .otherwise = 1, .meaning = of                                                                                  \
    }
extern const bl_method_input bl_explained_picture[1];
#define BL_EVERY_OBJECTIVE "class logp prob margin loss layer channel unit sum"

#endif
