/* Names: the index that finds them, the nearest ones when there is none, and how they are written in texts. */
#include "core/internal.h"
#include "base/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static uint32_t hash_of(const char *name, size_t length) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)name[i]) * 16777619u;
    return h;
}

typedef const char *(*name_of)(const bl_model *m, int i);
static const char *value_name(const bl_model *m, int i) {
    return m->values[i].name;
}
static const char *node_name(const bl_model *m, int i) {
    return m->nodes[i].name;
}

/* The slot where the name is, or the empty one where it would be. */
static int *slot_of(const bl_model *m, int *slots, int n, name_of name_at, const char *name, size_t length) {
    for (uint32_t s = hash_of(name, length);; s++) {
        int *slot = &slots[s & (uint32_t)(n - 1)];
        if (*slot == 0) return slot;
        const char *there = name_at(m, *slot - 1);
        if (strncmp(there, name, length) == 0 && there[length] == 0) return slot;
    }
}

/* Adds entry i, whose array holds `count` names already in the index; doubles the table when it is half full. */
static bool add(bl_model *m, int **slots, int *n, int count, name_of name_at, int i) {
    if (2 * (count + 1) > *n) {
        int larger = *n ? *n * 2 : 256;
        while (2 * (count + 1) > larger) larger *= 2;
        int *table = bl_arena_take_array(&m->arena, (size_t)larger, sizeof *table);
        if (!table) return false;
        for (int k = 0; k < *n; k++) {
            if ((*slots)[k] == 0) continue;
            const char *name = name_at(m, (*slots)[k] - 1);
            *slot_of(m, table, larger, name_at, name, strlen(name)) = (*slots)[k];
        }
        *slots = table;
        *n = larger;
    }
    const char *name = name_at(m, i);
    int *slot = slot_of(m, *slots, *n, name_at, name, strlen(name));
    if (*slot == 0) *slot = i + 1;
    return true;
}

int bl_index_value(const bl_model *m, const char *name, size_t length) {
    struct bl_name_index *x = m->index;
    return x->n_value_slots ? *slot_of(m, x->value_slots, x->n_value_slots, value_name, name, length) - 1 : -1;
}

int bl_index_node(const bl_model *m, const char *name, size_t length) {
    struct bl_name_index *x = m->index;
    return x->n_node_slots ? *slot_of(m, x->node_slots, x->n_node_slots, node_name, name, length) - 1 : -1;
}

bool bl_index_add_value(bl_model *m, int value) {
    struct bl_name_index *x = m->index;
    return add(m, &x->value_slots, &x->n_value_slots, value, value_name, value);
}

bool bl_index_add_node(bl_model *m, int node) {
    struct bl_name_index *x = m->index;
    return add(m, &x->node_slots, &x->n_node_slots, node, node_name, node);
}

bool bl_index_rebuild(bl_model *m) {
    struct bl_name_index *x = m->index;
    if (x->n_value_slots) memset(x->value_slots, 0, (size_t)x->n_value_slots * sizeof *x->value_slots);
    if (x->n_node_slots) memset(x->node_slots, 0, (size_t)x->n_node_slots * sizeof *x->node_slots);
    for (int i = 0; i < m->n_values; i++)
        if (!bl_index_add_value(m, i)) return false;
    for (int i = 0; i < m->n_nodes; i++)
        if (!bl_index_add_node(m, i)) return false;
    return true;
}

int bl_model_find(const bl_model *m, const char *name) {
    size_t length = strlen(name);
    int value = bl_index_value(m, name, length);
    if (value >= 0) return value;
    int node = bl_index_node(m, name, length);
    return node >= 0 ? m->nodes[node].out : -1;
}

/* Is name one of the comma-separated ones? */
static bool is_listed(const char *list, const char *name) {
    size_t length = strlen(name);
    for (const char *at = list; at; at = strchr(at, ','), at = at ? at + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == 0)) return true;
    return false;
}

