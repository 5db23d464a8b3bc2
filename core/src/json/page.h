/* page.h - what core alone does with a page. */
#ifndef SCALE_JSON_PAGE_H
#define SCALE_JSON_PAGE_H

#include "scaleapi.h"
#include "spare.h"

/* The page's text, which is the buffer's bytes, becomes its own; the spare gets it when the page is freed. */
void scale__json_page_own(scale_json_page *page, scale__buffer *buffer, scale__spare *spare);

#endif
