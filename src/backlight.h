/* Backlight's public face: what wasm/, src/cli/ and src/train/ take from the core.
 *
 *     bl_error error;
 *     bl_model *model;
 *     bl_job *job;
 *     bl_bytes bytes = {data, length};
 *     bl_source source = bl_source_memory(&bytes);
 *     bl_picture picture;
 *     bool done = false;
 *     if (bl_onnx_read(&source, NULL, &model, &error) != BL_OK ||
 *         bl_picture_decode(file, size, "panda.jpg", &picture, NULL, &error) != BL_OK) …
 *     bl_request request = {.model = model, .picture = &picture, .objective = "class:\"red panda\"", .params = ""};
 *     if (bl_job_start(bl_method_find("gradient"), &request, &job, &error) != BL_OK) …
 *     while (!done && bl_job_step(job, &done, &error) == BL_OK) {}
 *     const bl_result *map = bl_job_result(job, 0);
 *     bl_job_end(job); bl_picture_free(&picture); bl_model_free(model);
 *
 * Objects belong to whoever made them; each is used by one thread at a time, different ones freely. */
#ifndef BACKLIGHT_H
#define BACKLIGHT_H

#include "base/base.h"
#include "base/random.h"
#include "base/text.h"
#include "core/core.h"
#include "methods/method.h"
#include "methods/similarity.h"
#include "onnx/onnx.h"
#include "picture/picture.h"

#endif
