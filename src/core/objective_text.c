/* The text form of objectives, read and written. */
#include "core/internal.h"
#include "base/print.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *word;
    int kind;
} class_kinds[] = {{"class", BL_OBJ_CLASS}, {"logp", BL_OBJ_LOGP}, {"prob", BL_OBJ_PROB}, {"loss", BL_OBJ_LOSS}};
enum { N_CLASS_KINDS = sizeof class_kinds / sizeof *class_kinds, MAX_TERMS = 16 };

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_word(const char *a, const char *b, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (b[i] == 0 || lower(a[i]) != lower(b[i])) return false;
    return b[length] == 0;
}

/* Is name the label, or one of the synonyms in it ("tench, Tinca tinca")? */
static bool is_label(const char *label, const char *name, bool synonyms) {
    if (!synonyms) return same_word(label, name, strlen(label));
    for (const char *at = label; *at;) {
        while (*at == ' ' || *at == ',') at++;
        size_t n = strcspn(at, ",");
        if (n && same_word(at, name, n)) return true;
        at += n;
    }
    return false;
}

static bl_status find_class(const bl_model *m, const char *name, int *index, bl_error *error) {
    for (int synonyms = 0; synonyms < 2; synonyms++)
        for (int i = 0; i < m->n_labels; i++)
            if (is_label(m->labels[i], name, synonyms)) {
                *index = i;
                return BL_OK;
            }
    bl_fail(error, BL_USAGE, "there is no class \"%.80s\"", name);
    if (m->n_labels == 0) return bl_hint(error, BL_USAGE, "the network has no class names; give the number of a class");
    bl_nearest near = {.wanted = name};
    for (int i = 0; i < m->n_labels; i++) bl_nearest_try(&near, m->labels[i]);
    char names[220];
    bl_nearest_text(&near, names, sizeof names);
    return bl_hint(error, BL_USAGE, "nearest: %s", names);
}

static bl_status read_class(const bl_model *m, bl_cursor *c, int *index) {
    if (*c->at == '"') {
        char name[BL_NAME_BYTES];
        bool quoted;
        BL_TRY(bl_take_name(c, name, &quoted));
        return find_class(m, name, index, c->error);
    }
    if (!bl_take_integer(c, index)) return bl_cursor_fail(c, "expected the number of a class, or its name in quotes");
    int classes = m->n_labels == 1 ? 2 : m->n_labels; /* one output says two classes */
    if (classes && *index >= classes)
        return bl_fail(c->error, BL_USAGE, "there is no class %d; the network has classes 0 to %d", *index,
                       classes - 1);
    return BL_OK;
}

/* Is what follows class:A another class to set it against (-3, -"fox"), or the next term of a sum (-0.5*conv1)? */
static bool is_margin(const bl_cursor *c) {
    if (c->at[0] != '-') return false;
    bl_cursor ahead = {.at = c->at + 1};
    int number;
    if (*ahead.at == '"') return true;
    if (!bl_take_integer(&ahead, &number)) return false;
    bl_skip_spaces(&ahead);
    return *ahead.at == 0 || *ahead.at == '+' || *ahead.at == '-';
}

static bl_status read_term(const bl_model *m, bl_cursor *c, bl_objective_term *t) {
    char name[BL_NAME_BYTES];
    bool quoted;
    t->other = t->index = -1;
    BL_TRY(bl_take_name(c, name, &quoted));
    for (int i = 0; i < N_CLASS_KINDS; i++) {
        if (quoted || *c->at != ':' || strcmp(name, class_kinds[i].word) != 0) continue;
        c->at++;
        t->kind = class_kinds[i].kind;
        t->value = m->scores;
        BL_TRY(read_class(m, c, &t->index));
        if (t->kind != BL_OBJ_CLASS || !is_margin(c)) return BL_OK;
        c->at++;
        t->kind = BL_OBJ_MARGIN;
        return read_class(m, c, &t->other);
    }
    BL_TRY(bl_model_find_or_fail(m, name, &t->value, c->error));
    if (m->values[t->value].is_constant)
        return bl_fail(c->error, BL_USAGE, "\"%.80s\" is a constant, not a layer", name);
    t->kind = BL_OBJ_LAYER;
    if (!bl_take(c, ':')) return BL_OK;
    t->kind = BL_OBJ_CHANNEL;
    if (!bl_take_integer(c, &t->index)) return bl_cursor_fail(c, "expected the number of a channel");
    if (!bl_take(c, '@')) return BL_OK;
    t->kind = BL_OBJ_UNIT;
    if (!bl_take_integer(c, &t->row) || !bl_take(c, ',') || !bl_take_integer(c, &t->column))
        return bl_cursor_fail(c, "a unit is written layer:channel@row,column");
    return BL_OK;
}

