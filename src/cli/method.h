/* A subcommand made from a method's description. Private to cli/. */
#ifndef BL_CLI_METHOD_H
#define BL_CLI_METHOD_H

#include "cli/cli.h"

enum { BL_METHOD_OPTIONS = 40 };
typedef struct {
    bl_command command;
    bl_option options[BL_METHOD_OPTIONS];
    char meanings[BL_METHOD_OPTIONS][200], examples[400];
} bl_method_command;
/* False when the method has more parameters than there is room for. */
bool bl_method_command_make(const bl_method *method, bl_method_command *out);

#endif
