/* What the files of core share and nobody else sees: the name index, the insides of plan and run. */
#ifndef BL_CORE_INTERNAL_H
#define BL_CORE_INTERNAL_H

#include "base/nearest.h"
#include "core/core.h"

/* What a file may claim. Planning takes time with the square of the nodes: these keep it within a second or two. */
enum { BL_MAX_NODES = 1 << 13, BL_MAX_INPUTS = 1 << 12, BL_MAX_VALUES = 1 << 16, BL_MAX_LABELS = 1 << 17 };

/* ---- names (names.c) ---- */

/* Open addressing; a slot holds an index + 1, 0 is empty. Capacities of the model's arrays live here too. */
struct bl_name_index {
    int *value_slots, n_value_slots, value_capacity;
    int *node_slots, n_node_slots, node_capacity;
    const char *removed; /* values that folding took away, separated by commas; NULL if none */
};
int bl_index_value(const bl_model *m, const char *name, size_t length); /* −1: none */
int bl_index_node(const bl_model *m, const char *name, size_t length);
bool bl_index_add_value(bl_model *m, int value); /* false: no memory */
bool bl_index_add_node(bl_model *m, int node);
bool bl_index_rebuild(bl_model *m);
/* A name that no value has yet: base, or base_2, base_3, … */
int bl_model_fresh_value(bl_model *m, const char *base, const char *suffix);

/* The value called so, or an error with the nearest names. */
bl_status bl_model_find_or_fail(const bl_model *m, const char *name, int *value, bl_error *error);

/* Texts of objectives and interventions: a cursor, and the pieces both are made of. Each skips no space by itself. */
typedef struct {
    const char *text, *at;
    bl_error *error;
} bl_cursor;
enum { BL_NAME_BYTES = 256 };
void bl_skip_spaces(bl_cursor *c);
bool bl_take(bl_cursor *c, char expected);
/* A bare name of [A-Za-z0-9_./] or one in double quotes (\" and \\ inside). Empty or too long: an error. */
bl_status bl_take_name(bl_cursor *c, char name[BL_NAME_BYTES], bool *quoted);
bool bl_take_integer(bl_cursor *c, int *out);   /* digits only; false, and nothing taken, when there are none */
bool bl_take_number(bl_cursor *c, double *out); /* a finite decimal number with sign */
bl_status bl_cursor_fail(const bl_cursor *c, const char *what);
/* Writes a name as bl_take_name reads it; returns the characters needed, as snprintf. */
int bl_write_name(char *buffer, size_t size, const char *name);

/* ---- seal (seal.c, fold.c) ---- */
bl_status bl_fold_constants(bl_model *m, bl_error *error);
bl_status bl_fold_batchnorm(bl_model *m, bl_error *error);

/* ---- plan ---- */

/* A piece of a run's memory and when it is in use. Node i runs forward at time i and backward at 2·n_nodes−1−i;
 * time −1 is before everything, 2·n_nodes after. */
typedef struct {
    size_t bytes, offset;
    int from, to;  /* inclusive; of a part, the whole's count */
    int inside;    /* the buffer it is a part of; −1: none … */
    size_t within; /* … from this byte on */
} bl_buffer;

typedef struct {
    bl_operand known;
    bool planned;  /* its shape is known */
    bool computed; /* it has numbers in a run */
    bool kept;     /* readable after a pass */
    bool seed, wanted;
    bool upstream; /* a wanted gradient depends on it, or it is one */
    bool on_path;  /* it has a gradient in a backward pass */
    int gate;      /* the node whose cut to a range the last contribution to this gradient can take back; −1: none */
    int root;      /* the value whose memory it shows; itself if it is no alias */
    int buffer, gradient; /* −1: none */
} bl_plan_value;

