/* What training makes small: cross-entropy with smoothed labels (Szegedy et al. 2016). */
#include "base/elementary.h"
#include "train/train.h"

int bl_best_class(size_t n, const bl_real *scores)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (scores[i] > scores[best]) best = i;
    return (int)best;
}

double bl_cross_entropy(size_t n, const bl_real *scores, int target, double smoothing, double scale, bl_real *gradient)
{
    bl_real most = scores[bl_best_class(n, scores)];
    double sum = 0, loss = 0, rest = smoothing / (double)n;
    for (size_t i = 0; i < n; i++) sum += (double)bl_exp(scores[i] - most);
    double log_sum = (double)bl_log((bl_real)sum);
    for (size_t i = 0; i < n; i++) {
        double share = (i == (size_t)target ? 1 - smoothing : 0) + rest, log_p = (double)(scores[i] - most) - log_sum;
        loss -= share * log_p;
        if (gradient) gradient[i] = (bl_real)(scale * ((double)bl_exp(scores[i] - most) / sum - share));
    }
    return loss;
}
