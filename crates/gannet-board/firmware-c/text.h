/* Plain text on the serial port, without printf and the kilobytes that it brings. */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

void text_print(const char *text);
void text_print_u32(uint32_t value);
void text_print_hex(const uint8_t *bytes, int count);

/* Nine significant digits of a number, exact, in the form of C's %.9g with a three-digit exponent:
 * 0.998965263, 8.6129802e-008. Nine digits name every float uniquely. */
void text_print_float(float value);

#endif /* TEXT_H */
