/* What an evaluation says: as JSON, as a table for reading, and as a model's card (Mitchell et al. 2019). */
#include "train/train.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 24 }; /* classes: a table of more columns cannot be read */

static double share(int k, int n) {
    return n > 0 ? 100.0 * k / n : 0;
}

static int row_sum(const bl_evaluation *e, int class_index) {
    int sum = 0;
    for (int c = 0; c < e->n_classes; c++) sum += e->confusion[class_index * e->n_classes + c];
    return sum;
}

static int column_sum(const bl_evaluation *e, int class_index) {
    int sum = 0;
    for (int c = 0; c < e->n_classes; c++) sum += e->confusion[c * e->n_classes + class_index];
    return sum;
}

static int hits(const bl_evaluation *e, int class_index) {
    return e->confusion[class_index * (e->n_classes + 1)];
}

static size_t count_parameters(const bl_model *model) {
    size_t n = 0;
    for (int v = 0; v < model->n_values; v++)
        if (bl_is_parameter(model, v)) n += bl_count(&model->values[v].shape);
    return n;
}

static void json_trials(const bl_evaluation *e, bl_text *out) {
    if (e->n_attacks) {
        bl_json_integer(out, "attack_steps", e->attack_steps);
        bl_json_integer(out, "restarts", e->restarts);
        bl_json_open(out, "attacks", '[');
        for (int i = 0; i < e->n_attacks; i++) {
            bl_json_open(out, NULL, '{');
            bl_json_integer(out, "epsilon", e->attacks[i].epsilon);
            bl_json_integer(out, "correct", e->attacks[i].right);
            bl_json_close(out, '}');
        }
        bl_json_close(out, ']');
    }
    if (e->n_captioned) {
        bl_json_open(out, "captions", '{');
        bl_json_integer(out, "pictures", e->n_captioned);
        bl_json_integer(out, "correct", e->right_captioned);
        bl_json_integer(out, "wrong", e->n_misled);
        bl_json_integer(out, "wrong_correct", e->right_misled);
        bl_json_integer(out, "wrong_followed", e->followed);
        bl_json_close(out, '}');
    }
}

void bl_evaluation_json(const bl_evaluation *e, const bl_model *model, bl_text *out) {
    char buffer[24];
    double low, high;
    bl_wilson(e->correct, e->n, &low, &high);
    bl_json_open(out, NULL, '{');
    bl_json_integer(out, "pictures", e->n);
    bl_json_integer(out, "correct", e->correct);
    bl_json_number(out, "accuracy", e->n ? (double)e->correct / e->n : 0);
    bl_json_number(out, "accuracy_low", low);
    bl_json_number(out, "accuracy_high", high);
    bl_json_number(out, "top5", e->n ? (double)e->top5 / e->n : 0);
    bl_json_number(out, "loss", e->loss);
    bl_json_number(out, "macs", e->macs);
    bl_json_number(out, "seconds", e->seconds);
    bl_json_string(out, "kernels", e->kernels);
    bl_json_number(out, "calibration_error", bl_calibration_error(e));
    json_trials(e, out);
    bl_json_open(out, "calibration", '[');
    for (int i = 0; i < BL_CALIBRATION_BINS; i++) {
        bl_json_open(out, NULL, '{');
        bl_json_integer(out, "pictures", e->bins[i].n);
        bl_json_integer(out, "correct", e->bins[i].correct);
        bl_json_number(out, "confidence", e->bins[i].n ? e->bins[i].sum / e->bins[i].n : 0);
        bl_json_close(out, '}');
    }
    bl_json_close(out, ']');
    bl_json_open(out, "labels", '[');
    for (int c = 0; c < e->n_classes; c++) bl_json_string(out, NULL, bl_model_label(model, c, buffer));
    bl_json_close(out, ']');
    bl_json_open(out, "confusion", '[');
    for (int c = 0; c < e->n_classes; c++) {
        bl_json_open(out, NULL, '[');
        for (int k = 0; k < e->n_classes; k++) bl_json_integer(out, NULL, e->confusion[c * e->n_classes + k]);
        bl_json_close(out, ']');
    }
    bl_json_close(out, ']');
    bl_json_close(out, '}');
}