typedef struct {
    const bl_op *op; /* the model's, or its substitute */
    void *params;
    const bl_shape *in_shape;
    bool planned, computed, is_alias, in_place;
    bool stacks;         /* its result is its inputs' one after another; some may be made in their places */
    bool fused;          /* the node before it does its work as well, while that node's value is not edited */
    int cuts;            /* the node whose range its forward cuts to; −1: none */
    bool gates;          /* its backward completes the gradient of its first input, which has a gate */
    bool backward;       /* a backward pass may visit it */
    const bool *grad_in; /* n_in: is the gradient of that input wanted from it? */
    uint8_t reads;       /* what its backward reads, for the inputs wanted */
    size_t scratch_bytes, aux_bytes;
    int scratch, scratch_back, aux, shares; /* buffers, −1: none */
    double macs;
} bl_plan_node;

struct bl_plan {
    const bl_model *model;
    bl_wants wants;
    int batch, last;
    int end; /* node after the last one planned */
    bl_plan_value *values;
    bl_plan_node *nodes;
    bl_buffer *buffers;
    int n_buffers, max_in;
    size_t tensor_bytes, bytes;
    double macs;
    bl_arena arena;
};

/* Which gradients are on the way (reach.c); fills upstream, on_path, backward, grad_in, reads. */
bl_status bl_plan_reach(bl_plan *p, bl_error *error);
/* What the wanted rules of shares read of a node's operands, as in bl_op.reads, and the room they need (shares.c). */
bl_status bl_shares_reads(const bl_plan *p, int node, const bool *grad_in, uint8_t *reads, bl_error *error);
size_t bl_shares_room(const bl_plan *p, int node);
/* Buffers, their lives and offsets (layout.c); fills buffers and tensor_bytes. */
bl_status bl_plan_layout(bl_plan *p, bl_error *error);
/* Stacks (stack.c): values, and gradients, that are made in their places in a larger one. */
int bl_whole_buffer(const bl_plan *p, int buffer);
/* Joins the memory of node k's inputs with its result's, where nobody can tell. lasting, last_read: by root. */
void bl_stack_values(bl_plan *p, int k, bool *lasting, const int *last_read);
bool bl_stacked(const bl_plan *p, int k, int i); /* is input i of node k made in its place in the result? */
/* Gives the inputs' gradients their places in that of the result. heard: contributions that each gradient gets. */
void bl_stack_gradients(bl_plan *p, int k, const int *heard);
/* The result's gradient has a gate where all inputs' have the same. */
void bl_stack_gates(bl_plan *p);
/* Bytes of a run's own tables (run.c). */
size_t bl_run_head_bytes(const bl_plan *p);

/* ---- run ---- */

/* The first three change a value, the others the weights that make it. */
typedef enum { BL_EDIT_SCALE, BL_EDIT_MEAN, BL_EDIT_PAINT, BL_EDIT_KERNEL, BL_EDIT_REDRAW } bl_edit_kind;
typedef struct {
    bl_edit_kind kind;
    int value;               /* of the network; for a kernel the convolution's output; −1, redraw: all layers */
    int channel;             /* −1: all. For a kernel: output channel; redraw: the seed */
    int input;               /* kernel: input channel */
    int rows[2], columns[2]; /* paint: first and last */
    bl_real number;          /* factor or paint */
    bl_real *numbers;        /* kernel: kh·kw */
    int n_numbers;
} bl_edit;

typedef struct bl_redraw bl_redraw;
typedef struct {
    bl_edit *edits;
    int n;
    bl_real **weights; /* per node: its own overlaid copy of input 1, or NULL */
    bl_real **saved;   /* per value: room for what it was before its edits, if the backward of its node reads it */
    bl_arena arena;    /* all of the above */
    bl_redraw *redraw; /* weights drawn anew, NULL: none */
} bl_edits;

/* A value as pictures × channels × height × width; missing axes are 1. */
typedef struct {
    int pictures, channels, height, width;
} bl_planes;

