/* Brings the core to speed as board.c says. Every wait is bounded: a way that fails leaves the
 * core on the clock that it has after reset, and the next one is tried. */
#ifndef CLOCK_H
#define CLOCK_H

#include "board.h"

/* The clocks that were reached. */
typedef struct {
    uint32_t core_hz; /* 0 where the clock tree does not answer, as in an emulator */
    uint32_t uart_hz;
} clock_rates;

clock_rates clock_start(void);

/* Carries out steps in order; 0 as soon as one waits in vain. */
int clock_carry_out(step_list list);

#endif /* CLOCK_H */
