/* Any text as a request: the first line names a method, by its id or by any byte, the second is its parameters, the third its
 * objective, the rest a network text or nothing for a small one. What is accepted is begun, within a small limit. */
#include "network.h"
#include "methods/method.h"
#include "onnx/nettext.h"

enum { STEPS = 2, WEIGHTS = 1 << 10, METHOD_LIMIT = 8 << 20 };

static const char small[] =
    "input x 3x8x8\nlabels cat; red panda; dog\nmean 0.5\nstd 0.25\nconv1 = conv x 4 3x3 pad 1\nrelu1 = relu conv1\n"
    "pool = globalavgpool relu1\nflat = flatten pool\nscores = dense flat 3\nprob = softmax scores\n";

/* Cuts the next line off. */
static char *line(char **text) {
    char *start = *text, *end = strchr(start, '\n');
    *text = end ? end + 1 : start + strlen(start);
    if (end) *end = 0;
    return start;
}

static void begin(const bl_model *model, const bl_method *method, const char *params, const char *objective) {
    uint8_t pixels[6 * 5 * 4];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 37);
    bl_picture picture = {6, 5, pixels};
    bl_request request = {
        .model = model, .picture = &picture, .objective = objective, .params = params, .limit = METHOD_LIMIT};
    bl_error error = {0};
    bl_job *job;
    bool done = false;
    if (bl_job_start(method, &request, &job, &error) != BL_OK) {
        must(error.message[0] != 0 && job == NULL, "a refusal without a word", NULL);
        return;
    }
    for (int i = 0; i < STEPS && !done; i++)
        if (bl_job_step(job, &done, &error) != BL_OK) {
            must(error.message[0] != 0, "a failed step without a word", NULL);
            break;
        }
    bl_text legend = {0};
    bl_job_legend_json(job, &legend);
    bl_text_free(&legend);
    bl_job_end(job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = 0;
    char *rest = text;
    const char *number = line(&rest), *params = line(&rest), *objective = line(&rest);
    int n;
    const bl_method *const *methods = bl_methods(&n);
    const bl_method *method = bl_method_find(number);
    if (!method) method = methods[(unsigned char)*number % n];
    const char *network = *rest ? rest : small;
    bl_model *model;
    if (bl_nettext_read_within(network, strlen(network), 1, WEIGHTS, &model, NULL) == BL_OK) {
        begin(model, method, params, objective);
        bl_model_free(model);
    }
    free(text);
    return 0;
}
