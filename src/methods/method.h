/* methods: what can be asked of a network, one file each; `methods.def` is the table. job.c drives them all:
 * parameters, phases, progress, results. May include picture/, core/ and below. To add a method: copy the nearest
 * neighbour, change it, add its line to methods.def; command line, JavaScript API, manifest and the page's panels
 * follow from its description. */
#ifndef BL_METHOD_H
#define BL_METHOD_H

#include "base/random.h"
#include "base/text.h"
#include "core/core.h"
#include "picture/picture.h"

/* ---- description: what the manifest says ---- */

typedef enum {
    BL_PARAM_NUMBER,
    BL_PARAM_INTEGER,
    BL_PARAM_CHOICE,
    BL_PARAM_LAYER,
    BL_PARAM_CLASS,
    BL_PARAM_TEXT,
    BL_PARAM_METHOD /* one whose map can be judged; the manifest gives it as a choice */
} bl_param_type;
typedef struct {
    const char *name;  /* as written in parameter texts: "samples" */
    const char *title; /* as shown: "samples", "ε" */
    bl_param_type type;
    const char *unit;              /* "/255", "px", "" */
    double least, most, otherwise; /* numbers: range and default */
    bool logarithmic;              /* slider */
    const char *choices; /* CHOICE: words separated by spaces, the first is the default; CLASS and LAYER: "" */
    const char *text;    /* default of CLASS, LAYER, TEXT; "" means none */
    const char *meaning; /* a line */
} bl_param;

typedef enum {
    BL_INPUT_PICTURE,
    BL_INPUT_PICTURES,
    BL_INPUT_LABELLED,
    BL_INPUT_MASK,
    BL_INPUT_MAP,
    BL_INPUT_MODEL
} bl_input_kind;
typedef struct {
    const char *name; /* "picture" */
    bl_input_kind kind;
    int least, most; /* how many */
    const char *meaning;
} bl_method_input;

typedef enum { BL_MAP, BL_STACK, BL_PICTURE, BL_SERIES, BL_BARS, BL_TABLE, BL_TEXT } bl_result_kind;
const char *bl_result_kind_name(bl_result_kind kind);

/* Pages and documents are made with the command, so LaTeX is left out of modules (docs/decisions/0001-module-size.md).
 */
#if defined(__wasm__)
#define BL_LATEX(text) NULL
#else
#define BL_LATEX(text) text
#endif

typedef struct bl_job bl_job;
typedef struct bl_method {
    const char *id, *family, *title, *purpose; /* family: attribution, judging, feature, dream, attack, … */
    const bl_method_input *inputs;
    int n_inputs;
    const char *objectives; /* kinds it takes: "class logp prob margin loss layer channel unit sum", "" = none */
    const char *objective;  /* default, "class" = the predicted class */
    const bl_param *params;
    int n_params;
    const char *result;  /* name of the result one came for; NULL: the first */
    const char *cost;    /* in passes: "1 F + 1 B" */
    const char *formula; /* BL_LATEX, one line */
    const char *caution; /* a sentence shown beside every result */
    const char *source;  /* the paper */
    size_t state;        /* bytes of private state, zeroed */
    /* Makes all plans and runs, declares phases and results. All memory the job will need is taken here, but for the
     * texts of results (captions, tables), which grow when they are written. */
    bl_status (*start)(bl_job *job);
    /* One bounded step of a sequential phase: at most one pass there and back, or a batch of at most 16 pictures. Steps
     * come in order. */
    bl_status (*step)(bl_job *job, int phase, int step);
    /* An independent phase: items first … first+count−1 as numbers, `count` pieces of as many as the phase declared.
     * May depend on the request, on sequential phases before the first independent one, and on nothing else: any worker
     * with a job of the same request may do it. NULL where there is no such phase. */
    bl_status (*part)(bl_job *job, int phase, int first, int count, bl_real *out);
    /* Takes one item's piece in; items come in order, so that the bits do not depend on workers or batches. */
    bl_status (*merge)(bl_job *job, int phase, int item, const bl_real *piece);
    /* Brings the results up to date: before a preview is read, and before finish. May be NULL. */
    void (*show)(bl_job *job);
    /* Once, after the last step. May be NULL. */
    bl_status (*finish)(bl_job *job);
    /* Frees what start made beyond the job's arena and bl_job_make_run. Called once, also after a failed start. May be
     * NULL. */
    void (*end)(bl_job *job);
} bl_method;

