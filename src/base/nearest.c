#include "base/nearest.h"
#include "base/print.h"

#include <string.h>

/* Edit distance (Levenshtein), upper and lower case alike, of the first 47 bytes; enough to find a slip of the hand. */
static int distance_of(const char *a, const char *b) {
    enum { MOST = 48 };
    int row[MOST];
    int n = 0;
    while (n < MOST - 1 && b[n]) n++;
    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 0; i < MOST - 1 && a[i]; i++) {
        int diagonal = row[0];
        row[0] = i + 1;
        for (int j = 0; j < n; j++) {
            int x = a[i] | 32, y = b[j] | 32, best = diagonal + (x != y);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j + 1] + 1 < best) best = row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[n];
}

void bl_nearest_try(bl_nearest *n, const char *candidate) {
    int distance = distance_of(n->wanted, candidate);
    for (int i = 0; i < 3; i++)
        if (n->best[i] && strcmp(n->best[i], candidate) == 0) return;
    for (int i = 0; i < 3; i++) {
        if (n->best[i] && n->distance[i] <= distance) continue;
        for (int k = 2; k > i; k--) n->best[k] = n->best[k - 1], n->distance[k] = n->distance[k - 1];
        n->best[i] = candidate;
        n->distance[i] = distance;
        return;
    }
}

void bl_nearest_text(const bl_nearest *n, char *buffer, size_t size) {
    size_t used = 0;
    buffer[0] = 0;
    for (int i = 0; i < 3 && n->best[i]; i++) {
        const char *between = i == 0 ? "" : i == 2 || !n->best[i + 1] ? " or " : ", ";
        int wrote = bl_format(buffer + used, size - used, "%s\"%.60s\"", between, n->best[i]);
        if (wrote < 0 || (size_t)wrote >= size - used) break;
        used += (size_t)wrote;
    }
}
