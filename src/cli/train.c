/* backlight train: trains a network text by a recipe. */
#define _POSIX_C_SOURCE 200809L
#include "cli/training_log.h"
#include "kernels/kernels.h"
#include "train/train.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const bl_arguments *given;
    const char *recipe, *data, *classes, *out, *checkpoint, *small, *log, *curves, *history;
    int threads, stop_after, history_count;
    double every; /* seconds between checkpoints */
} options;

typedef struct {
    bl_recipe recipe;
    bl_model *model;
    bl_pictures pictures, held;
    bl_trainer *trainer;
    bl_history *history; /* NULL: none is kept */
    FILE *log;
    uint64_t fingerprint;
    double saved; /* when the last checkpoint was */
} training;

/* ---- preparing ---- */

static bl_status read_recipe(const options *o, bl_recipe *recipe, bl_error *error) {
    bl_text text = {0};
    bl_recipe_defaults(recipe);
    bl_status status = bl_file_read(o->recipe, &text, error);
    if (status == BL_OK) status = bl_recipe_read(recipe, text.data, text.length, o->recipe, error);
    bl_text_free(&text);
    for (int i = 0; i < o->given->n_options && status == BL_OK; i++) {
        const char *set = o->given->values[i];
        char key[64];
        if (strcmp(o->given->names[i], "set") != 0) continue;
        size_t n = strcspn(set, "=");
        if (n >= sizeof key || set[n] == 0) return bl_fail(error, BL_USAGE, "--set %s is not KEY=VALUE", set);
        memcpy(key, set, n);
        key[n] = 0;
        status = bl_recipe_set(recipe, key, set + n + 1, error);
    }
    if (status == BL_OK && !recipe->network[0])
        status = bl_fail(error, BL_USAGE, "%s does not say which network to train: network = FILE", o->recipe);
    return status;
}

static bl_status take_text(bl_model *model, const char *text, const char **out, bl_error *error) {
    if (!text[0]) return BL_OK;
    *out = bl_arena_text(&model->arena, text, strlen(text));
    return *out ? BL_OK : bl_fail(error, BL_MEMORY, "no memory");
}

static bl_status read_network(const options *o, training *t, bl_error *error) {
    bl_text path = {0}, text = {0};
    const char *slash = strrchr(o->recipe, '/');
    if (slash && t->recipe.network[0] != '/') bl_text_bytes(&path, o->recipe, (size_t)(slash + 1 - o->recipe));
    bl_text_add(&path, "%s", t->recipe.network);
    bl_status status = path.failed ? bl_fail(error, BL_MEMORY, "no memory") : bl_file_read(path.data, &text, error);
    if (status == BL_OK) status = bl_nettext_read(text.data, text.length, (uint64_t)t->recipe.seed, &t->model, error);
    if (status == BL_OK) status = take_text(t->model, t->recipe.credit, &t->model->credit, error);
    if (status == BL_OK) status = take_text(t->model, t->recipe.title, &t->model->title, error);
    bl_text_free(&path);
    bl_text_free(&text);
    return status;
}

/* Leaves out what is in the split that the network will be measured on. */
static bl_status drop_twins(const options *o, training *t, bl_error *error) {
    bl_pictures others;
    int dropped = 0;
    BL_TRY(bl_pictures_read(o->data, t->recipe.apart_from, o->classes, t->model, t->pictures.width, t->pictures.height,
                            o->threads, &others, error));
    bl_status status = bl_pictures_drop_twins(&t->pictures, &others, &dropped, error);
    bl_pictures_free(&others);
    fprintf(stderr, "%d pictures that are in \"%s\" too are left out\n", dropped, t->recipe.apart_from);
    return status;
}

static bl_status prepare(const options *o, training *t, bl_error *error) {
    BL_TRY(read_recipe(o, &t->recipe, error));
    BL_TRY(read_network(o, t, error));
    if (t->model->input_h < 1 || t->model->input_w < 1)
        return bl_fail(error, BL_SHAPE, "the network's text must give the input's height and width");
    BL_TRY(bl_pictures_read(o->data, "train", o->classes, t->model, t->model->input_w, t->model->input_h, o->threads,
                            &t->pictures, error));
    bl_pictures_say_unread(&t->pictures, stderr);
    if (t->recipe.apart_from[0]) BL_TRY(drop_twins(o, t, error));
    if (t->recipe.held_back)
        BL_TRY(bl_pictures_hold_back(&t->pictures, (int)t->recipe.held_back, (uint64_t)t->recipe.held_back_seed,
                                     &t->held, error));
    BL_TRY(bl_pictures_measure(&t->pictures, t->model, o->threads, error));
    BL_TRY(bl_trainer_new(t->model, &t->recipe, &t->pictures, o->threads, &t->trainer, error));
    fprintf(stderr, "%d pictures of %d classes to train on, %d held back, %d of other classes left out; %s kernels\n",
            t->pictures.n, t->pictures.n_classes, t->held.n, t->pictures.left_out, bl_kernels_name());
    return BL_OK;
}

