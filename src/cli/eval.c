/* backlight eval: how often a network is right on a data set. */
#include "cli/cli.h"
#include "train/train.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const bl_arguments *given;
    const char *model, *data, *split, *classes, *card, *recipe, *confusion, *captions;
    int threads, json;
    int64_t restarts, steps;
    int n_attacks, epsilons[BL_MOST_ATTACKS];
} options;

static bl_status write_card(const options *o, const bl_evaluation *e, const bl_model *model,
                            const bl_pictures *pictures, bl_error *error) {
    bl_text recipe = {0}, card = {0}, file = {0};
    const char *slash = strrchr(o->model, '/');
    bl_status status = bl_file_read(o->model, &file, error);
    if (status == BL_OK && o->recipe) status = bl_file_read(o->recipe, &recipe, error);
    if (status == BL_OK) bl_card(e, model, slash ? slash + 1 : o->model, file.length, pictures, recipe.data, &card);
    if (status == BL_OK)
        status = card.failed ? bl_fail(error, BL_MEMORY, "no memory for the card")
                             : bl_file_write(o->card, card.data, card.length, error);
    bl_text_free(&recipe);
    bl_text_free(&card);
    bl_text_free(&file);
    return status;
}

static bl_status write_confusion(const options *o, const bl_evaluation *e, const bl_model *model, bl_error *error) {
    bl_text csv = {0};
    bl_confusion_csv(e, model, &csv);
    bl_status status = csv.failed ? bl_fail(error, BL_MEMORY, "no memory for the confusion")
                                  : bl_file_write(o->confusion, csv.data, csv.length, error);
    bl_text_free(&csv);
    return status;
}

static void write_captions(const options *o, bl_pictures *pictures, int shift) {
    for (int i = 0; i < pictures->n; i++) {
        bl_picture picture = bl_pictures_at(pictures, i);
        bl_captions_write(o->captions, (pictures->classes[i] + shift) % pictures->n_classes, &picture);
    }
}

/* One caption lies where the one before lay. */
static bl_status mislead(const options *o, const bl_model *model, bl_pictures *pictures, bl_evaluation *e,
                         bl_error *error) {
    for (int shift = 0; shift < pictures->n_classes; shift++) {
        bl_evaluation with;
        write_captions(o, pictures, shift);
        BL_TRY(bl_evaluate(model, NULL, pictures, o->threads, &with, error));
        *(shift ? &e->n_misled : &e->n_captioned) += with.n;
        *(shift ? &e->right_misled : &e->right_captioned) += with.correct;
        for (int c = 0; shift && c < with.n_classes; c++)
            e->followed += with.confusion[c * with.n_classes + (c + shift) % with.n_classes];
        bl_evaluation_free(&with);
    }
    return BL_OK;
}

static bl_status attack(const options *o, const bl_model *model, const bl_pictures *pictures, bl_evaluation *e,
                        bl_error *error) {
    e->attack_steps = (int)o->steps, e->restarts = (int)o->restarts;
    for (; e->n_attacks < o->n_attacks; e->n_attacks++) {
        const double epsilon = o->epsilons[e->n_attacks] / 255.0;
        const bl_attack how = {.epsilon = epsilon,
                               .step = epsilon / 4,
                               .steps = (int)o->steps,
                               .start = {.seed = 1, .stream = BL_STREAM_ADVERSARY}};
        e->attacks[e->n_attacks].epsilon = o->epsilons[e->n_attacks];
        BL_TRY(bl_evaluate_attacked(model, pictures, &how, (int)o->restarts, o->threads,
                                    &e->attacks[e->n_attacks].right, error));
    }
    return BL_OK;
}

static bl_status evaluate(const options *o, const bl_model *model, bl_pictures *pictures, bl_error *error) {
    bl_evaluation e;
    bl_text text = {0};
    if (o->captions) BL_TRY(bl_captions_check(o->captions, pictures->n_classes, error));
    BL_TRY(bl_evaluate(model, NULL, pictures, o->threads, &e, error));
    bl_status status = attack(o, model, pictures, &e, error);
    if (status == BL_OK && o->captions) status = mislead(o, model, pictures, &e, error);
    if (status == BL_OK && o->json)
        bl_evaluation_json(&e, model, &text);
    else if (status == BL_OK)
        bl_evaluation_text(&e, model, &text);
    if (status == BL_OK && text.failed) status = bl_fail(error, BL_MEMORY, "no memory for the report");
    if (status == BL_OK) printf("%s%s", text.data, o->json ? "\n" : "");
    if (status == BL_OK && o->card) status = write_card(o, &e, model, pictures, error);
    if (status == BL_OK && o->confusion) status = write_confusion(o, &e, model, error);
    bl_text_free(&text);
    bl_evaluation_free(&e);
    return status;
}

