/*
** host.h - what the files of scalua share: main.c on top, then commands.c and prompt.c, then run.c, then
** searcher.c, signals.c and memory.c.
*/
#ifndef SCALUA_HOST_H
#define SCALUA_HOST_H

#include <lua.h>

#include "embedded.h"

enum exit_code { HOST_DONE = 0, HOST_FAILED = 1, HOST_USAGE = 2, HOST_INTERRUPTED = 130 };

/* =================================================================== memory.c */

/* A new Lua state, of which there is one in the process; NULL when out of memory. */
lua_State *host_open_state(void);
void host_close_state(lua_State *L);

/* ================================================================== signals.c */

/* Takes care of SIGPIPE and of a standard output that cannot be written, and tells the modules of `L` how
** Ctrl-C reaches them. Once, before libraries are opened. [-0, +0] */
void host_install_signals(lua_State *L);

/* From here on a Ctrl-C raises "interrupted!" in Lua; after `disarm` it ends the process. */
void host_arm_interrupt(void);
void host_disarm_interrupt(void);

/* True if the message is that of an interrupt, and there was one. */
int host_is_interrupt(const char *message);

/* ================================================================= searcher.c */

/* Puts the embedded modules before those of package.path, and the C modules that are linked in into
** package.preload. [-0, +0] */
void host_install_searcher(lua_State *L);

/* Gives 0 and says so if SCALUA_SOURCE names no checkout of this project. */
int host_check_override(void);

/* The bundled command or module of that name, or NULL. */
const embedded_file *host_find_command(const char *name);
const embedded_file *host_find_module(const char *name);

/* Compiles a bundled file and pushes the function, or a message; gives Lua's status. With
** SCALUA_SOURCE=DIR the file DIR/PATH is taken, if there is one. [-0, +1] */
int host_load_embedded(lua_State *L, const embedded_file *file);

/* Pushes its text, by the same rule; raises if it cannot be read. [-0, +1] */
void host_push_source(lua_State *L, const embedded_file *file);

/* ====================================================================== run.c */

/* Calls the function under its arguments, as lua_pcall does, with a traceback put behind an error's message.
 */
int host_call(lua_State *L, int arguments, int results);

/* Says on standard error what went wrong and pops the message; gives the exit code. For status LUA_OK it does
** nothing and gives 0. [-(0|1), +0] */
int host_report(lua_State *L, int status);

/* Writes "scalua: MESSAGE" on standard error. */
__attribute__((format(printf, 1, 2))) void host_complain(const char *format, ...);

/* Drives the jobs that the script has left; says which of them failed without anybody reading the error;
** gives the exit code. [-0, +0] */
int host_finish_jobs(lua_State *L);

/* =================================================================== prompt.c */

/* Reads Lua from standard input and runs it, line by line, until its end. [-0, +0] */
void host_prompt(lua_State *L);

/* ================================================================= commands.c */

/* Pushes "scalua 0.1.0  Lua 5.4.4  libcurl/7.88.1". [-0, +1] */
void host_push_version(lua_State *L);

/* Runs `scalua help [COMMAND]` or `scalua source NAME`; the words behind are in `arg`. Gives the exit
** code, or -1 if `name` is neither. [-0, +0] */
int host_run_own_command(lua_State *L, const char *name);

/* Prints the general help; gives 0. */
int host_print_help(lua_State *L);

/* Says that there is no such command or file, with the near miss if there is one; gives 2. */
int host_unknown(lua_State *L, const char *name);

#endif
