/* cli: the command `backlight`, one file a subcommand; `commands.def` is the table. Native only; the top floor: it may
 * include everything of the core through backlight.h, and train/.
 * To add a subcommand: copy the nearest neighbour, change it, add its line to commands.def. Methods need no line:
 * method.c makes a subcommand of every entry of the methods' table.
 *
 * Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 the work failed, 2 wrong usage, 3 a file that
 * cannot be read or is not what it should be, 4 a network that needs what Backlight has not, 5 memory, 130 interrupted.
 */
#ifndef BL_CLI_H
#define BL_CLI_H

#include "backlight.h"
#include "base/nearest.h"

enum {
    BL_EXIT_OK = 0,
    BL_EXIT_FAILED = 1,
    BL_EXIT_USAGE = 2,
    BL_EXIT_INPUT = 3,
    BL_EXIT_UNSUPPORTED = 4,
    BL_EXIT_MEMORY = 5,
    BL_EXIT_INTERRUPTED = 130
};

struct bl_arguments;
typedef struct {
    const char *name;     /* without dashes */
    const char *argument; /* "FILE", "N"; NULL: a switch */
    const char *meaning;  /* a line, with the default */
} bl_option;

typedef struct {
    const char *name, *summary;
    const char *usage;                        /* arguments, as after the name: "MODEL PICTURE" */
    const char *examples;                     /* whole lines, each ended by \n */
    const bl_option *options;                 /* ended by a NULL name */
    int least, most;                          /* arguments; most −1: any number */
    int (*run)(const struct bl_arguments *a); /* exit code */
} bl_command;

/* A command line taken apart. Options that were not given have NULL values; switches have "". */
typedef struct bl_arguments {
    const bl_command *command;
    int n;
    const char **arguments;
    int n_options;
    const char **names, **values; /* in the order given */
} bl_arguments;
/* The last value given for an option, or otherwise. */
const char *bl_option_value(const bl_arguments *a, const char *name, const char *otherwise);
bool bl_option_given(const bl_arguments *a, const char *name);
/* An integer option within its range; on failure writes the message and returns false. */
bool bl_option_integer(const bl_arguments *a, const char *name, int64_t least, int64_t most, int64_t *out);

/* Takes options and arguments apart by the command's table ("--name value", "--name=value", "--", "-" is an argument),
 * handles --help, runs it. argv without the program and the command's name. */
int bl_command_run(const bl_command *command, int argc, char **argv);
/* A command line that makes no sense: says so on stderr, points to the help; BL_EXIT_USAGE. command may be NULL. */
int bl_usage(const bl_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bl_command_help(const bl_command *command);

/* The error as a message on stderr (or as JSON on stdout, where --json was given); returns the exit code of its status.
 */
int bl_report(const bl_arguments *a, const bl_error *error);

/* ---- files ---- */

/* Opens a network: .onnx, or a network text (drawn with seed 1). Applies --preprocess and --labels if given. */
bl_status bl_open_model(const bl_arguments *a, const char *path, bl_model **out, bl_error *error);
/* Reads a picture; notes on what was done to it go to stderr. */
bl_status bl_open_picture(const char *path, bl_picture *out, bl_error *error);
/* Prints text to stdout and frees it; BL_EXIT_MEMORY if writing it ran out of memory. */
int bl_print(bl_text *text);
/* What bl_open_model takes, for option tables. */
#define BL_MODEL_OPTIONS                                                                                               \
    {"preprocess", "HOW",                                                                                              \
     "what pictures become: unit (0…1), imagenet, signed (−1…1), bgr255; default: as the file says"},                  \
        {"labels", "FILE", "names of the classes, one a line; default: as the file says"}, {                           \
        "keep-batchnorm", NULL, "do not fold batch normalisation"                                                      \
    }

/* ---- kernels ---- */

/* Takes --kernels of a command that prefers the fast ones; called before anything is planned. False: the message is
 * written. */
bool bl_choose_kernels(const bl_arguments *a);
#define BL_KERNEL_OPTION                                                                                               \
    {                                                                                                                  \
        "kernels", "WHICH",                                                                                            \
            "fast: 8 lanes, multiply-add in one rounding; exact: the bits of the page; default: fast where possible"   \
    }

/* ---- progress ---- */

/* One line on stderr, rewritten ten times a second, when stderr is a terminal; nothing otherwise. Zero-initialise. */
typedef struct {
    double started, shown, from;
} cli_progress;
void cli_progress_show(cli_progress *p, double share, const char *text); /* share of the work that is done, 0 … 1 */
void cli_progress_clear(cli_progress *p);                  /* wipes the line, so that others can be printed */
const char *cli_duration(double seconds, char buffer[32]); /* "3 min 05 s" */

/* True once the user pressed Ctrl-C, or the system asked the command to end (SIGTERM); a second press ends the command
 * at once (interrupt.c). */
bool bl_interrupted(void);
void bl_watch_interrupts(void);

#endif
