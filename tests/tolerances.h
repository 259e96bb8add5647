/* How far two numbers may be apart, and why. Loosening one takes a decision record in docs/decisions/. */
#ifndef BL_TOLERANCES_H
#define BL_TOLERANCES_H

/* Elementary functions: units in the last place of float, against the C library in double. The promise of elementary.h.
 */
#define TOL_ELEMENTARY_ULP 2.0

/* Gradients against central differences in double. A step of h = 1e-5 leaves a truncation of h² and a rounding of about
 * 1e-16/h, both near 1e-10 of the value; four digits are left for cancellation in deep sums. */
#define TOL_DIFFERENCE_STEP       1e-5
#define TOL_DIFFERENCE_STEP_LEAST 1e-7 /* halved no further when a kink lies in between */
#define TOL_DIFFERENCE            1e-6
/* True zeros: differences below this share of the largest gradient count as equal. */
#define TOL_DIFFERENCE_FLOOR 1e-8
/* Of all directions, at most this share may lie on a kink of ReLU or pooling and be left out. */
#define TOL_KINKS 0.2

/* Mean and deviation of a million counted random numbers: four deviations of the mean of 10^6 uniforms are 0.0012. */
#define TOL_RANDOM_UNIFORM 1e-3
#define TOL_RANDOM_NORMAL  4e-3
/* A pair of normal numbers in float against double, of the pair's radius: polynomials, a root and a product, each good
 * to 1e-7. */
#define TOL_RANDOM_PAIR 3e-7

/* Folding batch normalisation rounds each weight once more: about 1e-7 of each of some hundred products. */
#define TOL_FOLDED 1e-5

/* Mean and deviation of a layer whose weights were drawn anew, against sums in double: a factor and a shift measured in
 * float through up to four layers before it, each good to some 1e-7 of its largest value. */
#define TOL_REDRAWN 2e-5

/* Objectives of float scores: two elementary functions and a division, each good to 1e-7. */
#define TOL_OBJECTIVE 1e-6

/* Whole networks against ONNX Runtime, whose sums run in another order and whose exponentials are others: about 1e-7
 * for each operator, a hundredfold where a network subtracts numbers that are nearly the same. The largest of 1,500
 * random networks was 1.7e-6. */
#define TOL_ORT 1e-5

/* An operator against its naive twin, largest error over largest value, on tensors of a few hundred elements: sums of
 * up to a hundred products in float, exponentials of two units in the last place; in double the same at 1e-16. */
#define TOL_OP_FLOAT  4e-6
#define TOL_OP_DOUBLE 1e-12
/* Gradients of one operator in float against differences of the twin in double, largest error over largest value. */
#define TOL_OP_GRADIENT_FLOAT 2e-5
/* A number against the sum of the terms that explain it, over the sum of their sizes or the largest number of the
 * tensor: the rounding of the operator's own sum, in float; where a softmax is nearly 1, 1 − p keeps fewer digits (5e-6
 * was seen). Far below the 1e-4 that a reader could notice. */
#define TOL_EXPLAIN 2e-5
/* Below this, differences of numbers near 1 are rounding. */
#define TOL_DIFFERENCE_LEAST 1e-4
/* In float the signal, of numbers up to 1, cancels in some gradients (a softmax that is nearly sure of itself). */
#define TOL_DIFFERENCE_LEAST_FLOAT 1e-2
#define TOL_DIFFERENCE_NOISE       1e-9
/* Linear operators: two inner products of the same numbers, over the norms. */
#define TOL_ADJOINT_FLOAT  1e-6
#define TOL_ADJOINT_DOUBLE 1e-13

/* Optimisers against their closed forms over 50 steps: each step rounds a weight near 1 by at most 6e-8. */
#define TOL_TRAIN_STEP 5e-6

/* Twenty steps of a training against TensorFlow.js: losses, and weights as a share of the largest of their tensor. Its
 * own moments and sums are in float; roundings of 1e-7 a step grow along the way. */
#define TOL_PEER_STEPS 2e-4

/* Batch normalisation while training against central differences in double: sums of about a hundred floats, of inputs
 * whose mean is twenty-five times their deviation, so a rounding of the input counts that often. */
#define TOL_TRAIN_NORM 2e-5

/* The command against the WebAssembly module, share of the largest number. Measured: every bit the same; this is what
 * is promised where another compiler or processor comes in. */
#define TOL_NATIVE 1e-4

/* Numbers kept as float16 (class statistics), share of the layer's largest: half a unit of 11 bits, and a little for
 * sums in another order. */
#define TOL_HALF 5e-4

/* The module with relaxed SIMD against the plain one, largest difference over largest value, through six smooth layers
 * and back: one rounding less in each of up to a thousand products a sum, and Winograd's error (TOL_OP_FLOAT) in both.
 */
#define TOL_RELAXED 1e-5

/* Input gradients of whole networks against TensorFlow.js in float32, length of the difference / length, the median of
 * 20 inputs: the order of sums differs, and in some inputs a ReLU or a pool decides otherwise. */
#define TOL_PEER_GRADIENT 1e-4
#define TOL_PEER_COSINE   0.99999

#endif