void bl_evaluation_text(const bl_evaluation *e, const bl_model *model, bl_text *out) {
    char buffer[24];
    double low, high;
    bl_wilson(e->correct, e->n, &low, &high);
    bl_text_add(out, "%d of %d right: %.1f %% (95 %% interval %.1f … %.1f %%)\n", e->correct, e->n,
                share(e->correct, e->n), 100 * low, 100 * high);
    if (e->n_classes > 5) bl_text_add(out, "right class among the first five: %.1f %%\n", share(e->top5, e->n));
    bl_text_add(out, "mean cross-entropy: %.4f\ncalibration error: %.1f points\nkernels: %s\n\n", e->loss,
                100 * bl_calibration_error(e), e->kernels);
    for (int i = 0; i < e->n_attacks; i++)
        bl_text_add(out, "right under PGD within %d/255 (%d steps, %d restarts): %d of %d, %.1f %%\n\n",
                    e->attacks[i].epsilon, e->attack_steps, e->restarts, e->attacks[i].right, e->n,
                    share(e->attacks[i].right, e->n));
    if (e->n_captioned)
        bl_text_add(out,
                    "with right captions right: %d of %d, %.1f %%\nwith wrong captions right: %d of %d, %.1f %%\n"
                    "taken for what a wrong caption says: %d of %d, %.1f %%\n\n",
                    e->right_captioned, e->n_captioned, share(e->right_captioned, e->n_captioned), e->right_misled,
                    e->n_misled, share(e->right_misled, e->n_misled), e->followed, e->n_misled,
                    share(e->followed, e->n_misled));
    bl_text_add(out, "  right  pictures  class\n");
    for (int c = 0; c < e->n_classes; c++)
        bl_text_add(out, "%5.1f %%  %8d  %s\n", share(hits(e, c), row_sum(e, c)), row_sum(e, c),
                    bl_model_label(model, c, buffer));
}

/* One pair of classes and how often the first was taken for the second. */
typedef struct {
    int true_class, taken_for, times;
} mistake;

static int by_times(const void *a, const void *b) {
    const mistake *x = a, *y = b;
    if (x->times != y->times) return y->times - x->times;
    if (x->true_class != y->true_class) return x->true_class - y->true_class;
    return x->taken_for - y->taken_for;
}

static void write_mistakes(const bl_evaluation *e, const bl_model *model, int most, bl_text *out) {
    char a[24], b[24];
    mistake *all = calloc((size_t)e->n_classes * (size_t)e->n_classes, sizeof *all);
    int n = 0;
    if (!all) {
        out->failed = true;
        return;
    }
    for (int i = 0; i < e->n_classes; i++)
        for (int k = 0; k < e->n_classes; k++)
            if (i != k && e->confusion[i * e->n_classes + k])
                all[n++] = (mistake){i, k, e->confusion[i * e->n_classes + k]};
    qsort(all, (size_t)n, sizeof *all, by_times);
    for (int i = 0; i < n && i < most; i++)
        bl_text_add(out, "- %s taken for %s: %d of %d\n", bl_model_label(model, all[i].true_class, a),
                    bl_model_label(model, all[i].taken_for, b), all[i].times, row_sum(e, all[i].true_class));
    free(all);
}

static void write_classes(const bl_evaluation *e, const bl_model *model, bl_text *out) {
    char buffer[24];
    bl_text_add(out, "| class | found (recall) | right when named (precision) |\n|---|---:|---:|\n");
    for (int c = 0; c < e->n_classes; c++)
        bl_text_add(out, "| %s | %.1f %% (%d of %d) | %.1f %% (%d of %d) |\n", bl_model_label(model, c, buffer),
                    share(hits(e, c), row_sum(e, c)), hits(e, c), row_sum(e, c), share(hits(e, c), column_sum(e, c)),
                    hits(e, c), column_sum(e, c));
}

