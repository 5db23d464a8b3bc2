/*
** signals.c - Ctrl-C, and an output that nobody reads or that has no room. The process's own matters: the
** module installs no handler.
**
** SIGPIPE: a closed connection must not end the process, a reader of standard output that went away
** (`scalua export … | head`) ends it quietly, as it ends every filter.
** SIGXFSZ: a file that may not grow any more is for the write to say, as a full disk is.
*/
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "linterrupt.h"

static lscale_interrupt interrupt;
static lua_State *main_thread;

/* ===================================================================== Ctrl-C */

static void on_hook(lua_State *L, lua_Debug *unused);

static void hook(lua_State *L) {
    lua_sethook(L, on_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* In a job it ends the job, and the main thread's turn comes next: an error of a job that nobody waits for
** would not end the program. */
static void raise_interrupt(lua_State *L) {
    int is_main = lua_pushthread(L);
    lua_pop(L, 1);
    lua_sethook(L, NULL, 0, 0);
    if (is_main) {
        interrupt.pending = 0;
        interrupt.running = NULL; /* while the main thread runs, no job does */
    } else {
        hook(main_thread);
    }
    lua_pushliteral(L, "interrupted!");
    lua_error(L);
}

static void on_hook(lua_State *L, lua_Debug *unused) {
    (void)unused;
    if (interrupt.pending) raise_interrupt(L);
    lua_sethook(L, NULL, 0, 0);
}

/* Setting a hook is all that a handler may do with Lua. */
static void on_interrupt(int number) {
    interrupt.count++;
    if (interrupt.catching) return;
    if (interrupt.pending) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    interrupt.pending = 1;
    lua_State *running = interrupt.running;
    hook(running != NULL ? running : main_thread);
}

/* A read from a terminal ends at once when the interrupt is to be raised; while it is only counted, no write
** may be cut short by it. */
void host_arm_interrupt(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_interrupt;
    action.sa_flags = interrupt.catching ? SA_RESTART : 0;
    sigaction(SIGINT, &action, NULL);
}

void host_disarm_interrupt(void) {
    signal(SIGINT, SIG_DFL);
    if (interrupt.pending) lua_sethook(main_thread, NULL, 0, 0);
    interrupt.pending = 0;
    interrupt.running = NULL;
}

static void set_catching(int on) {
    if (on) interrupt.count = 0;
    interrupt.catching = on;
    host_arm_interrupt();
}

int host_is_interrupt(const char *message) {
    static const char words[] = "interrupted!";
    size_t size = strlen(message);
    return interrupt.count > 0 && size >= sizeof words - 1 &&
           strcmp(message + size - (sizeof words - 1), words) == 0;
}

/* ===================================================================== output */

static void on_broken_pipe(int number) {
    int error = errno;
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&output, 1, 0) == 1 && (output.revents & POLLERR)) {
        signal(number, SIG_DFL);
        raise(number);
    }
    errno = error;
}

/* A handler, since what is ignored would be so in the programs that this one starts. */
static void on_file_limit(int number) {
    (void)number;
}

/* Sets a handler where there is none. */
static void handle(int number, void (*handler)(int)) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler != SIG_DFL) return;
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(number, &action, NULL);
}

/* Data that did not reach standard output is a failure, whoever wrote it and however the process ends. */
static void check_output(int code, void *unused) {
    (void)unused;
    errno = 0;
    int failed = ferror(stdout);
    if (fflush(stdout) == 0 && !failed) return;
    if (code != HOST_DONE) return;
    host_complain("cannot write standard output%s%s", errno != 0 ? ": " : "",
                  errno != 0 ? strerror(errno) : "");
    _exit(HOST_FAILED);
}

/* ================================================================= installing */

/* The state is about to be freed: no handler may touch it any more. */
static int on_close(lua_State *L) {
    (void)L;
    host_disarm_interrupt();
    return 0;
}

/* What is made first is finalized last, so the handler works until all else is closed. */
static void guard_close(lua_State *L) {
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, on_close);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    luaL_ref(L, LUA_REGISTRYINDEX);
}

void host_install_signals(lua_State *L) {
    main_thread = L;
    interrupt.raise = raise_interrupt;
    interrupt.set_catching = set_catching;
    lua_pushlightuserdata(L, &interrupt);
    lua_setfield(L, LUA_REGISTRYINDEX, LSCALE_INTERRUPT);
    guard_close(L);
    handle(SIGPIPE, on_broken_pipe);
    handle(SIGXFSZ, on_file_limit);
    on_exit(check_output, NULL);
}
