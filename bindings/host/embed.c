/*
** embed.c - runs while scalua is built: reads the manifest and writes a C file with the Lua files in it, as
** they stand (never bytecode, which only the Lua that wrote it can read). In C, so that no interpreter is
** needed to build the interpreter.
**
**     embed MANIFEST SOURCE_FOLDER OUTPUT.c DEPENDENCIES.d [@NAME=PATH]...
**
** A line of the manifest is `module NAME PATH` or `command NAME PATH`, a comment (#), or empty. A path
** counts from the source folder; @NAME stands for a file outside it. OUTPUT.c is left alone when nothing
** has changed. DEPENDENCIES.d tells make which files went into it.
*/
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_LINE 1024

typedef struct text {
    char *bytes;
    size_t size;
} text;

typedef struct entry {
    char *name, *path, *file; /* the file: where it is read */
    int line;
    text content;
} entry;

typedef struct list {
    entry *entries;
    size_t count;
} list;

static const char *manifest;

__attribute__((noreturn, format(printf, 2, 3))) static void fail(int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (line > 0) fprintf(stderr, "%s:%d: ", manifest, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void *grow(void *memory, size_t size) {
    void *grown = realloc(memory, size);
    if (grown == NULL) fail(0, "out of memory");
    return grown;
}

/* The parts put together, on the heap. */
static char *join(const char *a, const char *b, const char *c) {
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *joined = grow(NULL, size);
    snprintf(joined, size, "%s%s%s", a, b, c);
    return joined;
}

/* A whole file. Returns 0 and sets errno if it cannot be read. */
static int read_file(const char *path, text *content) {
    FILE *file = fopen(path, "rb");
    content->bytes = NULL;
    content->size = 0;
    if (file == NULL) return 0;
    size_t count;
    do {
        content->bytes = grow(content->bytes, content->size + 65536);
        count = fread(content->bytes + content->size, 1, 65536, file);
        content->size += count;
    } while (count > 0);
    int failed = ferror(file);
    fclose(file);
    return !failed;
}

/* =================================================================== manifest */

/* Where the file of a path in the manifest is; @NAME is looked up in the command line's last words. */
static char *locate(const char *path, const char *folder, char **outside, int line) {
    if (path[0] != '@') return join(folder, "/", path);
    size_t size = strlen(path);
    for (; *outside != NULL; outside++)
        if (strncmp(*outside, path, size) == 0 && (*outside)[size] == '=')
            return join(*outside + size + 1, "", "");
    fail(line, "nobody said where %s is", path);
}

static void add(list *files, const char *name, const char *path, char *file, int line) {
    files->entries = grow(files->entries, (files->count + 1) * sizeof *files->entries);
    entry *added = &files->entries[files->count++];
    added->name = join(name, "", "");
    added->path = path[0] == '@' ? join(path + 1, ".lua", "") : join(path, "", "");
    added->file = file;
    added->line = line;
    if (!read_file(file, &added->content)) fail(line, "%s: %s", file, strerror(errno));
}

static void read_line(char *line, int number, list *modules, list *commands, const char *folder,
                      char **outside) {
    const char *kind = strtok(line, " \t\r\n");
    if (kind == NULL || kind[0] == '#') return;
    const char *name = strtok(NULL, " \t\r\n");
    const char *path = strtok(NULL, " \t\r\n");
    if (path == NULL || strtok(NULL, " \t\r\n") != NULL) fail(number, "a line is: module|command NAME PATH");
    if (strpbrk(name, "\"\\") != NULL || strpbrk(path, "\"\\") != NULL)
        fail(number, "no quotes or backslashes in a name");
    list *files = strcmp(kind, "module") == 0 ? modules : strcmp(kind, "command") == 0 ? commands : NULL;
    if (files == NULL) fail(number, "'%s' is neither module nor command", kind);
    add(files, name, path, locate(path, folder, outside, number), number);
}

static void read_manifest(list *modules, list *commands, const char *folder, char **outside) {
    char line[LONGEST_LINE];
    FILE *file = fopen(manifest, "r");
    if (file == NULL) fail(0, "%s: %s", manifest, strerror(errno));
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        if (strlen(line) == sizeof line - 1) fail(number, "the line is too long");
        read_line(line, number, modules, commands, folder, outside);
    }
    fclose(file);
}

static int compare(const void *a, const void *b) {
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static void sort(list *files) {
    if (files->count == 0) return;
    qsort(files->entries, files->count, sizeof *files->entries, compare);
    for (size_t i = 1; i < files->count; i++)
        if (compare(&files->entries[i - 1], &files->entries[i]) == 0)
            fail(files->entries[i].line, "%s is there twice, see line %d", files->entries[i].name,
                 files->entries[i - 1].line);
}

static void clear(list *files) {
    for (size_t i = 0; i < files->count; i++) {
        free(files->entries[i].name);
        free(files->entries[i].path);
        free(files->entries[i].file);
        free(files->entries[i].content.bytes);
    }
    free(files->entries);
}

/* ===================================================================== output */

/* One array a file, with a zero behind it, so that an empty file is an array too. */
static void write_arrays(FILE *out, const list *files, const char *kind) {
    for (size_t i = 0; i < files->count; i++) {
        const text *content = &files->entries[i].content;
        fprintf(out, "\nstatic const unsigned char %s_%zu[] = {", kind, i);
        for (size_t at = 0; at < content->size; at++)
            fprintf(out, "%s%u,", at % 24 == 0 ? "\n    " : "", (unsigned char)content->bytes[at]);
        fputs("\n    0};\n", out);
    }
}

static void write_index(FILE *out, const list *files, const char *kind) {
    fprintf(out, "\nconst embedded_file embedded_%ss[] = {\n", kind);
    for (size_t i = 0; i < files->count; i++)
        fprintf(out, "    {\"%s\", \"%s\", %s_%zu, %zu},\n", files->entries[i].name, files->entries[i].path,
                kind, i, files->entries[i].content.size);
    fprintf(out, "    {NULL, NULL, NULL, 0}};\nconst size_t embedded_%s_count = %zu;\n", kind, files->count);
}

static text compose(const list *modules, const list *commands) {
    text result = {NULL, 0};
    FILE *out = open_memstream(&result.bytes, &result.size);
    if (out == NULL) fail(0, "out of memory");
    fputs("/* Written by embed.c from manifest.txt. */\n#include \"embedded.h\"\n", out);
    write_arrays(out, modules, "module");
    write_arrays(out, commands, "command");
    write_index(out, modules, "module");
    write_index(out, commands, "command");
    if (fclose(out) != 0) fail(0, "out of memory");
    return result;
}

static void write_file(const char *path, const text *content) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) fail(0, "%s: %s", path, strerror(errno));
    size_t written = fwrite(content->bytes, 1, content->size, file);
    if (fclose(file) != 0 || written != content->size) fail(0, "%s: %s", path, strerror(errno));
}

