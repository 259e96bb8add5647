/* Measures the native kernels beside OpenBLAS on the matrix products of 3×3 layers, on two threads: `make
 * bench-native`. Every row's contestants take turns within a round; rates are of the best round, ratios the median of
 * the rounds'. OpenBLAS is opened when this runs (Debian: libopenblas0-pthread) and multiplies ready matrices; our
 * products pack their operands within the time. The convolutions' rates count the plain sum's multiply-adds, so
 * Winograd's may exceed any product's. */
#define _GNU_SOURCE
#include "kernels/kernels.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 2, PICTURES = 4, ROUNDS = 15 };

typedef void (*sgemm_function)(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                               const float *b, int ldb, float beta, float *c, int ldc);

typedef struct {
    int channels, side;
    const float *x, *w, *columns;
    float *y, *dw;
    sgemm_function sgemm;
    void *scratch[THREADS];
} layer;

static bl_conv_shape shape_of(const layer *l) {
    return (bl_conv_shape){l->channels, l->side, l->side, l->channels, l->side, l->side, 3, 3, 1, 1, 1, 1, 1, 1, 1};
}
static int positions(const layer *l) {
    return PICTURES * l->side * l->side;
}

/* ---- what is measured: thread t of THREADS does its half ---- */

static void blas_product(layer *l, int t) {
    if (t == 0) /* threads of its own */
        l->sgemm(101, 111, 111, l->channels, positions(l), 9 * l->channels, 1, l->w, 9 * l->channels, l->columns,
                 positions(l), 0, l->y, positions(l));
}
static void blas_weights(layer *l, int t) {
    if (t == 0)
        l->sgemm(101, 111, 112, l->channels, 9 * l->channels, positions(l), 1, l->y, positions(l), l->columns,
                 positions(l), 0, l->dw, 9 * l->channels);
}
static void product(layer *l, int t) {
    int n = positions(l), k = 9 * l->channels, half = n / THREADS;
    bl_gemm(l->channels, half, k, (bl_matrix){l->w, k, 1}, (bl_matrix){l->columns + t * half, n, 1}, l->y + t * half, n,
            false, l->scratch[t]);
}
static size_t at(const layer *l, int t) {
    return (size_t)t * (PICTURES / THREADS) * (size_t)(l->channels * l->side * l->side);
}
static void forward(layer *l, int t) {
    bl_conv_shape s = shape_of(l);
    bl_conv_forward(&s, PICTURES / THREADS, l->x + at(l, t), l->w, &bl_no_finish, l->y + at(l, t), l->scratch[t]);
}
static void backward_input(layer *l, int t) {
    bl_conv_shape s = shape_of(l);
    bl_conv_backward_input(&s, PICTURES / THREADS, l->x + at(l, t), l->w, NULL, l->y + at(l, t), false, l->scratch[t]);
}
static void backward_weights(layer *l, int t) {
    bl_conv_shape s = shape_of(l);
    bl_conv_backward_weights(&s, PICTURES / THREADS, l->x + at(l, t), l->y + at(l, t),
                             l->dw + t * 9 * l->channels * l->channels, false, l->scratch[t]);
}

static const struct {
    const char *name;
    void (*run)(layer *l, int t);
    bool fast;
} contestants[] = {
    {"product", product, true},           {"exact product", product, false},
    {"forward", forward, true},           {"input's gradient", backward_input, true},
    {"dW", backward_weights, true},       {"OpenBLAS product", blas_product, false},
    {"OpenBLAS dW", blas_weights, false},
};
enum { CONTESTANTS = sizeof contestants / sizeof *contestants };

/* ---- two threads that start and end together ---- */

static pthread_barrier_t start, end;
static layer *current;
static void (*current_run)(layer *l, int t);

