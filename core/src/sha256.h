/*
** sha256.h - SHA-256 (FIPS 180-4), for ids that are digests: core does without a library for it.
*/
#ifndef SCALE_SHA256_H
#define SCALE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SCALE__SHA256_SIZE 32

typedef struct scale__sha256 {
    uint32_t words[8];
    uint64_t size; /* bytes so far */
    unsigned char block[64];
} scale__sha256;

void scale__sha256_init(scale__sha256 *state);
void scale__sha256_add(scale__sha256 *state, const void *bytes, size_t size);
void scale__sha256_end(scale__sha256 *state, unsigned char hash[SCALE__SHA256_SIZE]);

#endif
