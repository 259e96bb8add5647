/* backlight profile: where the time of a network's passes goes, layer by layer. */
#define _POSIX_C_SOURCE 200809L
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void speed(double macs, double ms, char out[16]) {
    out[0] = 0;
    if (macs > 0 && ms > 0) snprintf(out, 16, "%.1f", 2e-6 * macs / ms);
}

static void as_table(const bl_model *m, const bl_plan *plan, const bl_profile_row *rows, bool backward, bl_text *t) {
    double sums[2] = {0, 0};
    char gflops[2][16];
    for (int k = 0; k < m->n_nodes; k++) sums[0] += rows[k].forward, sums[1] += rows[k].backward;
    bl_text_add(t, "%-20s %-16s %10s %9s %-22s", "value", "operator", "forward ms", "GFLOP/s", "by");
    bl_text_add(t, backward ? " %11s %9s %s\n" : "\n", "backward ms", "GFLOP/s", "by");
    for (int k = 0; k < m->n_nodes; k++) {
        int out = m->nodes[k].out, fused = bl_plan_fused(plan, k);
        if (!bl_plan_has(plan, out)) continue;
        const char *by = bl_plan_kernel(plan, k, false), *back = bl_plan_kernel(plan, k, true);
        double macs = bl_plan_node_macs(plan, k);
        speed(macs, rows[k].forward, gflops[0]);
        speed(macs, rows[k].backward, gflops[1]);
        bl_text_add(t, "%-20s %-16s %10.3f %9s %-22s", m->values[out].name, m->nodes[k].op->name, rows[k].forward,
                    gflops[0],
                    fused >= 0 ? "with the one before"
                    : by       ? by
                               : "");
        if (backward) bl_text_add(t, " %11.3f %9s %s", rows[k].backward, gflops[1], back ? back : "");
        bl_text_add(t, "\n");
    }
    bl_text_add(t, "\nforward %.3f ms", sums[0]);
    if (backward) bl_text_add(t, ", backward to the input %.3f ms", sums[1]);
    bl_text_add(t, "; %.0f multiply-adds, %zu bytes\n", bl_plan_macs(plan), bl_plan_bytes(plan));
}

static bl_status measure(bl_model *m, bl_wants *wants, int passes, const bl_objective *objective, bl_plan **plan,
                         bl_run **run, bl_profile_row *rows, bl_error *error) {
    BL_TRY(bl_plan_new(m, wants, plan, error));
    BL_TRY(bl_run_new(*plan, run, error));
    bl_shape s = bl_plan_shape(*plan, m->input);
    bl_random_normals(&(bl_random){1, BL_STREAM_TEST, 0, 0}, 0, bl_count(&s), bl_run_input(*run));
    return bl_profile(*run, objective, passes, seconds, rows, error);
}

static int profile(const bl_arguments *a) {
    int64_t passes = 20, height = 0, width = 0;
    if (!bl_option_integer(a, "passes", 1, 1000, &passes) ||
        !bl_option_integer(a, "height", 1, BL_PICTURE_MAX_SIDE, &height) ||
        !bl_option_integer(a, "width", 1, BL_PICTURE_MAX_SIDE, &width))
        return BL_EXIT_USAGE;
    bool backward = !bl_option_given(a, "forward");
    bl_error error = {0};
    bl_model *m = NULL;
    bl_plan *plan = NULL;
    bl_run *run = NULL;
    bl_profile_row *rows = NULL;
    bl_objective objective;
    bl_status status = bl_open_model(a, a->arguments[0], &m, &error);
    if (status == BL_OK) status = bl_objective_parse(m, "class:0", &objective, &error);
    if (status == BL_OK) {
        bl_wants wants = BL_WANTS;
        wants.height = (int32_t)height, wants.width = (int32_t)width;
        wants.gradients = &m->input;
        wants.n_gradients = backward;
        rows = calloc((size_t)m->n_nodes + 1, sizeof *rows);
        status = rows ? measure(m, &wants, (int)passes, backward ? &objective : NULL, &plan, &run, rows, &error)
                      : bl_fail(&error, BL_MEMORY, "there is no memory for the times");
    }
    int code;
    if (status == BL_OK) {
        bl_text t = {0};
        if (bl_option_given(a, "json")) {
            bl_json_open(&t, NULL, '{');
            bl_json_integer(&t, "schema", 1);
            bl_json_integer(&t, "passes", passes);
            bl_profile_json(plan, "nodes", rows, &t);
            bl_json_close(&t, '}');
            bl_text_add(&t, "\n");
        } else {
            as_table(m, plan, rows, backward, &t);
        }
        code = bl_print(&t);
    } else {
        code = bl_report(a, &error);
    }
    free(rows);
    bl_run_free(run);
    bl_plan_free(plan);
    bl_model_free(m);
    return code;
}

static const bl_option options[] = {
    {"passes", "N", "how often each pass is repeated (default: 20); means of the faster half are shown"},
    {"forward", NULL, "no backward pass to the input"},
    {"height", "N", "plan for this input height (default: as the file says)"},
    {"width", "N", "and this width"},
    {"json", NULL, "as JSON"},
    BL_MODEL_OPTIONS,
    {0}};
const bl_command bl_command_profile = {"profile", "show the time of every layer, forward and backward",
                                       "MODEL",   "  backlight profile models/tiny-vgg.onnx\n",
                                       options,   1,
                                       1,         profile};
