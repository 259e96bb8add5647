/* Attacks within a box of ±ε around the picture, in whole 8-bit steps: FGSM is one step of what PGD repeats. */
#ifndef BL_METHODS_ATTACK_H
#define BL_METHODS_ATTACK_H

#include "methods/method.h"

typedef struct {
    int eps;       /* 0 … 255: the most a byte may change */
    bl_real alpha; /* bytes a step */
    int steps, restarts;
    bool random_start; /* each restart begins anywhere in the box, else at the picture */
    int target;        /* class, −1: away from the predicted one */
    uint64_t seed;
} bl_attack_how;

bl_status bl_attack_start(bl_job *job, const bl_attack_how *how);
bl_status bl_attack_step(bl_job *job, int phase, int step);
bl_status bl_attack_finish(bl_job *job);
/* How many times a perturbation of ±eps is magnified to be seen: the largest of 1, 2, 5, 10, … that keeps it inside 8
 * bits. */
int bl_attack_gain(int eps);
/* Pixels that show the change from one picture to another, both of n pixels: magnified, grey where there is none. */
void bl_magnify(const uint8_t *from, const uint8_t *to, size_t n, int eps, uint8_t *out);

#define BL_EPS_ROW                                                                                                     \
    {                                                                                                                  \
        .name = "eps", .title = "ε", .type = BL_PARAM_INTEGER, .unit = "/255", .least = 0, .most = 32, .otherwise = 8, \
        .meaning = "The most that any colour value may change."                                                        \
    }

#endif
