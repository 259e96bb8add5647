/* core: a network as a static graph (model), its memory laid out beforehand (plan), its passes forward and
 * backward (run), and what a backward pass starts from (objective).
 * May include base/, kernels/, ops/. Knows no file format, no picture, no method. */
#ifndef BL_CORE_H
#define BL_CORE_H

#include "base/text.h"
#include "ops/explain.h"

/* ---- model: graph, weights, labels, preprocessing. Never changed once sealed, but for weights that a history replaces
 * between plans (onnx.h); shared by any number of plans. ---- */

typedef struct {
    const char *name; /* as in the file; unique; "" never occurs */
    int producer;     /* node, or −1: the input or a constant */
    bl_type type;
    bool is_constant;
    bl_shape shape; /* constants only */
    bl_real *data;  /* constants of BL_FLOAT */
    int64_t *ints;  /* constants of BL_INT */
} bl_value;

typedef struct {
    const bl_op *op;
    const char *name; /* as in the file, or made from the output's name; unique */
    int n_in, *in;    /* values; −1 where an optional input is absent */
    int out;          /* value */
    const bl_attr *attrs;
    int n_attrs;
    const char *stands_for; /* names of nodes that were folded into this one, separated by commas; NULL if none */
} bl_node;

typedef enum { BL_CHANNELS_RGB, BL_CHANNELS_BGR, BL_CHANNELS_GREY } bl_channels;

typedef struct {
    int n_nodes, n_values;
    bl_node *nodes; /* in topological order */
    bl_value *values;
    int opset;
    int input;                         /* value: the picture, N×C×H×W */
    int32_t input_c, input_h, input_w; /* as declared; −1 where the file leaves it open */
    int output;                        /* value: the file's first output */
    int scores;                        /* value before a final softmax or sigmoid; else the output */
    enum { BL_HEAD_SCORES, BL_HEAD_SOFTMAX, BL_HEAD_SIGMOID } head;
    /* from metadata, or set by the caller after opening; has_preprocessing says whether mean and std are known */
    char **labels; /* n_labels names, one a class; NULL entries never occur */
    int n_labels;
    bool has_preprocessing;
    float mean[4], std[4]; /* per channel of the network, for pictures in 0…1 */
    bl_channels channels;
    const char *title, *credit; /* may be NULL */
    bl_arena arena;             /* owns all of the above */
    struct bl_name_index *index;
} bl_model;

/* Building: made empty, filled by a reader, sealed once. All text is copied. */
bl_status bl_model_new(bl_model **out, bl_error *error);
void bl_model_free(bl_model *model); /* NULL is fine */
/* The value of that name, made if there is none yet; −1 without memory, or if the name is empty or holds a zero byte.
 */
int bl_model_value(bl_model *m, const char *name, size_t length);
/* Makes a value a constant and gives its zeroed storage (bl_count elements of bl_real or int64_t) to be filled. */
bl_status bl_model_constant(bl_model *m, int value, bl_type type, const bl_shape *shape, void **storage,
                            bl_error *error);
/* Adds a node; inputs may be defined later, bl_model_seal sorts. in[i] −1: absent. attrs and their arrays are copied.
 * Unknown operator, wrong number of inputs, unknown attribute, output made twice: an error that names node and reason.
 */
bl_status bl_model_node(bl_model *m, const char *op, const char *name, const int *in, int n_in, int out,
                        const bl_attr *attrs, int n_attrs, bl_error *error);
typedef struct {
    bool keep_batchnorm; /* do not fold batch normalisation into the convolution before it */
} bl_open_options;
/* Sorts nodes topologically (refuses cycles and values nobody makes), drops nodes that do not reach the output,
 * evaluates Cast/Identity of constants, folds batch normalisation, finds the scores, names unnamed nodes.
 * input and output must be set. options may be NULL. */
