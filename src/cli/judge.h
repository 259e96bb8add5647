/* The table of `backlight judge`: figures of tests, of methods, over pictures. Private to cli/. */
#ifndef BL_CLI_JUDGE_H
#define BL_CLI_JUDGE_H

#include "cli/cli.h"

enum { BL_JUDGE_FIGURES = 24 };
/* One number of one test, of one method on one picture. */
typedef struct {
    char name[32], title[80], unit[40];
    double value;
} bl_judge_figure;
typedef struct {
    int n;
    bl_judge_figure figures[BL_JUDGE_FIGURES];
} bl_judge_outcome;
/* Takes the numbers of the job's table "facts"; words are left out. */
void bl_judge_read(const bl_job *job, bl_judge_outcome *out);

/* A method and its parameters, as given: "smoothgrad samples=20". */
typedef struct {
    const bl_method *method;
    char params[200];
} bl_judge_item;
typedef struct {
    const char *network;
    const bl_judge_item *tests, *methods;
    int n_tests, n_methods, n_pictures;
    const bl_judge_outcome *outcomes; /* [test][method][picture] */
} bl_judge_table;
/* Mean and deviation over pictures: a line a figure, or a block a test with a column a figure. */
void bl_judge_text(const bl_judge_table *t, bl_text *out);
void bl_judge_csv(const bl_judge_table *t, bl_text *out);
void bl_judge_json(const bl_judge_table *t, bl_text *out);

#endif