const bl_method *const *bl_methods(int *n);
const bl_method *bl_method_find(const char *id);
/* Does it give a map that a test of explanations can be asked about? */
bool bl_method_explains(const bl_method *method);
/* All methods, operators and result kinds as JSON: the manifest.
 *   {"methods":[{"id","family","title","purpose","inputs":[{"name","kind","least","most","meaning"}],"objectives":["class",…],
 *     "objective","params":[{"name","title","type","unit","default","least","most","logarithmic","choices":[…],"meaning"}],
 *     "cost","formula","caution","source"}],   (formula: not in modules)
 *    "operators":[{"name","since","inputs":[least,most],"attributes":[…],"summary"}],"results":["map",…],"families":["activation",…]}
 * default is a number for NUMBER and INTEGER, else a word; least, most and logarithmic are there for numbers alone,
 * choices for CHOICE alone. */
void bl_manifest_json(bl_text *out);

/* ---- results ---- */

typedef struct {
    const char *name, *title;
    bl_result_kind kind;
    /* MAP: 1×H×W. STACK: C×H×W. PICTURE: 8-bit RGBA in pixels, H×W; text: its caption. SERIES: `channels` curves of
     * `width` points each, NaN where there is no point (yet), names in text separated by \n. BARS: `width` numbers,
     * names in text separated by \n. TABLE: text is JSON, [{"name":"linf","title":"L∞","value":8,"unit":"/255"}, …],
     * value a number, a string or true/false. TEXT: text, plain. */
    int channels, height, width;
    bl_real *data;
    uint8_t *pixels;
    bl_text text; /* names of curves, rows, notes */
    /* legend */
    bl_family family;
    bool is_signed;
    float limit, percentile; /* the end of the scale, and the percentile of |v| it is */
    const char *unit;
    bool ready; /* data is worth drawing (a preview counts) */
} bl_result;

/* ---- job: a method at work ---- */

typedef struct {
    const bl_model *model;
    const bl_picture *picture; /* borrowed until bl_job_start returns; NULL when the method needs none */
    const char *objective;     /* text; NULL or "": the method's default */
    const char *edits;         /* interventions on every pass (core.h); NULL or "": none */
    const char *params;        /* "samples=32 sigma=0.15 seed=1"; unknown names, wrong types and ranges are errors */
    size_t limit;              /* most bytes, 0: none */
} bl_request;

/* Checks everything, then starts. *out is NULL on failure. The model must outlive the job. */
bl_status bl_job_start(const bl_method *method, const bl_request *request, bl_job **out, bl_error *error);
/* One step. BL_OK; *done becomes true after the last (finish included). */
bl_status bl_job_step(bl_job *job, bool *done, bl_error *error);
void bl_job_end(bl_job *job); /* NULL is fine */
/* Brings results up to date, for who wants to look at them before the end. */
void bl_job_show(bl_job *job);

/* Independent phases can be shared. The driver that has the job asks bl_job_share what is to be done; it, or another
 * worker with a job of the same request, computes steps with bl_job_part; the job takes all of them in, in order, with
 * bl_job_merge. bl_job_step does both for the next step. A job that helps takes its sequential phases by bl_job_step
 * until bl_job_share tells of the phase, and merges nothing. */
typedef struct {
    int phase;      /* the phase at work, if it is independent; else −1 */
    int n_steps;    /* of it */
    int next;       /* the step to be merged next */
    size_t numbers; /* of a step's part at most */
} bl_share;
bl_share bl_job_share(bl_job *job);
/* *out is valid until the next call. */
bl_status bl_job_part(bl_job *job, int phase, int step, const bl_real **out, size_t *n, bl_error *error);
/* *done becomes true after the job's last step. */
bl_status bl_job_merge(bl_job *job, int step, const bl_real *part, size_t n, bool *done, bl_error *error);
typedef struct {
    int phase, n_phases, step, n_steps; /* step of this phase, steps done of it */
    const char *phase_title;
    long steps_done, steps_all;
    size_t bytes;
    int forwards, backwards; /* passes so far, per picture */
} bl_progress;
bl_progress bl_job_progress(const bl_job *job);
int bl_job_n_results(const bl_job *job);
const bl_result *bl_job_result(const bl_job *job, int i); /* previews too, while ready */
/* The result of that name, NULL if there is none; name NULL: the one the method is asked for. */
const bl_result *bl_job_find_result(const bl_job *job, const char *name);
/* The legend in words, as JSON: method, objective with class name, parameters as used, passes, caution, and per result
 * its range. */
void bl_job_legend_json(const bl_job *job, bl_text *out);

/* ---- for the methods ---- */

