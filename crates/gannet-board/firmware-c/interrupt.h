/* The core's interrupt controller, as far as one interrupt needs it. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdint.h>

/* Lets the interrupt of that number through to its handler, and calls that at once, for what
 * happened before. */
void interrupt_enable(uint32_t number);

#endif /* INTERRUPT_H */
