#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bl_usage(const bl_command *command, const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("backlight: ", stderr);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nSee backlight %s%s--help.\n", command ? command->name : "", command ? " " : "");
    return BL_EXIT_USAGE;
}

const char *bl_option_value(const bl_arguments *a, const char *name, const char *otherwise) {
    for (int i = a->n_options - 1; i >= 0; i--)
        if (strcmp(a->names[i], name) == 0) return a->values[i];
    return otherwise;
}

bool bl_option_given(const bl_arguments *a, const char *name) {
    return bl_option_value(a, name, NULL) != NULL;
}

bool bl_option_integer(const bl_arguments *a, const char *name, int64_t least, int64_t most, int64_t *out) {
    const char *text = bl_option_value(a, name, NULL);
    if (!text) return true;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most) {
        bl_usage(a->command, "--%s takes a whole number from %lld to %lld, not \"%s\"", name, (long long)least,
                 (long long)most, text);
        return false;
    }
    *out = value;
    return true;
}

void bl_command_help(const bl_command *c) {
    printf("%s\n\nUsage: backlight %s %s%s\n", c->summary, c->name, c->options && c->options->name ? "[options] " : "",
           c->usage);
    if (c->examples) printf("\nExamples:\n%s", c->examples);
    puts("\nOptions:");
    for (const bl_option *o = c->options; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        printf("  %-22s %s\n", left, o->meaning);
    }
    printf("  %-22s %s\n", "--help", "this text");
    puts("\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 bad or unreadable file, 4 unsupported network, 5 "
         "memory,\n130 interrupted.");
}

static const bl_option *find(const bl_command *c, const char *name, size_t length) {
    for (const bl_option *o = c->options; o && o->name; o++)
        if (strlen(o->name) == length && memcmp(o->name, name, length) == 0) return o;
    return NULL;
}

static int unknown(const bl_command *c, const char *name, size_t length) {
    char wanted[64], best[200];
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
    bl_nearest nearest = {.wanted = wanted};
    for (const bl_option *o = c->options; o && o->name; o++) bl_nearest_try(&nearest, o->name);
    bl_nearest_text(&nearest, best, sizeof best);
    return bl_usage(c, "there is no option --%s%s%s%s", wanted, *best ? "; is it " : "", best, *best ? "?" : "");
}

/* Takes argv apart into a, whose arrays have room for argc entries each. */
static int take_apart(bl_arguments *a, int argc, char **argv) {
    const bl_command *c = a->command;
    bool only_arguments = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (only_arguments || word[0] != '-' || strcmp(word, "-") == 0) {
            a->arguments[a->n++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_arguments = true;
        } else if (word[1] != '-') {
            return bl_usage(c, "options begin with two dashes; \"%s\" does not", word);
        } else {
            const char *name = word + 2, *equals = strchr(name, '=');
            size_t length = equals ? (size_t)(equals - name) : strlen(name);
            const bl_option *o = find(c, name, length);
            if (!o) return unknown(c, name, length);
            if (!o->argument && equals) return bl_usage(c, "--%s takes no value", o->name);
            if (o->argument && !equals && i + 1 == argc)
                return bl_usage(c, "--%s wants a value: %s", o->name, o->argument);
            a->names[a->n_options] = o->name;
            a->values[a->n_options++] = !o->argument ? "" : equals ? equals + 1 : argv[++i];
        }
    }
    if (a->n < c->least)
        return bl_usage(c, "%s is missing: backlight %s %s", c->least - a->n > 1 ? "something" : "an argument", c->name,
                        c->usage);
    if (c->most >= 0 && a->n > c->most) return bl_usage(c, "\"%s\" is one argument too many", a->arguments[c->most]);
    return BL_EXIT_OK;
}

int bl_command_run(const bl_command *command, int argc, char **argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            bl_command_help(command);
            return BL_EXIT_OK;
        }
    }
    const char **room = calloc(3 * (size_t)argc + 1, sizeof *room);
    if (!room) return BL_EXIT_MEMORY;
    bl_arguments a = {.command = command, .arguments = room, .names = room + argc, .values = room + 2 * argc};
    int code = take_apart(&a, argc, argv);
    if (code == BL_EXIT_OK) code = command->run(&a);
    free(room);
    return code;
}
