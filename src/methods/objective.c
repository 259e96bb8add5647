/* What a job is about: the objective's text against the kinds its method takes, and what stands when nothing is said.
 */
#include <string.h>

#include "methods/params.h"

static const char *const kind_names[] = {"class", "logp", "prob", "margin", "loss", "layer", "channel", "unit"};

static bool takes(const bl_method *m, const char *kind) {
    size_t n = strlen(kind);
    for (const char *at = m->objectives; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, kind, n) == 0) return true;
        at += length;
    }
    return false;
}

static bl_status check_kinds(bl_job *job) {
    const bl_objective *o = &job->objective;
    for (int i = 0; i < o->n_terms; i++)
        if (!takes(job->method, kind_names[o->terms[i].kind])) {
            bl_fail(job->error, BL_USAGE, "%s does not take an objective of the kind %s", job->method->id,
                    kind_names[o->terms[i].kind]);
            return bl_hint(job->error, BL_USAGE, "It takes %s.", job->method->objectives);
        }
    if (o->n_terms > 1 && !takes(job->method, "sum"))
        return bl_fail(job->error, BL_USAGE, "%s takes one objective, not a sum of %d", job->method->id, o->n_terms);
    return BL_OK;
}

bl_status bl_job_read_objective(bl_job *job, const char *text) {
    const bl_method *m = job->method;
    bool given = text && *text;
    if (!m->objectives || !*m->objectives) {
        if (given) return bl_fail(job->error, BL_USAGE, "%s takes no objective, but \"%.60s\" was given", m->id, text);
        return BL_OK;
    }
    if (!given) text = m->objective;
    static const char *const open[] = {"class", "logp", "prob", "loss"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (strcmp(text, open[i]) == 0) {
            char first[16] = "";
            strcat(strcpy(first, open[i]), ":0");
            job->class_open = true;
            BL_TRY(bl_objective_parse(job->model, first, &job->objective, job->error));
            return check_kinds(job);
        }
    if (strcmp(text, "layer") == 0 && bl_model_find(job->model, text) < 0) {
        job->objective = (bl_objective){.n_terms = 1};
        job->objective.terms[0].kind = BL_OBJ_LAYER;
        job->objective.terms[0].value = bl_default_layer(job->model, 0.6);
        job->objective.terms[0].weight = 1;
        return check_kinds(job);
    }
    BL_TRY(bl_objective_parse(job->model, text, &job->objective, job->error));
    return check_kinds(job);
}

/* Does the node change only each number of this value by itself (normalisation, activation)? */
static bool elementwise_on(const bl_model *m, const bl_node *node, int value) {
    if (node->n_in < 1 || node->in[0] != value || !node->op->in_place || !node->op->forward) return false;
    for (int i = 1; i < node->n_in; i++)
        if (node->in[i] >= 0 && !m->values[node->in[i]].is_constant) return false;
    return true;
}

static int follow(const bl_model *m, int value) {
    for (int i = 0; i < m->n_nodes; i++)
        if (elementwise_on(m, &m->nodes[i], value)) value = m->nodes[i].out;
    return value;
}

int bl_default_layer(const bl_model *m, double share) {
    int n = 0, wanted, last = m->scores;
    for (int i = 0; i < m->n_nodes; i++) n += strcmp(m->nodes[i].op->name, "Conv") == 0;
    wanted = (int)(share * (n - 1) + 0.5);
    for (int i = 0, k = 0; i < m->n_nodes; i++)
        if (strcmp(m->nodes[i].op->name, "Conv") == 0 && k++ == wanted) last = follow(m, m->nodes[i].out);
    return last;
}

void bl_job_choose_class(bl_job *job, const bl_run *run) {
    if (!job->class_open) return;
    const bl_real *scores = bl_run_value(run, job->model->scores);
    int n = bl_n_classes(bl_run_plan(run));
    /* One score alone says class 1 above zero and class 0 below, but for a softmax, which then has one class. */
    bool binary = n == 1 && job->model->head != BL_HEAD_SOFTMAX;
    job->objective.terms[0].index = binary ? scores[0] > 0 : bl_largest(scores, n);
    job->class_open = false;
}
