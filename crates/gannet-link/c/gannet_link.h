/* The device's end of Gannet's link, version 1: frames, messages and the server, in C99 without
 * heap or library. Gannet's docs/link.md writes the protocol down to the byte. */
#ifndef GANNET_LINK_H
#define GANNET_LINK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GANNET_LINK_PROTOCOL 1

/* What an element of an input or output is, as it stands on the wire. */
#define GANNET_LINK_U8 1
#define GANNET_LINK_I8 2
#define GANNET_LINK_F32 3

/* The most bytes of an input in one part. */
#define GANNET_LINK_PART_BYTES 32

/* The most bytes that a request with a whole input takes on the wire. */
#define GANNET_LINK_RUN_BYTES(input_bytes) ((input_bytes) + 15u + ((input_bytes) + 12u) / 254u)

/* What stands for "not known" on the wire. */
#define GANNET_LINK_UNKNOWN UINT32_MAX

/* A device: who it is, its serial line, its network. `context` is passed to every call. */
typedef struct {
    uint8_t window;      /* requests that it takes before it has answered the first */
    const char *network; /* its name, at most 255 bytes count */
    const uint8_t *hash; /* the first 8 bytes of its SHA-256 */
    const char *board;
    uint8_t input_type;
    uint8_t output_type;
    uint32_t input_bytes;
    uint32_t output_bytes;
    uint32_t ticks_per_second; /* 0 without a clock */
    /* Inputs are decoded into it as they arrive, or one row after the other. */
    uint8_t *input;
    uint32_t row_bytes; /* of a network that takes its input a row at a time, else 0 */
    /* The next byte that arrived, or -1 if there is none now. */
    int (*read)(void *context);
    /* Sends a byte, waiting until there is room for it. */
    void (*write)(void *context, uint8_t byte);
    /* Computes the output of what is in the input; may overwrite the input. Where rows came, it
     * has been computed, and is given as often as it is asked for. */
    const uint8_t *(*run)(void *context, uint64_t *ticks);
    /* Computes with the row that is in the input, as far as it goes; number 0 is the first of an
     * input, whatever came before. 0 without row_bytes. */
    void (*push_row)(void *context, uint32_t row);
    /* The next three look into the network; 0 where it cannot be.
     * Clears the working memory around the input, computes until the network's stages have run
     * `runs` times, at least once, or to the end, gives the working memory. */
    const uint8_t *(*run_until)(void *context, uint32_t runs, uint32_t *memory_bytes);
    /* Computes what is in the input; gives the ticks of each stage, 4 bytes each. */
    const uint8_t *(*time_stages)(void *context, uint32_t *bytes);
    /* Whether the network's self-test passes; may overwrite the input. */
    int (*self_test)(void *context);
    /* The deepest stack so far and the static RAM, in bytes. */
    void (*memory)(void *context, uint32_t *peak_stack, uint32_t *static_ram);
    void *context;
} gannet_link_device;

/* Finds frames in a stream of bytes. */
typedef struct {
    uint32_t crc;
    uint32_t len; /* bytes decoded so far, the CRC's four included */
    uint8_t start[8];
    uint8_t left;         /* bytes of the current run that are still to come */
    uint8_t zero_follows; /* whether a zero stands between the current run and the next */
    uint8_t begun;        /* whether anything stood before the end mark */
} gannet_link_receiver;

/* How much of an input was taken that comes a row at a time. */
typedef struct {
    uint32_t crc;
    uint32_t taken;  /* bytes of the input */
    uint32_t rows;   /* of these, in rows that were pushed */
    uint32_t in_row; /* of these, in the row that is being filled */
} gannet_link_rows;

/* Answers requests, one after the other; keeps nothing between them but its counts, and in the
 * device's input the parts of an image, or how many of them a network of rows has computed with. */
typedef struct {
    gannet_link_receiver receiver;
    uint8_t part[GANNET_LINK_PART_BYTES]; /* what a request brings that is no whole input */
    gannet_link_rows rows;
    uint32_t frames_received;
    uint32_t frames_damaged;
    uint32_t images_run;
} gannet_link_server;

/* A server that has heard nothing yet. */
void gannet_link_start(gannet_link_server *server);

/* Says that the device has just started, unasked: a host that was in the middle of something then
 * need not wait for an answer that will not come. */
void gannet_link_announce(const gannet_link_device *device);

/* Takes in the bytes that are there and answers the requests that they complete. A firmware's
 * main loop does nothing else. */
void gannet_link_poll(gannet_link_server *server, const gannet_link_device *device);

#ifdef __cplusplus
}
#endif

#endif /* GANNET_LINK_H */
