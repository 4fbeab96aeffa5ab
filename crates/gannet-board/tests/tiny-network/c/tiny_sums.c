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
static void compute_sums(tiny_sums_network *network) {
    for (int k = 0; k < TINY_SUMS_OUTPUT_LEN; k++) {
        network->output[k] = 0.0f;
    }
    for (int i = 0; i < TINY_SUMS_INPUT_LEN; i++) {
        network->output[i % TINY_SUMS_OUTPUT_LEN] +=
            (float)network->input[i] * weights[i % TINY_SUMS_OUTPUT_LEN];
    }
}

static void compute_shares(tiny_sums_network *network) {
    for (int k = 0; k < TINY_SUMS_OUTPUT_LEN; k++) {
        network->output[k] /= 65536.0f;
    }
}

const float *tiny_sums_run(tiny_sums_network *network) {
    compute_sums(network);
    compute_shares(network);
    return network->output;
}

int tiny_sums_self_test(tiny_sums_network *network) {
    for (int i = 0; i < TINY_SUMS_INPUT_LEN; i++) {
        network->input[i] = 1;
    }
    return tiny_sums_run(network)[0] == 79.0f / 65536.0f;
}

#ifdef TINY_SUMS_WATCHED
const uint8_t *tiny_sums_run_watched(tiny_sums_network *network,
                                     int (*behind)(void *context, int stage), void *context) {
    compute_sums(network);
    if (behind(context, 0) != 0) {
        compute_shares(network);
        (void)behind(context, 1);
    }
    return (const uint8_t *)network;
}
#endif
