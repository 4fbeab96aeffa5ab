/* An application as it is written for X-CUBE-AI's calls: images on standard input, outputs on
 * standard output. It makes an instance in the tutorial's way and then in the later way, which
 * fetches the buffers' descriptions. */
#include <stdio.h>
#include <string.h>

#include "digits.h"

AI_ALIGNED(4) static ai_u8 activations[AI_DIGITS_DATA_ACTIVATIONS_SIZE];
AI_ALIGNED(4) static ai_i8 in_data[AI_DIGITS_IN_1_SIZE_BYTES];
AI_ALIGNED(4) static ai_i8 out_data[AI_DIGITS_OUT_1_SIZE_BYTES];

static int first_way(void) {
    ai_handle model = AI_HANDLE_NULL;
    ai_buffer inputs[AI_DIGITS_IN_NUM] = AI_DIGITS_IN;
    ai_buffer outputs[AI_DIGITS_OUT_NUM] = AI_DIGITS_OUT;
    ai_network_params params = {
        AI_DIGITS_DATA_WEIGHTS(ai_digits_data_weights_get()),
        AI_DIGITS_DATA_ACTIVATIONS(activations)
    };
    ai_error error = ai_digits_create(&model, AI_DIGITS_DATA_CONFIG);
    inputs[0].n_batches = 1;
    inputs[0].data = AI_HANDLE_PTR(in_data);
    outputs[0].n_batches = 1;
    outputs[0].data = AI_HANDLE_PTR(out_data);
    if (error.type != AI_ERROR_NONE) {
        return 0;
    }
    /* Not ready yet: this has to be refused and to leave a fault behind. */
    if (ai_digits_run(model, inputs, outputs) != 0 ||
        ai_digits_get_error(model).type != AI_ERROR_INVALID_STATE) {
        return 0;
    }
    return ai_digits_init(model, &params) && ai_digits_run(model, inputs, outputs) == 1;
}

static int later_way(void) {
    ai_handle model = AI_HANDLE_NULL;
    const ai_handle memory[] = { activations };
    ai_network_report report;
    ai_u16 count = 0;
    ai_buffer *input;
    ai_buffer *output;
    if (ai_digits_create_and_init(&model, memory, NULL).type != AI_ERROR_NONE ||
        !ai_digits_get_info(model, &report) || report.n_inputs != 1) {
        return 0;
    }
    input = ai_digits_inputs_get(model, &count);
    output = ai_digits_outputs_get(model, NULL);
    /* The input lies in the activations, the output where the caller wants it. */
    memcpy(input[0].data, in_data, sizeof in_data);
    output[0].data = AI_HANDLE_PTR(out_data);
    return count == 1 && ai_digits_run(model, input, output) == 1 &&
           ai_digits_destroy(model) == AI_HANDLE_NULL;
}

int main(void) {
    while (fread(in_data, sizeof in_data, 1, stdin) == 1) {
        if (!first_way()) {
            return 1;
        }
        fwrite(out_data, sizeof out_data, 1, stdout);
        if (!later_way()) {
            return 2;
        }
        fwrite(out_data, sizeof out_data, 1, stdout);
    }
    return 0;
}
