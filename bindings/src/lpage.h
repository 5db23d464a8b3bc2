/*
** lpage.h - a page of a list as userdata, and the documents in it; for lpage.c, ldocument.c, ljson.c and
** lcall.c.
*/
#ifndef LSCALE_PAGE_H
#define LSCALE_PAGE_H

#include "lcore.h"
#include "ljson_parts.h"

#define LSCALE_PAGE "scaleapi.page"

#define LSCALE_MOST_WANTED 8

typedef struct lscale_page {
    scale_json_page *page; /* NULL when it was let go of */
    size_t count, next;    /* of documents; the next one to be given out, from 0 */
    int64_t looked_at;     /* when the network was looked at last, ms; 0: when the page was opened */
} lscale_page;

/* What a page keeps of Lua's, by number of user value. */
enum {
    LSCALE_PAGE_GIVEN = 1, /* the documents that were given out, by place, weak */
    LSCALE_PAGE_CLASS,     /* their metatable */
    LSCALE_PAGE_CLIENT,
    LSCALE_PAGE_OPERATION,
    LSCALE_PAGE_WANTED, /* names of fields that the script has asked for: an array */
    LSCALE_PAGE_VALUES = LSCALE_PAGE_WANTED
};

/* Pushes a page without documents, for what is to be put into it. [-0, +1] */
lscale_page *lscale_push_page(lua_State *L);
/* Puts them in. */
void lscale_fill_page(lscale_page *page, scale_json_page *documents);
/* Frees what is in it. */
void lscale_empty_page(lscale_page *page);
/* Pushes the table of what stands beside the documents. [-0, +1] */
void lscale_push_beside(lua_State *L, const scale_json_page *page);

/* The names under which a document knows where it is: its page and the place there, from 0; or its bytes. */
#define LSCALE_KEY_PAGE  "_page"
#define LSCALE_KEY_PLACE "_place"
#define LSCALE_KEY_BYTES "_json"

/* The same as upvalues of what reads documents, behind the codec's; and the metatable of pages. */
#define LSCALE_UPVALUE_PAGE    lua_upvalueindex(LSCALE_CODEC_UPVALUES + 1)
#define LSCALE_UPVALUE_PLACE   lua_upvalueindex(LSCALE_CODEC_UPVALUES + 2)
#define LSCALE_UPVALUE_BYTES   lua_upvalueindex(LSCALE_CODEC_UPVALUES + 3)
#define LSCALE_UPVALUE_PAGE_MT lua_upvalueindex(LSCALE_CODEC_UPVALUES + 4)
#define LSCALE_PAGE_UPVALUES   (LSCALE_CODEC_UPVALUES + 4)

/* Pushes them, with the codec's. [-0, +LSCALE_PAGE_UPVALUES] */
void lscale_push_page_upvalues(lua_State *L);

#endif
