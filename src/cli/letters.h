/* Letters as rectangles: four corners each, a corner is x, y, z (float) and a colour (4 bytes). Private to draw.c and
 * stb.c. */
#ifndef BL_CLI_LETTERS_H
#define BL_CLI_LETTERS_H

int bl_letter_quads(const char *text, void *vertices, int bytes); /* how many */
int bl_letters_width(const char *text);                           /* px */

#endif
