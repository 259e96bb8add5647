#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "op_checks.h"
#include "op_trials.h"
#include "ops/explain.h"
#include "../tolerances.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(BL_DOUBLE)
enum { TRIALS = 100, GRADIENT_TRIALS = 30 };
static const double forward_limit = TOL_OP_DOUBLE, adjoint_limit = TOL_ADJOINT_DOUBLE, gradient_limit = TOL_DIFFERENCE;
#else
enum { TRIALS = 300, GRADIENT_TRIALS = 60 };
static const double forward_limit = TOL_OP_FLOAT, adjoint_limit = TOL_ADJOINT_FLOAT,
                    gradient_limit = TOL_OP_GRADIENT_FLOAT;
#endif

/* Calls check for every trial that the operator takes; it takes nearly all. */
static void each(int trials, void (*check)(const op_trials *row, bench *b, const char *name)) {
    for (int k = 0; k < n_op_trials; k++) {
        int refused = 0, fewer = all_op_trials[k].slow ? trials / all_op_trials[k].slow : trials;
        if (sizeof(bl_real) == sizeof(double) && all_op_trials[k].slow) continue;
        for (int i = 0; i < fewer; i++) {
            trial t;
            bench b;
            char name[64];
            draw_trial(&all_op_trials[k], i, &t);
            snprintf(name, sizeof name, "%s, trial %d", t.op, i);
            if (bench_open(&b, &t, (uint64_t)i + 1000)) {
                refused++;
                if (refused > fewer / 20) fail_msg("%s: %s", name, b.error.message);
            } else {
                check(&all_op_trials[k], &b, name);
            }
            bench_close(&b);
        }
    }
}

static bool has_gradient(const op_trials *row, const bench *b, int i) {
    return b->in[i] && !(row->constant >> i & 1);
}

/* The twin's numbers for these inputs (NULL: the bench's own). */
static bl_shape twin(const op_trials *row, const bench *b, double *const *given, double *out) {
    double *in[TRIAL_INPUTS] = {0};
    const double *pointers[TRIAL_INPUTS];
    for (int i = 0; i < b->t->n_in; i++) {
        if (b->in[i] && !given) {
            in[i] = malloc(b->counts[i] * sizeof(double) + 1);
            for (size_t k = 0; k < b->counts[i]; k++) in[i][k] = (double)b->in[i][k];
        }
        pointers[i] = given ? given[i] : in[i];
    }
    bl_shape s = row->naive(b->t, pointers, out);
    for (int i = 0; i < TRIAL_INPUTS; i++) free(in[i]);
    return s;
}

static double numbers[NAIVE_MOST];

static void forward_one(const op_trials *row, bench *b, const char *name) {
    bl_shape s = twin(row, b, NULL, numbers);
    bool same = s.rank == b->plan.out.shape.rank;
    for (int i = 0; same && i < s.rank; i++) same = s.dim[i] == b->plan.out.shape.dim[i];
    if (!same) fail_msg("%s: another shape than the twin's", name);
    bl_real *out;
    bench_forward(b, b->in, false, &out, NULL);
    double far = distance(out, numbers, b->out_count);
    if (!(far <= forward_limit)) fail_msg("%s: %g from the twin", name, far);
    free(out);
}
void check_forward(void **state) {
    (void)state;
    each(TRIALS, forward_one);
}

/* A signal to send back, and the gradients it gives. */
static bl_real *draw_signal(const bench *b, uint64_t seed) {
    dice d = {seed};
    bl_real *signal = copy_of(NULL, b->out_count);
    for (size_t i = 0; i < b->out_count; i++) signal[i] = (bl_real)(float)spread(&d, -1, 1);
    return signal;
}

typedef struct {
    bl_real *out, *signal, *gradient[TRIAL_INPUTS];
    void *aux;
} passed;

/* Forward, then backward to the inputs of the set, each into memory full of NaN. */
static passed pass(const op_trials *row, const bench *b, unsigned set) {
    passed p = {.signal = draw_signal(b, 5)};
    static const bool write[TRIAL_INPUTS] = {false};
    bench_forward(b, b->in, false, &p.out, &p.aux);
    for (int i = 0; i < b->t->n_in; i++)
        if ((set >> i & 1) && has_gradient(row, b, i)) {
            p.gradient[i] = copy_of(NULL, b->counts[i]);
            for (size_t k = 0; k < b->counts[i]; k++) p.gradient[i][k] = (bl_real)NAN;
        }
    bench_backward(b, (const bl_real *const *)b->in, p.out, p.aux, p.signal, p.gradient, write, BL_RULE_PLAIN);
    return p;
}

