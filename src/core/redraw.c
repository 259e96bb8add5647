/* redraw: the weights of layers drawn anew, for who wants to see what is left of a result when nothing of what was
 * learned is (Adebayo et al. 2018). A layer with weights gets normal numbers in their place, a normalisation factors of
 * 1 and the statistics of what it is given now; then each is scaled, and shifted where it has an addend, so that its
 * output has the mean and deviation it had before, over BL_REDRAW_PICTURES pictures of noise. Without that, signals die
 * out or explode after a few layers. What is drawn depends on the network, its declared size and the seed alone: not on
 * the picture shown, nor on what a plan keeps (docs/decisions/0009-redrawn-weights.md). */
#include "core/internal.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

struct bl_redraw {
    bl_arena arena;
    bool *chosen;   /* per node */
    int *seeds;     /* per node */
    bl_real **data; /* per value: the constant drawn anew, or NULL */
};

typedef struct {
    double mean, deviation;
} spread;

bool bl_redraws(const bl_model *m, int node) {
    const bl_node *n = &m->nodes[node];
    int w = n->op->weights;
    return w && n->in[w] >= 0 && m->values[n->in[w]].is_constant && m->values[n->in[w]].type == BL_FLOAT;
}

/* Is the node among those that the edits name, and with which seed? The last one that names it counts. */
static bool choose(const bl_model *m, const bl_edits *edits, int node, int *seed) {
    bool chosen = false;
    for (int i = 0; i < edits->n; i++) {
        const bl_edit *e = &edits->edits[i];
        if (e->kind != BL_EDIT_REDRAW || (e->value >= 0 && e->value != m->nodes[node].out)) continue;
        chosen = true, *seed = e->channel;
    }
    return chosen && bl_redraws(m, node);
}

bool bl_redraw_is(const bl_redraw *d, const bl_model *m, const bl_edits *edits) {
    for (int k = 0; k < m->n_nodes; k++) {
        int seed = 0;
        bool chosen = choose(m, edits, k, &seed), was = d && d->chosen[k];
        if (chosen != was || (chosen && seed != d->seeds[k])) return false;
    }
    return true;
}

const bl_real *bl_redrawn(const bl_redraw *d, int value) {
    return d ? d->data[value] : NULL;
}

size_t bl_redraw_bytes(const bl_redraw *d) {
    return d ? d->arena.bytes : 0;
}

void bl_redraw_free(bl_redraw *d) {
    if (!d) return;
    bl_arena_free(&d->arena);
    bl_free_aligned(d);
}

/* ---- the pictures ---- */

enum { SIZES = 5, MOST_SPOTS = 2 << (SIZES - 1), GRID = MOST_SPOTS + 2 }; /* spots of a half, a quarter, … of it */

/* Adds noise of one size of spots: numbers on a coarse grid, and smoothly between them. */
static void add_spots(const bl_random *r, int spots, double size, int32_t height, int32_t width, bl_real *u) {
    float grid[GRID * GRID];
    bl_random_uniforms(r, 0, (size_t)((spots + 2) * (spots + 2)), grid);
    for (int32_t i = 0; i < height * width; i++) {
        double row = (double)(i / width) / height * spots, column = (double)(i % width) / width * spots;
        int top = (int)row, left = (int)column;
        double y = row - top, x = column - left;
        y = y * y * (3 - 2 * y), x = x * x * (3 - 2 * x);
        const float *at = grid + top * (spots + 2) + left, *below = at + spots + 2;
        double sum = (1 - y) * ((1 - x) * (double)at[0] + x * (double)at[1]) +
                     y * ((1 - x) * (double)below[0] + x * (double)below[1]);
        u[i] += (bl_real)(size * (sum - 0.5));
    }
}

void bl_redraw_pictures(const bl_model *m, int32_t height, int32_t width, bl_real *out) {
    enum { COLOURS = 3 };
    int32_t channels = m->input_c > 0 ? m->input_c : 1, n = height * width;
    for (uint32_t picture = 0; picture < BL_REDRAW_PICTURES; picture++)
        for (int32_t c = 0; c < channels; c++, out += n) {
            for (int32_t i = 0; i < n; i++) out[i] = (bl_real)0.5;
            for (uint32_t size = 0; size < SIZES; size++) {
                bl_random grey = {.stream = BL_STREAM_WEIGHTS, .sample = picture, .step = 2 + size}, own = grey;
                own.step += 100 * (uint32_t)(1 + c % COLOURS);
                add_spots(&grey, 2 << size, 0.3, height, width, out);
                add_spots(&own, 2 << size, 0.1, height, width, out);
            }
            bool known = m->has_preprocessing && c < 4;
            double mean = known ? (double)m->mean[c] : 0.5, std = known ? (double)m->std[c] : 0.25;
            for (int32_t i = 0; i < n; i++) {
                double u = out[i] < 0 ? 0 : out[i] > 1 ? 1 : (double)out[i];
                out[i] = (bl_real)((u - mean) / std);
            }
        }
}

