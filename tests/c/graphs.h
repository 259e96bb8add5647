/* Small networks for the tests of core, made by hand or at random. A helper of both test builds. */
#ifndef BL_TEST_GRAPHS_H
#define BL_TEST_GRAPHS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/core.h"

/* Fails the test with the error's own words. */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        bl_error ok_error = {0}, *error = &ok_error;                                                                   \
        if ((call) != BL_OK) fail_msg("%s: %s (%s)", #call, ok_error.message, ok_error.hint);                          \
    } while (0)
/* The call must fail with that code and a message that holds `part`. */
#define FAILS(code_, part, call)                                                                                       \
    do {                                                                                                               \
        bl_error fails_error = {0}, *error = &fails_error;                                                             \
        if ((call) != (code_)) fail_msg("%s: not %s", #call, #code_);                                                  \
        graph_holds(&fails_error, part);                                                                               \
    } while (0)
void graph_holds(const bl_error *error, const char *part);

bl_model *graph_new(int channels, int height, int width); /* input "x" */
/* attrs: "strides=2,2 alpha=0.5 auto_pad=VALID"; inputs: names separated by spaces, "-" where absent. Returns the
 * value. */
bl_status graph_try_node(bl_model *m, const char *op, const char *out, const char *inputs, const char *attrs,
                         bl_error *error);
int graph_node(bl_model *m, const char *op, const char *out, const char *inputs, const char *attrs);
/* A constant of random normal numbers × scale + shift (counted by the name), dims "4,3,3,3". */
int graph_constant(bl_model *m, const char *name, const char *dims, double scale, double shift);
/* Convolution with weights NAME_w and bias NAME_b of its own; `channels` in. */
int graph_conv(bl_model *m, const char *out, const char *in, int channels, int out_channels, int kernel,
               const char *attrs);
int graph_dense(bl_model *m, const char *out, const char *in, int inputs, int outputs);
bl_model *graph_seal(bl_model *m, const char *output);

/* conv, relu, pool, conv, relu, residual add, pool, flatten, dropout, dense, softmax; 12×10 pictures of 3 channels. */
bl_model *graph_classic(void);
/* A random graph of up to `nodes` nodes on 9×7 pictures, fully convolutional, with fan-out and joins. */
bl_model *graph_random(uint64_t seed, int nodes);

void graph_fill(bl_real *x, size_t n, uint64_t seed);
/* A plan and a run of it with a random input for the picture numbers first … first+batch−1. Frees both. */
typedef struct {
    bl_plan *plan;
    bl_run *run;
} graph_running;
graph_running graph_start(const bl_model *m, const bl_wants *wants, uint64_t first);
void graph_stop(graph_running *g);

#endif
