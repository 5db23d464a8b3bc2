/* page.h - what core alone does with a page. */
#ifndef SCALE_JSON_PAGE_H
#define SCALE_JSON_PAGE_H

#include "scaleapi.h"

/* The page's text becomes its own, and is released with it: what came of scale__buffer_take. */
void scale__json_page_own(scale_json_page *page, char *text);

#endif
