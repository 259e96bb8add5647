/* backlight: finds the subcommand and runs it. */
#include "cli/cli.h"

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

const bl_command *const *bl_commands(int *n)
{
    *n = (int)(sizeof commands / sizeof commands[0]);
    return commands;
}

static void help(FILE *to)
{
    int n;
    const bl_command *const *all = bl_commands(&n);
    fprintf(to, "Usage: backlight COMMAND …\n\n");
    for (int i = 0; i < n; i++) fprintf(to, "  %-10s %s\n", all[i]->name, all[i]->summary);
    fprintf(to, "\n`backlight COMMAND --help` explains one.\n");
}

int main(int argc, char **argv)
{
    int n;
    const bl_command *const *all = bl_commands(&n);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help(stdout);
        return BL_EXIT_OK;
    }
    for (int i = 0; i < n; i++)
        if (strcmp(all[i]->name, name) == 0) return bl_command_run(all[i], argc - 2, argv + 2);
    if (name[0]) fprintf(stderr, "backlight: there is no command \"%s\"\n", name);
    help(stderr);
    return BL_EXIT_USAGE;
}