/* ---- checkpoints ---- */

/* A checkpoint that cannot be written is told, but does not end hours of work: the next one is tried all the same. */
static bool save(const options *o, training *t) {
    const bl_training_state *state = bl_trainer_state(t->trainer);
    bl_error error;
    bl_status status = BL_OK;
    if (o->checkpoint) status = bl_checkpoint_write(o->checkpoint, state, t->fingerprint, false, &error);
    if (o->small && status == BL_OK) status = bl_checkpoint_write(o->small, state, t->fingerprint, true, &error);
    if (status != BL_OK)
        fprintf(stderr, "\nno checkpoint at step %lld: %s; the one before is kept\n", (long long)state->step,
                error.message);
    t->saved = bl_seconds();
    return status == BL_OK;
}

static bl_status resume(const options *o, training *t, bl_error *error) {
    bl_training_state *state = bl_trainer_state(t->trainer);
    const char *from = o->checkpoint && access(o->checkpoint, F_OK) == 0 ? o->checkpoint
                       : o->small && access(o->small, F_OK) == 0         ? o->small
                                                                         : NULL;
    if (!from) return BL_OK;
    BL_TRY(bl_checkpoint_read(from, state, t->fingerprint, error));
    fprintf(stderr, "going on from %s, step %lld of %lld\n", from, (long long)state->step,
            (long long)bl_trainer_steps(t->trainer));
    return BL_OK;
}

/* Like a checkpoint's, a failure ends nothing but at the end, when no later frame brings the file. */
static bl_status look(training *t, bl_error *error) {
    bl_error why;
    const bl_training_state *s = bl_trainer_state(t->trainer);
    if (!t->history || bl_history_look(t->history, &why) == BL_OK) return BL_OK;
    if (s->step == bl_trainer_steps(t->trainer)) return *error = why, why.code;
    fprintf(stderr, "\nno history at step %lld: %s; it is tried again with the next\n", (long long)s->step,
            why.message);
    return BL_OK;
}

static bl_status begin_history(const options *o, training *t, bl_error *error) {
    int lost = 0;
    if (!o->history) return BL_OK;
    BL_TRY(bl_history_new(t->trainer, t->model, &t->recipe, t->fingerprint, o->history, o->history_count, &t->history,
                          error));
    BL_TRY(bl_history_resume(t->history, &lost, error));
    if (lost) fprintf(stderr, "%d frames of before are not in %s: the history goes without them\n", lost, o->history);
    return look(t, error);
}

/* ---- the epochs ---- */

static bl_status stopped(const options *o, training *t, bl_error *error) {
    bool saved = (o->checkpoint || o->small) && save(o, t);
    return bl_fail(error, BL_STOPPED,
                   saved ? "stopped at step %lld; the same call goes on from there"
                         : "stopped at step %lld; nothing is kept of it",
                   (long long)bl_trainer_state(t->trainer)->step);
}

/* The epoch from where it stands; *n, *seconds: pictures and time of this call. */
static bl_status run_epoch(const options *o, training *t, int64_t epoch, cli_progress *progress, bl_step_report *r,
                           int *n, double *seconds, bl_error *error) {
    double start = bl_seconds(), steps = (double)bl_trainer_steps(t->trainer);
    const bl_training_state *s = bl_trainer_state(t->trainer);
    char text[160];
    *n = 0;
    while (s->step < epoch * bl_trainer_epoch_steps(t->trainer)) {
        if (bl_interrupted()) return stopped(o, t, error);
        if (bl_seconds() - t->saved > o->every) save(o, t);
        BL_TRY(bl_trainer_step(t->trainer, r, error));
        BL_TRY(look(t, error));
        *n += r->n;
        *seconds = bl_seconds() - start;
        snprintf(text, sizeof text, "epoch %d of %d  loss %.3f  right %.1f %%  %.0f images/s", (int)epoch,
                 (int)t->recipe.epochs, s->loss / (double)s->seen, 100.0 * (double)s->correct / (double)s->seen,
                 *n / *seconds);
        cli_progress_show(progress, (double)s->step / steps, text);
    }
    return BL_OK;
}

