/* The pictures of a data set, decoded once and kept as bytes: read, held back, measured. */
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bl_picture bl_pictures_at(const bl_pictures *p, int i) {
    return (bl_picture){p->width, p->height, p->pixels + (size_t)i * (size_t)p->width * (size_t)p->height * 4};
}

void bl_pictures_free(bl_pictures *p) {
    bl_free_aligned(p->pixels);
    free(p->classes);
    free(p->names);
    bl_text_free(&p->unread);
    bl_arena_free(&p->arena);
    memset(p, 0, sizeof *p);
}

bl_status bl_pictures_make_room(bl_pictures *p, int n, bl_error *error) {
    size_t bytes;
    p->n = n;
    if (!bl_mul_size((size_t)p->width * (size_t)p->height, (size_t)n * 4, &bytes))
        return bl_fail(error, BL_MEMORY, "%d pictures are too many", n);
    p->pixels = bl_alloc_aligned(bytes);
    p->classes = calloc((size_t)n + 1, sizeof *p->classes);
    p->names = calloc((size_t)n + 1, sizeof *p->names);
    if (!p->pixels || !p->classes || !p->names)
        return bl_fail(error, BL_MEMORY, "no memory for %d pictures of %d×%d pixels", n, p->width, p->height);
    return BL_OK;
}

/* ---- reading ---- */

enum { NAMED = 8 }; /* pictures that cannot be read are counted; so many are named */

typedef struct {
    bl_pictures *to;
    const bl_entries *from;
    bl_status *codes; /* one a picture */
} decoding;

static bl_status decode_one(bl_pictures *to, const bl_entry *entry, int i, bl_error *error) {
    bl_text bytes = {0};
    bl_picture whole = {0}, fitted = {0}, place = bl_pictures_at(to, i);
    bl_status status = bl_entry_read(entry, &bytes, error);
    if (status == BL_OK)
        status = bl_picture_decode((const uint8_t *)bytes.data, bytes.length, entry->path, &whole, NULL, error);
    bool fits = whole.width == to->width && whole.height == to->height;
    if (status == BL_OK && !fits) status = bl_picture_fit(&whole, to->width, to->height, &fitted, error);
    if (status == BL_OK)
        memcpy(place.pixels, fits ? whole.pixels : fitted.pixels, (size_t)to->width * (size_t)to->height * 4);
    bl_picture_free(&whole);
    bl_picture_free(&fitted);
    bl_text_free(&bytes);
    return status;
}

static void decode_task(void *user, int thread, int i) {
    decoding *d = user;
    bl_error error = {0};
    (void)thread;
    decode_one(d->to, &d->from->entries[i], i, &error);
    d->codes[i] = error.code;
}

static void move_picture(bl_pictures *to, int i, const bl_pictures *from, int j) {
    bl_picture a = bl_pictures_at(to, i), b = bl_pictures_at(from, j);
    if (a.pixels != b.pixels) memmove(a.pixels, b.pixels, (size_t)b.width * (size_t)b.height * 4);
    to->classes[i] = from->classes[j];
    to->names[i] = from->names[j];
}

/* Reads all entries; those that fail are left out. */
static bl_status decode_all(bl_pictures *to, const bl_entries *from, int threads, bl_error *error) {
    decoding d = {to, from, calloc((size_t)from->n + 1, sizeof *d.codes)};
    if (!d.codes) return bl_fail(error, BL_MEMORY, "no memory for a list of %d pictures", from->n);
    bl_parallel(threads, from->n, decode_task, &d);
    int kept = 0;
    bl_status status = BL_OK;
    for (int i = 0; i < from->n && status == BL_OK; i++) {
        bl_error again;
        if (d.codes[i] == BL_OK) {
            move_picture(to, kept++, to, i);
        } else if (d.codes[i] == BL_MEMORY) {
            status = bl_fail(error, BL_MEMORY, "no memory to read %s", to->names[i]);
        } else if (to->unreadable++ < NAMED && decode_one(to, &from->entries[i], i, &again) != BL_OK) {
            bl_text_add(&to->unread, "  %s: %s\n", to->names[i], again.message); /* for its reason */
        }
    }
    to->n = kept;
    free(d.codes);
    return status;
}

