#include "methods/cam.h"

#include "base/print.h"

void bl_cam_layer(bl_job *job, bl_cam *c) {
    c->layer = bl_job_integer(job, "layer");
    if (c->layer < 0) c->layer = bl_default_layer(job->model, 1);
}

bl_status bl_cam_take(bl_job *job, bl_cam *c, const bl_run *run) {
    const bl_model *m = job->model;
    bl_shape shape = bl_plan_shape(bl_run_plan(run), c->layer);
    if (shape.rank != 4 || shape.dim[2] * shape.dim[3] < 2) {
        const char *usable = NULL;
        for (int i = 0; i < m->n_nodes; i++) {
            if (!bl_plan_has(bl_run_plan(run), m->nodes[i].out)) continue;
            bl_shape s = bl_plan_shape(bl_run_plan(run), m->nodes[i].out);
            if (s.rank == 4 && s.dim[2] * s.dim[3] > 1) usable = m->values[m->nodes[i].out].name;
        }
        bl_fail(job->error, BL_USAGE, "layer \"%.80s\" has no rows and columns to make a map of",
                m->values[c->layer].name);
        return bl_hint(job->error, BL_USAGE, usable ? "The last that has is \"%.80s\"." : "This network has no map.%s",
                       usable ? usable : "");
    }
    c->channels = shape.dim[1], c->height = shape.dim[2], c->width = shape.dim[3];
    c->cells = bl_arena_take_array(&job->arena, (size_t)c->height * (size_t)c->width, sizeof *c->cells);
    return c->cells ? BL_OK : bl_no_room(job);
}

/* The weight of one channel, for the kinds that have one for all its cells. */
static double channel_weight(bl_cam_kind kind, const bl_real *a, const bl_real *g, size_t n) {
    double sum = 0, of_a = 0, weight = 0;
    for (size_t i = 0; i < n; i++) of_a += a[i], sum += kind == BL_CAM_XGRAD ? (double)g[i] * a[i] : (double)g[i];
    if (kind == BL_CAM_GRAD) return sum / (double)n;
    if (kind == BL_CAM_PLAIN) return sum;
    if (kind == BL_CAM_XGRAD) return sum / (of_a + 1e-7);
    for (size_t i = 0; i < n; i++) { /* Grad-CAM++: the closed form of an exponential score */
        double square = (double)g[i] * g[i];
        if (g[i] > 0) weight += square / (2 * square + square * g[i] * of_a + 1e-6) * g[i];
    }
    return weight;
}

bl_status bl_cam_cells(bl_job *job, bl_cam *c, bl_cam_kind kind, const bl_real *a, const bl_real *g) {
    size_t n = (size_t)c->height * (size_t)c->width;
    bool by_cell = kind == BL_CAM_HIRES || kind == BL_CAM_LAYER;
    for (size_t i = 0; i < n; i++) c->cells[i] = 0;
    for (int k = 0; k < c->channels; k++, a += n, g += n) {
        for (size_t i = 0; kind == BL_CAM_PLAIN && i < n; i++)
            if (g[i] != g[0]) {
                bl_fail(job->error, BL_UNSUPPORTED,
                        "CAM needs a network that ends in global average pooling and one dense layer after \"%.80s\"",
                        job->model->values[c->layer].name);
                return bl_hint(job->error, BL_UNSUPPORTED, "Grad-CAM takes any network, and gives the same there.");
            }
        bl_real weight = by_cell ? 0 : (bl_real)channel_weight(kind, a, g, n);
        for (size_t i = 0; i < n; i++)
            c->cells[i] += (!by_cell ? weight : kind == BL_CAM_LAYER && g[i] < 0 ? 0 : g[i]) * a[i];
    }
    return BL_OK;
}

void bl_cam_enlarge(bl_job *job, const bl_cam *c, const bl_subject *s, bl_real *map) {
    size_t n = (size_t)c->height * (size_t)c->width;
    bool is_signed = bl_job_integer(job, "keep") != 0;
    for (size_t i = 0; i < n; i++)
        if (!is_signed && c->cells[i] < 0) c->cells[i] = 0;
    if (bl_job_integer(job, "enlarge") == 0) {
        bl_resize(c->cells, 1, c->height, c->width, map, s->height, s->width);
        return;
    }
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            map[y * s->width + x] = c->cells[y * c->height / s->height * c->width + x * c->width / s->width];
}

void bl_cam_facts(bl_job *job, const bl_cam *c, const bl_subject *s, bl_result *map, bl_result *facts) {
    bl_map_show(job, map, bl_job_integer(job, "keep") != 0, "");
    char grid[40];
    bl_facts_open(job, facts, s);
    bl_table_text(facts, "layer", "layer", job->model->values[c->layer].name);
    bl_format(grid, sizeof grid, "%d×%d cells", c->height, c->width);
    bl_table_text(facts, "grid", "true size of the map", grid);
    double sum = 0;
    for (size_t i = 0, n = (size_t)c->height * (size_t)c->width; i < n; i++) sum += c->cells[i];
    bl_table_number(facts, "sum", "its cells add up to", sum, "");
    bl_facts_largest(job, facts, map);
    bl_table_close(facts);
    if (!(map->limit > 0) && bl_job_integer(job, "keep") == 0)
        bl_job_note(job, "Nothing at this layer speaks for it; \"signed\" shows what speaks against it.");
}
