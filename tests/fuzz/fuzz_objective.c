/* Any text as an objective (first line) and as interventions (the rest), on a small network. */
#include "network.h"

static const char network[] =
    "input x 3x8x8\nlabels cat; red panda; dog\n"
    "conv1 = conv x 4 3x3 pad 1\n\"a/relu 1\" = relu conv1\npool = maxpool \"a/relu 1\" 2x2 stride 2\n"
    "flat = flatten pool\nscores = dense flat 3\nprob = softmax scores\n";

/* Made once; interventions are taken back after each input. */
static bl_model *model;
static bl_plan *plan;
static bl_run *run;

static void set_up(void) {
    bl_error error = {0};
    bl_wants wants = BL_WANTS;
    wants.observe_all = wants.gradient_all = true;
    int seeds[64];
    must(bl_nettext_read(network, sizeof network - 1, 1, &model, &error) == BL_OK, "network", &error);
    for (int i = 0; i < model->n_nodes; i++) seeds[i] = model->nodes[i].out;
    wants.seeds = seeds;
    wants.n_seeds = model->n_nodes;
    must(bl_plan_new(model, &wants, &plan, &error) == BL_OK, "plan", &error);
    must(bl_run_new(plan, &run, &error) == BL_OK, "run", &error);
    for (int i = 0; i < 3 * 64; i++) bl_run_input(run)[i] = (bl_real)(i % 17) / 16;
}

static void try_objective(const char *text) {
    bl_error error = {0};
    bl_objective o, again;
    char canonical[4096], second[4096];
    double value;
    if (bl_objective_parse(model, text, &o, &error) != BL_OK) {
        must(error.message[0] != 0, "a refusal without a word", NULL);
        return;
    }
    bl_objective_text(model, &o, canonical, sizeof canonical);
    must(bl_objective_parse(model, canonical, &again, &error) == BL_OK, canonical, &error);
    bl_objective_text(model, &again, second, sizeof second);
    must(!strcmp(canonical, second), "the canonical text has another canonical text", NULL);
    if (bl_objective_value(run, &o, &value, &error) == BL_OK) (void)bl_objective_backward(run, &o, NULL, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bl_error error = {0};
    if (!run) set_up();
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = 0;
    char *rest = strchr(text, '\n');
    if (rest) *rest++ = 0;
    if (rest && bl_run_intervene(run, rest, NULL, &error) != BL_OK)
        must(error.message[0] != 0, "a refusal without a word", NULL);
    (void)bl_run_forward(run, &error);
    try_objective(text);
    must(bl_run_intervene(run, "", NULL, &error) == BL_OK, "interventions cannot be taken back", &error);
    free(text);
    return 0;
}
