/* Where pictures lie: files in folders of classes, and entries of tar files (POSIX ustar). */
#define _POSIX_C_SOURCE 200809L
#include "train/train.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool is_picture(const char *path) {
    static const char *const ends[] = {".jpeg", ".jpg", ".png", ".bmp", ".gif"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof ends / sizeof ends[0]; i++)
        if (strcasecmp(dot, ends[i]) == 0) return true;
    return false;
}

static bl_status add_entry(bl_entries *e, const char *path, char *file, uint64_t offset, size_t length,
                           bl_error *error) {
    if (e->n == e->capacity) {
        int capacity = e->capacity ? 2 * e->capacity : 1024;
        bl_entry *more = realloc(e->entries, (size_t)capacity * sizeof *more);
        if (!more) return bl_fail(error, BL_MEMORY, "no memory for a list of %d pictures", capacity);
        e->entries = more;
        e->capacity = capacity;
    }
    char *copy = bl_arena_text(&e->arena, path, strlen(path));
    if (!copy || !file) return bl_fail(error, BL_MEMORY, "no memory for a list of %d pictures", e->n);
    e->entries[e->n++] = (bl_entry){copy, file, offset, length};
    return BL_OK;
}

/* dir/name in the list's arena; NULL without memory. */
static char *joined(bl_entries *e, const char *dir, const char *name) {
    size_t a = strlen(dir), b = strlen(name);
    char *path = bl_arena_take(&e->arena, a + b + 2);
    if (!path) return NULL;
    memcpy(path, dir, a);
    path[a] = '/';
    memcpy(path + a + 1, name, b);
    return path;
}

/* Adds the pictures in dir/path and its folders. A missing folder is no error: the pictures may lie in tar files. */
static bl_status walk(bl_entries *e, const char *dir, const char *path, int deep, bl_error *error) {
    char *folder = joined(e, dir, path);
    if (!folder) return bl_fail(error, BL_MEMORY, "no memory to read %s", path);
    DIR *d = opendir(folder);
    if (!d) return errno == ENOENT ? BL_OK : bl_fail(error, BL_IO, "%s cannot be read: %s", folder, strerror(errno));
    bl_status status = BL_OK;
    for (struct dirent *item; status == BL_OK && (item = readdir(d));) {
        struct stat info;
        if (item->d_name[0] == '.') continue;
        char *inner = joined(e, path, item->d_name), *file = inner ? joined(e, dir, inner) : NULL;
        if (!file)
            status = bl_fail(error, BL_MEMORY, "no memory to read %s", folder);
        else if (stat(file, &info) != 0)
            status = bl_fail(error, BL_IO, "%s cannot be read: %s", file, strerror(errno));
        else if (S_ISDIR(info.st_mode) && deep > 0)
            status = walk(e, dir, inner, deep - 1, error);
        else if (S_ISREG(info.st_mode) && is_picture(file))
            status = add_entry(e, inner, file, 0, (size_t)info.st_size, error);
    }
    closedir(d);
    return status;
}

/* An octal number of a tar header. */
static uint64_t octal(const unsigned char *field, int size) {
    uint64_t n = 0;
    for (int i = 0; i < size && field[i]; i++)
        if (field[i] >= '0' && field[i] <= '7') n = n * 8 + (uint64_t)(field[i] - '0');
    return n;
}