static bl_status report_epoch(const options *o, training *t, cli_training_row *row, bl_error *error) {
    const bl_training_state *s = bl_trainer_state(t->trainer);
    row->step = s->step;
    row->loss = s->loss / (double)s->seen, row->accuracy = (double)s->correct / (double)s->seen;
    row->held_back = t->held.n > 0;
    fprintf(stderr, "epoch %3d of %d: loss %.4f, right %.1f %%", row->epoch, (int)t->recipe.epochs, row->loss,
            100 * row->accuracy);
    if (t->held.n) {
        bl_evaluation e = {0};
        BL_TRY(bl_evaluate(t->model, bl_trainer_constants(t->trainer), &t->held, o->threads, &e, error));
        row->held_back_loss = e.loss, row->held_back_accuracy = (double)e.correct / e.n;
        bl_evaluation_free(&e);
        fprintf(stderr, "; held back: loss %.4f, right %.1f %%", row->held_back_loss, 100 * row->held_back_accuracy);
    }
    fprintf(stderr, "; %.0f images/s, %.1f GFLOP/s\n", row->images_per_second, row->gflops);
    if (t->log) BL_TRY(cli_training_log_add(t->log, o->log, row, error));
    return o->curves ? cli_training_curves(o->log, o->curves, error) : BL_OK;
}

static bl_status write_model(const options *o, training *t, bl_error *error) {
    const bl_real *const *constants = bl_trainer_constants(t->trainer);
    bl_model *folded = NULL;
    bl_text out = {0};
    bl_status status = BL_OK;
    if (t->recipe.batchnorm == BL_BATCHNORM_FOLDED) status = bl_fold_trained(t->model, constants, &folded, error);
    const bl_write_options how = {.half = true, .constants = folded ? NULL : constants};
    if (status == BL_OK) status = bl_onnx_write(folded ? folded : t->model, &how, &out, error);
    if (status == BL_OK) status = bl_file_write(o->out, out.data, out.length, error);
    if (status == BL_OK) fprintf(stderr, "%s: %zu bytes\n", o->out, out.length);
    bl_model_free(folded);
    bl_text_free(&out);
    return status;
}

static bl_status run_training(const options *o, training *t, bl_error *error) {
    bl_training_state *state = bl_trainer_state(t->trainer);
    cli_progress progress = {0};
    t->fingerprint = bl_training_fingerprint(&t->recipe, t->model, &t->pictures);
    t->saved = bl_seconds();
    BL_TRY(resume(o, t, error));
    BL_TRY(begin_history(o, t, error));
    if (o->log) BL_TRY(cli_training_log_open(o->log, state->step, &t->log, error));
    int done = 0;
    for (int64_t epoch; (epoch = state->step / bl_trainer_epoch_steps(t->trainer) + 1) <= t->recipe.epochs; done++) {
        bl_step_report last = {0};
        cli_training_row row = {.epoch = (int)epoch};
        int n;
        if (o->stop_after && done == o->stop_after) {
            fprintf(stderr, "stopped before epoch %d; the same call goes on from the checkpoint\n", (int)epoch);
            return BL_OK;
        }
        BL_TRY(run_epoch(o, t, epoch, &progress, &last, &n, &row.seconds, error));
        cli_progress_clear(&progress);
        row.rate = last.rate;
        row.images_per_second = n / row.seconds;
        row.gflops = 6e-9 * bl_trainer_macs(t->trainer) * row.images_per_second; /* forwards, and twice that back */
        BL_TRY(report_epoch(o, t, &row, error));
        if (o->checkpoint || o->small) save(o, t);
    }
    return write_model(o, t, error);
}

static int train_network(const options *o) {
    training t = {0};
    bl_error error = {0};
    bl_status status = prepare(o, &t, &error);
    if (status == BL_OK) status = run_training(o, &t, &error);
    if (t.log && fclose(t.log) != 0 && status == BL_OK) status = bl_fail(&error, BL_IO, "%s cannot be written", o->log);
    bl_history_free(t.history);
    bl_trainer_free(t.trainer);
    bl_pictures_free(&t.held);
    bl_pictures_free(&t.pictures);
    bl_model_free(t.model);
    return status == BL_OK ? BL_EXIT_OK : bl_report(o->given, &error);
}

