/* See tiny_sums.h. */
#include "tiny_sums.h"

__attribute__((section(".rodata.gannet_weights"))) static const volatile float
    weights[TINY_SUMS_OUTPUT_LEN] = { 1.0f,  0.5f,  0.25f,  0.125f, 3.0f,
                                      1e-3f, 1e-4f, -1e-5f, 1e-6f,  1e-7f };

const uint8_t tiny_sums_hash[8] = TINY_SUMS_HASH;

uint8_t *tiny_sums_input(tiny_sums_network *network) {
    return network->input;
}

#pragma GCC optimize("fp-contract=off")
const float *tiny_sums_run(tiny_sums_network *network) {
    for (int k = 0; k < TINY_SUMS_OUTPUT_LEN; k++) {
        network->output[k] = 0.0f;
    }
    for (int i = 0; i < TINY_SUMS_INPUT_LEN; i++) {
        network->output[i % TINY_SUMS_OUTPUT_LEN] +=
            (float)network->input[i] * weights[i % TINY_SUMS_OUTPUT_LEN];
    }
    for (int k = 0; k < TINY_SUMS_OUTPUT_LEN; k++) {
        network->output[k] /= 65536.0f;
    }
    return network->output;
}
