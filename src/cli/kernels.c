/* --kernels: which of the two variants of the heavy kernels run. */
#include "cli/cli.h"
#include "kernels/kernels.h"

#include <string.h>

bool bl_choose_kernels(const bl_arguments *a) {
    const char *which = bl_option_value(a, "kernels", "auto");
    bool fast = strcmp(which, "fast") == 0;
    if (!fast && strcmp(which, "exact") != 0 && strcmp(which, "auto") != 0) {
        bl_usage(a->command, "--kernels is auto, exact or fast, not \"%s\"", which);
        return false;
    }
    if (!bl_kernels_choose(strcmp(which, "exact") != 0) && fast) {
        bl_usage(a->command, "--kernels fast needs an x86-64 processor with AVX2 and FMA, which this one is not");
        return false;
    }
    return true;
}
