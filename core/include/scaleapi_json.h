/*
** scaleapi_json.h - JSON (RFC 8259) as libscaleapi reads and writes it: exact, and lazy.
**
** A document stays bytes. A scale_slice points into them and is never copied; a slice that holds a
** value holds it as it was written, with the quotes of a string. Three ways to read:
** - scale_json_check and scale_json_outline say whether a text is JSON, in full or in its outline;
** - a scale_json_reader gives the tokens of a text one by one, strictly;
** - a scale_json_cursor steps over the first level of an object or array and passes over what lies
**   deeper by its outline; scale_json_get finds one member; a scale_json_page cuts a list.
** scale_json_string and scale_json_number make values of slices; a scale_json_writer makes a text of
** values.
**
** Rules that hold everywhere:
** - Nothing reads past the end of a slice; no NUL is needed there.
** - Depth is counted in open brackets and bounded; nothing here recurses.
** - When a name stands twice in an object, the last one holds.
** - On a text that is not JSON the error is bad_json, "not JSON at byte N: why"; the first byte is 1.
** - Only pages, the writer and scale_json_covers allocate.
*/
#include "scaleapi.h" /* which includes this file in its turn */

#ifndef SCALEAPI_JSON_H
#define SCALEAPI_JSON_H

#ifdef __cplusplus
extern "C" {
#endif

/* `size` bytes at `data`, which belong to somebody else. `data` may be NULL when `size` is 0. */
typedef struct scale_slice {
    const char *data;
    size_t size;
} scale_slice;

/* ================================================================ checking */

#define SCALE_JSON_DEPTH      512  /* brackets open at once, unless limits say otherwise */
#define SCALE_JSON_MOST_DEPTH 1024 /* the most that limits can ask for */

/* Where a parameter is a `const scale_json_limits *`, NULL stands for these defaults. */
typedef struct scale_json_limits {
    size_t size;      /* sizeof the struct */
    size_t max_depth; /* brackets open at once, at most SCALE_JSON_MOST_DEPTH */
} scale_json_limits;

#define SCALE_JSON_LIMITS_INIT                                                                               \
    { sizeof(scale_json_limits), SCALE_JSON_DEPTH }

/* Is `text` one JSON value, in full: grammar, escapes, UTF-8, depth, nothing behind it but white
** space. Lone surrogates as \u escapes are within the grammar and pass. Errors: bad_json. */
SCALE_API scale_status scale_json_check(scale_slice text, const scale_json_limits *limits,
                                        scale_error *error);

/* Has `text` the outline of one JSON value: its first byte begins one, quotes and brackets pair up, at
** most SCALE_JSON_DEPTH deep, nothing behind it but white space. What stands between brackets and
** quotes is not looked at. Several times as fast as a check. Errors: bad_json. */
SCALE_API scale_status scale_json_outline(scale_slice text, scale_error *error);

typedef enum scale_json_type {
    SCALE_JSON_TYPE_NONE, /* no value begins so */
    SCALE_JSON_TYPE_OBJECT,
    SCALE_JSON_TYPE_ARRAY,
    SCALE_JSON_TYPE_STRING,
    SCALE_JSON_TYPE_NUMBER,
    SCALE_JSON_TYPE_BOOLEAN,
    SCALE_JSON_TYPE_NULL
} scale_json_type;

/* The type of a value, by its first byte behind white space. */
SCALE_API scale_json_type scale_json_type_of(scale_slice value);

/* ================================================================== values */

/* Decodes a string: `value` is its slice with the quotes, `text` has room for value.size bytes, `size`
** gets how many were written. The result is UTF-8, may hold NULs and does not end with one.
** Errors: bad_json, also for a lone surrogate, which UTF-8 cannot hold (byte N counts in the slice). */
SCALE_API scale_status scale_json_string(scale_slice value, char *text, size_t *size, scale_error *error);

/* Is `value` a string that decodes to these bytes? */
SCALE_API bool scale_json_string_equals(scale_slice value, const char *text, size_t size);

typedef enum scale_json_number_kind {
    SCALE_JSON_INTEGER, /* written without fraction and exponent, and fits int64_t */
    SCALE_JSON_DOUBLE,  /* has one of them, or is -0; fits a finite double */
    SCALE_JSON_LONG     /* neither, or would vanish to zero: only its spelling holds it */
} scale_json_number_kind;

typedef struct scale_json_number {
    scale_json_number_kind kind;
    int64_t integer; /* of SCALE_JSON_INTEGER, else 0 */
    double real;     /* the nearest double; of SCALE_JSON_LONG it may be infinite or 0 */
} scale_json_number;

/* Reads a number. False when `value` is none (white space around it included). Whatever the process's
** locale is. */
SCALE_API bool scale_json_number_read(scale_slice value, scale_json_number *number);

/* ============================================================= strict reader */

typedef enum scale_json_token {
    SCALE_JSON_TOKEN_END, /* the text is over, and was JSON */
    SCALE_JSON_TOKEN_ERROR,
    SCALE_JSON_TOKEN_OBJECT, /* { */
    SCALE_JSON_TOKEN_OBJECT_END,
    SCALE_JSON_TOKEN_ARRAY, /* [ */
    SCALE_JSON_TOKEN_ARRAY_END,
    SCALE_JSON_TOKEN_KEY, /* a member's name; its value comes next */
    SCALE_JSON_TOKEN_STRING,
    SCALE_JSON_TOKEN_NUMBER,
    SCALE_JSON_TOKEN_TRUE,
    SCALE_JSON_TOKEN_FALSE,
    SCALE_JSON_TOKEN_NULL
} scale_json_token;

/* In memory of the caller's; nothing to clear. Read what is documented, write nothing. */
typedef struct scale_json_reader {
    const char *start, *at, *end;
    size_t depth; /* brackets open behind the last token */
    size_t max_depth;
    const char *problem; /* after SCALE_JSON_TOKEN_ERROR: why; never freed */
    int state;
    bool plain; /* after a key or string: no escapes, what stands between the quotes is it */
    uint64_t objects[SCALE_JSON_MOST_DEPTH / 64]; /* a bit an open bracket: it is an object's */
} scale_json_reader;

/* Begins to read `text`, which must stay where it is while it is read. */
SCALE_API void scale_json_reader_init(scale_json_reader *reader, scale_slice text,
                                      const scale_json_limits *limits);

/* The same for a text that scale_json_check found right: nothing is checked again, which takes a third of the
** time. Of any other text the tokens mean nothing, but nothing outside of it is read. */
SCALE_API void scale_json_reader_init_checked(scale_json_reader *reader, scale_slice text);

/* The next token and its bytes (`text` may be NULL). Tokens that came before an error were right so
** far. After END or ERROR comes the same again. */
SCALE_API scale_json_token scale_json_reader_next(scale_json_reader *reader, scale_slice *text);

/* Is the innermost open bracket an object's? False when none is open, and in a text checked before. */
SCALE_API bool scale_json_reader_in_object(const scale_json_reader *reader);

/* Where the reader stands, the first byte being 1; after an error, the byte it is about. */
SCALE_API size_t scale_json_reader_position(const scale_json_reader *reader);

/* Decodes the key or string that was read last, `text` being its slice; `room` for text.size bytes, `size`
** gets how many were written. False on a lone surrogate: the reader is then as after
** SCALE_JSON_TOKEN_ERROR. */
SCALE_API bool scale_json_reader_string(scale_json_reader *reader, scale_slice text, char *room,
                                        size_t *size);

/* After SCALE_JSON_TOKEN_ERROR: fills `error`. Always SCALE_ERROR. Errors: bad_json. */
SCALE_API scale_status scale_json_reader_fail(const scale_json_reader *reader, scale_error *error);

/* ============================================================== first level */

/* Steps over the members of an object or the elements of an array. Commas, colons, names' quotes and
** plain values are checked; strings and what lies deeper by their outline. In memory of the caller's;
** nothing to clear; `object` tells which of the two it is, the rest is not to be touched. */
typedef struct scale_json_cursor {
    const char *start, *at, *end;
    const char *problem;
    int state;
    bool object, inner;
} scale_json_cursor;

/* Begins with the value in `text`. Errors: bad_json when it is neither object nor array. */
SCALE_API scale_status scale_json_cursor_init(scale_json_cursor *cursor, scale_slice text,
                                              scale_error *error);

/* The next member or element: 1, or 0 at the end, or -1 and an error. `key` (may be NULL) gets the
** name with its quotes; of an array's element it gets nothing. At the end, nothing but white space
** stands behind the bracket. Errors: bad_json. */
SCALE_API int scale_json_cursor_next(scale_json_cursor *cursor, scale_slice *key, scale_slice *value,
                                     scale_error *error);

/* The same in two steps: `step` stops before the value; then `value` passes over it, or `enter` begins
** a cursor inside it and `leave`, once that one has given 0, goes on behind it. So a page is cut in one
** pass. A step without any of these passes over the value. Errors: bad_json. */
SCALE_API int scale_json_cursor_step(scale_json_cursor *cursor, scale_slice *key, scale_error *error);
SCALE_API scale_status scale_json_cursor_value(scale_json_cursor *cursor, scale_slice *value,
                                               scale_error *error);
SCALE_API scale_status scale_json_cursor_enter(const scale_json_cursor *cursor, scale_json_cursor *inner,
                                               scale_error *error);
SCALE_API void scale_json_cursor_leave(scale_json_cursor *cursor, const scale_json_cursor *inner);

/* The type of the value that a cursor stands before, after `step`. */
SCALE_API scale_json_type scale_json_cursor_type(const scale_json_cursor *cursor);

/* Finds the member called `key` (decoded, `key_size` bytes) of the object in `document`. Values that are
** not asked for are looked at as far as it needs to know where they end. False when there is none, or the
** document is not an object, or is malformed. */
SCALE_API bool scale_json_get(scale_slice document, const char *key, size_t key_size, scale_slice *value);

/* The same for those who must tell: value->data is NULL when there is none. Errors: bad_json. */
SCALE_API scale_status scale_json_find(scale_slice document, const char *key, size_t key_size,
                                       scale_slice *value, scale_error *error);

/* The same for several names in one pass: values[i] is that of names[i]. Quick up to 16 names.
** Errors: bad_json. */
SCALE_API scale_status scale_json_pick(scale_slice document, const scale_slice *names, size_t count,
                                       scale_slice *values, scale_error *error);

/* ===================================================================== pages */

/*
** A text that holds documents in an array, with whatever else beside it: {"docs":[{…},{…}],"total":2}.
** It is cut in one pass, which notes where the members of each document are; but not one that checks them in
** full, as for writing them to a file.
*/
typedef struct scale_json_page scale_json_page;

/* Cuts the text, which must stay until the page is freed; `name` is what the array is called. The documents
** are passed over by their outline, or checked when `in_full`. Errors: bad_json, no_memory, too_large. */
SCALE_API scale_status scale_json_page_new(scale_json_page **page, scale_slice text, const char *name,
                                           bool in_full, scale_error *error);
SCALE_API void scale_json_page_free(scale_json_page *page); /* NULL is fine */

/* How many documents it has; -1 when there is no array of that name. */
SCALE_API ptrdiff_t scale_json_page_count(const scale_json_page *page);

/* The text that was cut. */
SCALE_API scale_slice scale_json_page_text(const scale_json_page *page);

/* Were they checked in full? */
SCALE_API bool scale_json_page_is_checked(const scale_json_page *page);

/* One of them, from 0. */
SCALE_API scale_slice scale_json_page_document(const scale_json_page *page, size_t index);

/* As scale_json_find, of one of them: without passing over it, unless it was checked in full.
** Errors: bad_json. */
SCALE_API scale_status scale_json_page_find(const scale_json_page *page, size_t index, const char *key,
                                            size_t key_size, scale_slice *value, scale_error *error);

/* What stands beside the documents, from 0: false when there are not so many. */
SCALE_API bool scale_json_page_beside(const scale_json_page *page, size_t index, scale_slice *key,
                                      scale_slice *value);

/* ================================================================= comparing */

/* Set by SCALE_JSON_COVERS_OPTIONS_INIT. */
typedef struct scale_json_covers_options {
    size_t size;
    const char *const *prefixes; /* first-level names whose texts need only begin alike: what was */
    size_t prefix_count;         /* sent is the beginning of what was found */
} scale_json_covers_options;

#define SCALE_JSON_COVERS_OPTIONS_INIT                                                                       \
    { sizeof(scale_json_covers_options), NULL, 0 }

/*
** Does everything in the object `sent` stand in the object `found`? Every member of `sent` must be
** there, and equal: numbers by value (10 is 1e1), strings decoded, arrays element by element, objects
** by this same rule, so that `found` may have more members. `covers` gets the answer; `key`, when it is
** no, the first-level name in `sent` that differs, with its quotes (nothing when one of them is no
** object). `options` and `key` may be NULL.
** Errors: bad_json, no_memory.
*/
SCALE_API scale_status scale_json_covers(bool *covers, scale_slice *key, scale_slice found, scale_slice sent,
                                         const scale_json_covers_options *options, scale_error *error);

/* ================================================================== writing */

/*
** Writes one value, without white space, into memory of its own. A mistake (a NaN, text that is not
** UTF-8, a value without a name, a bracket too many) and a lack of memory are remembered: what follows
** does nothing, and scale_json_writer_text tells what it was. The write functions give false after one.
** Not for two threads at once.
*/
typedef struct scale_json_writer scale_json_writer;

SCALE_API scale_json_writer *scale_json_writer_new(void);          /* NULL when out of memory */
SCALE_API void scale_json_writer_free(scale_json_writer *writer);  /* NULL is fine */
SCALE_API void scale_json_writer_empty(scale_json_writer *writer); /* begins anew; keeps its memory */

/* The text, NUL-ended, the writer's until it is written to, emptied or freed. Errors: usage (a mistake,
** or the value is not finished), bad_json (a raw text that is none), no_memory, too_large. */
SCALE_API scale_status scale_json_writer_text(const scale_json_writer *writer, scale_slice *text,
                                              scale_error *error);

/* An object or array begins, to be ended by scale_json_write_end, which ends what began last. All the write
** functions give false after a mistake or without memory, and then do nothing. */
SCALE_API bool scale_json_write_object(scale_json_writer *writer); /* { */
SCALE_API bool scale_json_write_array(scale_json_writer *writer);  /* [ */
SCALE_API bool scale_json_write_end(scale_json_writer *writer);    /* } or ] */

/* An object's next name, before its value; and strings: `size` bytes of UTF-8, escaped as they must be.
 * Copied. */
SCALE_API bool scale_json_write_key(scale_json_writer *writer, const char *text, size_t size);
SCALE_API bool scale_json_write_string(scale_json_writer *writer, const char *text, size_t size);

/* Plain values. */
SCALE_API bool scale_json_write_integer(scale_json_writer *writer, int64_t value);
SCALE_API bool scale_json_write_boolean(scale_json_writer *writer, bool value);
SCALE_API bool scale_json_write_null(scale_json_writer *writer);

/* The shortest digits that read back as the same double, with a fraction or an exponent, so that it
** reads back as a double: 10.0, 1e+30. NaN and infinities are mistakes. */
SCALE_API bool scale_json_write_number(scale_json_writer *writer, double value);

/* A value as it stands. `raw` is checked in full; `checked` trusts that it was. */
SCALE_API bool scale_json_write_raw(scale_json_writer *writer, scale_slice value);
SCALE_API bool scale_json_write_checked(scale_json_writer *writer, scale_slice value);

#define SCALE_JSON_NUMBER_SIZE 32

/* What scale_json_write_number writes. `text` has room for SCALE_JSON_NUMBER_SIZE bytes; returns how
** many were written, no NUL among them. 0 for NaN and infinities. */
SCALE_API size_t scale_json_number_write(char *text, double value);

#ifdef __cplusplus
}
#endif

#endif
