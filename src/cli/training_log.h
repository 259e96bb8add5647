/* The log of a training: a CSV row for every epoch, and a picture of its curves. Private to cli/. */
#ifndef BL_CLI_TRAINING_LOG_H
#define BL_CLI_TRAINING_LOG_H

#include "cli/cli.h"

#include <stdio.h>

typedef struct {
    int epoch;
    int64_t step;
    double rate, loss, accuracy;
    bool held_back; /* are there pictures held back? Then: */
    double held_back_loss, held_back_accuracy;
    double images_per_second, gflops, seconds; /* of this call, where an epoch was cut in two */
} cli_training_row;

/* Opens the log of a training that stands at `step`: anew at step 0, else with the rows up to that step kept. */
bl_status cli_training_log_open(const char *path, int64_t step, FILE **out, bl_error *error);
bl_status cli_training_log_add(FILE *log, const char *path, const cli_training_row *row, bl_error *error);
/* Draws loss, accuracy and rate over the epochs of a log into a PNG. */
bl_status cli_training_curves(const char *log, const char *png, bl_error *error);

#endif
