/* The types and macros that callers of ST Edge AI's generated code use. Written for Gannet from
 * how such callers use them; it is none of the vendor's text, and it links no library. */
#ifndef STAI_H
#define STAI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#define STAI_ALIGNED(bytes) __attribute__((aligned(bytes)))
#else
#define STAI_ALIGNED(bytes)
#endif

/* A network's context is bytes that only the network reads. */
typedef uint8_t stai_network;
#define STAI_CONTEXT_ALIGNMENT 8
#define STAI_NETWORK_CONTEXT_DECLARE(context, size) \
    STAI_ALIGNED(STAI_CONTEXT_ALIGNMENT) stai_network context[(size)] = { 0 };

typedef uint8_t *stai_ptr;
typedef uint32_t stai_size;

typedef enum {
    STAI_SUCCESS,
    STAI_ERROR_NETWORK_INVALID_CONTEXT_HANDLE,
    STAI_ERROR_NETWORK_INVALID_API_ARGUMENTS,
    STAI_ERROR_NETWORK_INVALID_ACTIVATIONS_NUM,
    STAI_ERROR_NETWORK_INVALID_ACTIVATIONS_PTR,
    STAI_ERROR_NETWORK_INVALID_WEIGHTS_NUM,
    STAI_ERROR_NETWORK_INVALID_IN_NUM,
    STAI_ERROR_NETWORK_INVALID_IN_PTR,
    STAI_ERROR_NETWORK_INVALID_OUT_NUM,
    STAI_ERROR_NETWORK_INVALID_OUT_PTR,
    STAI_ERROR_NETWORK_INVALID_INFO
} stai_return_code;

/* A run ends before its call returns, whatever is asked for. */
typedef enum { STAI_MODE_SYNC, STAI_MODE_ASYNC } stai_run_mode;

typedef enum { STAI_FORMAT_NONE, STAI_FORMAT_FLOAT32, STAI_FORMAT_U8, STAI_FORMAT_S8 } stai_format;

/* What the network brings along by itself: no caller has to set it. */
#define STAI_FLAG_NONE 0
#define STAI_FLAG_ACTIVATIONS 1
#define STAI_FLAG_INPUTS 2
#define STAI_FLAG_OUTPUTS 4
#define STAI_FLAG_WEIGHTS 8

/* Extents, batch first. */
typedef struct {
    stai_size size;
    const int32_t *data;
} stai_shape;

typedef struct {
    const char *name;
    stai_size size_bytes;
    stai_format format;
    stai_shape shape;
} stai_tensor;

/* What a network tells of itself. */
typedef struct {
    const char *c_model_name;
    const char *model_signature;
    const char *tool;
    stai_size n_inputs;
    stai_size n_outputs;
    stai_size n_activations;
    stai_size n_weights;
    stai_size n_nodes;
    const stai_tensor *inputs;
    const stai_tensor *outputs;
    const stai_tensor *activations;
    const stai_tensor *weights;
} stai_network_info;

/* There is no runtime to set up. */
static inline stai_return_code stai_runtime_init(void) { return STAI_SUCCESS; }
static inline stai_return_code stai_runtime_deinit(void) { return STAI_SUCCESS; }

#ifdef __cplusplus
}
#endif

#endif /* STAI_H */
