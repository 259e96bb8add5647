/* The recipe: key = value lines, read, written and explained from the table recipe.def. */
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum { KEY_INTEGER, KEY_NUMBER, KEY_CHOICE, KEY_TEXT } key_kind;
typedef struct {
    const char *name;
    key_kind kind;
    size_t offset;
    double otherwise, least, most;
    const char *words; /* of a choice */
    const char *text;  /* the default of a choice or a text */
} key_row;

static const key_row keys[] = {
#define INTEGER(key, otherwise, least, most, meaning)                                                                  \
    {#key, KEY_INTEGER, offsetof(bl_recipe, key), otherwise, least, most, NULL, NULL},
#define NUMBER(key, otherwise, least, most, meaning)                                                                   \
    {#key, KEY_NUMBER, offsetof(bl_recipe, key), otherwise, least, most, NULL, NULL},
#define CHOICE(key, otherwise, words, meaning) {#key, KEY_CHOICE, offsetof(bl_recipe, key), 0, 0, 0, words, otherwise},
#define TEXT(key, otherwise, meaning)          {#key, KEY_TEXT, offsetof(bl_recipe, key), 0, 0, 0, NULL, otherwise},
#include "train/recipe.def"
#undef INTEGER
#undef NUMBER
#undef CHOICE
#undef TEXT
};
enum { N_KEYS = sizeof keys / sizeof keys[0], TEXT_SIZE = sizeof((bl_recipe *)0)->network };

static void *field(bl_recipe *recipe, const key_row *k) {
    return (char *)recipe + k->offset;
}
static const void *const_field(const bl_recipe *recipe, const key_row *k) {
    return (const char *)recipe + k->offset;
}

static void set_number(bl_recipe *recipe, const key_row *k, double value) {
    if (k->kind == KEY_INTEGER) *(int64_t *)field(recipe, k) = (int64_t)value;
    if (k->kind == KEY_NUMBER) *(double *)field(recipe, k) = value;
    if (k->kind == KEY_CHOICE) *(int *)field(recipe, k) = (int)value;
}

/* Place of word in a list separated by spaces; −1: not there. */
static int place_of(const char *words, const char *word) {
    size_t length = strlen(word);
    for (int place = 0; *words; place++) {
        size_t n = strcspn(words, " ");
        if (n == length && memcmp(words, word, n) == 0) return place;
        words += n + (words[n] == ' ');
    }
    return -1;
}

void bl_recipe_defaults(bl_recipe *recipe) {
    memset(recipe, 0, sizeof *recipe);
    for (int i = 0; i < N_KEYS; i++) {
        const key_row *k = &keys[i];
        if (k->kind == KEY_TEXT)
            strncpy(field(recipe, k), k->text, TEXT_SIZE - 1);
        else
            set_number(recipe, k, k->kind == KEY_CHOICE ? place_of(k->words, k->text) : k->otherwise);
    }
}

static const key_row *find_key(const char *name) {
    for (int i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

bl_status bl_recipe_set(bl_recipe *recipe, const char *name, const char *value, bl_error *error) {
    const key_row *k = find_key(name);
    if (!k) {
        bl_fail(error, BL_USAGE, "a recipe has no key \"%s\"", name);
        return bl_hint(error, BL_USAGE, "`backlight train --help` lists the keys");
    }
    if (k->kind == KEY_TEXT) {
        if (strlen(value) >= TEXT_SIZE)
            return bl_fail(error, BL_USAGE, "%s is longer than %d bytes", name, TEXT_SIZE - 1);
        memset(field(recipe, k), 0, TEXT_SIZE);
        memcpy(field(recipe, k), value, strlen(value));
        return BL_OK;
    }
    if (k->kind == KEY_CHOICE) {
        int place = place_of(k->words, value);
        if (place < 0) return bl_fail(error, BL_USAGE, "%s = \"%s\": it can be one of: %s", name, value, k->words);
        set_number(recipe, k, place);
        return BL_OK;
    }
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end) return bl_fail(error, BL_USAGE, "%s = \"%s\" is not a number", name, value);
    if (!(number >= k->least && number <= k->most))
        return bl_fail(error, BL_USAGE, "%s = %s is outside %g … %g", name, value, k->least, k->most);
    if (k->kind == KEY_INTEGER && number != floor(number))
        return bl_fail(error, BL_USAGE, "%s = %s is not a whole number", name, value);
    set_number(recipe, k, number);
    return BL_OK;
}

/* The text between two places without the blanks around it, into a buffer; false: too long. */
static bool trimmed(const char *from, const char *to, char *buffer, size_t size) {
    while (from < to && strchr(" \t\r", *from)) from++;
    while (to > from && strchr(" \t\r", to[-1])) to--;
    if ((size_t)(to - from) >= size) return false;
    memcpy(buffer, from, (size_t)(to - from));
    buffer[to - from] = 0;
    return true;
}

bl_status bl_recipe_read(bl_recipe *recipe, const char *text, size_t length, const char *name, bl_error *error) {
    bool seen[N_KEYS] = {false};
    const char *end = text + length;
    for (int line = 1; text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) stop = end;
        const char *comment = memchr(text, '#', (size_t)(stop - text));
        const char *last = comment ? comment : stop;
        const char *equals = memchr(text, '=', (size_t)(last - text));
        char key[TEXT_SIZE] = "", value[TEXT_SIZE] = "";
        if (!trimmed(text, equals ? equals : last, key, sizeof key) ||
            (equals && !trimmed(equals + 1, last, value, sizeof value)))
            return bl_fail(error, BL_FORMAT, "%s, line %d: longer than %d bytes", name, line, TEXT_SIZE - 1);
        if (!equals && key[0]) {
            bl_fail(error, BL_FORMAT, "%s, line %d: \"%.60s\" is not key = value", name, line, key);
            return bl_hint(error, BL_FORMAT, "a line holds one key, \"=\" and a value; \"#\" begins a comment");
        }
        if (equals) {
            bl_error inner;
            if (bl_recipe_set(recipe, key, value, &inner) != BL_OK) {
                bl_fail(error, BL_FORMAT, "%s, line %d: %s", name, line, inner.message);
                return inner.hint[0] ? bl_hint(error, BL_FORMAT, "%s", inner.hint) : BL_FORMAT;
            }
            int row = (int)(find_key(key) - keys);
            if (seen[row]) return bl_fail(error, BL_FORMAT, "%s, line %d: %s was given before", name, line, key);
            seen[row] = true;
        }
        text = stop + 1;
    }
    return BL_OK;
}

static void write_word(const char *words, int place, bl_text *out) {
    for (; place > 0; place--) words += strcspn(words, " ") + 1;
    bl_text_bytes(out, words, strcspn(words, " "));
}

static bool is_default(const bl_recipe *recipe, const key_row *k) {
    bl_recipe otherwise;
    bl_recipe_defaults(&otherwise);
    const void *a = const_field(recipe, k), *b = const_field(&otherwise, k);
    if (k->kind == KEY_TEXT) return strcmp(a, b) == 0;
    return memcmp(a, b, k->kind == KEY_CHOICE ? sizeof(int) : sizeof(int64_t)) == 0;
}

void bl_recipe_write(const bl_recipe *recipe, bool all, bl_text *out) {
    for (int i = 0; i < N_KEYS; i++) {
        const key_row *k = &keys[i];
        if (!all && is_default(recipe, k)) continue;
        const void *at = const_field(recipe, k);
        bl_text_add(out, "%s = ", k->name);
        if (k->kind == KEY_INTEGER) bl_text_add(out, "%lld", (long long)*(const int64_t *)at);
        if (k->kind == KEY_NUMBER) bl_text_add(out, "%.9g", *(const double *)at);
        if (k->kind == KEY_CHOICE) write_word(k->words, *(const int *)at, out);
        if (k->kind == KEY_TEXT) bl_text_add(out, "%s", (const char *)at);
        bl_text_add(out, "\n");
    }
}
