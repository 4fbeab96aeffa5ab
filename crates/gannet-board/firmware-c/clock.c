/* See clock.h. */
#include "clock.h"

/* At least 10 ms at 16 MHz, several times the slowest start-up in the data sheets. */
#define POLLS 40000

static int becomes(uint32_t at, uint32_t mask, uint32_t value) {
    for (int i = 0; i < POLLS; i++) {
        if ((REGISTER(at) & mask) == value) {
            return 1;
        }
    }
    return 0;
}

int clock_carry_out(step_list list) {
    for (uint32_t i = 0; i < list.count; i++) {
        const step *const now = &list.steps[i];
        switch (now->kind) {
        case STEP_MODIFY:
            REGISTER(now->at) = (REGISTER(now->at) & ~now->a) | now->b;
            break;
        case STEP_WRITE:
            REGISTER(now->at) = now->a;
            break;
        case STEP_WAIT:
            if (!becomes(now->at, now->a, now->b)) {
                return 0;
            }
            break;
        }
    }
    return 1;
}

clock_rates clock_start(void) {
    clock_rates rates = { 0, BOARD_RESET_HZ / BOARD_UART_RESET_DIVIDER };
    if (!clock_carry_out(board_clock_answers)) {
        return rates;
    }
    for (uint32_t i = 0; i < board_clock_way_count; i++) {
        if (clock_carry_out(board_clock_ways[i].steps)) {
            rates.core_hz = board_clock_ways[i].core_hz;
            rates.uart_hz = rates.core_hz / BOARD_UART_DIVIDER;
            return rates;
        }
    }
    rates.core_hz = BOARD_RESET_HZ;
    return rates;
}
