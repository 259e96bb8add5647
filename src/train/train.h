/* train: the native trainer: pictures from folders and tar files, augmentation, optimisers, schedules, the loop,
 * checkpoints, evaluation and the card. Takes the core through backlight.h, and the loss from kernels/; only cli/ uses
 * this room.
 *
 * The result depends on recipe, seed and pictures, never on the number of threads: every random number is counted,
 * a batch is cut into a fixed number of shards, and sums over shards run in their order.
 * To add a key to the recipe: a line in recipe.def and its use here. */
#ifndef BL_TRAIN_H
#define BL_TRAIN_H

#include "backlight.h"

#include <stdio.h>

/* ---- work on several threads ---- */

/* Calls task(user, thread, i) once for each i < n_tasks, on up to `threads` threads (thread 0 is the caller's); returns
 * when all are done. Tasks must not depend on order or thread. When threads cannot be made, fewer do the work. */
void bl_parallel(int threads, int n_tasks, void (*task)(void *user, int thread, int i), void *user);
/* Processors this process may use, at least 1. */
int bl_processors(void);
/* A whole file into *out (appended). */
bl_status bl_file_read(const char *path, bl_text *out, bl_error *error);
/* Writes a file beside its place and renames it, so that it is never half there. */
bl_status bl_file_write(const char *path, const void *bytes, size_t length, bl_error *error);
/* Seconds of a clock that never goes back. */
double bl_seconds(void);

/* ---- recipe ---- */

typedef struct {
#define INTEGER(key, otherwise, least, most, meaning) int64_t key;
#define NUMBER(key, otherwise, least, most, meaning)  double key;
#define CHOICE(key, otherwise, words, meaning)        int key;
#define TEXT(key, otherwise, meaning)                 char key[240];
#include "train/recipe.def"
#undef INTEGER
#undef NUMBER
#undef CHOICE
#undef TEXT
} bl_recipe;
enum { BL_OPTIMISER_SGD, BL_OPTIMISER_ADAMW };
enum { BL_SCHEDULE_CONSTANT, BL_SCHEDULE_COSINE, BL_SCHEDULE_ONECYCLE, BL_SCHEDULE_LINEAR };
enum { BL_BATCHNORM_FOLDED, BL_BATCHNORM_KEPT };

void bl_recipe_defaults(bl_recipe *recipe);
/* Lines "key = value"; "#" begins a comment; keys that are not there keep what they have. Unknown keys, values outside
 * their range, keys given twice: an error that names the line. name: the file's, for messages. */
bl_status bl_recipe_read(bl_recipe *recipe, const char *text, size_t length, const char *name, bl_error *error);
bl_status bl_recipe_set(bl_recipe *recipe, const char *key, const char *value, bl_error *error);
/* Keys and their values, in the order of the table: reads back to the same recipe. all: also those that are as they are
 * where a recipe does not give them. */
void bl_recipe_write(const bl_recipe *recipe, bool all, bl_text *out);

/* ---- pictures ---- */

/* Labelled pictures of one size in memory: 8-bit RGBA, row-major, one after another. */
typedef struct {
    int n, n_classes, width, height;
    uint8_t *pixels;
    int *classes;   /* of each picture */
    char **names;   /* "val/n01882714/val_12.JPEG", in this order (sorted); in arena */
    int left_out;   /* pictures of classes that the network does not know */
    int unreadable; /* pictures that are none, or broken: they are not among the n … */
    bl_text unread; /* … and the first few are named here, with the reason, a line each */
    bl_arena arena;
} bl_pictures;

/* Reads the pictures (jpeg, jpg, png, bmp, gif) in the folders dir/split/CLASS, up to two folders deeper, and the
 * entries split/CLASS/NAME of every tar file in dir; or MNIST's files (idx.c). Folders of classes are matched with the
 * model's labels by name, or by the names that classes_path gives: lines "folder TAB name, other name TAB …"; NULL:
 * dir/classes.tsv or dir/words.txt, if there is one. Other folders are left out. Pictures of another size are fitted to
 * width×height. Decoded on `threads` threads; pictures that cannot be are left out and counted. A label without a
 * picture is an error. */
bl_status bl_pictures_read(const char *dir, const char *split, const char *classes_path, const bl_model *model,
                           int width, int height, int threads, bl_pictures *out, bl_error *error);
