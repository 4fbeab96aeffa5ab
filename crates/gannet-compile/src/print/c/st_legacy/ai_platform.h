/* The types and macros that callers of X-CUBE-AI's generated code use. Written for Gannet from
 * how such callers use them; it is none of the vendor's text, and it links no library. */
#ifndef AI_PLATFORM_H
#define AI_PLATFORM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t ai_u8;
typedef int8_t ai_i8;
typedef uint16_t ai_u16;
typedef int16_t ai_i16;
typedef uint32_t ai_u32;
typedef int32_t ai_i32;
typedef float ai_float;
typedef uint32_t ai_size;
typedef uint32_t ai_signature;
typedef int ai_bool;
typedef void *ai_handle;

#define AI_HANDLE_NULL ((ai_handle)0)
#define AI_HANDLE_PTR(pointer) ((ai_handle)(pointer))

#ifdef __GNUC__
#define AI_ALIGNED(bytes) __attribute__((aligned(bytes)))
#else
#define AI_ALIGNED(bytes)
#endif

/* What the elements of a buffer are. */
typedef enum {
    AI_BUFFER_FORMAT_NONE,
    AI_BUFFER_FORMAT_FLOAT,
    AI_BUFFER_FORMAT_U8,
    AI_BUFFER_FORMAT_S8
} ai_buffer_format;

/* Always absent: there is nothing to tell besides the format. */
typedef void ai_buffer_meta_info;

/* Elements of one kind, batch by batch, channels side by side. */
typedef struct {
    ai_buffer_format format;
    ai_u16 n_batches;
    ai_u16 height;
    ai_u16 width;
    ai_u32 channels;
    ai_handle data;
    ai_buffer_meta_info *meta_info;
} ai_buffer;

#define AI_BUFFER_OBJ_INIT(format, height, width, channels, n_batches, data) \
    { (format), (n_batches), (height), (width), (channels), AI_HANDLE_PTR(data), 0 }

/* Elements of one batch. */
#define AI_BUFFER_SIZE(buffer) \
    ((ai_size)(buffer)->height * (ai_size)(buffer)->width * (ai_size)(buffer)->channels)

/* The memory that a network works with. */
typedef struct {
    ai_buffer params;
    ai_buffer activations;
} ai_network_params;

#define AI_NETWORK_PARAMS_INIT(params, activations) { params, activations }

enum {
    AI_ERROR_NONE,
    AI_ERROR_INVALID_HANDLE,
    AI_ERROR_INVALID_STATE,
    AI_ERROR_INVALID_INPUT,
    AI_ERROR_INVALID_OUTPUT,
    AI_ERROR_INVALID_PARAM,
    AI_ERROR_INIT_FAILED
};

enum {
    AI_ERROR_CODE_NONE,
    AI_ERROR_CODE_NETWORK,
    AI_ERROR_CODE_NETWORK_PARAMS,
    AI_ERROR_CODE_NETWORK_ACTIVATIONS,
    AI_ERROR_CODE_INVALID_PTR,
    AI_ERROR_CODE_INVALID_SIZE,
    AI_ERROR_CODE_INVALID_FORMAT,
    AI_ERROR_CODE_INVALID_BATCH,
    AI_ERROR_CODE_MISSED_INIT
};

/* What went wrong (AI_ERROR_...), and with what (AI_ERROR_CODE_...). */
typedef struct {
    ai_u32 type : 8;
    ai_u32 code : 24;
} ai_error;

/* What a network tells of itself. */
typedef struct {
    const char *model_name;
    const char *model_signature;
    const char *tool_revision;
    ai_u16 n_inputs;
    ai_u16 n_outputs;
    ai_buffer *inputs;
    ai_buffer *outputs;
    ai_buffer params;
    ai_buffer activations;
    ai_u32 n_nodes;
    ai_signature signature;
} ai_network_report;

#ifdef __cplusplus
}
#endif

#endif /* AI_PLATFORM_H */