/* ---- drawing ---- */

typedef struct {
    const bl_model *model;
    bl_redraw *out;
    bl_run *run; /* over the pictures */
    bl_error *error;
} drawing;

static bl_status no_memory(const drawing *d) {
    return bl_fail(d->error, BL_MEMORY, "there is no memory to draw weights anew");
}

static spread spread_of(const bl_real *x, size_t n) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    return (spread){mean, sqrt(squares / (double)n)};
}

static spread of_output(const drawing *d, int node) {
    int out = d->model->nodes[node].out;
    return spread_of(d->run->value[out], bl_count(&d->run->plan->values[out].known.shape));
}

/* A constant of the node's, to be written; NULL: the node has none there, or it was drawn for another node before. */
static bl_status take(drawing *d, int node, int input, bl_real **data, size_t *n) {
    const bl_node *at = &d->model->nodes[node];
    *data = NULL, *n = 0;
    if (input >= at->n_in || at->in[input] < 0) return BL_OK;
    int v = at->in[input];
    const bl_value *value = &d->model->values[v];
    if (!value->is_constant || value->type != BL_FLOAT || d->out->data[v]) return BL_OK;
    *n = bl_count(&value->shape);
    *data = d->out->data[v] = bl_arena_take_array(&d->out->arena, *n, sizeof **data);
    return *data ? bl_run_set_constant(d->run, v, *data, d->error) : no_memory(d);
}

/* Mean and variance of what comes into each channel of a normalisation. */
static void statistics(const drawing *d, int node, bl_real *mean, bl_real *variance) {
    const bl_node *at = &d->model->nodes[node];
    bl_planes s = bl_planes_of(&d->run->plan->values[at->in[0]].known.shape);
    size_t plane = (size_t)s.height * (size_t)s.width;
    const bl_real *x = bl_run_operand(d->run, node, 0);
    for (int c = 0; c < s.channels; c++) {
        double sum = 0, squares = 0, n = (double)s.pictures * (double)plane;
        for (int turn = 0; turn < 2; turn++)
            for (int p = 0; p < s.pictures; p++)
                for (size_t i = 0; i < plane; i++) {
                    double v = (double)x[((size_t)p * (size_t)s.channels + (size_t)c) * plane + i] - sum / n;
                    if (turn)
                        squares += v * v;
                    else
                        sum += v + sum / n;
                }
        if (mean) mean[c] = (bl_real)(sum / n);
        if (variance) variance[c] = (bl_real)(squares / n);
    }
}

/* Normal numbers with the deviation of those they replace: a start that no single layer's numbers overflow from. */
static void draw_weights(const drawing *d, int node, double deviation, bl_real *weights, size_t n) {
    bl_random r = {.seed = (uint64_t)d->out->seeds[node],
                   .stream = BL_STREAM_WEIGHTS,
                   .sample = (uint32_t)node,
                   .step = 1}; /* step 0: those of networks made from texts */
    float chunk[256];
    for (size_t i = 0; i < n; i += 256) {
        size_t count = n - i < 256 ? n - i : 256;
        bl_random_normals(&r, (uint32_t)i, count, chunk);
        for (size_t j = 0; j < count; j++)
            weights[i + j] = (bl_real)((deviation > 0 ? deviation : 1) * (double)chunk[j]);
    }
}

/* How much of its addend a layer adds (Gemm's β): 1 but for rounding in nearly all. Leaves the output without addend.
 */
static double run_without_addend(const drawing *d, int node, bl_real *addend, size_t n) {
    double with = 0;
    bool probe = n && !d->run->plan->nodes[node].in_place; /* in place, a second run would read what the first made */
    if (probe) {
        for (size_t i = 0; i < n; i++) addend[i] = 1;
        bl_run_node_alone(d->run, node);
        with = of_output(d, node).mean;
        memset(addend, 0, n * sizeof *addend);
    }
    bl_run_node_alone(d->run, node);
    double share = probe ? with - of_output(d, node).mean : 1;
    return fabs(share - 1) < 1e-3 || fabs(share) < 1e-3 ? 1 : share;
}

