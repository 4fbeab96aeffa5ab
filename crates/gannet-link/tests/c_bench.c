/* The vectors' device in C: requests on standard input, replies on standard output. */
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

static void memory(void *context, uint32_t *peak_stack, uint32_t *static_ram) {
    (void)context;
    (void)static_ram;
    *peak_stack = 300;
}

int main(void) {
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
    device.memory = memory;
    gannet_link_start(&server);
    gannet_link_announce(&device);
    gannet_link_poll(&server, &device);
    return 0;
}
