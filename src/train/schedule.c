/* Learning rates over time. */
#include "base/elementary.h"
#include "train/train.h"

/* From a at 0 to b at 1 along half a cosine. */
static double cosine(double a, double b, double share) {
    return b + (a - b) * 0.5 * (1 + (double)bl_cos((bl_real)(3.14159265358979324 * share)));
}

double bl_schedule_rate(const bl_recipe *recipe, int64_t step, int64_t steps) {
    double last = steps > 1 ? (double)(steps - 1) : 1;
    double rising = recipe->warmup * last, at = (double)step, factor;
    if (at < rising) {
        double share = at / rising, start = recipe->start_factor;
        factor = recipe->schedule == BL_SCHEDULE_ONECYCLE ? cosine(start, 1, share) : start + (1 - start) * share;
    } else if (recipe->schedule == BL_SCHEDULE_CONSTANT || rising >= last) {
        factor = 1;
    } else if (recipe->schedule == BL_SCHEDULE_LINEAR) {
        factor = 1 + (recipe->end_factor - 1) * (at - rising) / (last - rising);
    } else {
        factor = cosine(1, recipe->end_factor, (at - rising) / (last - rising));
    }
    return recipe->rate * factor;
}