static bl_status draw(drawing *d, int node, spread before) {
    const bl_node *at = &d->model->nodes[node];
    const bl_op *op = at->op;
    bl_real *weights, *addend, *mean = NULL, *variance = NULL;
    size_t n, n_addend, channels;
    size_t all = bl_count(&d->model->values[at->in[op->weights]].shape);
    double deviation = spread_of(bl_run_operand(d->run, node, op->weights), all).deviation;
    BL_TRY(take(d, node, op->weights, &weights, &n));
    BL_TRY(take(d, node, op->weights + 1, &addend, &n_addend));
    if (op->normalises) {
        BL_TRY(take(d, node, 3, &mean, &channels));
        BL_TRY(take(d, node, 4, &variance, &channels));
        statistics(d, node, mean, variance);
        for (size_t i = 0; i < n; i++) weights[i] = 1;
    } else if (weights) {
        draw_weights(d, node, deviation, weights, n);
    }
    double share = run_without_addend(d, node, addend, n_addend);
    spread drawn = of_output(d, node);
    if (!isfinite(drawn.mean + drawn.deviation + before.mean + before.deviation))
        return bl_fail(d->error, BL_NOT_A_NUMBER,
                       "\"%.80s\" gives NaN or infinity for the pictures that drawn weights are measured on",
                       d->model->values[at->out].name);
    /* A layer that is silent, before or now, has no size to keep. */
    double factor = weights && drawn.deviation > 0 && before.deviation > 0 ? before.deviation / drawn.deviation : 1;
    double shift = n_addend ? before.mean - factor * drawn.mean : 0;
    for (size_t i = 0; i < n; i++) weights[i] = (bl_real)(factor * (double)weights[i]);
    for (size_t i = 0; i < n_addend; i++) addend[i] = (bl_real)(shift / share);
    bl_real *out = d->run->value[at->out];
    size_t n_out = bl_count(&d->run->plan->values[at->out].known.shape);
    for (size_t i = 0; i < n_out; i++) out[i] = (bl_real)(factor * (double)out[i] + shift);
    return BL_OK;
}

static bl_status draw_all(drawing *d) {
    const bl_plan *p = d->run->plan;
    spread *before = bl_arena_take_array(&d->out->arena, (size_t)d->model->n_nodes, sizeof *before);
    if (!before) return no_memory(d);
    bl_redraw_pictures(d->model, p->values[d->model->input].known.shape.dim[2],
                       p->values[d->model->input].known.shape.dim[3], bl_run_input(d->run));
    /* What a node made may be written over by a later one, so each is measured at once. */
    for (int k = 0; k < p->end; k++) {
        if (!p->nodes[k].computed) continue;
        bl_run_node_alone(d->run, k);
        if (d->out->chosen[k]) before[k] = of_output(d, k);
    }
    for (int k = 0; k < p->end; k++) {
        if (!p->nodes[k].computed) continue;
        if (d->out->chosen[k])
            BL_TRY(draw(d, k, before[k]));
        else
            bl_run_node_alone(d->run, k);
    }
    return BL_OK;
}

/* A run over the pictures, at the size the file declares; where it leaves that open, at the size asked for. */
static bl_status over_pictures(drawing *d, const bl_run *r) {
    const bl_model *m = d->model;
    bl_wants wants = BL_WANTS;
    wants.batch = BL_REDRAW_PICTURES;
    const bl_shape *size = &r->plan->values[m->input].known.shape;
    if (m->input_h < 0 || m->input_w < 0) wants.height = size->dim[2], wants.width = size->dim[3];
    wants.last = r->plan->wants.last;
    bl_plan *plan;
    BL_TRY(bl_plan_new(m, &wants, &plan, d->error));
    bl_status status = bl_run_new(plan, &d->run, d->error);
    if (status == BL_OK) status = draw_all(d);
    bl_run_free(d->run);
    bl_plan_free(plan);
    return status;
}

bl_status bl_redraw_make(const bl_run *r, const bl_edits *edits, bl_redraw **out, bl_error *error) {
    const bl_model *m = r->plan->model;
    bool any = false;
    *out = NULL;
    for (int i = 0; i < edits->n; i++) any |= edits->edits[i].kind == BL_EDIT_REDRAW;
    if (!any) return BL_OK;
    bl_redraw *made = bl_alloc_aligned(sizeof *made);
    drawing d = {.model = m, .out = made, .error = error};
    if (!made) return no_memory(&d);
    made->chosen = bl_arena_take_array(&made->arena, (size_t)m->n_nodes, sizeof *made->chosen);
    made->seeds = bl_arena_take_array(&made->arena, (size_t)m->n_nodes, sizeof *made->seeds);
    made->data = bl_arena_take_array(&made->arena, (size_t)m->n_values, sizeof *made->data);
    bl_status status = made->chosen && made->seeds && made->data ? BL_OK : no_memory(&d);
    if (status == BL_OK) {
        for (int k = 0; k < m->n_nodes; k++) made->chosen[k] = choose(m, edits, k, &made->seeds[k]);
        status = over_pictures(&d, r);
    }
    if (status != BL_OK) {
        bl_redraw_free(made);
        return status;
    }
    *out = made;
    return BL_OK;
}
