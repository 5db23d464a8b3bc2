/*
** main.c - scalua: a Lua 5.4 interpreter with the module `scaleapi` and the workflows built in. What is typed
** is read here; the options mean what they mean to `lua`.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

typedef struct command_line {
    int count; /* of words */
    char **words;
    int script;          /* the index of the script or command; `count` if there is none */
    const char *sandbox; /* its options, or NULL */
    int is_interactive, ignores_environment, wants_version, wants_help;
    int is_enough; /* -e or -v: without a script there is nothing more to do */
} command_line;

/* ==================================================================== options */

/* The value of -e or -l: behind the letter, or the next word. NULL if there is none. */
static const char *option_value(const command_line *line, int *index) {
    const char *word = line->words[*index];
    if (word[2] != '\0') return word + 2;
    if (*index + 1 >= line->count || line->words[*index + 1][0] == '-') return NULL;
    return line->words[++*index];
}

static int read_long_option(command_line *line, const char *word) {
    if (strcmp(word, "--sandbox") == 0)
        line->sandbox = "";
    else if (strncmp(word, "--sandbox=", 10) == 0)
        line->sandbox = word + 10;
    else if (strcmp(word, "--help") == 0)
        line->wants_help = 1;
    else if (strcmp(word, "--version") == 0)
        line->wants_version = line->is_enough = 1;
    else
        return 0;
    return 1;
}

static int read_flag(command_line *line, const char *word) {
    if (word[2] != '\0') return 0;
    switch (word[1]) {
    case 'E': line->ignores_environment = 1; return 1;
    case 'W': return 1;
    case 'h': line->wants_help = 1; return 1;
    case 'i': line->is_interactive = 1; return 1;
    case 'v': line->wants_version = line->is_enough = 1; return 1;
    default: return 0;
    }
}

/* Reads the options up to the script. Gives 0, with `script` at the wrong one, if there is a wrong one. */
static int read_options(command_line *line) {
    for (int i = 1; i < line->count; i++) {
        const char *word = line->words[i];
        line->script = i;
        if (word[0] != '-' || word[1] == '\0') return 1;
        if (strcmp(word, "--") == 0) {
            line->script = i + 1;
            return 1;
        }
        int understood;
        if (word[1] == '-') {
            understood = read_long_option(line, word);
        } else if (word[1] == 'e' || word[1] == 'l') {
            line->is_enough |= word[1] == 'e';
            understood = option_value(line, &i) != NULL;
        } else {
            understood = read_flag(line, word);
        }
        if (!understood) return 0;
    }
    line->script = line->count;
    return 1;
}

static int complain_of_option(const command_line *line) {
    const char *word = line->words[line->script];
    if (strcmp(word, "-e") == 0 || strcmp(word, "-l") == 0)
        host_complain("'%s' needs a value", word);
    else
        host_complain("unknown option '%s'; 'scalua --help' lists them", word);
    return HOST_USAGE;
}

/* ====================================================================== steps */

/* What --sandbox means to whoever reads the environment: scripts, commands, processes started by them. */
static void enter_sandbox(const char *options) {
    const char *key = getenv("SCALE_API_KEY"), *file = getenv("SCALE_API_KEY_FILE");
    size_t size = strlen(options) + sizeof "sandbox:";
    char *url = malloc(size);
    if (url == NULL) abort();
    snprintf(url, size, "sandbox:%s", options);
    setenv("SCALE_API_URL", url, 1);
    free(url);
    if ((key == NULL || *key == '\0') && (file == NULL || *file == '\0'))
        setenv("SCALE_API_KEY", "test_sandbox", 1);
}

/* The global `arg`: the script is at 0, its arguments behind, what stands before it at negative indexes. */
static void make_arg(lua_State *L, const command_line *line) {
    int script = line->script < line->count ? line->script : 0;
    lua_createtable(L, line->count - script, script + 1);
    for (int i = 0; i < line->count; i++) {
        lua_pushstring(L, line->words[i]);
        lua_rawseti(L, -2, i - script);
    }
    lua_setglobal(L, "arg");
}

static void open_libraries(lua_State *L, const command_line *line) {
    if (line->ignores_environment) {
        lua_pushboolean(L, 1);
        lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    }
    host_install_signals(L);
    luaL_openlibs(L);
    host_install_searcher(L);
    make_arg(L, line);
    lua_gc(L, LUA_GCGEN, 0, 0); /* as lua does */
}

/* Calls what was loaded, or says why it was not. */
static int run_loaded(lua_State *L, int status, int arguments) {
    if (status == LUA_OK) status = host_call(L, arguments, 0);
    return host_report(L, status);
}

static int run_text(lua_State *L, const char *text, const char *name) {
    return run_loaded(L, luaL_loadbuffer(L, text, strlen(text), name), 0);
}

/* LUA_INIT holds Lua, or @ and the name of a file. */
static int run_init(lua_State *L) {
    const char *name = "LUA_INIT_5_4", *text = getenv(name);
    if (text == NULL) text = getenv(name = "LUA_INIT");
    if (text == NULL) return HOST_DONE;
    if (text[0] == '@') return run_loaded(L, luaL_loadfile(L, text + 1), 0);
    return run_text(L, text, lua_pushfstring(L, "=%s", name));
}

