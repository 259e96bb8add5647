#include "base/print.h"
#include "ops/common.h"

#include <stdarg.h>
#include <string.h>

#define OP(name) extern const bl_op bl_op_##name;
#include "ops/ops.def"
#undef OP

static const bl_op *const table[] = {
#define OP(name) &bl_op_##name,
#include "ops/ops.def"
#undef OP
};

const bl_op *const *bl_ops(int *n) {
    *n = (int)(sizeof table / sizeof *table);
    return table;
}

const bl_op *bl_op_find(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp(table[i]->name, name)) return table[i];
    return NULL;
}

bl_status bl_op_fail(bl_op_plan *p, bl_status code, const char *format, ...) {
    char reason[300];
    va_list list;
    va_start(list, format);
    bl_format_list(reason, sizeof reason, format, list);
    va_end(list);
    if (!p->failed) { /* the first mistake is the one to tell of */
        p->failed = code;
        bl_fail(p->error, code, "node \"%.64s\" (%.32s): %s", p->node_name, p->op_name, reason);
    }
    return p->failed;
}

const bl_attr *bl_attr_find(const bl_op_plan *p, const char *name) {
    for (int i = 0; i < p->n_attrs; i++)
        if (!strcmp(p->attrs[i].name, name)) return &p->attrs[i];
    return NULL;
}

static const bl_attr *find_kind(bl_op_plan *p, const char *name, bl_attr_kind kind, const char *words) {
    const bl_attr *a = bl_attr_find(p, name);
    if (!a || a->kind == kind) return a;
    bl_op_fail(p, BL_FORMAT, "attribute %s must be %s", name, words);
    return NULL;
}

int64_t bl_attr_int(bl_op_plan *p, const char *name, int64_t otherwise) {
    const bl_attr *a = find_kind(p, name, BL_ATTR_INT, "an integer");
    return a ? a->i : otherwise;
}

float bl_attr_float(bl_op_plan *p, const char *name, float otherwise) {
    const bl_attr *a = find_kind(p, name, BL_ATTR_FLOAT, "a number");
    return a ? a->f : otherwise;
}

const char *bl_attr_string(bl_op_plan *p, const char *name, const char *otherwise) {
    const bl_attr *a = find_kind(p, name, BL_ATTR_STRING, "a text");
    return a ? a->s : otherwise;
}

bool bl_attr_ints(bl_op_plan *p, const char *name, int most, int *n, int64_t *out) {
    const bl_attr *a = find_kind(p, name, BL_ATTR_INTS, "a list of integers");
    if (!a) return false;
    if (a->n > most) {
        bl_op_fail(p, BL_SHAPE, "attribute %s has %d numbers, at most %d make sense", name, a->n, most);
        return false;
    }
    *n = a->n;
    for (int i = 0; i < a->n; i++) out[i] = a->ints[i];
    return true;
}

bl_status bl_op_check_shape(bl_op_plan *p, const bl_shape *s) {
    if (p->failed) return p->failed;
    if (s->rank < 0 || s->rank > BL_MAX_RANK)
        return bl_op_fail(p, BL_UNSUPPORTED, "the result would have rank %d, at most %d is supported", s->rank,
                          BL_MAX_RANK);
    int64_t count = 1;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 1 || s->dim[i] > BL_MAX_DIM)
            return bl_op_fail(p, BL_SHAPE, "dimension %d of the result would be %d, allowed are 1 to %d", i,
                              (int)s->dim[i], BL_MAX_DIM);
        count *= s->dim[i];
        if (count > BL_MAX_COUNT)
            return bl_op_fail(p, BL_SHAPE, "the result would have more than %d elements", BL_MAX_COUNT);
    }
    return BL_OK;
}

bl_status bl_op_check_work(bl_op_plan *p, double steps) {
    if (steps <= BL_MAX_WORK) return BL_OK;
    return bl_op_fail(p, BL_UNSUPPORTED, "it would take %.3g steps, at most %g are allowed", steps, BL_MAX_WORK);
}

