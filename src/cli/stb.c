/* The letters on pages come from stb_easy_font; this is the only file that includes it. */
#include "cli/letters.h"

#include <stb/stb_easy_font.h>

int bl_letter_quads(const char *text, void *vertices, int bytes) {
    return stb_easy_font_print(0, 0, (char *)text, NULL, vertices, bytes);
}
int bl_letters_width(const char *text) {
    return stb_easy_font_width((char *)text);
}
