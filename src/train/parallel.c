/* Threads, files and the clock: what the trainer needs of the operating system. */
#define _POSIX_C_SOURCE 200809L
#include "train/train.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };

typedef struct {
    atomic_int next;
    int n_tasks;
    void (*task)(void *user, int thread, int i);
    void *user;
} crew;

typedef struct {
    crew *all;
    int thread;
} worker;

static void *work(void *user) {
    worker *w = user;
    for (int i; (i = atomic_fetch_add(&w->all->next, 1)) < w->all->n_tasks;) w->all->task(w->all->user, w->thread, i);
    return NULL;
}

void bl_parallel(int threads, int n_tasks, void (*task)(void *user, int thread, int i), void *user) {
    crew all = {.n_tasks = n_tasks, .task = task, .user = user};
    worker workers[MOST_THREADS];
    pthread_t ids[MOST_THREADS];
    int made = 1;
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if (threads > n_tasks) threads = n_tasks;
    atomic_init(&all.next, 0);
    for (int i = 0; i < MOST_THREADS; i++) workers[i] = (worker){&all, i};
    while (made < threads && pthread_create(&ids[made], NULL, work, &workers[made]) == 0) made++;
    work(&workers[0]);
    for (int i = 1; i < made; i++) pthread_join(ids[i], NULL);
}

int bl_processors(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : (int)n;
}

double bl_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bl_status bl_file_read(const char *path, bl_text *out, bl_error *error) {
    char part[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f) return bl_fail(error, BL_IO, "%s cannot be opened: %s", path, strerror(errno));
    while ((n = fread(part, 1, sizeof part, f)) > 0) bl_text_bytes(out, part, n);
    bool bad = ferror(f) != 0;
    int reason = errno;
    fclose(f);
    if (bad) return bl_fail(error, BL_IO, "%s cannot be read: %s", path, strerror(reason));
    if (out->failed) return bl_fail(error, BL_MEMORY, "no memory to read %s", path);
    return BL_OK;
}

bl_status bl_file_write(const char *path, const void *bytes, size_t length, bl_error *error) {
    bl_text beside = {0};
    bl_text_add(&beside, "%s.new", path);
    if (beside.failed) return bl_fail(error, BL_MEMORY, "no memory to write %s", path);
    FILE *f = fopen(beside.data, "wb");
    bool ok = f && fwrite(bytes, 1, length, f) == length && fflush(f) == 0 && fsync(fileno(f)) == 0;
    int reason = errno;
    if (f && fclose(f) != 0 && ok) ok = false, reason = errno;
    if (ok && rename(beside.data, path) != 0) ok = false, reason = errno;
    if (!ok && f) remove(beside.data);
    bl_text_free(&beside);
    return ok ? BL_OK : bl_fail(error, BL_IO, "%s cannot be written: %s", path, strerror(reason));
}
