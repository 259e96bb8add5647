/* Layer-wise relevance propagation: the score itself is sent back and divided, layer by layer, among what made it. The
 * rules are the core's; which layer takes which is chosen here. */
#include <math.h>

#include "methods/attribution.h"

typedef struct {
    bl_subject subject;
    int *nodes; /* with rules of their own … */
    bl_rule *rules;
    int n;
    bl_result *map, *facts;
} state;

/* Which values are the picture still, as it came or under another shape? They know the bounds of their numbers. */
static bool is_picture(const bl_model *m, int value) {
    while (value >= 0 && value != m->input) {
        int node = m->values[value].producer;
        if (node < 0 || m->nodes[node].op->forward) return false;
        value = m->nodes[node].in[0];
    }
    return value >= 0;
}

/* The first layers with weights on any way from the picture take the input's rule, convolutions theirs; all others
 * epsilon's. Of a plan that begins behind the picture's own numbers the box is not known: squares of weights. */
static bl_status choose(bl_job *job) {
    static const bl_rule convolution[] = {BL_RULE_GAMMA, BL_RULE_PLUS, BL_RULE_ALPHA_BETA, BL_RULE_EPSILON},
                         input[] = {BL_RULE_BOX, BL_RULE_FLAT, BL_RULE_SQUARE, BL_RULE_EPSILON};
    state *s = job->state;
    const bl_model *m = job->model;
    bool *behind = bl_arena_take_array(&job->arena, (size_t)m->n_values, sizeof *behind), moved = false;
    s->nodes = bl_arena_take_array(&job->arena, (size_t)m->n_nodes + 1, sizeof *s->nodes);
    s->rules = bl_arena_take_array(&job->arena, (size_t)m->n_nodes + 1, sizeof *s->rules);
    if (!behind || !s->nodes || !s->rules) return bl_no_room(job);
    int of_input = bl_job_integer(job, "input"), last = 3;
    for (int k = 0; k < m->n_nodes; k++) {
        const bl_node *node = &m->nodes[k];
        bool has_weights = node->op->shares == BL_SHARES_WEIGHTED, is_conv = has_weights && node->op->finishes;
        for (int i = 0; i < node->n_in; i++) behind[node->out] |= node->in[i] >= 0 && behind[node->in[i]];
        if (!has_weights) continue;
        bl_rule rule = is_conv ? convolution[bl_job_integer(job, "rule")] : BL_RULE_EPSILON;
        if (!behind[node->out] && of_input != last) {
            rule = input[of_input];
            if (rule == BL_RULE_BOX && !is_picture(m, node->in[0])) rule = BL_RULE_SQUARE, moved = true;
        }
        behind[node->out] = true;
        s->nodes[s->n] = k, s->rules[s->n++] = rule;
    }
    if (moved)
        bl_job_note(job, "The network changes the picture before its first layer, where bounds are not known then: "
                         "squares of weights divide there.");
    return BL_OK;
}

static bl_status start(bl_job *job) {
    state *s = job->state;
    s->subject.rules = BL_RULES_RELEVANCE;
    BL_TRY(bl_subject_start(job, &s->subject, false, -1, job->model->input));
    BL_TRY(choose(job));
    bl_job_phase(job, "forward and back", 1);
    return bl_map_and_facts(job, &s->subject, "relevance", "share in the score", &s->map, &s->facts);
}

/* What is sent back: the objective's derivative by each number of its layers, times that number. */
static bl_status sent(bl_job *job, double *sum) {
    const bl_subject *s = &((state *)job->state)->subject;
    int values[16], n = bl_objective_seeds(&job->objective, values);
    *sum = 0;
    for (int i = 0; i < n; i++) {
        const bl_real *v = bl_run_value(s->run, values[i]);
        bl_shape shape = bl_plan_shape(bl_run_plan(s->run), values[i]);
        for (size_t k = 0, count = bl_count(&shape); k < count; k++) {
            double seed = 0;
            BL_TRY(bl_objective_seed(s->run, &job->objective, values[i], k, &seed, job->error));
            *sum += seed * (double)v[k];
        }
    }
    return BL_OK;
}

