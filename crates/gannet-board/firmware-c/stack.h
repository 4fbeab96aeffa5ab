/* The peak of the stack. The start-up paints everything between static data and the stack; what
 * no longer shows the paint has been used. */
#ifndef STACK_H
#define STACK_H

#include <stdint.h>

#define STACK_PAINT 0xCCCCCCCCu

/* The linker script's bounds: static RAM lies between the first two, the stack between the last
 * two and grows down. */
extern uint32_t ram_start[];
extern uint32_t stack_end[];
extern uint32_t stack_start[];

/* Bytes of RAM below the stack: the network's arena and every other static. */
uint32_t stack_static_ram_bytes(void);

/* The most bytes of stack that were in use since the start. */
uint32_t stack_peak_bytes(void);

#endif /* STACK_H */