bl_status bl_op_result(bl_op_plan *p, const bl_shape *s) {
    BL_TRY(bl_op_check_shape(p, s));
    p->out.type = BL_FLOAT;
    p->out.shape = *s;
    return BL_OK;
}

bl_status bl_op_alias(bl_op_plan *p, const bl_shape *s) {
    BL_TRY(bl_op_check_shape(p, s));
    const bl_operand *in = &p->in[0];
    if (bl_count(s) != bl_count(&in->shape))
        return bl_op_fail(p, BL_SHAPE, "%zu elements do not fit a shape of %zu", bl_count(&in->shape), bl_count(s));
    p->out = *in;
    p->out.shape = *s;
    p->is_alias = in->type == BL_FLOAT;
    return BL_OK;
}

bl_status bl_op_ints(bl_op_plan *p, const bl_shape *s, int64_t **ints) {
    BL_TRY(bl_op_check_shape(p, s));
    if (bl_count(s) > BL_MAX_INTS)
        return bl_op_fail(p, BL_UNSUPPORTED, "an integer result of %zu elements, at most %d are supported", bl_count(s),
                          BL_MAX_INTS);
    *ints = bl_arena_take_array(p->arena, bl_count(s), sizeof **ints);
    if (!*ints) return bl_op_fail(p, BL_MEMORY, "no memory");
    p->out.type = BL_INT;
    p->out.shape = *s;
    p->out.ints = *ints;
    return BL_OK;
}

void *bl_op_params(bl_op_plan *p, size_t bytes) {
    p->params = bl_arena_take(p->arena, bytes);
    if (!p->params) bl_op_fail(p, BL_MEMORY, "no memory");
    return p->params;
}

bl_status bl_op_need_floats(bl_op_plan *p, int first, int last) {
    for (int i = first; i <= last && i < p->n_in; i++)
        if (p->in[i].type == BL_INT)
            return bl_op_fail(p, BL_UNSUPPORTED,
                              "input %d is of integers; only floating-point numbers are supported there", i);
    return BL_OK;
}

bool bl_op_has(const bl_op_plan *p, int i) {
    return i < p->n_in && p->in[i].type != BL_NONE;
}

bl_status bl_op_axis(bl_op_plan *p, int64_t axis, int rank, int *out) {
    if (axis < -rank || axis >= rank)
        return bl_op_fail(p, BL_SHAPE, "axis %lld is outside of a rank of %d", (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return BL_OK;
}

bl_status bl_op_axes(bl_op_plan *p, const char *attr, int i, int rank, int *n, int *axes) {
    int64_t list[BL_MAX_RANK];
    int seen = 0, given = 0;
    bool there = attr && bl_attr_ints(p, attr, BL_MAX_RANK, &given, list);
    if (p->failed) return p->failed;
    if (!there) {
        if (!bl_op_has(p, i)) return BL_OK;
        if (p->in[i].type != BL_INT) return bl_op_fail(p, BL_UNSUPPORTED, "the axes must be known integers");
        size_t count = bl_count(&p->in[i].shape);
        if (count > BL_MAX_RANK) return bl_op_fail(p, BL_SHAPE, "%zu axes of a rank of %d", count, rank);
        given = (int)count;
        for (int k = 0; k < given; k++) list[k] = p->in[i].ints[k];
    }
    if (given > rank) return bl_op_fail(p, BL_SHAPE, "%d axes of a rank of %d", given, rank);
    for (int k = 0; k < given; k++) {
        BL_TRY(bl_op_axis(p, list[k], rank, &axes[k]));
        if (seen & 1 << axes[k]) return bl_op_fail(p, BL_SHAPE, "axis %d is named twice", axes[k]);
        seen |= 1 << axes[k];
    }
    *n = given;
    return BL_OK;
}

size_t bl_outer(const bl_shape *s, int axis) {
    size_t n = 1;
    for (int i = 0; i < axis; i++) n *= (size_t)s->dim[i];
    return n;
}

size_t bl_inner(const bl_shape *s, int axis) {
    size_t n = 1;
    for (int i = axis + 1; i < s->rank; i++) n *= (size_t)s->dim[i];
    return n;
}