static void passed_free(passed *p) {
    free(p->out);
    free(p->signal);
    free(p->aux);
    for (int i = 0; i < TRIAL_INPUTS; i++) free(p->gradient[i]);
}

/* Σ signal·result at these inputs, in double: through the operator itself where it computes in double, else its twin.
 */
static double objective(const op_trials *row, const bench *b, double *const *in, const bl_real *signal) {
    double sum = 0;
#if defined(BL_DOUBLE)
    bl_real *out;
    (void)row;
    bench_forward(b, in, false, &out, NULL);
    for (size_t k = 0; k < b->out_count; k++) sum += signal[k] * out[k];
    free(out);
#else
    twin(row, b, in, numbers);
    for (size_t k = 0; k < b->out_count; k++) sum += (double)signal[k] * numbers[k];
#endif
    return sum;
}

/* The central difference along one number; false when a kink lies too near. */
static bool difference(const op_trials *row, const bench *b, double *const *in, double *x, const bl_real *signal,
                       double *slope) {
    double at = *x, middle = objective(row, b, in, signal);
    for (double h = TOL_DIFFERENCE_STEP * fmax(1, fabs(at)); h >= TOL_DIFFERENCE_STEP_LEAST; h /= 4) {
        *x = at + h;
        double above = objective(row, b, in, signal);
        *x = at - h;
        double below = objective(row, b, in, signal);
        *x = at;
        *slope = (above - below) / (2 * h);
        /* On a smooth piece the two halves differ by h·f″, on a kink by the bend. */
        if (fabs((above - middle) - (middle - below)) / h <= 1e-3 * fmax(1, fabs(*slope))) return true;
    }
    return false;
}

static int tried, skipped;

static void gradients_one(const op_trials *row, bench *b, const char *name) {
    passed p = pass(row, b, ~0u);
    double *in[TRIAL_INPUTS] = {0};
    for (int i = 0; i < b->t->n_in; i++)
        if (b->in[i]) {
            in[i] = malloc(b->counts[i] * sizeof(double) + 1);
            for (size_t k = 0; k < b->counts[i]; k++) in[i][k] = (double)b->in[i][k];
        }
    for (int i = 0; i < b->t->n_in; i++) {
        if (!p.gradient[i]) continue;
        double largest = 0;
        for (size_t k = 0; k < b->counts[i]; k++) largest = fmax(largest, fabs((double)p.gradient[i][k]));
        for (size_t k = 0; k < b->counts[i]; k += 1 + b->counts[i] / 200) {
            double slope, got = (double)p.gradient[i][k];
            tried++;
            if (!difference(row, b, in, &in[i][k], p.signal, &slope)) {
                skipped++;
                continue;
            }
            if (!isfinite(got)) fail_msg("%s: gradient of input %d, element %zu is %g", name, i, k, got);
#if defined(BL_DOUBLE)
            double scale =
                fmax(fmax(fabs(got), fabs(slope)), fmax(TOL_DIFFERENCE_FLOOR * largest, TOL_DIFFERENCE_LEAST));
#else
            double scale = fmax(fmax(largest, fabs(slope)), TOL_DIFFERENCE_LEAST_FLOAT);
#endif
            if (!(fabs(got - slope) <= gradient_limit * scale + TOL_DIFFERENCE_NOISE))
                fail_msg("%s: gradient of input %d, element %zu: %.12g, difference %.12g", name, i, k, got, slope);
        }
    }
    for (int i = 0; i < TRIAL_INPUTS; i++) free(in[i]);
    passed_free(&p);
}
void check_gradients(void **state) {
    (void)state;
    tried = skipped = 0;
    each(GRADIENT_TRIALS, gradients_one);
    assert_true(tried > 5000);
    if (skipped > TOL_KINKS * tried) fail_msg("%d of %d differences on kinks", skipped, tried);
}

