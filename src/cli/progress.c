/* The progress line on a terminal. */
#define _POSIX_C_SOURCE 200809L
#include "cli/cli.h"
#include "train/train.h"

#include <stdio.h>
#include <unistd.h>

const char *cli_duration(double seconds, char buffer[32]) {
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(buffer, 32, "%ld h %02ld min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        snprintf(buffer, 32, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(buffer, 32, "%ld s", s);
    return buffer;
}

void cli_progress_show(cli_progress *p, double share, const char *text) {
    enum { BAR = 16 };
    char left[32] = "…", bar[3 * BAR + 1];
    double now = bl_seconds();
    if (!isatty(STDERR_FILENO)) return;
    if (p->started <= 0) p->started = now, p->from = share;
    if (now - p->shown < 0.1 && share < 1) return;
    p->shown = now;
    if (share > p->from) cli_duration((now - p->started) / (share - p->from) * (1 - share), left);
    char *at = bar;
    for (int i = 0; i < BAR; i++) at += sprintf(at, "%s", i < (int)(share * BAR + 0.5) ? "█" : "░");
    /* Without wrapping (?7l), so that a narrow terminal cuts the line instead of leaving pieces of it behind. */
    fprintf(stderr, "\r\033[K\033[?7l%s %3.0f %%  %s left  %s\033[?7h", bar, 100 * share, left, text);
    fflush(stderr);
}

void cli_progress_clear(cli_progress *p) {
    if (p->shown > 0) fprintf(stderr, "\r\033[K");
    p->shown = 0;
}