/* Finds every entry's class, keeps those that have one, in order, and copies their names. */
static bl_status keep_known(bl_pictures *out, bl_entries *entries, size_t skip, const bl_class_names *names,
                            const bl_model *model, bl_error *error) {
    int kept = 0, class_index = -1;
    const char *last = "";
    size_t last_length = 0;
    for (int i = 0; i < entries->n; i++) {
        const char *folder = entries->entries[i].path + skip;
        size_t length = strcspn(folder, "/");
        /* Sorted by path: a folder's pictures follow one another, and its class is looked up once. */
        if (length != last_length || memcmp(folder, last, length) != 0)
            class_index = bl_class_of(names, model, folder, length);
        last = folder, last_length = length;
        if (class_index < 0) continue;
        entries->entries[kept] = entries->entries[i];
        out->classes[kept] = class_index;
        out->names[kept] = bl_arena_text(&out->arena, entries->entries[kept].path, strlen(entries->entries[kept].path));
        if (!out->names[kept++]) return bl_fail(error, BL_MEMORY, "no memory for the names of %d pictures", entries->n);
    }
    out->left_out = entries->n - kept;
    out->n = entries->n = kept;
    return BL_OK;
}

static bl_status check_classes(const bl_pictures *p, const bl_model *model, const char *dir, const char *split,
                               bl_error *error) {
    for (int c = 0; c < model->n_labels; c++) {
        int i = 0;
        while (i < p->n && p->classes[i] != c) i++;
        if (i < p->n) continue;
        bl_fail(error, BL_IO, "%s/%s has no pictures of class \"%s\"%s", dir, split, model->labels[c],
                p->unreadable ? " that can be read" : "");
        return bl_hint(
            error, BL_IO,
            "folders are named as the labels, or by a file of names: classes.tsv or words.txt in %s, or --classes",
            dir);
    }
    return BL_OK;
}

static bl_status read_into(bl_pictures *out, const char *dir, const char *split, bl_entries *entries,
                           const bl_class_names *names, const bl_model *model, int threads, bl_error *error) {
    /* Room is made twice: names and classes of all entries first, then pixels of those that are kept. */
    out->classes = calloc((size_t)entries->n + 1, sizeof *out->classes);
    out->names = calloc((size_t)entries->n + 1, sizeof *out->names);
    if (!out->classes || !out->names)
        return bl_fail(error, BL_MEMORY, "no memory for a list of %d pictures", entries->n);
    BL_TRY(keep_known(out, entries, strlen(split) + 1, names, model, error));
    BL_TRY(check_classes(out, model, dir, split, error)); /* before the long work, and after it */
    size_t bytes;
    if (!bl_mul_size((size_t)out->width * (size_t)out->height * 4, (size_t)out->n, &bytes) ||
        !(out->pixels = bl_alloc_aligned(bytes)))
        return bl_fail(error, BL_MEMORY, "no memory for %d pictures of %d×%d pixels", out->n, out->width, out->height);
    BL_TRY(decode_all(out, entries, threads, error));
    return check_classes(out, model, dir, split, error);
}

bl_status bl_pictures_read(const char *dir, const char *split, const char *classes_path, const bl_model *model,
                           int width, int height, int threads, bl_pictures *out, bl_error *error) {
    bl_entries entries;
    bl_class_names names;
    memset(out, 0, sizeof *out);
    if (model->n_labels < 1) {
        bl_fail(error, BL_USAGE, "the network has no labels to sort pictures by");
        return bl_hint(error, BL_USAGE, "add a line \"labels first; second; …\" to its text");
    }
    out->n_classes = model->n_labels;
    out->width = width;
    out->height = height;
    if (bl_idx_is_there(dir, split)) {
        bl_status status = bl_idx_read(dir, split, out, error);
        if (status == BL_OK) status = check_classes(out, model, dir, split, error);
        if (status != BL_OK) bl_pictures_free(out);
        return status;
    }
    BL_TRY(bl_class_names_read(dir, classes_path, &names, error));
    bl_status status = bl_entries_find(dir, split, &entries, error);
    if (status == BL_OK) {
        status = read_into(out, dir, split, &entries, &names, model, threads, error);
        bl_entries_free(&entries);
    }
    bl_text_free(&names.text);
    if (status != BL_OK) bl_pictures_free(out);
    return status;
}