/* -l MOD or -l G=MOD */
static int run_library(lua_State *L, const char *word) {
    const char *equals = strchr(word, '=');
    const char *module = equals != NULL ? equals + 1 : word;
    const char *global = equals != NULL ? lua_pushlstring(L, word, (size_t)(equals - word)) : word;
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    int status = host_call(L, 1, 1);
    if (status == LUA_OK) lua_setglobal(L, global);
    return host_report(L, status);
}

/* Does what -e, -l and -W say, in their order. */
static int run_options(lua_State *L, const command_line *line) {
    int code = HOST_DONE;
    for (int i = 1; i < line->script && code == HOST_DONE; i++) {
        char letter = line->words[i][1];
        if (letter == 'e')
            code = run_text(L, option_value(line, &i), "=(command line)");
        else if (letter == 'l')
            code = run_library(L, option_value(line, &i));
        else if (letter == 'W')
            lua_warning(L, "@on", 0);
    }
    return code;
}

/* ===================================================================== script */

/* Pushes arg[1], arg[2], …; gives their number. LUA_INIT may have changed them. */
static int push_arguments(lua_State *L) {
    if (lua_getglobal(L, "arg") != LUA_TTABLE) luaL_error(L, "'arg' is not a table");
    int count = (int)luaL_len(L, -1);
    luaL_checkstack(L, count + 3, "too many arguments to the script");
    for (int i = 1; i <= count; i++) lua_rawgeti(L, -i, i);
    lua_remove(L, -count - 1);
    return count;
}

/* A file that is not there or cannot be read is wrong usage, one with wrong Lua in it is a failure. */
static int complain_of_file(lua_State *L, const char *path, int status) {
    if (status != LUA_ERRFILE) return host_report(L, status);
    if (path != NULL && strchr(path, '/') == NULL && access(path, F_OK) != 0 && strchr(path, '.') == NULL)
        return host_unknown(L, path);
    host_report(L, status);
    return HOST_USAGE;
}

static int run_script(lua_State *L, const command_line *line) {
    const char *name = line->words[line->script];
    const embedded_file *command = host_find_command(name);
    const char *path = name;
    if (strcmp(name, "-") == 0 && strcmp(line->words[line->script - 1], "--") != 0) path = NULL;
    int code = host_run_own_command(L, name);
    if (code >= 0) return code;
    int status = command != NULL ? host_load_embedded(L, command) : luaL_loadfile(L, path);
    if (status != LUA_OK) return complain_of_file(L, path, status);
    return run_loaded(L, LUA_OK, push_arguments(L));
}

/* A prompt where -i asks for one, or where nothing else is to be run and somebody sits there. */
static int has_prompt(const command_line *line) {
    return line->is_interactive || (line->script == line->count && !line->is_enough && isatty(STDIN_FILENO));
}

/* The script or standard input, then a prompt if there is to be one. */
static int run_main(lua_State *L, const command_line *line) {
    int code = HOST_DONE;
    if (line->script < line->count)
        code = run_script(L, line);
    else if (!line->is_enough && !has_prompt(line))
        code = run_loaded(L, luaL_loadfile(L, NULL), 0);
    if (!has_prompt(line)) return code;
    host_prompt(L);
    return HOST_DONE;
}

static void print_version(lua_State *L) {
    host_push_version(L);
    puts(lua_tostring(L, -1));
    fflush(stdout);
    lua_pop(L, 1);
}

/* All of it. Gives the exit code. */
static int run(lua_State *L, const command_line *line) {
    int code = HOST_DONE;
    if (!host_check_override()) return HOST_USAGE;
    open_libraries(L, line);
    if (line->wants_help) return host_print_help(L);
    if (line->wants_version || has_prompt(line)) print_version(L);
    if (!line->ignores_environment) code = run_init(L);
    if (code == HOST_DONE) code = run_options(L, line);
    if (code == HOST_DONE) code = run_main(L, line);
    return code == HOST_DONE ? host_finish_jobs(L) : code;
}

static int run_protected(lua_State *L) {
    luaL_checkversion(L);
    lua_pushinteger(L, run(L, lua_touserdata(L, 1)));
    return 1;
}

int main(int argc, char **argv) {
    command_line line = {.count = argc, .words = argv, .script = argc};
    if (!read_options(&line)) return complain_of_option(&line);
    if (line.sandbox != NULL) enter_sandbox(line.sandbox);
    lua_State *L = host_open_state();
    if (L == NULL) {
        host_complain("out of memory");
        return HOST_FAILED;
    }
    lua_pushcfunction(L, run_protected);
    lua_pushlightuserdata(L, &line);
    int status = lua_pcall(L, 1, 1, 0);
    int code = status == LUA_OK ? (int)lua_tointeger(L, -1) : host_report(L, status);
    host_close_state(L);
    return code;
}
