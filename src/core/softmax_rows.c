/* softmax_rows: the softmax of the class scores term by term, forwards and backwards, at any temperature. */
#include "base/elementary.h"
#include "core/internal.h"

bl_status bl_softmax_rows(const bl_run *r, double temperature, int of, int k, bl_softmax_row *rows, bl_error *error) {
    const bl_real *scores = bl_run_value(r, r->plan->model->scores);
    bl_shape shape = bl_plan_shape(r->plan, r->plan->model->scores);
    int n = (int)(bl_count(&shape) / (size_t)r->plan->batch);
    if (!(temperature >= 0.01 && temperature <= 100))
        return bl_fail(error, BL_USAGE, "a temperature of %g; 0.01 to 100 make sense", temperature);
    if (of != BL_OBJ_LOGP && of != BL_OBJ_PROB && of != BL_OBJ_LOSS)
        return bl_fail(error, BL_USAGE, "softmax sends back a probability, its logarithm or the loss, not kind %d", of);
    if (k < 0 || k >= n) return bl_fail(error, BL_USAGE, "there is no class %d among %d", k, n);
    double most = (double)scores[0], sum = 0;
    for (int i = 1; i < n; i++)
        if ((double)scores[i] > most) most = (double)scores[i];
    for (int i = 0; i < n; i++) {
        rows[i].score = (double)scores[i];
        sum += rows[i].power = (double)bl_exp((bl_real)(((double)scores[i] - most) / temperature));
    }
    for (int i = 0; i < n; i++) rows[i].share = rows[i].power / sum;
    double factor = (of == BL_OBJ_PROB ? rows[k].share : of == BL_OBJ_LOSS ? -1 : 1) / temperature;
    for (int i = 0; i < n; i++) {
        rows[i].own = i == k ? factor : 0;
        rows[i].rest = -factor * rows[i].share;
    }
    return BL_OK;
}
