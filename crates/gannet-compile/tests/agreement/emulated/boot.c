/* From reset to newlib's own start, which calls main: a stack and a floating-point unit. Standard
 * input and output are the emulator's, by way of semihosting. */
#include <stdint.h>

/* The linker script's bound, newlib's start, and what the vector table points to. */
extern uint32_t stack_start[];
extern void _start(void);
void reset(void);

typedef union {
    void (*handler)(void);
    uint32_t *stack;
} vector;

__attribute__((section(".vectors"), used)) const vector vectors[] = {
    { .stack = stack_start },
    { .handler = reset },
};

void reset(void) {
    /* ARMv7-M manual, B3.2.20: full access to the floating-point unit. */
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
    __asm volatile("dsb\n\tisb" ::: "memory");
    _start();
}
