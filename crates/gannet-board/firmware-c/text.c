/* See text.h. */
#include "text.h"

#include <string.h>

#include "uart.h"

void text_print(const char *text) {
    while (*text != 0) {
        uart_write((uint8_t)*text++);
    }
}

void text_print_u32(uint32_t value) {
    if (value >= 10u) {
        text_print_u32(value / 10u);
    }
    uart_write((uint8_t)('0' + (char)(value % 10u)));
}

void text_print_hex(const uint8_t *bytes, int count) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < count; i++) {
        uart_write((uint8_t)digits[bytes[i] >> 4]);
        uart_write((uint8_t)digits[bytes[i] & 15u]);
    }
}

/* A number in limbs of nine decimal digits, most significant first: a float has at most 39 digits
 * before the point and 149 after it, and halving or doubling needs no division. */
#define WHOLE 5
#define LIMBS (WHOLE + 17)
#define LIMB 1000000000u
#define DIGITS 9

/* The exact decimal expansion: the 24-bit significand, then doubled or halved into place. */
static void expand(uint32_t bits, uint32_t *limbs) {
    const int stored = (int)((bits >> 23) & 0xFFu);
    int power = (stored == 0) ? -149 : stored - 150;
    memset(limbs, 0, LIMBS * sizeof *limbs);
    limbs[WHOLE - 1] = (bits & 0x7FFFFFu) | ((stored == 0) ? 0u : 1u << 23);
    for (; power > 0; power--) {
        uint32_t carry = 0;
        for (int i = LIMBS - 1; i >= 0; i--) {
            const uint32_t doubled = 2u * limbs[i] + carry;
            carry = (doubled >= LIMB) ? 1u : 0u;
            limbs[i] = doubled - carry * LIMB;
        }
    }
    for (; power < 0; power++) {
        uint32_t carry = 0;
        for (int i = 0; i < LIMBS; i++) {
            const uint32_t halved = (limbs[i] >> 1) + carry;
            carry = (limbs[i] & 1u) * (LIMB / 2u);
            limbs[i] = halved;
        }
    }
}

static uint8_t digit_at(const uint32_t *limbs, int index) {
    uint32_t limb;
    if (index >= LIMBS * DIGITS) {
        return 0;
    }
    limb = limbs[index / DIGITS];
    for (int below = DIGITS - 1 - index % DIGITS; below > 0; below--) {
        limb /= 10u;
    }
    return (uint8_t)(limb % 10u);
}

/* The nine leading digits, rounded half to even; gives the first one's power of ten. */
static int nine_digits(uint32_t bits, uint8_t *digits) {
    uint32_t limbs[LIMBS];
    int first = 0;
    int exponent;
    int rest = 0;
    uint8_t next;
    expand(bits, limbs);
    while ((first < LIMBS * DIGITS) && (digit_at(limbs, first) == 0u)) {
        first++;
    }
    for (int i = 0; i < DIGITS; i++) {
        digits[i] = digit_at(limbs, first + i);
    }
    if (first == LIMBS * DIGITS) {
        return 0;
    }
    exponent = WHOLE * DIGITS - 1 - first;
    next = digit_at(limbs, first + DIGITS);
    for (int i = first + DIGITS + 1; i < LIMBS * DIGITS; i++) {
        rest = rest || (digit_at(limbs, i) != 0u);
    }
    if ((next > 5u) || ((next == 5u) && (rest || ((digits[DIGITS - 1] & 1u) != 0u)))) {
        int i = DIGITS - 1;
        while ((i >= 0) && (digits[i] == 9u)) {
            digits[i--] = 0;
        }
        if (i >= 0) {
            digits[i]++;
        } else {
            digits[0] = 1;
            exponent++;
        }
    }
    return exponent;
}

static void print_fixed(const uint8_t *digits, int shown, int exponent) {
    /* A place is a digit's power of ten. */
    int place = (exponent > 0) ? exponent : 0;
    const int last = (exponent - shown + 1 < 0) ? exponent - shown + 1 : 0;
    for (; place >= last; place--) {
        if (place == -1) {
            uart_write('.');
        }
        uart_write((uint8_t)('0' + ((place > exponent) ? 0 : digits[exponent - place])));
    }
}

static void print_scientific(const uint8_t *digits, int shown, int exponent) {
    const int magnitude = (exponent < 0) ? -exponent : exponent;
    for (int i = 0; i < shown; i++) {
        if (i == 1) {
            uart_write('.');
        }
        uart_write((uint8_t)('0' + digits[i]));
    }
    text_print((exponent < 0) ? "e-0" : "e+0");
    uart_write((uint8_t)('0' + magnitude / 10));
    uart_write((uint8_t)('0' + magnitude % 10));
}

void text_print_float(float value) {
    uint8_t digits[DIGITS];
    uint32_t bits;
    int shown = DIGITS;
    int exponent;
    memcpy(&bits, &value, sizeof bits);
    if ((bits >> 31) != 0u) {
        uart_write('-');
    }
    if (((bits >> 23) & 0xFFu) == 0xFFu) {
        text_print(((bits & 0x7FFFFFu) != 0u) ? "nan" : "inf");
        return;
    }
    exponent = nine_digits(bits, digits);
    while ((shown > 1) && (digits[shown - 1] == 0u)) {
        shown--;
    }
    if ((exponent >= -4) && (exponent < DIGITS)) {
        print_fixed(digits, shown, exponent);
    } else {
        print_scientific(digits, shown, exponent);
    }
}
