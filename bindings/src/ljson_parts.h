/*
** ljson_parts.h - what the files of the codec for Lua share; for ljson*.c and lpage.h alone.
**
** Every C function of the codec has the same upvalues, so that a type is known by one comparison.
*/
#ifndef LSCALE_JSON_PARTS_H
#define LSCALE_JSON_PARTS_H

#include <lauxlib.h>
#include <lua.h>

#include "scaleapi.h"

#define LSCALE_ARRAY_MT  lua_upvalueindex(1)
#define LSCALE_NUMBER_MT lua_upvalueindex(2) /* of a userdata: the spelling of a number */
#define LSCALE_RAW_MT    lua_upvalueindex(3) /* of a userdata: a text that is JSON */
#define LSCALE_WORDS     lua_upvalueindex(4) /* of a userdata: strings that were read before */
#define LSCALE_ENCODER   lua_upvalueindex(5) /* of encode alone */

#define LSCALE_CODEC_UPVALUES 5

/* Pushes them, for a closure of another file that calls what is declared here.
** [-0, +LSCALE_CODEC_UPVALUES] */
void lscale_json_push_upvalues(lua_State *L);

/* options.max_depth of the table at `index`, if there is one. Raises on what cannot be. */
scale_json_limits lscale_json_limits(lua_State *L, int index);

/* Pushes a userdata that holds bytes, with the metatable at `metatable`. [-0, +1] */
void lscale_json_push_bytes(lua_State *L, scale_slice text, int metatable);

/* Pushes the number that is spelt so. [-0, +1] */
void lscale_json_push_number(lua_State *L, scale_slice text);

/* Pushes the value of a text that is a plain matter: a string without escapes, a number, true or false. Says
** whether it is. The text was passed over by its outline. [-0, +1 or 0] */
bool lscale_json_push_plain(lua_State *L, scale_slice text);

/* Pushes the value of a text that begins `offset` bytes into its document; raises "not JSON at byte N:
** why" when it is none, N counting in the document. `limits` may be NULL. [-0, +1] */
void lscale_json_push_value(lua_State *L, scale_slice text, size_t offset, const scale_json_limits *limits);

/* Pushes a new store of words. [-0, +1] */
void lscale_json_push_words(lua_State *L);

/* json.encode(value [, { max_depth = … }]) -> text */
int lscale_json_encode(lua_State *L);

/* Makes what encode needs. [-0, +0] */
void lscale_json_open_encode(lua_State *L);

#endif
