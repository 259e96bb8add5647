/* Tensor files in: the reader of networks, of a graph that has initialisers alone. */
#include "onnx/reader.h"

#include <stdlib.h>
#include <string.h>

enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_INITIALISER = 5, GRAPH_SPARSE = 15 };

static bl_status no_memory(bl_reader *r) {
    return bl_fail(r->error, BL_MEMORY, "not enough memory for the tensors");
}

static bl_status read_tensor(bl_reader *r, const bl_field *field, bl_tensors *out) {
    bl_cursor c;
    bl_initialiser in;
    BL_TRY(bl_wire_message(field, "TensorProto", &c));
    BL_TRY(bl_initialiser_open(r, c, "tensor", &in));
    if (!in.name[0])
        return bl_fail(r->error, BL_FORMAT, "a tensor at byte %llu has no name", (unsigned long long)field->at);
    BL_TRY(bl_initialiser_check_data(r, &in, "tensor"));
    bl_tensor *t = &out->tensors[out->n];
    *t = (bl_tensor){.type = bl_initialiser_kind(&in), .half = in.type == BL_ONNX_HALF, .rank = in.rank};
    memcpy(t->dim, in.dim, sizeof t->dim);
    t->name = bl_arena_text(&out->arena, in.name, strlen(in.name));
    size_t each = t->type == BL_FLOAT ? sizeof(bl_real) : sizeof(int64_t);
    void *storage = bl_arena_take_array(&out->arena, in.count ? in.count : 1, each);
    if (!t->name || !storage) return no_memory(r);
    t->data = t->type == BL_FLOAT ? storage : NULL;
    t->ints = t->type == BL_INT ? storage : NULL;
    out->n++;
    BL_TRY(bl_initialiser_fill(&in, storage));
    return t->data ? bl_initialiser_check(r, "tensor", t->name, t->data, in.count) : BL_OK;
}

/* How many tensors the graph holds; refuses what is no tensor file. */
static bl_status count_tensors(bl_reader *r, bl_cursor graph, int *count) {
    bl_field f;
    for (*count = 0;;) {
        BL_TRY(bl_wire_next(&graph, &f));
        if (!f.number) break;
        if (f.number == GRAPH_NODE || f.number == GRAPH_SPARSE) {
            bl_fail(r->error, BL_FORMAT,
                    f.number == GRAPH_NODE ? "this is a network, not a file of tensors alone"
                                           : "the file has sparse tensors; Backlight reads dense ones");
            return bl_hint(r->error, BL_FORMAT, "Name a file that `backlight train --history` or `statistics` wrote.");
        }
        if (f.number == GRAPH_INITIALISER && ++*count > BL_TENSORS_MAX)
            return bl_fail(r->error, BL_UNSUPPORTED, "the file has more than %d tensors", BL_TENSORS_MAX);
    }
    return *count ? BL_OK : bl_fail(r->error, BL_FORMAT, "the file holds no tensor");
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bl_status check_names(bl_reader *r, const bl_tensors *t) {
    const char **names = bl_arena_take_array(&r->scratch, (size_t)t->n, sizeof *names);
    if (!names) return no_memory(r);
    for (int i = 0; i < t->n; i++) names[i] = t->tensors[i].name;
    qsort(names, (size_t)t->n, sizeof *names, by_name);
    for (int i = 1; i < t->n; i++)
        if (!strcmp(names[i - 1], names[i]))
            return bl_fail(r->error, BL_FORMAT, "tensor \"%.100s\" stands twice in the file", names[i]);
    return BL_OK;
}

static bl_status read_file(bl_reader *r, bl_cursor c, bl_tensors *out) {
    bl_cursor graph = {0};
    bl_field f;
    int count;
    for (bool found = false;; found |= f.number == MODEL_GRAPH) {
        BL_TRY(bl_wire_next(&c, &f));
        if (!f.number && !found) return bl_wire_fail(&c, 0, "it holds no graph");
        if (!f.number) break;
        if (f.number != MODEL_GRAPH) continue;
        if (found) return bl_wire_fail(&c, f.at, "a second graph");
        BL_TRY(bl_wire_message(&f, "GraphProto", &graph));
    }
    BL_TRY(count_tensors(r, graph, &count));
    out->tensors = bl_arena_take_array(&out->arena, (size_t)count, sizeof *out->tensors);
    if (!out->tensors) return no_memory(r);
    for (;;) {
        BL_TRY(bl_wire_next(&graph, &f));
        if (!f.number) return check_names(r, out);
        if (f.number == GRAPH_INITIALISER) BL_TRY(read_tensor(r, &f, out));
    }
}

bl_status bl_tensors_read(const bl_source *source, bl_tensors *out, bl_error *error) {
    *out = (bl_tensors){0};
    if (source->length == 0) return bl_fail(error, BL_FORMAT, "the file is empty");
    bl_reader *r = calloc(1, sizeof *r);
    if (!r) return bl_fail(error, BL_MEMORY, "not enough memory to read the tensors");
    r->error = error;
    r->most_rank = BL_TENSOR_RANK;
    bl_status status = read_file(r, bl_wire_open(&r->window, source, error), out);
    if (status != BL_OK) bl_tensors_free(out);
    bl_arena_free(&r->scratch);
    free(r);
    return status;
}

void bl_tensors_free(bl_tensors *t) {
    bl_arena_free(&t->arena);
    *t = (bl_tensors){0};
}

const bl_tensor *bl_tensors_find(const bl_tensors *t, const char *name) {
    for (int i = 0; i < t->n; i++)
        if (!strcmp(t->tensors[i].name, name)) return &t->tensors[i];
    return NULL;
}