void bl_pictures_free(bl_pictures *p);
/* Leaves out the pictures whose pixels are also among the others; *dropped: how many. */
bl_status bl_pictures_drop_twins(bl_pictures *p, const bl_pictures *others, int *dropped, bl_error *error);
/* Says which pictures could not be read; nothing when all could. */
void bl_pictures_say_unread(const bl_pictures *p, FILE *to);
/* A view of one picture; its pixels belong to p. */
bl_picture bl_pictures_at(const bl_pictures *p, int i);
/* Moves `each` pictures of every class, chosen by the seed, to *held, whose names stay with p: p must outlive it. */
bl_status bl_pictures_hold_back(bl_pictures *p, int each, uint64_t seed, bl_pictures *held, bl_error *error);
/* Sets the model's preprocessing to mean and deviation of every channel over all pixels. */
bl_status bl_pictures_measure(const bl_pictures *p, bl_model *model, int threads, bl_error *error);

/* Room for n pictures of the size that is set. */
bl_status bl_pictures_make_room(bl_pictures *p, int n, bl_error *error);
/* Pictures in the files of MNIST, DIR/train-images-idx3-ubyte[.gz] and so on; bl_pictures_read takes them where they
 * are there. Labels are the numbers of the network's classes. Width, height and n_classes of out are set beforehand. */
bool bl_idx_is_there(const char *dir, const char *split);
bl_status bl_idx_read(const char *dir, const char *split, bl_pictures *out, bl_error *error);

/* The files under dir and in its tar files whose path begins with "split/" (data.c turns them into pictures). */
typedef struct {
    char *path;      /* relative: split/CLASS/…; sorted by it */
    char *file;      /* where its bytes lie … */
    uint64_t offset; /* … from here */
    size_t length;
} bl_entry;
typedef struct {
    int n, capacity;
    bl_entry *entries;
    bl_arena arena;
} bl_entries;
bl_status bl_entries_find(const char *dir, const char *split, bl_entries *out, bl_error *error);
bl_status bl_entry_read(const bl_entry *entry, bl_text *out, bl_error *error);
void bl_entries_free(bl_entries *e);

/* Which class of the model a folder holds. */
typedef struct {
    bl_text text; /* the file of names, or empty */
} bl_class_names;
bl_status bl_class_names_read(const char *dir, const char *path, bl_class_names *out, bl_error *error);
/* −1: none. folder need not end in 0. */
int bl_class_of(const bl_class_names *names, const bl_model *model, const char *folder, size_t length);

/* Writes an augmented copy of from to `to` (same size, made by the caller): mirrored, shifted, coloured. Depends on the
 * recipe, seed, number of the picture and epoch alone. */
void bl_augment(const bl_picture *from, const bl_recipe *recipe, uint32_t sample, uint32_t epoch, bl_picture *to);

/* The recipe's captions: three capital letters a class, separated by blanks. */
bl_status bl_captions_check(const char *captions, int n_classes, bl_error *error);
/* Writes the caption of a class into the lower left corner, two pixels from the edges. */
void bl_captions_write(const char *captions, int class_index, bl_picture *p);
/* The class whose caption a picture gets: its own or, with the recipe's chance, any. Depends on recipe, number of the
 * picture and epoch alone. */
int bl_caption_of(const bl_recipe *recipe, int n_classes, int class_index, uint32_t sample, uint32_t epoch);

/* Batches, each made by a thread while the one before is used. */
typedef struct bl_feed bl_feed;
typedef struct {
    bl_real *inputs; /* batch × C×H×W, augmented, as the network takes them */
    int32_t *classes;
    bool early; /* of the recipe's early steps: H = W = early_side */
} bl_batch;
bl_status bl_feed_new(const bl_model *model, const bl_recipe *recipe, const bl_pictures *pictures, bl_feed **out,
                      bl_error *error);
/* The batch of that step, unchanged until the next call. */
const bl_batch *bl_feed_take(bl_feed *f, int64_t step);
void bl_feed_free(bl_feed *f);

/* ---- parts of a step ---- */