/* A·v is f(x+v) − f(x−v) over 2, so that a constant part falls out. */
static void adjoint_one(const op_trials *row, bench *b, const char *name) {
    passed p = pass(row, b, row->linear);
    for (int i = 0; i < b->t->n_in; i++) {
        if (!p.gradient[i] || !(row->linear >> i & 1)) continue;
        dice d = {77};
        bl_real *in[2][TRIAL_INPUTS], *out[2], *v = copy_of(NULL, b->counts[i]);
        double left = 0, right = 0, a2 = 0, r2 = 0;
        for (size_t k = 0; k < b->counts[i]; k++) v[k] = (bl_real)(float)spread(&d, -1, 1);
        for (int side = 0; side < 2; side++) {
            memcpy(in[side], b->in, sizeof b->in);
            in[side][i] = copy_of(v, b->counts[i]);
            if (side)
                for (size_t k = 0; k < b->counts[i]; k++) in[side][i][k] = -v[k];
            bench_forward(b, in[side], false, &out[side], NULL);
            free(in[side][i]);
        }
        for (size_t k = 0; k < b->out_count; k++) {
            double y = ((double)out[0][k] - (double)out[1][k]) / 2;
            left += y * (double)p.signal[k];
            a2 += y * y + (double)out[0][k] * (double)out[0][k]; /* with the constant part: it rounds as well */
            r2 += (double)p.signal[k] * (double)p.signal[k];
        }
        for (size_t k = 0; k < b->counts[i]; k++) right += (double)v[k] * (double)p.gradient[i][k];
        if (!(fabs(left - right) <= adjoint_limit * sqrt(a2 * r2)))
            fail_msg("%s: input %d: %.12g forwards, %.12g backwards", name, i, left, right);
        free(v);
        free(out[0]);
        free(out[1]);
    }
    passed_free(&p);
}
void check_adjoint(void **state) {
    (void)state;
    each(TRIALS, adjoint_one);
}

static void expect_bits(const bl_real *a, const bl_real *b, size_t n, const char *name, const char *what, int i) {
    if (memcmp(a, b, n * sizeof *a)) fail_msg("%s: %s, input %d: other bits", name, what, i);
}

static void add_one(const op_trials *row, bench *b, const char *name) {
    passed whole = pass(row, b, ~0u);
    for (unsigned set = 1; set < 1u << b->t->n_in; set++) {
        passed some = pass(row, b, set);
        for (int i = 0; i < b->t->n_in; i++)
            if (some.gradient[i])
                expect_bits(some.gradient[i], whole.gradient[i], b->counts[i], name, "gradients not all wanted", i);
        passed_free(&some);
    }
    /* Added to what is there: within the rounding of the two terms, and not written. */
    bl_real *gradient[TRIAL_INPUTS] = {0};
    static const bool add[TRIAL_INPUTS] = {true, true, true, true, true};
    const bl_real there = 3;
    for (int i = 0; i < b->t->n_in; i++) {
        if (!whole.gradient[i]) continue;
        gradient[i] = copy_of(NULL, b->counts[i]);
        for (size_t k = 0; k < b->counts[i]; k++) gradient[i][k] = there;
    }
    bench_backward(b, (const bl_real *const *)b->in, whole.out, whole.aux, whole.signal, gradient, add, BL_RULE_PLAIN);
    for (int i = 0; i < b->t->n_in; i++) {
        double largest = (double)there;
        for (size_t k = 0; gradient[i] && k < b->counts[i]; k++)
            largest = fmax(largest, fabs((double)whole.gradient[i][k]));
        for (size_t k = 0; gradient[i] && k < b->counts[i]; k++) {
            double far = (double)gradient[i][k] - (double)there - (double)whole.gradient[i][k];
            if (!(fabs(far) <= forward_limit * largest)) fail_msg("%s: added to input %d: %g off", name, i, far);
        }
        free(gradient[i]);
    }
    passed_free(&whole);
}
void check_add(void **state) {
    (void)state;
    each(TRIALS, add_one);
}