void bl_pictures_say_unread(const bl_pictures *p, FILE *to) {
    if (!p->unreadable) return;
    fprintf(to, "%d of the pictures cannot be read and %s left out:\n%s", p->unreadable,
            p->unreadable > 1 ? "are" : "is", p->unread.length ? p->unread.data : "");
    if (p->unreadable > NAMED) fprintf(to, "  and %d more\n", p->unreadable - NAMED);
}

/* ---- twins ---- */

typedef struct {
    uint64_t hash;
    int picture;
} hashed;

static int by_hash(const void *a, const void *b) {
    uint64_t x = ((const hashed *)a)->hash, y = ((const hashed *)b)->hash;
    return (x > y) - (x < y);
}

static size_t picture_bytes(const bl_pictures *p) {
    return (size_t)p->width * (size_t)p->height * 4;
}

static uint64_t hash_of(const bl_pictures *p, int i) { /* FNV-1a */
    const uint8_t *pixels = bl_pictures_at(p, i).pixels;
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t k = 0; k < picture_bytes(p); k++) h = (h ^ pixels[k]) * 0x100000001B3u;
    return h;
}

static bool has_twin(const bl_pictures *p, int i, const bl_pictures *others, const hashed *table) {
    const hashed key = {hash_of(p, i), 0};
    const hashed *found = bsearch(&key, table, (size_t)others->n, sizeof *table, by_hash);
    if (!found) return false;
    while (found > table && found[-1].hash == key.hash) found--;
    for (; found < table + others->n && found->hash == key.hash; found++)
        if (memcmp(bl_pictures_at(p, i).pixels, bl_pictures_at(others, found->picture).pixels, picture_bytes(p)) == 0)
            return true;
    return false;
}

bl_status bl_pictures_drop_twins(bl_pictures *p, const bl_pictures *others, int *dropped, bl_error *error) {
    hashed *table = calloc((size_t)others->n + 1, sizeof *table);
    if (!table) return bl_fail(error, BL_MEMORY, "no memory to compare pictures");
    for (int i = 0; i < others->n; i++) table[i] = (hashed){hash_of(others, i), i};
    qsort(table, (size_t)others->n, sizeof *table, by_hash);
    int kept = 0;
    for (int i = 0; i < p->n; i++)
        if (!has_twin(p, i, others, table)) move_picture(p, kept++, p, i);
    *dropped = p->n - kept;
    p->n = kept;
    free(table);
    return BL_OK;
}

/* ---- holding back ---- */

/* Marks `each` pictures of one class: those with the smallest random words, so that the choice hangs on seed and order
 * alone. */
static bool mark_class(const bl_pictures *p, int class_index, int each, uint64_t seed, bool *marked) {
    const bl_random r = {.seed = seed, .stream = BL_STREAM_ORDER, .sample = UINT32_MAX};
    for (int k = 0; k < each; k++) {
        int best = -1;
        for (int i = 0; i < p->n; i++)
            if (p->classes[i] == class_index && !marked[i] &&
                (best < 0 || bl_random_word(&r, (uint32_t)i) < bl_random_word(&r, (uint32_t)best)))
                best = i;
        if (best < 0) return false;
        marked[best] = true;
    }
    return true;
}

