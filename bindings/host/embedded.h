/*
** embedded.h - the Lua files inside the executable: what embed.c writes at build time and searcher.c reads.
*/
#ifndef SCALUA_EMBEDDED_H
#define SCALUA_EMBEDDED_H

#include <stddef.h>

typedef struct embedded_file {
    const char *name;          /* what `require` or the command line calls it */
    const char *path;          /* in the source folder: "scripts/upload.lua" */
    const unsigned char *text; /* the file as it stands */
    size_t size;
} embedded_file;

/* Sorted by name, bytewise. */
extern const embedded_file embedded_modules[], embedded_commands[];
extern const size_t embedded_module_count, embedded_command_count;

#endif
