/* What the fuzzers do with a network that was accepted: plan it within a small limit, run it both ways if it is small,
 * and look whether what is written can be read again. */
#ifndef BL_FUZZ_NETWORK_H
#define BL_FUZZ_NETWORK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/onnx.h"

enum { OPEN_SIZE = 20, LIMIT_BYTES = 64 << 20, LIMIT_MACS = 2000000 };

/* An error must say something; a finding otherwise. */
static inline void must(bool good, const char *what, const bl_error *error) {
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, error ? error->message : "");
    abort();
}

static inline void run_both_ways(const bl_model *model, int last) {
    bl_error error = {0};
    bl_plan *plan;
    bl_run *run;
    bl_wants wants = BL_WANTS;
    wants.last = last;
    wants.height = model->input_h > 0 ? model->input_h : OPEN_SIZE;
    wants.width = model->input_w > 0 ? model->input_w : OPEN_SIZE;
    wants.gradients = &model->input;
    wants.n_gradients = 1;
    wants.limit = LIMIT_BYTES;
    if (bl_plan_new(model, &wants, &plan, &error) != BL_OK) {
        must(error.message[0] != 0, "a plan failed without a word", NULL);
        return;
    }
    must(bl_plan_bytes(plan) <= LIMIT_BYTES, "a plan over its limit", NULL);
    if (bl_plan_macs(plan) <= LIMIT_MACS && bl_run_new(plan, &run, &error) == BL_OK) {
        int end = last < 0 ? model->output : last;
        bl_shape x = bl_plan_shape(plan, model->input);
        bl_real *input = bl_run_input(run);
        for (size_t i = 0; i < bl_count(&x); i++) input[i] = (bl_real)((int)(i * 7 % 31) - 15) / 16;
        bl_seed seed = {.value = end, .index = 0, .weight = 1};
        bl_shape y = bl_plan_shape(plan, end);
        if (bl_run_forward(run, &error) == BL_OK && bl_count(&y) > 0)
            (void)bl_run_backward(run, &seed, 1, NULL, &error);
        bl_run_free(run);
    }
    bl_plan_free(plan);
}

static inline void use_network(const bl_model *model) {
    run_both_ways(model, -1);
    if (model->n_nodes > 1) run_both_ways(model, model->nodes[model->n_nodes / 2].out);
}

/* A file of our own writing must be readable, and have no node more. It may have fewer: what was folded when the first
 * file was opened counts as a weight of the second, from which more may be folded. */
static inline void write_and_read(const bl_model *model, bool half) {
    bl_text text = {0};
    bl_error error = {0};
    bl_model *again;
    bl_write_options options = {.half = half};
    if (bl_onnx_write(model, &options, &text, &error) == BL_OK) {
        bl_bytes bytes = {(const uint8_t *)text.data, text.length};
        bl_source source = bl_source_memory(&bytes);
        bl_status status = bl_onnx_read(&source, &(bl_open_options){.keep_batchnorm = true}, &again, &error);
        must(status == BL_OK, "a written file cannot be read", &error);
        must(again->n_nodes <= model->n_nodes, "a written file has more nodes", NULL);
        bl_model_free(again);
    }
    bl_text_free(&text);
}

#endif