/* Backward to input i alone, with everything it does not declare as read poisoned, then absent. */
static void reads_one(const op_trials *row, bench *b, const char *name) {
    passed p = pass(row, b, ~0u);
    static const bool write[TRIAL_INPUTS] = {false};
    for (int i = 0; i < b->t->n_in; i++) {
        if (!p.gradient[i]) continue;
        uint8_t reads = b->op->reads[i < 4 ? i : 4];
        for (int absent = 0; absent < 2; absent++) {
            const bl_real *in[TRIAL_INPUTS] = {0};
            bl_real *gradient[TRIAL_INPUTS] = {0}, *poison[TRIAL_INPUTS] = {0}, *out = p.out, *bad_out = NULL;
            for (int k = 0; k < b->t->n_in; k++) {
                in[k] = b->in[k];
                if (!b->in[k] || (reads >> k & 1)) continue;
                poison[k] = copy_of(NULL, b->counts[k]);
                for (size_t q = 0; q < b->counts[k]; q++) poison[k][q] = (bl_real)NAN;
                in[k] = absent ? NULL : poison[k];
            }
            if (!(reads & BL_READS_OUT)) {
                bad_out = copy_of(NULL, b->out_count);
                for (size_t q = 0; q < b->out_count; q++) bad_out[q] = (bl_real)NAN;
                out = absent ? NULL : bad_out;
            }
            gradient[i] = copy_of(NULL, b->counts[i]);
            bench_backward(b, in, out, p.aux, p.signal, gradient, write, BL_RULE_PLAIN);
            expect_bits(gradient[i], p.gradient[i], b->counts[i], name, absent ? "not there" : "poisoned", i);
            free(gradient[i]);
            free(bad_out);
            for (int k = 0; k < TRIAL_INPUTS; k++) free(poison[k]);
        }
    }
    passed_free(&p);
}
void check_reads(void **state) {
    (void)state;
    each(TRIALS, reads_one);
}

static void batch_one(const op_trials *row, bench *b, const char *name) {
    passed whole = pass(row, b, b->t->batched);
    bl_real *apart;
    if (b->op->in_place && b->in[0] && b->counts[0] == b->out_count) {
        bench_forward(b, b->in, true, &apart, NULL);
        expect_bits(apart, whole.out, b->out_count, name, "in place", 0);
        free(apart);
    }
    int batch = b->t->in[0].shape.rank ? b->t->in[0].shape.dim[0] : 1;
    for (int one = 0; b->t->batched && batch > 1 && one < batch; one++) {
        trial t = *b->t;
        bench single;
        for (int i = 0; i < t.n_in; i++)
            if (t.batched >> i & 1) t.in[i].shape.dim[0] = 1;
        if (bench_open(&single, &t, 1)) fail_msg("%s alone: %s", name, single.error.message);
        for (int i = 0; i < t.n_in; i++) {
            if (!single.in[i]) continue;
            size_t n = single.counts[i];
            memcpy(single.in[i], b->in[i] + (t.batched >> i & 1 ? n * (size_t)one : 0), n * sizeof(bl_real));
        }
        /* Constants are read when the plan is made: make it again with them in. */
        bl_real *out, *gradient[TRIAL_INPUTS] = {0};
        void *aux;
        static const bool write[TRIAL_INPUTS] = {false};
        bl_op_plan again = single.plan;
        if (single.op->plan(&again)) fail_msg("%s alone: %s", name, single.error.message);
        single.plan.params = again.params;
        bench_forward(&single, single.in, false, &out, &aux);
        expect_bits(out, whole.out + single.out_count * (size_t)one, single.out_count, name, "batch", 0);
        for (int i = 0; i < t.n_in; i++)
            if (whole.gradient[i]) gradient[i] = copy_of(NULL, single.counts[i]);
        bench_backward(&single, (const bl_real *const *)single.in, out, aux,
                       whole.signal + single.out_count * (size_t)one, gradient, write, BL_RULE_PLAIN);
        for (int i = 0; i < t.n_in; i++)
            if (gradient[i]) {
                expect_bits(gradient[i], whole.gradient[i] + single.counts[i] * (size_t)one, single.counts[i], name,
                            "batch back", i);
                free(gradient[i]);
            }
        free(out);
        free(aux);
        bench_close(&single);
    }
    passed_free(&whole);
}
void check_batch(void **state) {
    (void)state;
    each(TRIALS, batch_one);
}