static void write_confusion(const bl_evaluation *e, const bl_model *model, bl_text *out) {
    char buffer[24];
    bl_text_add(out, "| true class |");
    for (int c = 0; c < e->n_classes; c++) bl_text_add(out, " %s |", bl_model_label(model, c, buffer));
    bl_text_add(out, "\n|---|");
    for (int c = 0; c < e->n_classes; c++) bl_text_add(out, "---:|");
    for (int c = 0; c < e->n_classes; c++) {
        bl_text_add(out, "\n| %s |", bl_model_label(model, c, buffer));
        for (int k = 0; k < e->n_classes; k++) bl_text_add(out, " %d |", e->confusion[c * e->n_classes + k]);
    }
    bl_text_add(out, "\n");
}

static void write_attacks(const bl_evaluation *e, bl_text *out) {
    bl_text_add(
        out,
        "\n## Under attack\n\nProjected gradient steps (Madry et al. 2018) within ±ε of every colour: %d steps of a "
        "quarter of ε from %d random starts. A picture counts as right when none of all these pictures was taken "
        "for another class.\n\n| ε | right |\n|---|---:|\n| none | %.1f %% (%d of %d) |\n",
        e->attack_steps, e->restarts, share(e->correct, e->n), e->correct, e->n);
    for (int i = 0; i < e->n_attacks; i++)
        bl_text_add(out, "| %d/255 | %.1f %% (%d of %d) |\n", e->attacks[i].epsilon, share(e->attacks[i].right, e->n),
                    e->attacks[i].right, e->n);
}

static void write_captions(const bl_evaluation *e, bl_text *out) {
    bl_text_add(
        out,
        "\n## Captions\n\nWhat the network goes by, the picture or the caption in its lower left corner (Kim et al. "
        "2018). Wrong captions are those of every other class, one after the other.\n\n"
        "| pictures with | right | taken for what the caption says |\n|---|---:|---:|\n"
        "| no caption | %.1f %% (%d of %d) | |\n| right captions | %.1f %% (%d of %d) | the same |\n"
        "| wrong captions | %.1f %% (%d of %d) | %.1f %% (%d of %d) |\n",
        share(e->correct, e->n), e->correct, e->n, share(e->right_captioned, e->n_captioned), e->right_captioned,
        e->n_captioned, share(e->right_misled, e->n_misled), e->right_misled, e->n_misled,
        share(e->followed, e->n_misled), e->followed, e->n_misled);
}

static void write_calibration(const bl_evaluation *e, bl_text *out) {
    bl_text_add(
        out,
        "A network that is well calibrated is right in 70 of 100 cases where it says 70 %%. On average the two are "
        "**%.1f points** apart here (expected calibration error, 15 bins).\n\n"
        "| probability of the answer | pictures | mean probability | right |\n|---|---:|---:|---:|\n",
        100 * bl_calibration_error(e));
    for (int i = 0; i < BL_CALIBRATION_BINS; i++)
        if (e->bins[i].n)
            bl_text_add(out, "| %.0f to %.0f %% | %d | %.1f %% | %.1f %% |\n", 100.0 * i / BL_CALIBRATION_BINS,
                        100.0 * (i + 1) / BL_CALIBRATION_BINS, e->bins[i].n, 100 * e->bins[i].sum / e->bins[i].n,
                        share(e->bins[i].correct, e->bins[i].n));
}

void bl_confusion_csv(const bl_evaluation *e, const bl_model *model, bl_text *out) {
    char buffer[24];
    bl_text_add(out, "true class");
    for (int c = 0; c < e->n_classes; c++) bl_text_add(out, ",\"%s\"", bl_model_label(model, c, buffer));
    for (int c = 0; c < e->n_classes; c++) {
        bl_text_add(out, "\n\"%s\"", bl_model_label(model, c, buffer));
        for (int k = 0; k < e->n_classes; k++) bl_text_add(out, ",%d", e->confusion[c * e->n_classes + k]);
    }
    bl_text_add(out, "\n");
}