/* A number before a star; a layer's name may begin with digits, too, and then nothing is taken. */
static double read_weight(bl_cursor *c) {
    const char *start = c->at;
    double weight;
    if (*c->at != '+' && *c->at != '-' && bl_take_number(c, &weight)) {
        bl_skip_spaces(c);
        if (bl_take(c, '*')) {
            bl_skip_spaces(c);
            return weight;
        }
    }
    c->at = start;
    return 1;
}

bl_status bl_objective_parse(const bl_model *m, const char *text, bl_objective *out, bl_error *error) {
    bl_cursor c = {.text = text, .at = text, .error = error};
    *out = (bl_objective){0};
    bl_skip_spaces(&c);
    for (;;) {
        double sign = bl_take(&c, '-') ? -1 : 1;
        if (sign > 0 && out->n_terms) bl_take(&c, '+');
        bl_skip_spaces(&c);
        if (out->n_terms == MAX_TERMS) return bl_cursor_fail(&c, "an objective has at most 16 terms");
        bl_objective_term *t = &out->terms[out->n_terms];
        double weight = read_weight(&c);
        BL_TRY(read_term(m, &c, t));
        t->weight = sign * weight;
        out->n_terms++;
        bl_skip_spaces(&c);
        if (*c.at == 0) return BL_OK;
        if (*c.at != '+' && *c.at != '-') return bl_cursor_fail(&c, "expected + or - and another term");
    }
}

/* Appends to buffer[*used…size); what does not fit is counted all the same, as snprintf does. */
#define APPEND(call)                                                                                                   \
    do {                                                                                                               \
        char *to = *used < size ? buffer + *used : NULL;                                                               \
        size_t room = *used < size ? size - *used : 0;                                                                 \
        int n = call;                                                                                                  \
        if (n > 0) *used += (size_t)n;                                                                                 \
    } while (0)

static void write_term(const bl_model *m, const bl_objective_term *t, bool first, char *buffer, size_t size,
                       size_t *used) {
    double weight = fabs(t->weight);
    if (t->weight < 0)
        APPEND(bl_format(to, room, "-"));
    else if (!first)
        APPEND(bl_format(to, room, "+"));
    if (weight != 1) APPEND(bl_format(to, room, "%.9g*", weight));
    if (t->kind == BL_OBJ_MARGIN) {
        APPEND(bl_format(to, room, "class:%d-%d", t->index, t->other));
        return;
    }
    for (int i = 0; i < N_CLASS_KINDS; i++)
        if (class_kinds[i].kind == (int)t->kind) {
            APPEND(bl_format(to, room, "%s:%d", class_kinds[i].word, t->index));
            return;
        }
    APPEND(bl_write_name(to, room, m->values[t->value].name));
    if (t->kind != BL_OBJ_LAYER) APPEND(bl_format(to, room, ":%d", t->index));
    if (t->kind == BL_OBJ_UNIT) APPEND(bl_format(to, room, "@%d,%d", t->row, t->column));
}

void bl_objective_text(const bl_model *m, const bl_objective *o, char *buffer, size_t size) {
    size_t used = 0;
    if (size) buffer[0] = 0;
    for (int i = 0; i < o->n_terms; i++) write_term(m, &o->terms[i], i == 0, buffer, size, &used);
}
