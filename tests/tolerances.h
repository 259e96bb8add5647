/* How far two numbers may be apart, and why. Loosening one takes a decision record in docs/decisions/. */
#ifndef BL_TOLERANCES_H
#define BL_TOLERANCES_H

/* Elementary functions: units in the last place of float, against the C library in double. The promise of elementary.h. */
#define TOL_ELEMENTARY_ULP 2.0

/* Gradients against central differences in double. A step of h = 1e-5 leaves a truncation of h² and a rounding of about
 * 1e-16/h, both near 1e-10 of the value; four digits are left for cancellation in deep sums. */
#define TOL_DIFFERENCE_STEP 1e-5
#define TOL_DIFFERENCE_STEP_LEAST 1e-7 /* halved no further when a kink lies in between */
#define TOL_DIFFERENCE 1e-6
/* True zeros: differences below this share of the largest gradient count as equal. */
#define TOL_DIFFERENCE_FLOOR 1e-8
/* Of all directions, at most this share may lie on a kink of ReLU or pooling and be left out. */
#define TOL_KINKS 0.2

/* Mean and deviation of a million counted random numbers: four deviations of the mean of 10^6 uniforms are 0.0012. */
#define TOL_RANDOM_UNIFORM 1e-3
#define TOL_RANDOM_NORMAL 4e-3

/* Folding batch normalisation rounds each weight once more: about 1e-7 of each of some hundred products. */
#define TOL_FOLDED 1e-5

/* Objectives of float scores: two elementary functions and a division, each good to 1e-7. */
#define TOL_OBJECTIVE 1e-6

/* Whole networks against ONNX Runtime, whose sums run in another order and whose exponentials are others: about 1e-7 for
 * each operator, a hundredfold where a network subtracts numbers that are nearly the same. */
#define TOL_ORT 1e-4

#endif