static inline bl_planes bl_planes_of(const bl_shape *s) {
    if (s->rank == 1) return (bl_planes){1, s->dim[0], 1, 1};
    return (bl_planes){s->rank > 0 ? s->dim[0] : 1, s->rank > 1 ? s->dim[1] : 1, s->rank > 2 ? s->dim[2] : 1,
                       s->rank > 3 ? s->dim[3] : 1};
}

struct bl_run {
    const bl_plan *plan;
    bl_real *memory;
    bl_real **value, **gradient; /* per value of the model; NULL: none */
    bool *written;               /* per value: its gradient has a contribution in this pass */
    bool *gated;                 /* per value: its gradient went through its gate in this pass */
    bool *dirty;                 /* per node: must be computed again */
    const bl_real **in;          /* for one node at a time: max_in each */
    bl_real **grad_in;
    bool *add, *done;
    bool gating; /* this pass follows the plain rule alone, and nothing is edited */
    const bl_gate *gate;
    bool has_values;       /* a forward pass has been made … */
    bool stale;            /* … but edits or constants have changed since */
    double (*clock)(void); /* NULL: nobody watches */
    double *forward_time, *backward_time;
    bl_edits edits;
};

static inline void *bl_run_at(const bl_run *r, int buffer) {
    return buffer < 0 ? NULL : (char *)r->memory + r->plan->buffers[buffer].offset;
}

/* Input i of node k; NULL where it is absent. */
static inline const bl_real *bl_run_operand(const bl_run *r, int k, int i) {
    int value = r->plan->model->nodes[k].in[i];
    if (i == 1 && r->edits.n && r->edits.weights[k]) return r->edits.weights[k];
    return value < 0 ? NULL : r->value[value];
}

/* One node forward, alone; a node that another one does the work of runs by itself. */
void bl_run_node_alone(bl_run *r, int k);

/* edits as written (edit_text.c), into an empty list */
bl_status bl_edits_read(const bl_run *r, const char *text, bl_edits *out, bl_error *error);
/* The constant that edits of kernels of this convolution's output overlay; −1: it is no such output. */
int bl_edits_kernels(const bl_model *m, int value);

/* weights drawn anew (redraw.c) */
/* Draws what the edits ask for: *out, NULL when they ask for nothing. */
bl_status bl_redraw_make(const bl_run *r, const bl_edits *edits, bl_redraw **out, bl_error *error);
bool bl_redraw_is(const bl_redraw *d, const bl_model *m, const bl_edits *edits); /* what these edits ask for? */
const bl_real *bl_redrawn(const bl_redraw *d, int value); /* the constant drawn anew; NULL: it stays the model's */
size_t bl_redraw_bytes(const bl_redraw *d);
void bl_redraw_free(bl_redraw *d);

/* edits (intervene.c): applied right after a value was computed, and to its gradient before it goes on */
void bl_edits_apply(bl_run *r, int value);
void bl_edits_backward(bl_run *r, int value);
bool bl_edits_touch(const bl_run *r, int value);
/* The value as its node made it. */
const bl_real *bl_edits_before(const bl_run *r, int value);
/* Makes a node's overlaid weights again, from those it reads now; nothing when it has none. */
void bl_edits_overlay(bl_run *r, int node);
void bl_edits_free(bl_run *r);

/* backward in three parts, so that an objective can write its derivative straight into the gradients (backward.c) */
bl_status bl_backward_begin(bl_run *r, const bl_pass *pass, bl_error *error);
/* The gradient to add a seed to, zeroed if nothing was added before; *gradient NULL when no wanted gradient depends on
 * it. */
bl_status bl_backward_seed(bl_run *r, int value, bl_real **gradient, bl_error *error);
void bl_backward_go(bl_run *r, const bl_pass *pass);
/* One operator by its own backward, from the signal to where grad_in and add of the run say. */
void bl_backward_op(bl_run *r, int node, const bl_real *signal, bl_rule rule);
void bl_shares_seeds(bl_run *r);
void bl_shares_visit(bl_run *r, int node, const bl_pass *pass, bl_rule rule);

#endif
