/*
** commands.c - what scalua says about itself: help, source, version, and "did you mean". Called by main.c.
*/
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "scaleapi.h"

static const char usage[] = "usage: scalua [options] [script [args]]\n"
                            "       scalua COMMAND [options]\n"
                            "       scalua source NAME\n"
                            "       scalua help [COMMAND]\n";

static const char options[] =
    "  -e STAT              run the Lua text STAT\n"
    "  -i                   go on with a prompt after the script\n"
    "  -l MOD, -l G=MOD     require the module MOD into the global MOD, or G\n"
    "  -v, --version        say which versions these are\n"
    "  -E                   ignore LUA_INIT, LUA_PATH and LUA_CPATH\n"
    "  -W                   turn warnings on\n"
    "  --                   end of the options\n"
    "  -                    run standard input\n"
    "  --sandbox[=OPTIONS]  work on a sandbox inside this process, as complete-after=2,latency=0.05\n"
    "  -h, --help           say this\n";

void host_push_version(lua_State *L) {
    lua_pushfstring(L, "scalua %s  %s  %s", SCALE_VERSION, LUA_RELEASE, scale_transport_name());
}

/* ======================================================================= help */

/* Pushes the summary of a command: what stands behind "-- NAME: " in its first line. [-0, +1] */
static void push_summary(lua_State *L, const embedded_file *command) {
    host_push_source(L, command);
    const char *source = lua_tostring(L, -1);
    const char *prefix = lua_pushfstring(L, "-- %s: ", command->name);
    if (strncmp(source, prefix, strlen(prefix)) == 0) {
        const char *summary = source + strlen(prefix);
        lua_pushlstring(L, summary, strcspn(summary, "\r\n"));
    } else {
        lua_pushliteral(L, "");
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static void print_commands(lua_State *L) {
    for (size_t i = 0; i < embedded_command_count; i++) {
        push_summary(L, &embedded_commands[i]);
        printf("  %-12s %s\n", embedded_commands[i].name, lua_tostring(L, -1));
        lua_pop(L, 1);
    }
}

int host_print_help(lua_State *L) {
    fputs(usage, stdout);
    fputs("\nCommands (scalua help COMMAND says more):\n", stdout);
    print_commands(L);
    fputs("  help         say this, or what a command does\n"
          "  source       print the Lua source of a command, or of a module that is built in\n",
          stdout);
    fputs("\nOptions:\n", stdout);
    fputs(options, stdout);
    return HOST_DONE;
}

/* ==================================================================== unknown */

int host_unknown(lua_State *L, const char *name) {
    size_t count = embedded_command_count + 2;
    const char **names = lua_newuserdatauv(L, count * sizeof *names, 0);
    names[0] = "help";
    names[1] = "source";
    for (size_t i = 0; i < embedded_command_count; i++) names[i + 2] = embedded_commands[i].name;
    const char *meant = scale_suggest(name, names, count);
    if (meant != NULL)
        host_complain("'%s' is neither a command nor a file; did you mean '%s'?", name, meant);
    else
        host_complain("'%s' is neither a command nor a file; 'scalua help' lists the commands", name);
    lua_pop(L, 1);
    return HOST_USAGE;
}

/* ==================================================================== running */

/* The word behind the command's name, or NULL; it stays on the stack. [-0, +1] */
static const char *push_word(lua_State *L, int n) {
    lua_getglobal(L, "arg");
    lua_geti(L, -1, n);
    lua_remove(L, -2);
    return lua_tostring(L, -1);
}

/* Runs `COMMAND --help`, as if it had been typed. */
static int help_command(lua_State *L, const embedded_file *command) {
    int status = host_load_embedded(L, command);
    if (status != LUA_OK) return host_report(L, status);
    lua_createtable(L, 1, 1);
    lua_pushstring(L, command->name);
    lua_seti(L, -2, 0);
    lua_pushliteral(L, "--help");
    lua_seti(L, -2, 1);
    lua_setglobal(L, "arg");
    lua_pushliteral(L, "--help");
    return host_report(L, host_call(L, 1, 0));
}

static int help(lua_State *L, const char *name) {
    if (name == NULL || strcmp(name, "help") == 0 || strcmp(name, "source") == 0 || name[0] == '-')
        return host_print_help(L);
    const embedded_file *command = host_find_command(name);
    return command != NULL ? help_command(L, command) : host_unknown(L, name);
}

static int print_source(lua_State *L, const char *name) {
    if (name == NULL) {
        host_complain("source needs the name of a command; 'scalua help' lists them");
        return HOST_USAGE;
    }
    const embedded_file *file = host_find_command(name);
    if (file == NULL) file = host_find_module(name);
    if (file == NULL) return host_unknown(L, name);
    size_t size;
    host_push_source(L, file);
    const char *source = lua_tolstring(L, -1, &size);
    fwrite(source, 1, size, stdout);
    lua_pop(L, 1);
    return HOST_DONE;
}

int host_run_own_command(lua_State *L, const char *name) {
    int is_help = strcmp(name, "help") == 0;
    if (!is_help && strcmp(name, "source") != 0) return -1;
    const char *word = push_word(L, 1);
    int code = is_help ? help(L, word) : print_source(L, word);
    lua_pop(L, 1);
    return code;
}
