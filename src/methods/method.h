/* methods: what can be asked of a network, one file each; `methods.def` is the table. job.c drives them all: parameters,
 * phases, progress, results. May include picture/, core/ and below. To add a method: copy the nearest neighbour, change it,
 * add its line to methods.def; command line, JavaScript API, manifest and the page's panels follow from its description. */
#ifndef BL_METHOD_H
#define BL_METHOD_H

#include "base/random.h"
#include "base/text.h"
#include "core/core.h"
#include "picture/picture.h"

/* ---- description: what the manifest says ---- */

typedef enum { BL_PARAM_NUMBER, BL_PARAM_INTEGER, BL_PARAM_CHOICE, BL_PARAM_LAYER, BL_PARAM_CLASS, BL_PARAM_TEXT } bl_param_type;
typedef struct {
    const char *name;        /* as written in parameter texts: "samples" */
    const char *title;       /* as shown: "samples", "ε" */
    bl_param_type type;
    const char *unit;        /* "/255", "px", "" */
    double least, most, otherwise; /* numbers: range and default */
    bool logarithmic;        /* slider */
    const char *choices;     /* CHOICE: words separated by spaces, the first is the default; CLASS and LAYER: "" */
    const char *text;        /* default of CLASS, LAYER, TEXT; "" means none */
    const char *meaning;     /* a line */
} bl_param;

typedef enum { BL_INPUT_PICTURE, BL_INPUT_PICTURES, BL_INPUT_LABELLED, BL_INPUT_MASK, BL_INPUT_MAP, BL_INPUT_MODEL } bl_input_kind;
typedef struct {
    const char *name;        /* "picture" */
    bl_input_kind kind;
    int least, most;         /* how many */
    const char *meaning;
} bl_method_input;

typedef enum { BL_MAP, BL_STACK, BL_PICTURE, BL_PICTURES, BL_SERIES, BL_BARS, BL_TABLE, BL_TEXT } bl_result_kind;
const char *bl_result_kind_name(bl_result_kind kind);

typedef struct bl_job bl_job;
typedef struct bl_method {
    const char *id, *family, *title, *purpose; /* family: attribution, judging, feature, dream, attack, … */
    const bl_method_input *inputs; int n_inputs;
    const char *objectives;  /* kinds it takes: "class logp prob margin loss layer channel unit sum", "" = none */
    const char *objective;   /* default, "class" = the predicted class */
    const bl_param *params; int n_params;
    const char *cost;        /* in passes: "1 F + 1 B" */
    const char *formula;     /* LaTeX, one line */
    const char *caution;     /* a sentence shown beside every result */
    const char *source;      /* the paper */
    size_t state;            /* bytes of private state, zeroed */
    /* Makes all plans and runs, declares phases and results. All memory the job will need is taken here. */
    bl_status (*start)(bl_job *job);
    /* One bounded step: at most one pass, or a batch of at most 16 pictures. Steps come in order. */
    bl_status (*step)(bl_job *job, int phase, int step);
    /* Once, after the last step. May be NULL. */
    bl_status (*finish)(bl_job *job);
    /* Frees what start made beyond the job's arena (runs, plans). Called once, also after a failed start. */
    void (*end)(bl_job *job);
} bl_method;

const bl_method *const *bl_methods(int *n);
const bl_method *bl_method_find(const char *id);
/* All methods, operators and result kinds as JSON: the manifest. */
void bl_manifest_json(bl_text *out);

/* ---- results ---- */

typedef struct {
    const char *name, *title;
    bl_result_kind kind;
    /* MAP: 1×H×W. STACK: C×H×W. PICTURE: 8-bit RGBA in pixels. SERIES: `channels` curves of `width` points, names
     * separated by \n. BARS: `width` numbers. TABLE, TEXT: text (JSON rows or plain). */
    int channels, height, width;
    bl_real *data;
    uint8_t *pixels;
    bl_text text;             /* names of curves, rows, notes */
    /* legend */
    bl_family family;
    bool is_signed;
    float limit, percentile;  /* the end of the scale, and the percentile of |v| it is */
    const char *unit;
    bool ready;               /* data is worth drawing (a preview counts) */
} bl_result;

/* ---- job: a method at work ---- */

typedef struct {
    const bl_model *model;
    const bl_picture *picture; /* borrowed until bl_job_start returns; NULL when the method needs none */
    const char *objective;     /* text; NULL or "": the method's default */
    const char *params;        /* "samples=32 sigma=0.15 seed=1"; unknown names, wrong types and ranges are errors */
    size_t limit;              /* most bytes, 0: none */
} bl_request;

/* Checks everything, then starts. *out is NULL on failure. The model must outlive the job. */
bl_status bl_job_start(const bl_method *method, const bl_request *request, bl_job **out, bl_error *error);
/* One step. BL_OK; *done becomes true after the last (finish included). */
bl_status bl_job_step(bl_job *job, bool *done, bl_error *error);
void bl_job_end(bl_job *job); /* NULL is fine */
typedef struct {
    int phase, n_phases, step, n_steps; /* step of this phase, steps done of it */
    const char *phase_title;
    long steps_done, steps_all;
    size_t bytes;
    int forwards, backwards;            /* passes so far, per picture */
} bl_progress;
bl_progress bl_job_progress(const bl_job *job);
int bl_job_n_results(const bl_job *job);
const bl_result *bl_job_result(const bl_job *job, int i); /* previews too, while ready */
/* The legend in words, as JSON: method, objective with class name, parameters as used, passes, caution, and per result
 * its range. */
void bl_job_legend_json(const bl_job *job, bl_text *out);

/* ---- for the methods ---- */

struct bl_job {
    const bl_method *method;
    const bl_model *model;
    bl_picture picture;       /* own copy of the picture asked for; empty when none was given */
    bl_objective objective;
    double *numbers;          /* per parameter: NUMBER, INTEGER; CHOICE: number of the word; CLASS: class or −1 */
    const char **texts;       /* per parameter: LAYER, TEXT, and the text as used of all others */
    size_t limit;
    bl_arena arena;           /* for anything that lives as long as the job */
    void *state;
    struct { const char *title; int steps; } phases[16];
    int n_phases, phase, step;
    bl_result results[16];
    int n_results;
    int forwards, backwards;
    size_t bytes;             /* of runs and plans, added by start */
    bl_error *error;          /* of the call at work */
    bl_error ignored;
};
/* Value of a parameter by name; asking for one that is not described is a fault caught by the tests. */
double bl_job_number(const bl_job *job, const char *name);
const char *bl_job_text(const bl_job *job, const char *name);
void bl_job_phase(bl_job *job, const char *title, int steps);
/* Declares a result with zeroed storage; NULL without memory. */
bl_result *bl_job_add_result(bl_job *job, const char *name, const char *title, bl_result_kind kind, int channels, int height, int width);
/* The picture at the size the network takes, as 8 bits (so that what is shown, attacked and saved are the same numbers). */
bl_status bl_job_network_picture(bl_job *job, bl_picture *out);
/* Sets the legend's range from the data: symmetric (or 0…) at the percentile of |v|. */
void bl_result_range(bl_job *job, bl_result *r, bl_family family, bool is_signed, float percentile);

#endif