static void write_channels(const char *name, const float *v, int n, bl_text *out) {
    bl_text_add(out, "| %s of the training pictures, per channel |", name);
    for (int c = 0; c < n; c++) bl_text_add(out, " %.4f", (double)v[c]);
    bl_text_add(out, " |\n");
}

void bl_card(const bl_evaluation *e, const bl_model *model, const char *file, size_t bytes, const bl_pictures *pictures,
             const char *recipe, bl_text *out) {
    double low, high;
    bl_wilson(e->correct, e->n, &low, &high);
    bl_text_add(out, "# %s\n\n", model->title ? model->title : file);
    bl_text_add(out, "Written by `backlight eval %s --card` from the file it describes.\n\n", file);
    bl_text_add(out, "| | |\n|---|---|\n");
    bl_text_add(out, "| top-1 accuracy | **%.1f %%** (%d of %d; 95 %% Wilson interval %.1f to %.1f %%) |\n",
                share(e->correct, e->n), e->correct, e->n, 100 * low, 100 * high);
    if (e->n_classes > 5) bl_text_add(out, "| top-5 accuracy | %.1f %% |\n", share(e->top5, e->n));
    bl_text_add(out, "| mean cross-entropy | %.4f |\n| classes | %d |\n", e->loss, e->n_classes);
    bl_text_add(out, "| pictures | %d×%d pixels, %s |\n", pictures->width, pictures->height,
                model->channels == BL_CHANNELS_RGB   ? "RGB"
                : model->channels == BL_CHANNELS_BGR ? "BGR"
                                                     : "grey");
    bl_text_add(out,
                "| parameters | %zu |\n| multiply-adds of one picture | %.0f |\n| file | %zu bytes |\n| measured with "
                "kernels | %s |\n",
                count_parameters(model), e->macs, bytes, e->kernels);
    if (model->has_preprocessing) {
        write_channels("mean", model->mean, model->input_c, out);
        write_channels("deviation", model->std, model->input_c, out);
    }
    if (model->credit) bl_text_add(out, "| credit | %s |\n", model->credit);
    bl_text_add(out, "\nThe accuracy is of pictures that were neither trained on nor chosen by.\n\n## Classes\n\n");
    write_classes(e, model, out);
    bool many = e->n_classes > MANY;
    bl_text_add(out, "\n## Known failures\n\nThe most frequent mistakes:\n\n");
    write_mistakes(e, model, many ? 30 : 6, out);
    bl_text_add(
        out,
        "\nIt knows its %d classes alone: a picture of anything else is put into one of them, often with a high "
        "probability. It saw small pictures (%d×%d) of one data set only; what was drawn, framed or taken otherwise "
        "is often wrong. It is easily fooled by small changes made on purpose. It must not be used to decide "
        "anything about people or things.\n",
        e->n_classes, pictures->width, pictures->height);
    if (e->n_attacks) write_attacks(e, out);
    if (e->n_captioned) write_captions(e, out);
    bl_text_add(out, "\n## Calibration\n\n");
    write_calibration(e, out);
    bl_text_add(out, "\n## Confusion\n\n");
    if (many) {
        bl_text_add(out, "`backlight eval %s --confusion FILE.csv` writes all %d×%d numbers.\n", file, e->n_classes,
                    e->n_classes);
    } else {
        bl_text_add(out, "Rows are true classes, columns are predicted ones.\n\n");
        write_confusion(e, model, out);
    }
    if (recipe)
        bl_text_add(out, "\n## Recipe\n\n```\n%s%s```\n", recipe,
                    recipe[0] && recipe[strlen(recipe) - 1] != '\n' ? "\n" : "");
}
