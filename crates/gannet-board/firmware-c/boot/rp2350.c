/* What the chip's boot code looks for in the first 4 KiB: a block that says that a secure image
 * for Arm follows (RP2350 data sheet, 5.9.5). */
#include <stdint.h>

extern const uint32_t boot_block[5];
__attribute__((section(".start_block"), used)) const uint32_t boot_block[5] = {
    0xFFFFDED3u, 0x10210142u, 0x000001FFu, 0u, 0xAB123579u
};
