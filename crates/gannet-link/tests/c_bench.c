/* The vectors' devices in C: requests on standard input, replies on standard output. With an
 * argument it is the one that takes its input a row at a time. */
#include <stdio.h>
#include <string.h>

#include "gannet_link.h"

static uint8_t pixels[4];
static float sum;

static int read_byte(void *context) {
    (void)context;
    return getchar();
}

static void write_byte(void *context, uint8_t byte) {
    (void)context;
    putchar(byte);
}

static const uint8_t *run(void *context, uint64_t *ticks) {
    (void)context;
    *ticks = 250;
    sum = (float)(pixels[0] + pixels[1] + pixels[2] + pixels[3]);
    memset(pixels, 0xAA, sizeof pixels); /* as a network that computes in place does */
    return (const uint8_t *)&sum;
}

static const uint8_t *run_until(void *context, uint32_t runs, uint32_t *memory_bytes) {
    static uint8_t memory[sizeof pixels + sizeof sum];
    uint64_t ticks;
    memset(memory, 0, sizeof memory);
    memcpy(memory, pixels, sizeof pixels);
    run(context, &ticks);
    memcpy(memory + sizeof pixels, &sum, sizeof sum);
    if (runs > 1u) {
        memcpy(memory, pixels, sizeof pixels);
    }
    *memory_bytes = sizeof memory;
    return memory;
}

static const uint8_t *time_stages(void *context, uint32_t *bytes) {
    static const uint8_t stage_ticks[] = { 200, 0, 0, 0, 50, 0, 0, 0 };
    uint64_t ticks;
    run(context, &ticks);
    *bytes = sizeof stage_ticks;
    return stage_ticks;
}

#define ROW_BYTES 2u

static uint32_t row_ticks;

static void push_row(void *context, uint32_t row) {
    (void)context;
    if (row == 0u) {
        sum = 0.0f;
        row_ticks = 0;
    }
    sum += (float)(pixels[0] + pixels[1]);
    row_ticks += 125;
    memset(pixels, 0xAA, ROW_BYTES);
}

static const uint8_t *run_rows(void *context, uint64_t *ticks) {
    (void)context;
    *ticks = row_ticks;
    return (const uint8_t *)&sum;
}

static int self_test(void *context) {
    (void)context;
    return 1;
}

static void memory(void *context, uint32_t *peak_stack, uint32_t *static_ram) {
    (void)context;
    (void)static_ram;
    *peak_stack = 300;
}

int main(int arguments, char **argument) {
    static const uint8_t hash[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    gannet_link_device device;
    gannet_link_server server;
    memset(&device, 0, sizeof device);
    device.window = 1;
    device.network = "sum";
    device.hash = hash;
    device.board = "bench";
    device.input_type = GANNET_LINK_U8;
    device.output_type = GANNET_LINK_F32;
    device.input_bytes = sizeof pixels;
    device.output_bytes = sizeof sum;
    device.ticks_per_second = 1000000;
    device.input = pixels;
    device.read = read_byte;
    device.write = write_byte;
    device.run = run;
    device.run_until = run_until;
    device.time_stages = time_stages;
    device.self_test = self_test;
    device.memory = memory;
    (void)argument;
    if (arguments > 1) {
        device.window = 2;
        device.row_bytes = ROW_BYTES;
        device.push_row = push_row;
        device.run = run_rows;
        device.run_until = 0;
    }
    gannet_link_start(&server);
    gannet_link_announce(&device);
    gannet_link_poll(&server, &device);
    return 0;
}
