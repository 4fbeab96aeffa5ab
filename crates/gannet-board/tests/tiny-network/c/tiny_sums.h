/* The network of ../src/lib.rs, in C. Stands in for what Gannet generates. */
#ifndef TINY_SUMS_H
#define TINY_SUMS_H

#include <stdint.h>

#define TINY_SUMS_NAME "tiny-sums"
#define TINY_SUMS_INPUT_LEN 784
#define TINY_SUMS_OUTPUT_LEN 10
#define TINY_SUMS_HASH { 0x67, 0x61, 0x6e, 0x6e, 0x65, 0x74, 0x00, 0x01 }

typedef uint8_t tiny_sums_input_element;
typedef float tiny_sums_output_element;

typedef struct {
    uint8_t input[TINY_SUMS_INPUT_LEN];
    float output[TINY_SUMS_OUTPUT_LEN];
} tiny_sums_network;

extern const uint8_t tiny_sums_hash[8];

uint8_t *tiny_sums_input(tiny_sums_network *network);
const float *tiny_sums_run(tiny_sums_network *network);
int tiny_sums_self_test(tiny_sums_network *network);

#ifdef TINY_SUMS_WATCHED
#define TINY_SUMS_STAGES 2
#define TINY_SUMS_MEMORY_BYTES sizeof(tiny_sums_network)
const uint8_t *tiny_sums_run_watched(tiny_sums_network *network,
                                     int (*behind)(void *context, int stage), void *context);
#endif

#endif
