/* See interrupt.h. */
#include "interrupt.h"

#include "board.h"

/* ARMv7-M manual, B3.4.4 and B3.4.6: a bit for each interrupt, 32 to a register. */
#define NVIC_ISER(number) REGISTER(0xE000E100u + 4u * ((number) / 32u))
#define NVIC_ISPR(number) REGISTER(0xE000E200u + 4u * ((number) / 32u))

void interrupt_enable(uint32_t number) {
    NVIC_ISER(number) = 1u << (number % 32u);
    NVIC_ISPR(number) = 1u << (number % 32u);
}