bl_status bl_pictures_hold_back(bl_pictures *p, int each, uint64_t seed, bl_pictures *held, bl_error *error) {
    memset(held, 0, sizeof *held);
    held->width = p->width, held->height = p->height, held->n_classes = p->n_classes;
    if (each > p->n / p->n_classes)
        return bl_fail(error, BL_USAGE, "held_back = %d leaves too few pictures to train on", each);
    bool *marked = calloc((size_t)p->n + 1, sizeof *marked);
    if (!marked) return bl_fail(error, BL_MEMORY, "no memory to hold back pictures");
    bl_status status = bl_pictures_make_room(held, each * p->n_classes, error);
    for (int c = 0; c < p->n_classes && status == BL_OK; c++)
        if (!mark_class(p, c, each, seed, marked))
            status = bl_fail(error, BL_USAGE, "held_back = %d: class %d has fewer pictures", each, c);
    if (status == BL_OK) {
        int kept = 0, moved = 0;
        for (int i = 0; i < p->n; i++) {
            if (marked[i])
                move_picture(held, moved++, p, i);
            else
                move_picture(p, kept++, p, i);
        }
        p->n = kept;
        if (kept == 0) status = bl_fail(error, BL_USAGE, "held_back = %d leaves no picture to train on", each);
    }
    free(marked);
    if (status != BL_OK) bl_pictures_free(held);
    return status;
}

/* ---- mean and deviation ---- */

enum { MEASURE_PARTS = 64 };
typedef struct {
    const bl_pictures *p;
    const bl_model *model;
    bool failed[MEASURE_PARTS];
    double sum[MEASURE_PARTS][4], square[MEASURE_PARTS][4];
} measuring;

static void measure_task(void *user, int thread, int part) {
    (void)thread;
    measuring *m = user;
    size_t area = (size_t)m->p->width * (size_t)m->p->height;
    int channels = m->model->input_c;
    bl_real *x = bl_alloc_aligned(area * (size_t)channels * sizeof *x);
    m->failed[part] = !x;
    for (int i = part; x && i < m->p->n; i += MEASURE_PARTS) {
        bl_picture picture = bl_pictures_at(m->p, i);
        bl_picture_to_input(&picture, m->model, x);
        for (int c = 0; c < channels; c++)
            for (size_t k = 0; k < area; k++) {
                double v = x[(size_t)c * area + k];
                m->sum[part][c] += v;
                m->square[part][c] += v * v;
            }
    }
    bl_free_aligned(x);
}

bl_status bl_pictures_measure(const bl_pictures *p, bl_model *model, int threads, bl_error *error) {
    const float zero[4] = {0, 0, 0, 0}, one[4] = {1, 1, 1, 1};
    float mean[4] = {0, 0, 0, 0}, std[4] = {1, 1, 1, 1};
    if (model->input_c < 1 || model->input_c > 4)
        return bl_fail(error, BL_SHAPE, "the network takes %d channels; pictures have 1, 3 or 4", (int)model->input_c);
    BL_TRY(bl_model_set_preprocessing(model, zero, one, model->channels, error));
    measuring *m = calloc(1, sizeof *m);
    if (!m) return bl_fail(error, BL_MEMORY, "no memory to measure pictures");
    m->p = p;
    m->model = model;
    bl_parallel(threads, MEASURE_PARTS, measure_task, m);
    bool failed = false;
    double n = (double)p->n * p->width * p->height;
    for (int part = 0; part < MEASURE_PARTS; part++) failed |= m->failed[part];
    for (int c = 0; c < model->input_c; c++) {
        double sum = 0, square = 0;
        for (int part = 0; part < MEASURE_PARTS; part++) sum += m->sum[part][c], square += m->square[part][c];
        double variance = square / n - sum / n * (sum / n);
        mean[c] = (float)(sum / n);
        std[c] = variance > 1e-8 ? (float)sqrt(variance) : 1;
    }
    free(m);
    if (failed) return bl_fail(error, BL_MEMORY, "no memory to measure pictures");
    return bl_model_set_preprocessing(model, mean, std, model->channels, error);
}