/* ---- the call ---- */

static int train_main(const bl_arguments *a) {
    int64_t threads = bl_processors(), stop_after = 0, every = 180, frames = 12;
    if (!bl_option_integer(a, "threads", 1, 64, &threads) || !bl_option_integer(a, "every", 0, 86400, &every) ||
        !bl_option_integer(a, "stop-after", 1, 1000000, &stop_after) ||
        !bl_option_integer(a, "history-count", 2, 1000, &frames))
        return BL_EXIT_USAGE;
    const options o = {.given = a,
                       .recipe = a->arguments[0],
                       .data = bl_option_value(a, "data", NULL),
                       .classes = bl_option_value(a, "classes", NULL),
                       .out = bl_option_value(a, "out", NULL),
                       .checkpoint = bl_option_value(a, "checkpoint", NULL),
                       .small = bl_option_value(a, "small", NULL),
                       .log = bl_option_value(a, "log", NULL),
                       .curves = bl_option_value(a, "curves", NULL),
                       .history = bl_option_value(a, "history", NULL),
                       .history_count = (int)frames,
                       .every = (double)every,
                       .threads = (int)threads,
                       .stop_after = (int)stop_after};
    if (!o.data) return bl_usage(a->command, "--data DIR is missing: where are the pictures?");
    if (!o.out) return bl_usage(a->command, "--out MODEL.onnx is missing: where is the network to be written?");
    if (o.stop_after && !o.checkpoint)
        return bl_usage(a->command, "--stop-after needs --checkpoint FILE to go on from");
    if (o.curves && !o.log) return bl_usage(a->command, "--curves FILE.png needs --log FILE.csv to draw");
    if (!bl_choose_kernels(a)) return BL_EXIT_USAGE;
    return train_network(&o);
}

static const bl_option train_options[] = {
    {"data", "DIR",
     "pictures: folders DIR/train/CLASS/, or entries train/CLASS/NAME in DIR/*.tar; others are left out"},
    {"out", "MODEL.onnx", "where the trained network goes"},
    {"set", "KEY=VALUE", "change a key of the recipe; may be given several times"},
    {"checkpoint", "FILE", "keep the state here; if it is there already, go on from it, with the same result"},
    {"every", "SECONDS", "time between checkpoints; default: 180; after every epoch and on Ctrl-C there is one too"},
    {"small", "FILE",
     "keep weights, running mean and step here too, in half precision; if there is no checkpoint, go on from it"},
    {"stop-after", "N", "stop after N epochs of this call"},
    {"log", "FILE.csv", "a line for every epoch"},
    {"curves", "FILE.png", "draw the log after every epoch"},
    {"history", "FILE.onnx",
     "keep the weights of some steps here, from the first to the last, close together at first"},
    {"history-count", "N", "of how many steps, 2 to 1000; default: 12"},
    {"classes", "FILE", "what folders hold, lines of folder, TAB, names; default: DIR/classes.tsv or DIR/words.txt"},
    {"threads", "N", "1 to 64; default: all processors; the result does not depend on it"},
    BL_KERNEL_OPTION,
    {NULL, NULL, NULL}};

static const char examples[] =
    "  backlight train models/tiny-vgg.recipe --data ~/tiny-imagenet --out tiny-vgg.onnx\n"
    "\nThe keys of a recipe, lines \"key = value\", with what they are if not given and their range:\n"
#define INTEGER(key, otherwise, least, most, meaning) NUMBER(key, otherwise, least, most, meaning)
#define NUMBER(key, otherwise, least, most, meaning)                                                                   \
    "  " #key " = " #otherwise " (" #least " … " #most ")\n      " meaning "\n"
#define CHOICE(key, otherwise, words, meaning) "  " #key " = " otherwise " (one of: " words ")\n      " meaning "\n"
#define TEXT(key, otherwise, meaning)          "  " #key " = " otherwise "\n      " meaning "\n"
#include "train/recipe.def"
#undef INTEGER
#undef NUMBER
#undef CHOICE
#undef TEXT
    ;

const bl_command bl_command_train = {
    "train", "Train a network text by a recipe", "RECIPE", examples, train_options, 1, 1, train_main};