bl_status bl_model_find_or_fail(const bl_model *m, const char *name, int *value, bl_error *error) {
    *value = bl_model_find(m, name);
    if (*value >= 0) return BL_OK;
    bl_fail(error, BL_USAGE, "there is no layer \"%.80s\"", name);
    bool folded = is_listed(m->index->removed, name);
    for (int i = 0; i < m->n_nodes && !folded; i++) folded = is_listed(m->nodes[i].stands_for, name);
    if (folded)
        return bl_hint(error, BL_USAGE, "it went away when batch normalisation was folded; open the network unfolded");
    bl_nearest near = {.wanted = name};
    for (int i = 0; i < m->n_nodes; i++) {
        bl_nearest_try(&near, m->values[m->nodes[i].out].name);
        bl_nearest_try(&near, m->nodes[i].name);
    }
    char names[220];
    bl_nearest_text(&near, names, sizeof names);
    return bl_hint(error, BL_USAGE, "nearest: %s", names);
}

void bl_skip_spaces(bl_cursor *c) {
    while (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r') c->at++;
}

bool bl_take(bl_cursor *c, char expected) {
    if (*c->at != expected) return false;
    c->at++;
    return true;
}

static bool is_plain(char x) {
    return (x >= 'A' && x <= 'Z') || (x >= 'a' && x <= 'z') || (x >= '0' && x <= '9') || x == '_' || x == '.' ||
           x == '/';
}

bl_status bl_cursor_fail(const bl_cursor *c, const char *what) {
    return bl_fail(c->error, BL_USAGE, "\"%.120s\": at character %d, %s", c->text, (int)(c->at - c->text) + 1, what);
}

bl_status bl_take_name(bl_cursor *c, char name[BL_NAME_BYTES], bool *quoted) {
    int n = 0;
    *quoted = bl_take(c, '"');
    while (*quoted ? *c->at != '"' : is_plain(*c->at)) {
        if (*quoted && *c->at == '\\' && c->at[1]) c->at++;
        if (*c->at == 0) return bl_cursor_fail(c, "a quote is not closed");
        if (n == BL_NAME_BYTES - 1) return bl_cursor_fail(c, "the name is longer than 255 bytes");
        name[n++] = *c->at++;
    }
    if (*quoted) c->at++;
    name[n] = 0;
    return n ? BL_OK : bl_cursor_fail(c, "a name is missing");
}

bool bl_take_integer(bl_cursor *c, int *out) {
    int n = 0;
    const char *at = c->at;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (n > 99999999) return false;
        n = n * 10 + (*at - '0');
    }
    if (at == c->at) return false;
    c->at = at;
    *out = n;
    return true;
}

bool bl_take_number(bl_cursor *c, double *out) {
    const char *first = c->at + (*c->at == '-' || *c->at == '+');
    if (!((*first >= '0' && *first <= '9') || (*first == '.' && first[1] >= '0' && first[1] <= '9'))) return false;
    if (first[0] == '0' && (first[1] == 'x' || first[1] == 'X')) return false;
    double x;
    const char *end = bl_read_number(c->at, &x);
    if (!(fabs(x) <= 1e30)) return false;
    c->at = end;
    *out = x;
    return true;
}

int bl_write_name(char *buffer, size_t size, const char *name) {
    bool plain = *name != 0;
    for (const char *s = name; *s; s++) plain = plain && is_plain(*s);
    if (plain) return bl_format(buffer, size, "%s", name);
    char quoted[2 * BL_NAME_BYTES + 3];
    size_t n = 0;
    quoted[n++] = '"';
    for (const char *s = name; *s && n < sizeof quoted - 3; s++) {
        if (*s == '"' || *s == '\\') quoted[n++] = '\\';
        quoted[n++] = *s;
    }
    quoted[n++] = '"';
    quoted[n] = 0;
    return bl_format(buffer, size, "%s", quoted);
}
