/* Data sets in the files of MNIST (LeCun et al. 1998) and Fashion-MNIST: all pictures of a split in one file, their
 * labels in another, packed by gzip or not. Numbers are big-endian: 00 00 08 and the number of dimensions, each
 * dimension in 32 bits, then bytes, row-major. */
#define _POSIX_C_SOURCE 200809L
#include "train/train.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* "DIR/train-images-idx3-ubyte" or, where only that is there, with ".gz"; validation and test are called t10k. */
static bool file_of(const char *dir, const char *split, const char *what, bl_text *path) {
    const char *prefix = strcmp(split, "train") == 0 ? "train" : "t10k";
    bl_text_clear(path);
    bl_text_add(path, "%s/%s-%s-ubyte", dir, prefix, what);
    if (!path->failed && access(path->data, F_OK) == 0) return true;
    bl_text_add(path, ".gz");
    return !path->failed && access(path->data, F_OK) == 0;
}

bool bl_idx_is_there(const char *dir, const char *split) {
    bl_text path = {0};
    bool found = file_of(dir, split, "images-idx3", &path);
    bl_text_free(&path);
    return found;
}

/* What `gzip -dc path` writes. */
static bl_status unpack(const char *path, bl_text *out, bl_error *error) {
    int ends[2], state = 0;
    char part[65536];
    ssize_t n;
    if (pipe(ends) != 0) return bl_fail(error, BL_IO, "%s cannot be unpacked: %s", path, strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]), close(ends[1]);
        execlp("gzip", "gzip", "-dc", "--", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (child > 0 && (n = read(ends[0], part, sizeof part)) != 0) {
        if (n > 0) bl_text_bytes(out, part, (size_t)n);
        if (n < 0 && errno != EINTR) break;
    }
    close(ends[0]);
    if (child < 0 || waitpid(child, &state, 0) < 0 || !WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        bl_fail(error, BL_FORMAT, "%s cannot be unpacked: gzip failed", path);
        return bl_hint(error, BL_FORMAT, "is the file whole, and the command gzip installed?");
    }
    return out->failed ? bl_fail(error, BL_MEMORY, "no memory to read %s", path) : BL_OK;
}

static uint32_t big_endian(const char *bytes) {
    const uint8_t *b = (const uint8_t *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* A file's bytes and its dimensions, checked against its length. */
static bl_status read_file(const char *dir, const char *split, const char *what, int rank, bl_text *out,
                           uint32_t dim[3], bl_error *error) {
    bl_text path = {0};
    if (!file_of(dir, split, what, &path)) {
        bl_text_free(&path);
        return bl_fail(error, BL_IO, "%s has pictures for \"%s\", but no file of %s", dir, split, what);
    }
    bool packed = path.length > 3 && strcmp(path.data + path.length - 3, ".gz") == 0;
    bl_status status = packed ? unpack(path.data, out, error) : bl_file_read(path.data, out, error);
    size_t head = 4 + 4 * (size_t)rank, size = 1;
    bool good = status == BL_OK && out->length >= head && big_endian(out->data) == (0x800u | (uint32_t)rank);
    for (int i = 0; i < rank && good; i++) {
        dim[i] = big_endian(out->data + 4 + 4 * i);
        good = bl_mul_size(size, dim[i], &size);
    }
    if (status == BL_OK && (!good || out->length - head != size))
        status = bl_fail(error, BL_FORMAT, "%s is cut short, or is no IDX file of bytes with %d dimension%s", path.data,
                         rank, rank > 1 ? "s" : "");
    bl_text_free(&path);
    return status;
}

static bl_status fill(bl_pictures *out, const char *split, const char *images, const char *labels, bl_error *error) {
    size_t area = (size_t)out->width * (size_t)out->height;
    char name[64];
    for (int i = 0; i < out->n; i++) {
        out->classes[i] = (uint8_t)labels[i];
        if (out->classes[i] >= out->n_classes)
            return bl_fail(error, BL_FORMAT, "picture %d of \"%s\" has label %d, but the network knows %d classes", i,
                           split, out->classes[i], out->n_classes);
        int length = snprintf(name, sizeof name, "%.40s/%d", split, i);
        if (!(out->names[i] = bl_arena_text(&out->arena, name, (size_t)length)))
            return bl_fail(error, BL_MEMORY, "no memory for the names of %d pictures", out->n);
        for (size_t k = 0; k < area; k++) {
            uint8_t *pixel = out->pixels + ((size_t)i * area + k) * 4;
            pixel[0] = pixel[1] = pixel[2] = (uint8_t)images[(size_t)i * area + k];
            pixel[3] = 255;
        }
    }
    return BL_OK;
}

bl_status bl_idx_read(const char *dir, const char *split, bl_pictures *out, bl_error *error) {
    bl_text images = {0}, labels = {0};
    uint32_t size[3], n[3];
    bl_status status = read_file(dir, split, "images-idx3", 3, &images, size, error);
    if (status == BL_OK) status = read_file(dir, split, "labels-idx1", 1, &labels, n, error);
    if (status == BL_OK && (n[0] != size[0] || n[0] < 1 || n[0] > 1u << 28))
        status = bl_fail(error, BL_FORMAT, "%s: %u pictures for \"%s\", but %u labels", dir, size[0], split, n[0]);
    if (status == BL_OK && (size[1] != (uint32_t)out->height || size[2] != (uint32_t)out->width))
        status = bl_fail(error, BL_SHAPE, "%s: pictures of %u×%u pixels, but the network takes %d×%d", dir, size[2],
                         size[1], out->width, out->height);
    if (status == BL_OK) status = bl_pictures_make_room(out, (int)n[0], error);
    if (status == BL_OK) status = fill(out, split, images.data + 16, labels.data + 8, error);
    bl_text_free(&images);
    bl_text_free(&labels);
    return status;
}
