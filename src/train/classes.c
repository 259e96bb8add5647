/* Which class of a network the pictures of a folder belong to: data sets name folders by WordNet numbers ("n01882714")
 * and tell the names in a file of their own. */
#define _POSIX_C_SOURCE 200809L
#include "train/train.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

bl_status bl_class_names_read(const char *dir, const char *path, bl_class_names *out, bl_error *error) {
    static const char *const usual[] = {"classes.tsv", "words.txt"};
    memset(out, 0, sizeof *out);
    bl_text found = {0};
    for (size_t i = 0; !path && i < sizeof usual / sizeof usual[0]; i++) {
        bl_text_clear(&found);
        bl_text_add(&found, "%s/%s", dir, usual[i]);
        if (!found.failed && access(found.data, R_OK) == 0) path = found.data;
    }
    bl_status status = path ? bl_file_read(path, &out->text, error) : BL_OK;
    bl_text_free(&found);
    if (status != BL_OK) bl_text_free(&out->text);
    return status;
}

static int label_of(const bl_model *model, const char *name, size_t length) {
    for (int c = 0; c < model->n_labels; c++)
        if (strlen(model->labels[c]) == length && strncasecmp(model->labels[c], name, length) == 0) return c;
    return -1;
}

/* A line's names after the folder: fields between tabs, each a list between commas. */
static int label_in_line(const bl_model *model, const char *at, const char *end) {
    while (at < end) {
        const char *stop = at;
        while (stop < end && *stop != '\t' && *stop != ',') stop++;
        while (at < stop && *at == ' ') at++;
        int class_index = label_of(model, at, (size_t)(stop - at));
        if (class_index >= 0) return class_index;
        at = stop + 1;
    }
    return -1;
}

int bl_class_of(const bl_class_names *names, const bl_model *model, const char *folder, size_t length) {
    int class_index = label_of(model, folder, length);
    const char *line = names->text.data, *end = line ? line + names->text.length : NULL;
    while (class_index < 0 && line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        const char *last = stop > line && stop[-1] == '\r' ? stop - 1 : stop;
        if ((size_t)(last - line) > length && memcmp(line, folder, length) == 0 && line[length] == '\t')
            class_index = label_in_line(model, line + length + 1, last);
        line = stop + 1;
    }
    return class_index;
}
