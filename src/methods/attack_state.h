/* The state of an attack, between attack.c (passes) and attack_report.c (results). Private to these two. */
#ifndef BL_METHODS_ATTACK_STATE_H
#define BL_METHODS_ATTACK_STATE_H

#include "methods/attack.h"

typedef struct {
    bl_attack_how how;
    bl_run *run;
    int height, width, channels, classes;
    size_t pixels, n;  /* H×W, C×H×W */
    int original;      /* the class predicted for the picture as it is */
    bl_real *base, *v; /* bytes of the picture and of the attack, C×H×W in the network's order of channels */
    bl_real *near;     /* the strongest v before rounding */
    double near_margin, best_margin;
    bl_real *size, *scratch; /* of the gradient, per byte */
    int8_t *direction;
    uint8_t *best; /* pixels of the strongest rounded picture */
    bl_real *best_race, *probabilities;
    bool found, success, masked;
    int restarts_done;
    bl_result *picture, *result, *change, *noisy, *noise, *before, *after, *with_noise, *race, *facts, *verdict;
} bl_attack;

bl_status bl_attack_make(bl_job *job, const bl_picture *picture); /* memory and results */
void bl_attack_looked(bl_job *job, const bl_real *scores);        /* the prediction before is known */
void bl_attack_round(bl_job *job, uint8_t *pixels);               /* v → 8 bits */

#endif
