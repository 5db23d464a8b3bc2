/* scaleapi_json.h - the codec. */
#ifndef SCALEAPI_JSON_H
#define SCALEAPI_JSON_H
#endif