static bool good_header(const unsigned char block[512]) {
    uint64_t sum = 0;
    for (int i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? ' ' : block[i];
    return sum == octal(block + 148, 8);
}

static bl_status add_tar_entry(bl_entries *e, char *path, const char *split, const unsigned char block[512],
                               uint64_t at, uint64_t length, bl_error *error) {
    char name[101] = "", whole[260] = "";
    const char *inner = whole;
    size_t n = strlen(split);
    memcpy(name, block, 100);
    if (memcmp(block + 257, "ustar", 5) == 0 && block[345])
        snprintf(whole, sizeof whole, "%.155s/%s", (const char *)block + 345, name);
    else
        snprintf(whole, sizeof whole, "%s", name);
    if (strncmp(inner, "./", 2) == 0) inner += 2;
    bool is_file = block[156] == '0' || block[156] == 0;
    if (!is_file || length >= (1u << 28) || strncmp(inner, split, n) != 0 || inner[n] != '/' || !is_picture(inner))
        return BL_OK;
    return add_entry(e, inner, path, at, (size_t)length, error);
}

/* Adds a tar file's entries under "split/". It ends with an empty block; one that does not was cut short. */
static bl_status list_tar(bl_entries *e, char *path, const char *split, bl_error *error) {
    unsigned char block[512];
    uint64_t at = 0;
    bl_status status = BL_OK;
    FILE *f = fopen(path, "rb");
    if (!f) return bl_fail(error, BL_IO, "%s cannot be opened: %s", path, strerror(errno));
    for (bool end = false; status == BL_OK && !end;) {
        if (fseeko(f, (off_t)at, SEEK_SET) != 0 || fread(block, 1, 512, f) != 512) {
            bl_fail(error, BL_FORMAT, "%s is cut short: it ends before byte %llu, without tar's empty block at its end",
                    path, (unsigned long long)at + 512);
            status = bl_hint(error, BL_FORMAT, "copy or unpack it anew");
        } else if (!block[0]) {
            end = true;
        } else if (!good_header(block)) {
            status = bl_fail(error, BL_FORMAT, "%s is no tar file, or is damaged: wrong checksum at byte %llu", path,
                             (unsigned long long)at);
        } else {
            uint64_t length = octal(block + 124, 12);
            status = add_tar_entry(e, path, split, block, at + 512, length, error);
            if (length > (uint64_t)1 << 48) length = (uint64_t)1 << 48; /* beyond any file: cut short */
            at += 512 + (length + 511) / 512 * 512;
        }
    }
    fclose(f);
    return status;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const bl_entry *)a)->path, ((const bl_entry *)b)->path);
}

bl_status bl_entries_find(const char *dir, const char *split, bl_entries *out, bl_error *error) {
    memset(out, 0, sizeof *out);
    DIR *d = opendir(dir);
    if (!d) return bl_fail(error, BL_IO, "the folder %s cannot be read: %s", dir, strerror(errno));
    bl_status status = walk(out, dir, split, 3, error);
    for (struct dirent *item; status == BL_OK && (item = readdir(d));) {
        size_t n = strlen(item->d_name);
        if (n < 5 || strcmp(item->d_name + n - 4, ".tar") != 0) continue;
        char *path = joined(out, dir, item->d_name);
        status =
            path ? list_tar(out, path, split, error) : bl_fail(error, BL_MEMORY, "no memory to read %s", item->d_name);
    }
    closedir(d);
    if (status == BL_OK && out->n == 0) {
        bl_fail(error, BL_IO, "%s holds no pictures for \"%s\"", dir, split);
        status = bl_hint(error, BL_IO,
                         "expected are folders %s/%s/CLASS/ with pictures, or tar files with entries %s/CLASS/NAME",
                         dir, split, split);
    }
    if (status != BL_OK) {
        bl_entries_free(out);
        return status;
    }
    /* Folders and tar files give pictures in their own orders; a training must not depend on them. */
    qsort(out->entries, (size_t)out->n, sizeof *out->entries, by_path);
    return BL_OK;
}

bl_status bl_entry_read(const bl_entry *entry, bl_text *out, bl_error *error) {
    char part[16384];
    FILE *f = fopen(entry->file, "rb");
    if (!f) return bl_fail(error, BL_IO, "%s cannot be opened: %s", entry->file, strerror(errno));
    bool ok = fseeko(f, (off_t)entry->offset, SEEK_SET) == 0;
    for (size_t left = entry->length; ok && left;) {
        size_t n = fread(part, 1, left < sizeof part ? left : sizeof part, f);
        ok = n > 0;
        bl_text_bytes(out, part, n);
        left -= n;
    }
    fclose(f);
    if (!ok) return bl_fail(error, BL_IO, "%s in %s ends too early", entry->path, entry->file);
    return out->failed ? bl_fail(error, BL_MEMORY, "no memory to read %s", entry->path) : BL_OK;
}

void bl_entries_free(bl_entries *e) {
    free(e->entries);
    bl_arena_free(&e->arena);
    memset(e, 0, sizeof *e);
}