bl_status bl_model_seal(bl_model *m, const bl_open_options *options, bl_error *error);
/* By name of a value, or of the node that makes it; −1 if there is none. */
int bl_model_find(const bl_model *m, const char *name);
/* Sets preprocessing or labels after opening (page and command ask when the file is silent). std must be > 0. */
bl_status bl_model_set_preprocessing(bl_model *m, const float mean[4], const float std[4], bl_channels channels,
                                     bl_error *error);
bl_status bl_model_set_labels(bl_model *m, const char *lines, size_t length, bl_error *error);
/* "red panda" of class 7; "class 7" when there are no labels. buffer is used for the latter. */
const char *bl_model_label(const bl_model *m, int class_index, char buffer[24]);

/* ---- plan: model × input shape × wants → offsets and exact bytes. Allocates no tensor. ---- */

typedef struct bl_plan bl_plan;
/* Rules beyond those of gradients: relevance's, or the rescale rule, for which the second half of the batch holds the
 * references of the first. */
typedef enum { BL_RULES_GRADIENT, BL_RULES_RELEVANCE, BL_RULES_RESCALE } bl_rules;
typedef struct {
    int batch;             /* pictures at once; 0 means 1 */
    int32_t height, width; /* of the input; 0: as the file declares */
    int last;         /* last value computed, −1: the model's output. Nothing after it is planned or checked, so that
                         any network can be planned for any size up to its last layer before flatten */
    bool observe_all; /* every value stays readable until the next pass (the page's view; needed for forward_from) */
    const int *observe;
    int n_observe;     /* values that stay readable; last and scores always do */
    bool gradient_all; /* gradients of every value that is not a constant */
    const int *gradients;
    int n_gradients; /* values (also constants) whose gradient is wanted */
    const int *seeds;
    int n_seeds;    /* values a backward pass may start from; they stay readable; empty with gradients wanted: last and
                       scores */
    bl_rules rules; /* of the backward passes, plain and guided apart: what these read is kept, with room to work in */
    bool separate;  /* each value has memory of its own (for tests: planned = unplanned) */
    size_t limit;   /* most bytes the run may take; 0: none */
    const bl_op *(*substitute)(const bl_op *op, void *user); /* training-time twins of operators; NULL: none */
    void *user;
} bl_wants;
#define BL_WANTS ((bl_wants){.last = -1})

/* A plan that is over the limit or does not fit the shape says so here, before anything is allocated. The model must
 * outlive it. wants' arrays are copied. */
bl_status bl_plan_new(const bl_model *model, const bl_wants *wants, bl_plan **out, bl_error *error);
void bl_plan_free(bl_plan *plan);
const bl_model *bl_plan_model(const bl_plan *plan);
size_t bl_plan_bytes(const bl_plan *plan); /* exactly what a run allocates */
double bl_plan_macs(const bl_plan *plan);  /* one forward pass */
double bl_plan_node_macs(const bl_plan *plan, int node);
bool bl_plan_node_alias(const bl_plan *plan, int node); /* the same numbers as its input, under another name or shape */
/* How a node is computed, in a few words; NULL where there is one way only. */
const char *bl_plan_kernel(const bl_plan *plan, int node, bool backward);
/* The node that does this one's forward work as well, because nobody observes the value between; −1: none. */
int bl_plan_fused(const bl_plan *plan, int node);
bool bl_plan_has(const bl_plan *plan, int value); /* is the value computed (or a constant) in this plan? */
bl_shape bl_plan_shape(const bl_plan *plan, int value);
int bl_plan_batch(const bl_plan *plan);
/* For tests: where a value (or its gradient) lies, and from which step to which it lives. False: it has no memory. */
bool bl_plan_place(const bl_plan *plan, int value, bool gradient, size_t *offset, size_t *bytes, int *from, int *to);

/* ---- run: a plan's memory and state. Allocates everything when made, nothing afterwards. ---- */

