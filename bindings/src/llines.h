/*
** llines.h - the lines of a file: sys.lines.
*/
#ifndef LSCALE_LINES_H
#define LSCALE_LINES_H

#include <lua.h>

/* Makes the class known, once in a state. [-0, +0] */
void lscale_make_lines_class(lua_State *L);

#define LSCALE_HASH_SIZE 32 /* bytes of a SHA-256 */

/* Pushes a SHA-256 as 64 lower-case hexadecimal digits. [-0, +1] */
void lscale_push_digits(lua_State *L, const unsigned char hash[LSCALE_HASH_SIZE]);

/* sys.lines(path), see llines.c. */
int lscale_open_lines(lua_State *L);

#endif