/* Learning rate at step 0 … steps−1. */
double bl_schedule_rate(const bl_recipe *recipe, int64_t step, int64_t steps);
/* Sutskever et al. 2013: g ← g + decay·w; m ← momentum·m + g; w ← w − rate·(nesterov ? g + momentum·m : m). */
void bl_sgd(size_t n, float *w, const float *g, float *m, double rate, double momentum, bool nesterov, double decay);
/* Loshchilov & Hutter 2019. step counts from 1. w ← w − rate·decay·w − rate·m̂/(√v̂ + epsilon). */
void bl_adamw(size_t n, float *w, const float *g, float *m, float *v, int64_t step, double rate, double beta1,
              double beta2, double epsilon, double decay);
/* The class with the largest score; the first of equals. */
int bl_best_class(size_t n, const bl_real *scores);

/* Training-time twins of operators (twins.h), for bl_wants.substitute; user must be a bl_dropout_state, filled before
 * each pass. */
typedef struct {
    uint64_t seed;
    uint32_t step, first; /* first: place in the batch of the run's first picture */
} bl_dropout_state;
const bl_op *bl_training_twin(const bl_op *op, void *user);

/* ---- attacks ---- */

/* Within ±epsilon of every colour (0 … 1), from a random place there, `steps` steps of `step` along the sign of the
 * loss's gradient (Madry et al. 2018; one step of 1.25·epsilon is the fast FGSM of Wong et al. 2020). */
typedef struct {
    double epsilon, step;
    int steps;
    bl_random start; /* its sample is the first picture's */
} bl_attack;
typedef struct bl_adversary bl_adversary;
/* how: batch, size, and the twins of operators; the rest is the attack's own. The model must outlive it. */
bl_status bl_adversary_new(const bl_model *model, const bl_wants *how, bl_adversary **out, bl_error *error);
void bl_adversary_free(bl_adversary *a);
/* The run whose gradient is followed, so that its constants can be set. */
bl_run *bl_adversary_run(bl_adversary *a);
/* pictures: the inputs of a batch; out, of the same size, may be pictures. fooled (may be NULL): set, never cleared,
 * for pictures that some step took for another class; that costs a pass more. */
bl_status bl_adversary_move(bl_adversary *a, const bl_attack *attack, const bl_real *pictures, const int32_t *classes,
                            bl_real *out, bool *fooled, bl_error *error);

/* ---- trainer ---- */

/* All that a step changes; what a checkpoint holds. One vector for all parameters. */
typedef struct {
    int64_t step;
    size_t n;
    float *weights, *first, *second, *average;
    double loss; /* of the epoch so far, summed over pictures */
    int64_t seen, correct;
} bl_training_state;

typedef struct bl_trainer bl_trainer;
typedef struct {
    double loss; /* mean over the batch, of the smoothed target, dropout and augmentation on */
    int n, correct;
    double rate;
} bl_step_report;

/* The model must have preprocessing and labels; model and pictures must outlive the trainer. The first weights are the
 * model's. */
bl_status bl_trainer_new(const bl_model *model, const bl_recipe *recipe, const bl_pictures *pictures, int threads,
                         bl_trainer **out, bl_error *error);
void bl_trainer_free(bl_trainer *t);
bl_status bl_trainer_step(bl_trainer *t, bl_step_report *report, bl_error *error);
/* Multiply-adds of one picture of the last step forwards; the step did three times that. */
double bl_trainer_macs(const bl_trainer *t);
int64_t bl_trainer_epoch_steps(const bl_trainer *t);
int64_t bl_trainer_steps(const bl_trainer *t); /* of the whole training */
bl_training_state *bl_trainer_state(bl_trainer *t);
/* The weights to measure and to write (their running mean where the recipe wants it): per value of the model, NULL
 * where it is not trained. Valid until the next step. */
const bl_real *const *bl_trainer_constants(bl_trainer *t);

/* Fingerprint of recipe, network and pictures: a checkpoint of another training is refused. Of kernels it says nothing:
 * a training may go on with others, but not to the same bits. */
uint64_t bl_training_fingerprint(const bl_recipe *recipe, const bl_model *model, const bl_pictures *pictures);
/* small: weights and running mean in half precision, without the optimiser's moments, which grow anew in the first
 * steps after it: what is kept of a training for long. Weights that are not finite are refused: the file that is there
 * stays. */
bl_status bl_checkpoint_write(const char *path, const bl_training_state *state, uint64_t fingerprint, bool small,
                              bl_error *error);
/* Fills a state of the same size from a file of either kind. */
bl_status bl_checkpoint_read(const char *path, bl_training_state *state, uint64_t fingerprint, bl_error *error);