static void write_if_changed(const char *path, const text *content) {
    text standing;
    int same = read_file(path, &standing) && standing.size == content->size &&
               memcmp(standing.bytes, content->bytes, content->size) == 0;
    free(standing.bytes);
    if (!same) write_file(path, content);
}

static void write_path(FILE *out, const char *path) {
    fputs(" \\\n  ", out);
    for (; *path != '\0'; path++) {
        if (*path == ' ' || *path == '#') fputc('\\', out);
        if (*path == '$') fputc('$', out);
        fputc(*path, out);
    }
}

static void write_dependencies(const char *path, const char *output, const list *modules,
                               const list *commands) {
    FILE *out = fopen(path, "w");
    if (out == NULL) fail(0, "%s: %s", path, strerror(errno));
    fprintf(out, "%s:", output);
    write_path(out, manifest);
    for (size_t i = 0; i < modules->count; i++) write_path(out, modules->entries[i].file);
    for (size_t i = 0; i < commands->count; i++) write_path(out, commands->entries[i].file);
    fputc('\n', out);
    if (fclose(out) != 0) fail(0, "%s: %s", path, strerror(errno));
}

int main(int argc, char **argv) {
    if (argc < 5) fail(0, "usage: embed MANIFEST SOURCE_FOLDER OUTPUT.c DEPENDENCIES.d [@NAME=PATH]...");
    list modules = {NULL, 0}, commands = {NULL, 0};
    manifest = argv[1];
    read_manifest(&modules, &commands, argv[2], argv + 5);
    sort(&modules);
    sort(&commands);
    text result = compose(&modules, &commands);
    write_if_changed(argv[3], &result);
    write_dependencies(argv[4], argv[3], &modules, &commands);
    free(result.bytes);
    clear(&modules);
    clear(&commands);
    return 0;
}
