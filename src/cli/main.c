#include "cli/cli.h"
#include "cli/method.h"

#include <stdio.h>
#include <string.h>

#define COMMAND(name) extern const bl_command bl_command_##name;
#include "cli/commands.def"
#undef COMMAND

static const bl_command *const commands[] = {
#define COMMAND(name) &bl_command_##name,
#include "cli/commands.def"
#undef COMMAND
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static const bl_command *find(const char *name) {
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static void help(FILE *to) {
    int n;
    const bl_method *const *methods = bl_methods(&n);
    fputs("Light through a convolutional network, forwards and backwards.\n\nUsage: backlight COMMAND [options] "
          "…\n\nCommands:\n",
          to);
    for (int i = 0; i < N_COMMANDS; i++) fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nMethods, as backlight METHOD MODEL PICTURE:\n", to);
    for (int i = 0; i < n; i++) fprintf(to, "  %-12s %s\n", methods[i]->id, methods[i]->purpose);
    fputs("\nbacklight COMMAND --help tells more of each.\n", to);
}

static int unknown(const char *name) {
    bl_nearest nearest = {.wanted = name};
    int n;
    const bl_method *const *methods = bl_methods(&n);
    for (int i = 0; i < N_COMMANDS; i++) bl_nearest_try(&nearest, commands[i]->name);
    for (int i = 0; i < n; i++) bl_nearest_try(&nearest, methods[i]->id);
    char best[200];
    bl_nearest_text(&nearest, best, sizeof best);
    return bl_usage(NULL, "there is no command \"%s\"; is it %s?", name, best);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    bool wants_help = strcmp(name, "help") == 0;
    if (argc < 2) {
        help(stderr);
        return BL_EXIT_USAGE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || (wants_help && argc == 2)) {
        help(stdout);
        return BL_EXIT_OK;
    }
    if (wants_help) name = argv[2];
    const bl_command *command = find(name);
    bl_method_command made;
    if (!command) {
        const bl_method *method = bl_method_find(name);
        if (!method) return unknown(name);
        if (!bl_method_command_make(method, &made))
            return bl_usage(NULL, "\"%s\" has more parameters than options fit", name);
        command = &made.command;
    }
    if (wants_help) {
        bl_command_help(command);
        return BL_EXIT_OK;
    }
    bl_watch_interrupts();
    int code = bl_command_run(command, argc - 2, argv + 2);
    /* A full disk or a closed pipe must not look like success. */
    if (fflush(stdout) != 0 && code == BL_EXIT_OK) code = BL_EXIT_FAILED;
    return code;
}