typedef struct bl_run bl_run;
typedef struct {
    int value;
    const bl_real *data; /* bl_count elements, NULL: `index` alone is `weight` */
    size_t index;        /* element, when data is NULL */
    bl_real weight;      /* factor for data, or the element's value */
} bl_seed;
typedef struct {
    double epsilon, gamma, alpha; /* ≥ 0; > 0; ≥ 1 */
    float low[4], high[4];        /* per channel of the network's input: bounds of BL_RULE_BOX */
} bl_relevance;
typedef struct {
    bl_rule rule; /* of every node … */
    const int *nodes;
    const bl_rule *rules;
    int n_nodes; /* … but these; may be NULL */
    /* With a rule of relevance a seed is multiplied by its value first, and "gradients" are shares: rules of WEIGHTED
     * operators, epsilon's for sums. */
    bl_relevance relevance;
    bool accumulate; /* gradients of inputs and constants add to those of the pass before */
} bl_pass;           /* zero-initialised: plain, fresh */

bl_status bl_run_new(const bl_plan *plan, bl_run **out, bl_error *error); /* the plan must outlive it */
void bl_run_free(bl_run *run);
const bl_plan *bl_run_plan(const bl_run *run);
bl_real *bl_run_input(bl_run *run); /* N×C×H×W, to be filled before forward; kept until filled again */
/* Computes everything. NaN or infinity in the last value or the scores is BL_NOT_A_NUMBER and names the first node that
 * made one, how many there are and where the first is; the values stay readable. */
bl_status bl_run_forward(bl_run *run, bl_error *error);
/* Only the nodes from `node` on that depend on it; needs observe_all. node 0 … n_nodes−1;
 * n_nodes: only what edits and new constants have changed. Same bits as a whole pass. */
bl_status bl_run_forward_from(bl_run *run, int node, bl_error *error);
/* Sends seeds back; visits only nodes between a seed and a wanted gradient. pass may be NULL. Values must be of the
 * last forward pass. Several backward passes may follow one forward pass. */
bl_status bl_run_backward(bl_run *run, const bl_seed *seeds, int n_seeds, const bl_pass *pass, bl_error *error);
/* NULL when the plan does not keep it. The pointer stays valid as long as the run; the numbers until the next pass. */
const bl_real *bl_run_value(const bl_run *run, int value);
const bl_real *bl_run_gradient(const bl_run *run, int value);
/* Uses other memory for a constant from now on (the trainer's weights, an edited kernel); NULL: the model's own.
 * Borrowed. */
bl_status bl_run_set_constant(bl_run *run, int value, const bl_real *data, bl_error *error);

/* From now on every pass adds the time that node k took to forward[k] or backward[k], by that clock; both have n_nodes
 * elements and are borrowed. clock NULL: no more. */
void bl_run_watch(bl_run *run, double (*clock)(void), double *forward, double *backward);

/* Interventions: changes to values that every pass of this run applies, in the order given. Text form, separated by
 * spaces or semicolons; layers quoted like objectives:
 *   conv3:12*0        channel 12 scaled (0: switched off)
 *   conv3:12=mean     channel 12 replaced by its mean over the map
 *   conv3:12@2,3,5,9=0.5   rows 2…5, columns 3…9 of channel 12 painted (conv3:*@… all channels)
 *   conv3/4,1=w,w,…   the kernel from input 1 to output 4 of a convolution overlaid with kh·kw numbers
 *   conv3~7 · *~7     the weights of a layer, or of all, drawn anew with seed 7 (redraw.c)
 * What the plan does not compute is not edited. Backward goes through them: painted and replaced parts carry no
 * gradient, scaled ones carry it scaled. A constant's overlay is a copy. "" removes all. The first node that can have
 * changed is *first (may be NULL; n_nodes when none), for bl_run_forward_from, which runs every node that was edited
 * since the last pass, wherever it starts. Text that is wrong changes nothing. */
bl_status bl_run_intervene(bl_run *run, const char *text, int *first, bl_error *error);
/* Has the node weights of its own that can be drawn anew? */
bool bl_redraws(const bl_model *model, int node);
/* Has it kernels (rank 4), so that each can be changed? */
bool bl_has_kernels(const bl_model *model, int node);
size_t bl_run_edit_bytes(const bl_run *run); /* what interventions take beyond the plan's bytes */
/* The pictures, n×C×height×width as the network takes them, on which redrawn layers are made to keep mean and
 * deviation: grey and coloured noise that has as much of coarse as of fine, as photographs have. */
