/*
** llines.h - the lines of a file: sys.lines.
*/
#ifndef LSCALE_LINES_H
#define LSCALE_LINES_H

#include <lua.h>

/* Makes the class known, once in a state. [-0, +0] */
void lscale_make_lines_class(lua_State *L);

/* sys.lines(path), see llines.c. */
int lscale_open_lines(lua_State *L);

#endif
