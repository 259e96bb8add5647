/* Exports: where a number of a view comes from, term by term. What they give is laid out as numbers of one kind. */
#include "view.h"

#include <stdlib.h>

enum { PART_NUMBERS = 9, TERM_NUMBERS = 8 };

/* Parts, then terms, at v->numbers. */
static bl_status lay_out(view *v) {
    const bl_explained *e = &v->explained;
    size_t count = (size_t)e->n_parts * PART_NUMBERS + e->n_terms * TERM_NUMBERS;
    free(v->numbers);
    v->numbers = malloc((count + 1) * sizeof *v->numbers);
    if (!v->numbers) return abi_no_memory();
    double *to = v->numbers;
    for (int i = 0; i < e->n_parts; i++) {
        const bl_explained_part *p = &e->parts[i];
        const double part[PART_NUMBERS] = {p->node,           p->input,        p->place,           p->form,
                                           (double)p->groups, (double)p->rows, (double)p->columns, (double)p->first,
                                           (double)p->n};
        for (int k = 0; k < PART_NUMBERS; k++) *to++ = part[k];
    }
    for (size_t i = 0; i < e->n_terms; i++) {
        const bl_term *t = &e->terms[i];
        const double term[TERM_NUMBERS] = {t->product, t->value,         t->factor,         t->role,
                                           t->operand, (double)t->index, t->factor_operand, (double)t->factor_index};
        for (int k = 0; k < TERM_NUMBERS; k++) *to++ = term[k];
    }
    abi_address_out(v->numbers, count);
    abi_outbox[2] = e->n_parts;
    abi_outbox[3] = (double)e->n_terms;
    abi_outbox[4] = e->number;
    abi_outbox[5] = e->sum;
    abi_outbox[6] = e->size;
    abi_outbox[7] = (double)(uintptr_t)e->maps;
    abi_outbox[8] = (double)e->n_maps;
    return BL_OK;
}

/* whole: `at` is a channel, and maps are given instead of terms; else it is an element. */
ABI_EXPORT(view_explain) int abi_view_explain(int handle, int value, int gradient, double at, int whole) {
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    BL_TRY(abi_view_ready(v, gradient != 0));
    if (gradient && v->rule != BL_RULE_PLAIN)
        return bl_fail(&abi_error, BL_USAGE, "only plain gradients are explained, not those of another rule");
    if (!(at >= 0 && at < 1e15)) return bl_fail(&abi_error, BL_USAGE, "%g is no number of an element", at);
    bl_status (*explain)(bl_run *, const bl_objective *, int, bool, size_t, bl_explained *, bl_error *) =
        whole ? bl_run_explain_channel : bl_run_explain;
    BL_TRY(explain(v->run, &v->objective, value, gradient != 0, (size_t)at, &v->explained, &abi_error));
    return lay_out(v);
}

/* Outbox: address, how many: five numbers a class (bl_softmax_row). of: 0 log p, 1 p, 2 the loss. */
ABI_EXPORT(view_shares) int abi_view_shares(int handle, double temperature, int of, int k) {
    static const int kinds[] = {BL_OBJ_LOGP, BL_OBJ_PROB, BL_OBJ_LOSS};
    view *v = abi_object(handle, ABI_VIEW, &abi_error);
    if (!v) return BL_USAGE;
    BL_TRY(abi_view_ready(v, false));
    if (of < 0 || of > 2) return bl_fail(&abi_error, BL_USAGE, "there is no kind %d", of);
    size_t n = (size_t)bl_n_classes(v->plan);
    bl_softmax_row *rows = malloc((n + 1) * sizeof *rows);
    if (!rows) return abi_no_memory();
    free(v->numbers);
    v->numbers = &rows->score;
    BL_TRY(bl_softmax_rows(v->run, temperature, kinds[of], k, rows, &abi_error));
    abi_address_out(v->numbers, 5 * n);
    return BL_OK;
}