enum { BL_REDRAW_PICTURES = 4 };
void bl_redraw_pictures(const bl_model *model, int32_t height, int32_t width, bl_real *out);

/* ---- objective: the number that is explained, attacked or dreamt of. ---- */

/* One term. Kinds as written: class:7 · logp:7 · prob:7 · class:7-3 · loss:7 · conv3 (½‖A‖²) · conv3:12 (channel mean)
 * · conv3:12@5,8 (one unit: row, column). Class names may stand quoted: class:"red panda". Sums:
 * 0.7*conv3:12+0.3*conv4:5, where each term is divided by its count. */
typedef struct {
    enum {
        BL_OBJ_CLASS,
        BL_OBJ_LOGP,
        BL_OBJ_PROB,
        BL_OBJ_MARGIN,
        BL_OBJ_LOSS,
        BL_OBJ_LAYER,
        BL_OBJ_CHANNEL,
        BL_OBJ_UNIT
    } kind;
    int value;        /* the scores for class kinds, else the layer */
    int index, other; /* class (and the other of a margin), or channel */
    int row, column;
    double weight;
} bl_objective_term;
typedef struct {
    int n_terms;
    bl_objective_term terms[16];
} bl_objective;

/* Unknown layer, class, or channel: an error that says which exist (nearest names). */
bl_status bl_objective_parse(const bl_model *model, const char *text, bl_objective *out, bl_error *error);
/* The text form again (canonical), into buffer. */
void bl_objective_text(const bl_model *model, const bl_objective *o, char *buffer, size_t size);
/* The last value any term needs: what wants.last can be for it, in topological order. */
int bl_objective_last(const bl_model *model, const bl_objective *o);
/* Values that wants.seeds needs; at most 16; returns how many. */
int bl_objective_seeds(const bl_objective *o, int values[16]);
/* After a forward pass: the objective's number per picture of the batch (batch doubles in out). */
bl_status bl_objective_value(const bl_run *run, const bl_objective *o, double *out, bl_error *error);
/* Adds the objective's derivative by element `index` of a value to *seed: what a backward pass starts with there. */
bl_status bl_objective_seed(const bl_run *run, const bl_objective *o, int value, size_t index, double *seed,
                            bl_error *error);
/* After a forward pass: seeds the backward pass with the objective's derivative, every picture of the batch by itself,
 * and runs it. scratch-free: uses memory that the run reserved for its seeds. */
bl_status bl_objective_backward(bl_run *run, const bl_objective *o, const bl_pass *pass, bl_error *error);

/* ---- explanations: the terms that add up to one number (explain.c). ---- */

/* The terms of one node. */
typedef struct {
    int node;  /* −1: the objective's own seed, or an intervention */
    int input; /* −1: node makes the value; otherwise its gradient comes back through this input of the node */
    int place; /* value that the terms' cells lie in when they are of the first operand or the signal: of its aliases
                  the one that is a map; −1: none */
    bl_form form;
    size_t groups, rows, columns; /* how PRODUCT and EMPTY terms lie */
    size_t first, n;              /* of the terms; of a channel's maps: the first group, and 0 */
} bl_explained_part;
typedef struct {
    double number, sum, size; /* as the run has it; the terms added up; their sizes added up */
    int n_parts;
    bl_explained_part *parts;
    size_t n_terms;
    bl_term *terms;
    size_t n_maps; /* of a channel: groups of all parts and one for the rest, each height × width numbers */
    float *maps;
    size_t part_room, term_room; /* kept from one explanation to the next */
} bl_explained;
/* Element `index` of a value after a forward pass, or of its gradient after a plain backward pass of the objective. The
 * run's plan observes all and wants all gradients. Constants' gradients are not explained. */
bl_status bl_run_explain(bl_run *run, const bl_objective *objective, int value, bool gradient, size_t index,
                         bl_explained *out, bl_error *error);