static void nan_one(const op_trials *row, bench *b, const char *name) {
    for (int i = 0; i < b->t->n_in; i++) {
        if (!has_gradient(row, b, i)) continue;
        dice d = {(uint64_t)i + 3};
        size_t at = (size_t)roll(&d, 0, (int)b->counts[i] - 1);
        bl_real kept = b->in[i][at], *out;
        b->in[i][at] = (bl_real)NAN;
        twin(row, b, NULL, numbers);
        bench_forward(b, b->in, false, &out, NULL);
        for (size_t k = 0; k < b->out_count; k++)
            if (isnan(numbers[k]) && !isnan(out[k])) fail_msg("%s: the NaN of input %d is lost", name, i);
        b->in[i][at] = kept;
        free(out);
    }
}
void check_nan(void **state) {
    (void)state;
    each(TRIALS, nan_one);
}

/* What an explanation says, added up, and whether every term is what it says it is. */
typedef struct {
    bl_explain say;
    const bench *b;
    const passed *p;
    double sum, size;
    size_t cells, taken;
    const char *wrong;
} adder;

static void adder_layout(bl_explain *e, bl_form form, size_t groups, size_t rows, size_t columns) {
    adder *a = (adder *)e;
    (void)form;
    a->cells = groups * rows * columns;
}

static double element(const adder *a, int operand, size_t index) {
    size_t n = operand == BL_SIGNAL ? a->b->out_count : a->b->counts[operand];
    return index >= n ? (double)NAN : (double)(operand == BL_SIGNAL ? a->p->signal : a->b->in[operand])[index];
}

static void adder_take(bl_explain *e, const bl_term *t) {
    adder *a = (adder *)e;
    a->taken += t->role == BL_TERM_PRODUCT || t->role == BL_TERM_EMPTY;
    if (t->role != BL_TERM_ASIDE) {
        a->sum += t->product;
        a->size += fabs(t->product);
    }
    if (t->role != BL_TERM_EMPTY && t->operand != BL_NO_OPERAND && t->value != element(a, t->operand, t->index))
        a->wrong = "a value is not the operand's";
    if (t->role == BL_TERM_EMPTY && t->operand != BL_NO_OPERAND && isnan(element(a, t->operand, t->index)))
        a->wrong = "an empty cell lies beside nothing";
    if (t->factor_operand != BL_NO_OPERAND && isnan(element(a, t->factor_operand, t->factor_index)))
        a->wrong = "a factor comes from nowhere";
}

static void explain_numbers(const bench *b, const passed *p, int of, const bl_real *numbers_there, size_t n,
                            const char *name) {
    bl_op_run r = {.params = b->plan.params,
                   .n_in = b->t->n_in,
                   .in_shape = b->shapes,
                   .in = (const bl_real *const *)b->in,
                   .out_shape = b->plan.out.shape,
                   .out = p->out,
                   .aux = p->aux,
                   .grad_out = of < 0 ? NULL : p->signal};
    double largest = 0;
    for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs((double)numbers_there[k]));
    for (size_t k = 0; k < n; k += 1 + n / 40) {
        adder a = {.say = {adder_layout, adder_take}, .b = b, .p = p};
        b->op->explain(&r, of, k, &a.say);
        double far = fabs(a.sum - (double)numbers_there[k]);
        if (!(far <= TOL_EXPLAIN * fmax(a.size, largest)))
            fail_msg("%s: number %zu of %d is %.9g, its terms add up to %.9g", name, k, of, (double)numbers_there[k],
                     a.sum);
        if (a.taken != a.cells)
            fail_msg("%s: number %zu of %d has %zu cells, %zu were told", name, k, of, a.taken, a.cells);
        if (a.wrong) fail_msg("%s: number %zu of %d: %s", name, k, of, a.wrong);
    }
}

static void explain_one(const op_trials *row, bench *b, const char *name) {
    if (!b->op->explain) fail_msg("%s: it cannot say how its numbers come about", name);
    passed p = pass(row, b, ~0u);
    explain_numbers(b, &p, -1, p.out, b->out_count, name);
    for (int i = 0; i < b->t->n_in; i++)
        if (p.gradient[i] && (b->op->explains >> (i < 4 ? i : 4) & 1))
            explain_numbers(b, &p, i, p.gradient[i], b->counts[i], name);
    passed_free(&p);
}
void check_explain(void **state) {
    (void)state;
    each(GRADIENT_TRIALS, explain_one);
}
