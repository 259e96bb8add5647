/* The feed: while a step is computed, a thread of its own chooses, augments and converts the pictures of the next one.
 * What a batch holds depends on recipe and step alone, so whoever makes it makes the same. */
#define _POSIX_C_SOURCE 200809L
#include "train/train.h"

#include <pthread.h>
#include <stdlib.h>

struct bl_feed {
    const bl_model *model;
    const bl_recipe *recipe;
    const bl_pictures *pictures;
    bl_batch batches[2]; /* of even steps, of odd ones */
    int64_t made[2];     /* the step each is of; −1: none */
    uint32_t *order;     /* of the pictures in an epoch … */
    int64_t ordered;     /* … this one; −1: none */
    bl_picture picture;  /* augmented … */
    bl_real *whole;      /* … and as an input, before it is made smaller for an early step */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t asked; /* the step that the thread makes; −1: it rests, and the rest of this is the caller's */
    bool has_thread, quit;
};

/* The order of an epoch: Fisher and Yates, from the seed and the epoch's number alone. */
static void shuffle(bl_feed *f, int64_t epoch) {
    const bl_random r = {.seed = (uint64_t)f->recipe->seed, .stream = BL_STREAM_ORDER, .step = (uint32_t)epoch};
    for (int i = 0; i < f->pictures->n; i++) f->order[i] = (uint32_t)i;
    for (int i = f->pictures->n - 1; i > 0; i--) {
        int j = (int)(((uint64_t)bl_random_word(&r, (uint32_t)i) * (uint64_t)(i + 1)) >> 32);
        uint32_t swapped = f->order[i];
        f->order[i] = f->order[j];
        f->order[j] = swapped;
    }
    f->ordered = epoch;
}

static void make(bl_feed *f, int64_t step) {
    const int64_t n = f->recipe->batch, steps = f->pictures->n / n, epoch = step / steps;
    const int channels = f->model->input_c, w = f->pictures->width, h = f->pictures->height;
    const int side = (int)f->recipe->early_side;
    bl_batch *b = &f->batches[step & 1];
    b->early = (double)step < f->recipe->early * (double)(steps * f->recipe->epochs);
    const size_t each = (size_t)channels * (b->early ? (size_t)side * (size_t)side : (size_t)w * (size_t)h);
    if (epoch != f->ordered) shuffle(f, epoch);
    for (int64_t i = 0; i < n; i++) {
        uint32_t chosen = f->order[step % steps * n + i];
        bl_picture original = bl_pictures_at(f->pictures, (int)chosen);
        bl_augment(&original, f->recipe, chosen, (uint32_t)epoch, &f->picture);
        int class_index = f->pictures->classes[chosen];
        if (f->recipe->captions[0])
            bl_captions_write(f->recipe->captions,
                              bl_caption_of(f->recipe, f->pictures->n_classes, class_index, chosen, (uint32_t)epoch),
                              &f->picture);
        bl_real *input = b->inputs + (size_t)i * each;
        bl_picture_to_input(&f->picture, f->model, b->early ? f->whole : input);
        if (b->early) bl_resize(f->whole, channels, h, w, input, side, side);
        b->classes[i] = class_index;
    }
    f->made[step & 1] = step;
}

static void *work(void *user) {
    bl_feed *f = user;
    pthread_mutex_lock(&f->lock);
    while (!f->quit) {
        if (f->asked < 0) {
            pthread_cond_wait(&f->changed, &f->lock);
            continue;
        }
        int64_t step = f->asked;
        pthread_mutex_unlock(&f->lock);
        make(f, step);
        pthread_mutex_lock(&f->lock);
        f->asked = -1;
        pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

bl_status bl_feed_new(const bl_model *model, const bl_recipe *recipe, const bl_pictures *pictures, bl_feed **out,
                      bl_error *error) {
    bl_feed *f = calloc(1, sizeof *f);
    size_t each = (size_t)pictures->width * (size_t)pictures->height * (size_t)model->input_c,
           n = (size_t)recipe->batch;
    *out = f;
    if (!f) return bl_fail(error, BL_MEMORY, "no memory to train");
    f->model = model, f->recipe = recipe, f->pictures = pictures;
    f->ordered = f->asked = f->made[0] = f->made[1] = -1;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    f->order = calloc((size_t)pictures->n + 1, sizeof *f->order);
    f->whole = bl_alloc_aligned(each * sizeof(bl_real));
    bool ok = f->order && f->whole;
    for (int i = 0; i < 2; i++) {
        f->batches[i].inputs = bl_alloc_aligned(n * each * sizeof(bl_real));
        f->batches[i].classes = calloc(n, sizeof(int32_t));
        ok = ok && f->batches[i].inputs && f->batches[i].classes;
    }
    if (!ok) return bl_fail(error, BL_MEMORY, "no memory for batches of %d pictures", (int)recipe->batch);
    BL_TRY(bl_picture_make(pictures->width, pictures->height, &f->picture, error));
    f->has_thread = pthread_create(&f->thread, NULL, work, f) == 0; /* without one the caller does its work */
    return BL_OK;
}

const bl_batch *bl_feed_take(bl_feed *f, int64_t step) {
    pthread_mutex_lock(&f->lock);
    while (f->asked >= 0) pthread_cond_wait(&f->changed, &f->lock);
    if (f->made[step & 1] != step) make(f, step);
    if (f->has_thread) f->asked = step + 1;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return &f->batches[step & 1];
}

void bl_feed_free(bl_feed *f) {
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->quit = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    if (f->has_thread) pthread_join(f->thread, NULL);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    for (int i = 0; i < 2; i++) bl_free_aligned(f->batches[i].inputs), free(f->batches[i].classes);
    free(f->order);
    bl_free_aligned(f->whole);
    bl_picture_free(&f->picture);
    free(f);
}
