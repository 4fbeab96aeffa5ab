/* A tick counter: the core's cycle counter where it counts, otherwise SysTick with its wraps
 * counted. A rate that nobody vouches for is 0. */
#ifndef TIMER_H
#define TIMER_H

#include "clock.h"

/* Starts the best counter that this core has and tells its ticks in a second, 0 if unknown. */
uint32_t timer_start(clock_rates rates);

/* Ticks since some moment, wrapping: only differences mean something. 0 without a counter. */
uint32_t timer_now(void);

#endif /* TIMER_H */
