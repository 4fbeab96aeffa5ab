/* An application as it is written for ST Edge AI's calls: images on standard input, outputs on
 * standard output, once through the network's own buffers and once through the caller's. */
#include <stdint.h>
#include <stdio.h>

#include "digits.h"
#include "digits_data.h"

STAI_NETWORK_CONTEXT_DECLARE(digits, STAI_DIGITS_CONTEXT_SIZE)
STAI_ALIGNED(STAI_DIGITS_ACTIVATION_1_ALIGNMENT)
static uint8_t activations[STAI_DIGITS_ACTIVATION_1_SIZE_BYTES];
static float own_input[STAI_DIGITS_IN_1_SIZE];
static float own_output[STAI_DIGITS_OUT_1_SIZE];

int main(void) {
    stai_ptr memory[STAI_DIGITS_ACTIVATIONS_NUM] = { activations };
    stai_ptr inputs[STAI_DIGITS_IN_NUM];
    stai_ptr outputs[STAI_DIGITS_OUT_NUM];
    const stai_ptr own_inputs[] = { (stai_ptr)own_input };
    const stai_ptr own_outputs[] = { (stai_ptr)own_output };
    stai_size count = 0;
    stai_network_info info;
    if (stai_runtime_init() != STAI_SUCCESS || stai_digits_init(digits) != STAI_SUCCESS) {
        return 1;
    }
    /* Not ready yet: this has to be refused and to be remembered. */
    if (stai_digits_run(digits, STAI_MODE_SYNC) == STAI_SUCCESS ||
        stai_digits_get_error(digits) == STAI_SUCCESS || stai_digits_init(digits) != STAI_SUCCESS) {
        return 2;
    }
    if (stai_digits_set_activations(digits, memory, STAI_DIGITS_ACTIVATIONS_NUM) != STAI_SUCCESS ||
        stai_digits_get_info(digits, &info) != STAI_SUCCESS ||
        info.inputs[0].size_bytes != sizeof own_input) {
        return 3;
    }
    for (;;) {
        stai_digits_set_activations(digits, memory, STAI_DIGITS_ACTIVATIONS_NUM);
        stai_digits_get_inputs(digits, inputs, &count);
        stai_digits_get_outputs(digits, outputs, &count);
        if (count != STAI_DIGITS_OUT_NUM || fread(own_input, sizeof own_input, 1, stdin) != 1) {
            break;
        }
        for (int i = 0; i < STAI_DIGITS_IN_1_SIZE; i++) {
            ((float *)(void *)inputs[0])[i] = own_input[i];
        }
        if (stai_digits_run(digits, STAI_MODE_SYNC) != STAI_SUCCESS) {
            return 4;
        }
        fwrite(outputs[0], STAI_DIGITS_OUT_1_SIZE_BYTES, 1, stdout);
        stai_digits_set_inputs(digits, own_inputs, STAI_DIGITS_IN_NUM);
        stai_digits_set_outputs(digits, own_outputs, STAI_DIGITS_OUT_NUM);
        if (stai_digits_run(digits, STAI_MODE_SYNC) != STAI_SUCCESS) {
            return 5;
        }
        fwrite(own_output, sizeof own_output, 1, stdout);
    }
    return (stai_digits_deinit(digits) == STAI_SUCCESS) ? 0 : 6;
}
