#include "sha256.h"

#include <string.h>

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turned(uint32_t word, int bits) {
    return word >> bits | word << (32 - bits);
}

static uint32_t read_word(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The block as 64 words: its own 16, and what follows from them. */
static void spread(uint32_t schedule[64], const unsigned char *block) {
    for (int i = 0; i < 16; i++) schedule[i] = read_word(block + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t before = schedule[i - 15], last = schedule[i - 2];
        uint32_t low = turned(before, 7) ^ turned(before, 18) ^ before >> 3;
        uint32_t high = turned(last, 17) ^ turned(last, 19) ^ last >> 10;
        schedule[i] = schedule[i - 16] + low + schedule[i - 7] + high;
    }
}

static void mix(scale__sha256 *state) {
    uint32_t schedule[64], w[8];
    spread(schedule, state->block);
    memcpy(w, state->words, sizeof w);
    for (int i = 0; i < 64; i++) {
        uint32_t high = turned(w[4], 6) ^ turned(w[4], 11) ^ turned(w[4], 25);
        uint32_t chosen = (w[4] & w[5]) ^ (~w[4] & w[6]);
        uint32_t first = w[7] + high + chosen + constants[i] + schedule[i];
        uint32_t low = turned(w[0], 2) ^ turned(w[0], 13) ^ turned(w[0], 22);
        uint32_t most = (w[0] & w[1]) ^ (w[0] & w[2]) ^ (w[1] & w[2]);
        memmove(w + 1, w, 7 * sizeof *w);
        w[4] += first;
        w[0] = first + low + most;
    }
    for (int i = 0; i < 8; i++) state->words[i] += w[i];
}

void scale__sha256_init(scale__sha256 *state) {
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(state->words, start, sizeof start);
    state->size = 0;
}

void scale__sha256_add(scale__sha256 *state, const void *bytes, size_t size) {
    const unsigned char *from = bytes;
    while (size > 0) {
        size_t used = state->size % 64, part = 64 - used < size ? 64 - used : size;
        memcpy(state->block + used, from, part);
        state->size += part;
        from += part;
        size -= part;
        if (used + part == 64) mix(state);
    }
}

void scale__sha256_end(scale__sha256 *state, unsigned char hash[SCALE__SHA256_SIZE]) {
    uint64_t bits = state->size * 8;
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> (56 - 8 * i));
    scale__sha256_add(state, "\x80", 1);
    while (state->size % 64 != 56) scale__sha256_add(state, "", 1);
    scale__sha256_add(state, length, sizeof length);
    for (int i = 0; i < SCALE__SHA256_SIZE; i++)
        hash[i] = (unsigned char)(state->words[i / 4] >> (24 - 8 * (i % 4)));
}
