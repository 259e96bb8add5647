/* Superpixels: simple linear iterative clustering (Achanta et al. 2012), in OKLab. */
#include <math.h>
#include <string.h>

#include "picture/picture.h"

enum { TURNS = 10 };
typedef struct {
    bl_real lab[3], y, x;
} point;

typedef struct {
    int height, width, n, reach; /* of centres; how far one looks, in pixels */
    point *pixels, *centres;
    bl_real *nearest;
    int32_t *label, *queue;
    bl_real per_place; /* (compactness / spacing)² */
} work;

static bl_real apart(const point *a, const point *b, bl_real per_place) {
    bl_real sum = per_place * ((a->y - b->y) * (a->y - b->y) + (a->x - b->x) * (a->x - b->x));
    for (int c = 0; c < 3; c++) sum += (a->lab[c] - b->lab[c]) * (a->lab[c] - b->lab[c]);
    return sum;
}

static int clip(int i, int n) {
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* How much the colour changes about a pixel: a centre begins where it changes least. */
static bl_real edge(const work *w, int y, int x) {
    const point *p = w->pixels;
    int up = clip(y - 1, w->height) * w->width, down = clip(y + 1, w->height) * w->width;
    int left = clip(x - 1, w->width), right = clip(x + 1, w->width);
    return apart(&p[up + x], &p[down + x], 0) + apart(&p[y * w->width + left], &p[y * w->width + right], 0);
}

static void place_centres(work *w, int rows, int columns) {
    for (int i = 0; i < rows * columns; i++) {
        int y = (2 * (i / columns) + 1) * w->height / (2 * rows),
            x = (2 * (i % columns) + 1) * w->width / (2 * columns);
        int best_y = y, best_x = x;
        for (int k = 0; k < 9; k++) {
            int at_y = clip(y + k / 3 - 1, w->height), at_x = clip(x + k % 3 - 1, w->width);
            if (edge(w, at_y, at_x) < edge(w, best_y, best_x)) best_y = at_y, best_x = at_x;
        }
        w->centres[i] = w->pixels[best_y * w->width + best_x];
    }
    for (int i = 0; i < w->height * w->width; i++) /* should no centre reach a pixel */
        w->label[i] = i / w->width * rows / w->height * columns + i % w->width * columns / w->width;
}

static void assign(work *w) {
    for (int i = 0; i < w->height * w->width; i++) w->nearest[i] = (bl_real)INFINITY;
    for (int k = 0; k < w->n; k++) {
        const point *c = &w->centres[k];
        for (int y = clip((int)c->y - w->reach, w->height); y <= clip((int)c->y + w->reach, w->height); y++)
            for (int x = clip((int)c->x - w->reach, w->width); x <= clip((int)c->x + w->reach, w->width); x++) {
                int i = y * w->width + x;
                bl_real d = apart(&w->pixels[i], c, w->per_place);
                if (d < w->nearest[i]) w->nearest[i] = d, w->label[i] = k;
            }
    }
}

static void move_centres(work *w) {
    memset(w->centres, 0, (size_t)w->n * sizeof *w->centres);
    memset(w->queue, 0, (size_t)w->n * sizeof *w->queue); /* counts meanwhile */
    for (int i = 0; i < w->height * w->width; i++) {
        point *c = &w->centres[w->label[i]];
        const point *p = &w->pixels[i];
        for (int k = 0; k < 3; k++) c->lab[k] += p->lab[k];
        c->y += p->y, c->x += p->x, w->queue[w->label[i]]++;
    }
    for (int k = 0; k < w->n; k++) {
        bl_real n = (bl_real)(w->queue[k] ? w->queue[k] : 1);
        point *c = &w->centres[k];
        for (int q = 0; q < 3; q++) c->lab[q] /= n;
        c->y /= n, c->x /= n;
    }
}

/* Every connected piece gets a number of its own, in order; a small one takes that of a neighbour before it. New
 * numbers are kept as −1 − number until all are given. */
static int connect(work *w, int least) {
    int pixels = w->height * w->width, given = 0;
    for (int start = 0; start < pixels; start++) {
        int32_t old = w->label[start], number = -1 - given;
        if (old < 0) continue;
        int n = 1, before = start % w->width ? start - 1 : start - w->width;
        w->queue[0] = start, w->label[start] = number;
        for (int i = 0; i < n; i++) {
            int at = w->queue[i], x = at % w->width;
            int next[4] = {x ? at - 1 : -1, x + 1 < w->width ? at + 1 : -1, at - w->width, at + w->width};
            for (int k = 0; k < 4; k++)
                if (next[k] >= 0 && next[k] < pixels && w->label[next[k]] == old)
                    w->label[next[k]] = number, w->queue[n++] = next[k];
        }
        if (n >= least || before < 0)
            given++;
        else
            for (int i = 0; i < n; i++) w->label[w->queue[i]] = w->label[before];
    }
    for (int i = 0; i < pixels; i++) w->label[i] = -1 - w->label[i];
    return given;
}

int bl_superpixels(const bl_picture *p, int wanted, float compactness, int32_t *label) {
    work w = {.height = p->height, .width = p->width, .label = label};
    size_t pixels = (size_t)p->height * (size_t)p->width;
    int columns = (int)(p->width / sqrt((double)pixels / wanted) + 0.5), rows;
    columns = columns < 1 ? 1 : columns > p->width ? p->width : columns;
    rows = (wanted + columns / 2) / columns;
    rows = rows < 1 ? 1 : rows > p->height ? p->height : rows;
    columns = (wanted + rows / 2) / rows;
    columns = columns < 1 ? 1 : columns > p->width ? p->width : columns;
    w.n = rows * columns;
    double spacing = sqrt((double)pixels / w.n), tall = (double)p->height / rows, wide = (double)p->width / columns;
    w.reach = (int)ceil(tall > wide ? tall : wide);
    w.per_place = (bl_real)(compactness * compactness / (spacing * spacing));
    w.pixels = bl_alloc_aligned(pixels * sizeof *w.pixels);
    w.centres = bl_alloc_aligned((size_t)w.n * sizeof *w.centres);
    w.nearest = bl_alloc_aligned(pixels * sizeof *w.nearest);
    w.queue = bl_alloc_aligned(pixels * sizeof *w.queue);
    int n = 0;
    if (w.pixels && w.centres && w.nearest && w.queue) {
        for (size_t i = 0; i < pixels; i++) {
            point *q = &w.pixels[i];
            bl_oklab(p->pixels + 4 * i, q->lab);
            for (int c = 0; c < 3; c++) q->lab[c] *= 100;
            q->y = (bl_real)(i / (size_t)p->width), q->x = (bl_real)(i % (size_t)p->width);
        }
        place_centres(&w, rows, columns);
        for (int turn = 0; turn < TURNS; turn++) {
            if (turn) move_centres(&w);
            assign(&w);
        }
        n = connect(&w, (int)(spacing * spacing / 4));
    }
    bl_free_aligned(w.pixels), bl_free_aligned(w.centres), bl_free_aligned(w.nearest), bl_free_aligned(w.queue);
    return n;
}