/* A whole channel (dimension 1 of a value): what each group gives to every place, as maps; no terms. */
bl_status bl_run_explain_channel(bl_run *run, const bl_objective *objective, int value, bool gradient, size_t channel,
                                 bl_explained *out, bl_error *error);
void bl_explained_free(bl_explained *e);

/* Softmax of the class scores, a row for each class i, with what a number of class k sends back to its score z:
 * derivative by z_i = own + rest, own = factor · 1[i=k] and rest = −factor · p_i, where factor is 1/T for log p_k,
 * p_k/T for p_k and −1/T for the loss −log p_k. */
typedef struct {
    double score, power, share; /* z, e^((z − largest)/T), p */
    double own, rest;
} bl_softmax_row;
/* After a forward pass; rows: one a class. of: BL_OBJ_LOGP, BL_OBJ_PROB or BL_OBJ_LOSS; temperature: 0.01 … 100. */
bl_status bl_softmax_rows(const bl_run *run, double temperature, int of, int k, bl_softmax_row *rows, bl_error *error);

/* ---- receptive fields: what of the picture a place of a value can see (field.c) ---- */

typedef struct {
    int32_t row0, row1, column0, column1; /* first and last */
} bl_seen;
/* Of every value that is computed, in `spans` from at[value] on (−1: none): its height and width, then of every row the
 * first and last row of the picture that it can see, then the same of every column; first > last: none. A value that is
 * no map has one row and one column. A place sees the rows of its row and the columns of its column: the smallest
 * rectangle that holds all that takes part, whatever the weights. */
typedef struct {
    int n_values;
    int32_t *at, *spans;
    size_t n; /* of spans */
} bl_fields;
bl_status bl_fields_new(const bl_plan *plan, bl_fields *out, bl_error *error);
void bl_fields_free(bl_fields *f);
bool bl_field_of(const bl_fields *f, int value, int row, int column, bl_seen *out); /* false: nothing is seen */

/* ---- profile: where the time of passes goes ---- */

typedef struct {
    double forward, backward; /* milliseconds of a node, the mean of the faster half of the passes */
} bl_profile_row;
/* Repeats a forward pass over the run's input and a backward pass from the objective (NULL: none), and fills n_nodes
 * rows. clock counts seconds. */
bl_status bl_profile(bl_run *run, const bl_objective *objective, int passes, double (*clock)(void),
                     bl_profile_row *rows, bl_error *error);
/* [{node, name, op, shape, macs, forward, backward, forwardKernel, backwardKernel, fused}, …] of the nodes computed;
 * times in ms. */
void bl_profile_json(const bl_plan *plan, const char *key, const bl_profile_row *rows, bl_text *t);

/* ---- examples: the pictures, and the places in them, that move each channel of a layer most ---- */

enum { BL_MOST_EXAMPLES = 100 };
typedef struct {
    int32_t picture; /* as the caller counts them */
    int32_t row, column;
    bl_real value;
} bl_example;
typedef struct bl_examples bl_examples;
/* value: rank 2 to 4, dimension 1 are the channels; each: how many places of a channel are kept, 1 … BL_MOST_EXAMPLES.
 * Plans and runs the network up to there, with one picture, height × width (0: as declared). The model must outlive it.
 */
bl_status bl_examples_new(const bl_model *model, int value, int each, int32_t height, int32_t width, bl_examples **out,
                          bl_error *error);
void bl_examples_free(bl_examples *e);
/* Its run, whose input the caller fills before bl_examples_add. */
bl_run *bl_examples_run(bl_examples *e);
/* Runs the picture and takes in the largest number of each channel; of equals, the first picture and place stay in
 * front. A picture that gives NaN or infinity is an error and changes nothing. */
bl_status bl_examples_add(bl_examples *e, int32_t picture, bl_error *error);
int bl_examples_channels(const bl_examples *e);
/* *n places, largest first; valid until the next picture. */
const bl_example *bl_examples_of(const bl_examples *e, int channel, int *n);

#endif