enum { BL_JOB_PHASES = 16, BL_JOB_RESULTS = 16, BL_JOB_RUNS = 16 };
struct bl_job {
    const bl_method *method;
    const bl_model *model;
    const bl_picture *picture; /* the one asked for, in start alone; NULL when none was given */
    bl_objective objective;
    bool class_open; /* the class is the predicted one, not known before the first pass: bl_job_choose_class */
    double *numbers; /* per parameter: NUMBER, INTEGER; CHOICE: number of the word; CLASS: class or −1; LAYER: value or
                        −1; METHOD: its number in bl_methods */
    const char **texts; /* per parameter: as used */
    size_t limit;
    const char *edits; /* interventions that every run made has; "" none */
    bl_arena arena;    /* for anything that lives as long as the job */
    void *state;
    struct {
        const char *title;
        int steps;
        int items, batch; /* independent: steps of `batch` items, the last may have fewer. 0: sequential */
        size_t numbers;   /* of an item's piece */
    } phases[BL_JOB_PHASES];
    bl_real *part; /* room for the largest step's pieces */
    size_t n_part;
    int n_phases, phase, step;
    long steps_done;
    bool finished, failed;
    bl_result results[BL_JOB_RESULTS];
    int n_results;
    bl_run *runs[BL_JOB_RUNS];
    const bl_plan *plans[BL_JOB_RUNS];
    int n_runs;
    int forwards, backwards;
    size_t bytes;     /* of runs */
    bl_real *scratch; /* as many numbers as the largest result has */
    size_t n_scratch;
    bl_text notes;   /* sentences for the legend, one a line */
    bl_error *error; /* of the call at work */
    bl_error ignored;
};
/* Value of a parameter by name; asking for one that is not described is a fault caught by the tests. */
double bl_job_number(const bl_job *job, const char *name);
int bl_job_integer(const bl_job *job, const char *name); /* also of CHOICE, CLASS and LAYER */
void bl_job_phase(bl_job *job, const char *title, int steps);
/* An independent phase of `items` items, `numbers` each, in steps of `batch` ≤ 16 (bl_job_batch). False without memory.
 * What stands before it is done by every worker itself: a pass or two. */
bool bl_job_phase_independent(bl_job *job, const char *title, int items, int batch, size_t numbers);
/* The batch at most `most` that leaves the last step's pictures least empty. */
int bl_job_batch(int items, int most);
/* The phase at work ends with this step; phases after it are not begun when all is true. */
void bl_job_end_phase(bl_job *job, bool all);
/* A sentence that the legend gives beside the results ("The picture was enlarged …"). */
void bl_job_note(bl_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A plan and a run of it with the request's interventions, counted, held against the limit, and freed when the job
 * ends. */
bl_status bl_job_make_run(bl_job *job, const bl_wants *wants, bl_run **out);
/* Passes that are counted. Backward: of the given objective. */
bl_status bl_job_forward(bl_job *job, bl_run *run);
bl_status bl_job_backward(bl_job *job, bl_run *run, const bl_objective *objective);
bl_status bl_job_backward_by(bl_job *job, bl_run *run, const bl_objective *objective, const bl_pass *pass);
/* After the first forward pass: puts the predicted class into an open objective. */
void bl_job_choose_class(bl_job *job, const bl_run *run);
/* How many scores the plan gives per picture; which of them is the largest (the first of equals); what the network's
 * head makes of them (softmax when it ends in scores). */
int bl_n_classes(const bl_plan *plan);
int bl_largest(const bl_real *scores, int n);
void bl_probabilities(const bl_model *model, const bl_real *scores, int n, bl_real *out);
/* The layer a method takes when none is asked for: the convolution at this share (0 first … 1 last) of all, with the
 * activation that follows it; the scores when there is no convolution. */
int bl_default_layer(const bl_model *model, double share);
/* Declares a result with zeroed storage; NULL without memory. */
bl_result *bl_job_add_result(bl_job *job, const char *name, const char *title, bl_result_kind kind, int channels,
                             int height, int width);
/* In start: the picture at the size the network takes, as 8 bits (so that what is shown, attacked and saved are the
 * same numbers); the caller frees it. */
bl_status bl_job_network_picture(bl_job *job, bl_picture *out);
/* Sets the legend's range from the data: symmetric (or 0…) at the percentile of |v|. */
void bl_result_range(bl_job *job, bl_result *r, bl_family family, bool is_signed, float percentile);
/* Writes the names of the classes, one a line (a network without labels: "class 7"). */
void bl_result_class_names(const bl_job *job, bl_result *r);
/* Rows of a TABLE: open, rows, close. unit may be "". */
void bl_table_open(bl_result *r);
void bl_table_number(bl_result *r, const char *name, const char *title, double value, const char *unit);
void bl_table_text(bl_result *r, const char *name, const char *title, const char *value);
void bl_table_bool(bl_result *r, const char *name, const char *title, bool value);
void bl_table_close(bl_result *r);

#endif