/* ---- what is written ---- */

/* A trained network with its batch normalisation folded, as everybody will open it. constants as in bl_write_options.
 */
bl_status bl_fold_trained(const bl_model *kept, const bl_real *const *constants, bl_model **out, bl_error *error);

/* The weights of a training at up to `count` of its steps, first and last among them, in a tensor file (history.c says
 * which steps, and what is in it). Everything given must outlive it. bl_history_look is called before the first step
 * and after every one: where a frame is due it is taken and the file written anew. When writing fails the frame is
 * kept, and written with the next. After a checkpoint was read, bl_history_resume takes the frames that the file has up
 * to there; *lost: how many it should have had and has not. */
typedef struct bl_history bl_history;
bl_status bl_history_new(bl_trainer *trainer, const bl_model *model, const bl_recipe *recipe, uint64_t fingerprint,
                         const char *path, int count, bl_history **out, bl_error *error);
void bl_history_free(bl_history *h);
bl_status bl_history_look(bl_history *h, bl_error *error);
bl_status bl_history_resume(bl_history *h, int *lost, bl_error *error);

/* ---- evaluation ---- */

enum { BL_CALIBRATION_BINS = 15, BL_MOST_ATTACKS = 8 };
typedef struct {
    int n, n_classes, correct, top5;
    double loss;    /* mean cross-entropy, no smoothing */
    int *confusion; /* n_classes × n_classes: true class, predicted class */
    struct {
        int n, correct;
        double sum;              /* of the probabilities given to the predicted class */
    } bins[BL_CALIBRATION_BINS]; /* pictures by that probability: 0 … 1/15, … */
    double seconds, macs;        /* macs: of one picture */
    const char *kernels;         /* bl_kernels_name() */
    /* Under projected gradient steps, if there are any. */
    int n_attacks, attack_steps, restarts;
    struct {
        int epsilon, right; /* epsilon in 255ths of the colours */
    } attacks[BL_MOST_ATTACKS];
    /* With captions, if there are any: with those of the pictures' own classes, and with those of every other class,
     * one after the other; followed: taken for what that one said. */
    int n_captioned, right_captioned, n_misled, right_misled, followed;
} bl_evaluation;
/* Runs every picture through the model. constants as in bl_write_options; may be NULL. */
bl_status bl_evaluate(const bl_model *model, const bl_real *const *constants, const bl_pictures *pictures, int threads,
                      bl_evaluation *out, bl_error *error);
/* Accuracy under an attack with that many random restarts: a picture counts as right when no step of any restart took
 * it for another class. *correct of pictures->n. */
bl_status bl_evaluate_attacked(const bl_model *model, const bl_pictures *pictures, const bl_attack *attack,
                               int restarts, int threads, int *correct, bl_error *error);
void bl_evaluation_free(bl_evaluation *e);
/* Expected calibration error (Guo et al. 2017): how far, on average, the share of right answers lies from the
 * probability that was given. */
double bl_calibration_error(const bl_evaluation *e);
/* Wilson 1927: the interval that holds the true share with 95 %, from k successes of n. */
void bl_wilson(int k, int n, double *low, double *high);
void bl_evaluation_json(const bl_evaluation *e, const bl_model *model, bl_text *out);
/* The confusion as CSV: a row for each true class. */
void bl_confusion_csv(const bl_evaluation *e, const bl_model *model, bl_text *out);
/* As a table for reading. */
void bl_evaluation_text(const bl_evaluation *e, const bl_model *model, bl_text *out);
/* The model's card in Markdown. recipe (text) may be NULL. file: the model's name; bytes: its size. */
void bl_card(const bl_evaluation *e, const bl_model *model, const char *file, size_t bytes, const bl_pictures *pictures,
             const char *recipe, bl_text *out);
/* What each channel of each layer answers to each class: *out has a float16 tensor of classes × channels for every
 * layer, under its value's name, the mean over the maps of all pictures of the class; and backlight.pictures, how many
 * of each class there were. Layers that only reshape are left out. Names belong to the model, which must outlive *out.
 */
bl_status bl_statistics(const bl_model *model, const bl_pictures *pictures, int threads, bl_tensors *out,
                        bl_error *error);

/* Trainable parameters: float constants read by convolutions and dense layers, and scales and biases of batch
 * normalisation. */
bool bl_is_parameter(const bl_model *model, int value);

#endif