static void *second(void *unused) {
    for (;;) {
        pthread_barrier_wait(&start);
        if (!current_run) return unused;
        current_run(current, 1);
        pthread_barrier_wait(&end);
    }
}
static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
static double timed(layer *l, void (*run)(layer *l, int t)) {
    current = l, current_run = run;
    double from = seconds();
    if (run == blas_product || run == blas_weights) {
        run(l, 0);
    } else {
        pthread_barrier_wait(&start);
        run(l, 0);
        pthread_barrier_wait(&end);
    }
    return seconds() - from;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median_ratio(const double *theirs, const double *ours) {
    double ratios[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) ratios[r] = theirs[r] / ours[r];
    qsort(ratios, ROUNDS, sizeof *ratios, by_size);
    return ratios[ROUNDS / 2];
}
static float *drawn(size_t n) {
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    if (!x) exit(5);
    for (size_t i = 0; i < n; i++) x[i] = (float)((i * 2654435761u >> 8) % 2001) / 1000 - 1;
    return x;
}
static size_t scratch_of(const layer *l) {
    bl_conv_shape s = shape_of(l);
    size_t most = 0;
    for (int fast = 0; fast < 2; fast++) {
        bl_kernels_choose(fast);
        size_t conv = bl_conv_scratch(&s), gemm = bl_gemm_scratch(l->channels, positions(l), 9 * l->channels);
        most = conv > most ? conv : most;
        most = gemm > most ? gemm : most;
    }
    return most;
}

static void measure(int channels, int side, sgemm_function sgemm) {
    layer l = {.channels = channels, .side = side, .sgemm = sgemm};
    size_t n = (size_t)channels * (size_t)positions(&l), weights = (size_t)channels * (size_t)channels * 9;
    float *x = drawn(n), *w = drawn(weights), *columns = drawn(9 * n);
    l.x = x, l.w = w, l.columns = columns, l.y = drawn(n), l.dw = drawn(THREADS * weights);
    size_t bytes = scratch_of(&l);
    for (int t = 0; t < THREADS; t++) l.scratch[t] = drawn(bytes / sizeof(float) + 1);
    double times[CONTESTANTS][ROUNDS], flops = 2.0 * 9 * channels * (double)n;
    for (int r = -2; r < ROUNDS; r++) { /* two rounds to warm up */
        for (int c = 0; c < CONTESTANTS; c++) {
            bl_kernels_choose(contestants[c].fast);
            double t = timed(&l, contestants[c].run);
            if (r >= 0) times[c][r] = t;
        }
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); /* OpenBLAS's thread waits busily for 27 ms */
    }
    printf("| %d→%d, %d² |", channels, channels, side);
    for (int c = 0; c < CONTESTANTS; c++) {
        double best = times[c][0];
        for (int r = 1; r < ROUNDS; r++) best = times[c][r] < best ? times[c][r] : best;
        printf(" %.0f |", flops / best / 1e9);
    }
    printf(" %.2f | %.2f |\n", median_ratio(times[5], times[0]), median_ratio(times[6], times[4]));
    fflush(stdout);
    for (int t = 0; t < THREADS; t++) free(l.scratch[t]);
    free(x), free(w), free(columns), free(l.y), free(l.dw);
}

int main(void) {
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (!library) {
        fprintf(stderr, "bench-native: %s; on Debian: apt-get install libopenblas0-pthread\n", dlerror());
        return 1;
    }
    sgemm_function sgemm;
    char *(*config)(void), *(*core)(void);
    void (*set_threads)(int);
    *(void **)&sgemm = dlsym(library, "cblas_sgemm");
    *(void **)&config = dlsym(library, "openblas_get_config");
    *(void **)&core = dlsym(library, "openblas_get_corename");
    *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
    if (!sgemm || !config || !core || !set_threads) return 1;
    set_threads(THREADS);
    if (!bl_kernels_choose(true)) {
        fputs("bench-native: this processor has no AVX2 and FMA\n", stderr);
        return 1;
    }
    printf("%s, kernels of %s; ours %s; %d threads, %d pictures, GFLOP/s, best of %d rounds\n\n| layer |", config(),
           core(), bl_kernels_name(), THREADS, PICTURES, ROUNDS);
    for (int c = 0; c < CONTESTANTS; c++) printf(" %s |", contestants[c].name);
    printf(" product / OpenBLAS | dW / OpenBLAS |\n|---|");
    for (int c = 0; c < CONTESTANTS + 2; c++) printf("---:|");
    printf("\n");
    pthread_t other;
    pthread_barrier_init(&start, NULL, THREADS);
    pthread_barrier_init(&end, NULL, THREADS);
    if (pthread_create(&other, NULL, second, NULL) != 0) return 5;
    const int layers[][2] = {{24, 64}, {32, 64}, {48, 32}, {64, 32}, {96, 16}, {128, 16}, {192, 8}};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) measure(layers[i][0], layers[i][1], sgemm);
    current_run = NULL;
    pthread_barrier_wait(&start);
    pthread_join(other, NULL);
    return 0;
}