static bl_status step(bl_job *job, int phase, int number) {
    (void)phase, (void)number;
    state *s = job->state;
    const bl_subject *subject = &s->subject;
    const bl_model *m = job->model;
    double first, sum = 0;
    BL_TRY(bl_subject_look(job, &s->subject));
    BL_TRY(sent(job, &first));
    bl_pass pass = {.rule = BL_RULE_EPSILON, .nodes = s->nodes, .rules = s->rules, .n_nodes = s->n};
    pass.relevance.epsilon = bl_job_number(job, "epsilon"), pass.relevance.gamma = bl_job_number(job, "gamma");
    pass.relevance.alpha = bl_job_number(job, "alpha");
    for (int c = 0; c < 4; c++)
        pass.relevance.low[c] = -m->mean[c] / m->std[c], pass.relevance.high[c] = (1 - m->mean[c]) / m->std[c];
    BL_TRY(bl_job_backward_by(job, subject->run, &job->objective, &pass));
    bl_reduce(m, bl_run_gradient(subject->run, m->input), BL_REDUCE_SIGNED, 0, subject->pixels, s->map->data);
    for (size_t i = 0; i < subject->pixels; i++) sum += (double)s->map->data[i];
    if (!isfinite(sum)) {
        bl_fail(job->error, BL_NOT_A_NUMBER, "relevance grows beyond all numbers on its way back");
        return bl_hint(job->error, BL_NOT_A_NUMBER, "Take a larger epsilon.");
    }
    bl_map_show(job, s->map, true, "");
    bl_facts_open(job, s->facts, subject);
    bl_table_number(s->facts, "sent", "sent back", first, "");
    bl_table_number(s->facts, "sum", "the map adds up to", sum, "");
    if (first != 0)
        bl_table_number(s->facts, "kept", "of it arrives; biases and epsilon keep the rest", 100 * sum / first, "%");
    if (first < 0)
        bl_job_note(job, "What is sent back is negative: positive shares speak against it, negative ones for it.");
    bl_facts_largest(job, s->facts, s->map);
    bl_table_close(s->facts);
    return BL_OK;
}

static const bl_param params[] = {
    {.name = "rule",
     .title = "convolutions by",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "gamma plus alpha-beta epsilon",
     .meaning = "Favour positive products by gamma, take these alone (z⁺), weigh both apart, or all as they are. Dense "
                "layers and sums take epsilon's."},
    {.name = "input",
     .title = "first layer by",
     .type = BL_PARAM_CHOICE,
     .unit = "",
     .choices = "box flat square same",
     .meaning = "Against the darkest and brightest picture there can be (zᴮ), equally, by squares of weights (w²), or "
                "like the layers after it."},
    {.name = "gamma",
     .title = "γ",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 0,
     .most = 1000,
     .otherwise = 0.25,
     .meaning = "How far positive products are favoured: 0 not at all, large ones like z⁺."},
    {.name = "alpha",
     .title = "α",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 1,
     .most = 10,
     .otherwise = 2,
     .meaning = "What positive products get of α−β; negative ones take β = α − 1 away."},
    {.name = "epsilon",
     .title = "ε",
     .type = BL_PARAM_NUMBER,
     .unit = "",
     .least = 1e-9,
     .most = 1,
     .otherwise = 1e-6,
     .logarithmic = true,
     .meaning = "Keeps sums away from 0; large ones swallow weak and contradictory shares."},
    BL_PERCENTILE_ROW,
};

const bl_method bl_method_lrp = {
    .id = "lrp",
    .family = "attribution",
    .title = "Layer-wise relevance propagation",
    .purpose = "The score sent back and divided, layer by layer, among what made it",
    .inputs = bl_explained_picture,
    .n_inputs = 1,
    .objectives = BL_EVERY_OBJECTIVE,
    .objective = "class",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .cost = "1 F + 2 to 4 (F + B)",
    .formula = BL_LATEX("R_j = \\sum_k \\frac{a_j\\, \\rho(w_{jk})}{\\epsilon + \\sum_i a_i\\, \\rho(w_{ik})} R_k"),
    .caution = "Rules that favour positive products largely forget the later layers: maps of different classes come to "
               "look alike (Sixt, Granz and Landgraf 2020).",
    .source = "Bach et al. 2015, On Pixel-wise Explanations; Montavon et al. 2019, Layer-wise Relevance Propagation: "
              "An Overview; Kohlbrenner et al. 2020",
    .state = sizeof(state),
    .start = start,
    .step = step,
};