static bl_status run_eval(const options *o, bl_error *error) {
    bl_model *model;
    bl_pictures pictures;
    BL_TRY(bl_open_model(o->given, o->model, &model, error));
    int32_t h = model->input_h > 0 ? model->input_h : 64, w = model->input_w > 0 ? model->input_w : 64;
    bl_status status = bl_pictures_read(o->data, o->split, o->classes, model, w, h, o->threads, &pictures, error);
    if (status == BL_OK) {
        bl_pictures_say_unread(&pictures, stderr);
        if (pictures.left_out) fprintf(stderr, "%d pictures of other classes are left out\n", pictures.left_out);
        status = evaluate(o, model, &pictures, error);
        bl_pictures_free(&pictures);
    }
    bl_model_free(model);
    return status;
}

/* "2,4": distances in 255ths. */
static bool read_distances(const char *text, options *o) {
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int length = 0, *epsilon = &o->epsilons[o->n_attacks];
        if (o->n_attacks == BL_MOST_ATTACKS || sscanf(at, "%3d%n", epsilon, &length) != 1 || *epsilon < 1 ||
            *epsilon > 255 || (at[length] && at[length] != ','))
            return false;
        o->n_attacks++;
    }
    return true;
}

static int eval_main(const bl_arguments *a) {
    int64_t threads = bl_processors(), restarts = 5, steps = 20;
    bl_error error = {0};
    if (!bl_option_integer(a, "threads", 1, 64, &threads) || !bl_option_integer(a, "steps", 1, 1000, &steps) ||
        !bl_option_integer(a, "restarts", 1, 100, &restarts))
        return BL_EXIT_USAGE;
    options o = {.given = a,
                 .model = a->arguments[0],
                 .data = bl_option_value(a, "data", NULL),
                 .split = bl_option_value(a, "split", "val"),
                 .classes = bl_option_value(a, "classes", NULL),
                 .card = bl_option_value(a, "card", NULL),
                 .recipe = bl_option_value(a, "recipe", NULL),
                 .confusion = bl_option_value(a, "confusion", NULL),
                 .captions = bl_option_value(a, "captions", NULL),
                 .restarts = restarts,
                 .steps = steps,
                 .threads = (int)threads,
                 .json = bl_option_given(a, "json")};
    if (!o.data) return bl_usage(a->command, "--data DIR is missing: where are the pictures?");
    if (!read_distances(bl_option_value(a, "pgd", NULL), &o))
        return bl_usage(a->command, "--pgd takes at most %d whole numbers of 1 to 255, as in 2,4", BL_MOST_ATTACKS);
    if (!bl_choose_kernels(a)) return BL_EXIT_USAGE;
    return run_eval(&o, &error) == BL_OK ? BL_EXIT_OK : bl_report(a, &error);
}

static const bl_option eval_options[] = {
    {"data", "DIR",
     "pictures: folders DIR/val/CLASS/, or entries val/CLASS/NAME in DIR/*.tar, or MNIST's files DIR/t10k-…"},
    {"split", "NAME", "another folder than val"},
    {"classes", "FILE", "what folders hold, lines of folder, TAB, names; default: DIR/classes.tsv or DIR/words.txt"},
    {"json", NULL, "numbers as JSON"},
    {"card", "FILE", "write the model's card (Markdown)"},
    {"confusion", "FILE.csv", "write how often each class was taken for each other"},
    {"recipe", "FILE", "put this recipe into the card"},
    {"pgd", "N,…", "also under attack: projected gradient steps within N/255 of every colour"},
    {"steps", "N", "of an attack, each a quarter of its distance (default: 20)"},
    {"restarts", "N", "attacks on a picture, from random starts (default: 5)"},
    {"captions", "CODES",
     "also with captions in the pictures, right and wrong: three letters for each class, as BEE CAT"},
    {"threads", "N", "1 to 64; default: all processors; the result does not depend on it"},
    BL_KERNEL_OPTION,
    BL_MODEL_OPTIONS,
    {NULL, NULL, NULL}};

const bl_command bl_command_eval = {"eval",
                                    "Measure how often a network is right on a data set",
                                    "MODEL",
                                    "  backlight eval models/tiny-vgg.onnx --data ~/tiny-imagenet\n",
                                    eval_options,
                                    1,
                                    1,
                                    eval_main};
