/* The table of methods, and all that the page and the command line are made from, as JSON. */
#include <string.h>

#include "methods/method.h"

#define METHOD(id) extern const bl_method bl_method_##id;
#include "methods/methods.def"
#undef METHOD

static const bl_method *const table[] = {
#define METHOD(id) &bl_method_##id,
#include "methods/methods.def"
#undef METHOD
};

const bl_method *const *bl_methods(int *n) {
    *n = (int)(sizeof table / sizeof *table);
    return table;
}

const bl_method *bl_method_find(const char *id) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i]->id, id) == 0) return table[i];
    return NULL;
}

bool bl_method_explains(const bl_method *method) {
    return strcmp(method->family, "attribution") == 0 || strcmp(method->id, "control") == 0;
}

/* Words separated by spaces, as an array. */
static void words(bl_text *out, const char *key, const char *text) {
    bl_json_open(out, key, '[');
    for (const char *at = text ? text : ""; *at;) {
        size_t n = strcspn(at, " ");
        char word[64];
        if (n && n < sizeof word) {
            memcpy(word, at, n);
            word[n] = 0;
            bl_json_string(out, NULL, word);
        }
        at += n + (at[n] == ' ');
    }
    bl_json_close(out, ']');
}

static void methods_that_explain(bl_text *out) {
    bl_json_open(out, "choices", '[');
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (bl_method_explains(table[i])) bl_json_string(out, NULL, table[i]->id);
    bl_json_close(out, ']');
}

static void param(bl_text *out, const bl_param *p) {
    static const char *const types[] = {"number", "integer", "choice", "layer", "class", "text", "choice"};
    bl_json_open(out, NULL, '{');
    bl_json_string(out, "name", p->name);
    bl_json_string(out, "title", p->title);
    bl_json_string(out, "type", types[p->type]);
    bl_json_string(out, "unit", p->unit);
    if (p->type == BL_PARAM_NUMBER || p->type == BL_PARAM_INTEGER) {
        bl_json_number(out, "default", p->otherwise);
        bl_json_number(out, "least", p->least);
        bl_json_number(out, "most", p->most);
        bl_json_bool(out, "logarithmic", p->logarithmic);
    } else if (p->type == BL_PARAM_CHOICE) {
        char first[64] = "";
        size_t n = strcspn(p->choices, " ");
        if (n < sizeof first) memcpy(first, p->choices, n);
        bl_json_string(out, "default", first);
        words(out, "choices", p->choices);
    } else {
        bl_json_string(out, "default", p->text ? p->text : "");
        if (p->type == BL_PARAM_METHOD) methods_that_explain(out);
    }
    bl_json_string(out, "meaning", p->meaning);
    bl_json_close(out, '}');
}

static void method(bl_text *out, const bl_method *m) {
    static const char *const kinds[] = {"picture", "pictures", "labelled", "mask", "map", "model"};
    bl_json_open(out, NULL, '{');
    bl_json_string(out, "id", m->id);
    bl_json_string(out, "family", m->family);
    bl_json_string(out, "title", m->title);
    bl_json_string(out, "purpose", m->purpose);
    bl_json_open(out, "inputs", '[');
    for (int i = 0; i < m->n_inputs; i++) {
        bl_json_open(out, NULL, '{');
        bl_json_string(out, "name", m->inputs[i].name);
        bl_json_string(out, "kind", kinds[m->inputs[i].kind]);
        bl_json_integer(out, "least", m->inputs[i].least);
        bl_json_integer(out, "most", m->inputs[i].most);
        bl_json_string(out, "meaning", m->inputs[i].meaning);
        bl_json_close(out, '}');
    }
    bl_json_close(out, ']');
    words(out, "objectives", m->objectives);
    bl_json_string(out, "objective", m->objective ? m->objective : "");
    if (m->result) bl_json_string(out, "result", m->result);
    bl_json_open(out, "params", '[');
    for (int i = 0; i < m->n_params; i++) param(out, &m->params[i]);
    bl_json_close(out, ']');
    bl_json_string(out, "cost", m->cost);
    if (m->formula) bl_json_string(out, "formula", m->formula);
    bl_json_string(out, "caution", m->caution);
    bl_json_string(out, "source", m->source);
    bl_json_close(out, '}');
}

void bl_manifest_json(bl_text *out) {
    int n;
    bl_json_open(out, NULL, '{');
    bl_json_open(out, "methods", '[');
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) method(out, table[i]);
    bl_json_close(out, ']');
    bl_json_open(out, "operators", '[');
    const bl_op *const *ops = bl_ops(&n);
    for (int i = 0; i < n; i++) {
        bl_json_open(out, NULL, '{');
        bl_json_string(out, "name", ops[i]->name);
        bl_json_integer(out, "since", ops[i]->since);
        bl_json_open(out, "inputs", '[');
        bl_json_integer(out, NULL, ops[i]->min_in);
        bl_json_integer(out, NULL, ops[i]->max_in);
        bl_json_close(out, ']');
        words(out, "attributes", ops[i]->attrs);
        bl_json_string(out, "summary", ops[i]->summary);
        if (ops[i]->formula) bl_json_string(out, "formula", ops[i]->formula);
        bl_json_close(out, '}');
    }
    bl_json_close(out, ']');
    bl_json_open(out, "results", '[');
    for (int i = 0; i <= BL_TEXT; i++) bl_json_string(out, NULL, bl_result_kind_name((bl_result_kind)i));
    bl_json_close(out, ']');
    bl_json_open(out, "families", '[');
    for (int i = 0; i <= BL_FAMILY_GREY; i++) bl_json_string(out, NULL, bl_family_name((bl_family)i));
    bl_json_close(out, ']');
    bl_json_close(out, '}');
}
