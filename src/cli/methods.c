/* backlight methods: the manifest. */
#include "cli/cli.h"

#include <stdio.h>

static int run(const bl_arguments *a) {
    bl_text t = {0};
    if (bl_option_given(a, "json")) {
        bl_manifest_json(&t);
        bl_text_add(&t, "\n");
    } else {
        int n;
        const bl_method *const *methods = bl_methods(&n);
        for (int i = 0; i < n; i++)
            bl_text_add(&t, "%-12s %-12s %s\n", methods[i]->id, methods[i]->family, methods[i]->purpose);
    }
    return bl_print(&t);
}

static const bl_option options[] = {{"json", NULL, "all methods, parameters, operators and result kinds as JSON"}, {0}};
const bl_command bl_command_methods = {"methods", "list the methods", "", "  backlight methods --json\n", options, 0, 0,
                                       run};
