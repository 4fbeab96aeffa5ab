/* From reset to main: the vector table, static data, the painted stack. */
#include "board.h"
#include "stack.h"

/* The linker script's bounds. */
extern uint32_t data_start[];
extern uint32_t data_end[];
extern const uint32_t data_values[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];

int main(void);
void Reset_Handler(void);
void Default_Handler(void);
void SysTick_Handler(void) __attribute__((weak, alias("Default_Handler")));
void Uart_Handler(void) __attribute__((weak, alias("Default_Handler")));

typedef union {
    void (*handler)(void);
    uint32_t *stack;
} vector;

/* ARMv7-M manual, B1.5.2: the stack's start, then the handlers of exceptions 1 to 15, then those
 * of the chip's own interrupts. The serial port's is the last one that the programs here use. */
__attribute__((section(".vector_table"), used)) const vector vector_table[16 + BOARD_UART_INTERRUPT + 1] = {
    { .stack = stack_start },
    { .handler = Reset_Handler },
    { .handler = Default_Handler },
    { .handler = Default_Handler },
    { .handler = Default_Handler },
    { .handler = Default_Handler },
    { .handler = Default_Handler },
    { .handler = 0 },
    { .handler = 0 },
    { .handler = 0 },
    { .handler = 0 },
    { .handler = Default_Handler },
    { .handler = Default_Handler },
    { .handler = 0 },
    { .handler = Default_Handler },
    { .handler = SysTick_Handler },
    [16 + BOARD_UART_INTERRUPT] = { .handler = Uart_Handler },
};

/* A fault stops the program; the link's host sees silence. */
void Default_Handler(void) {
    for (;;) {
    }
}

void Reset_Handler(void) {
    const uint32_t *value = data_values;
    /* Volatile, so that no call to a library function stands in for the loops. */
    volatile uint32_t *place;
    for (place = stack_end; place < (uint32_t *)__builtin_frame_address(0) - 16; place++) {
        *place = STACK_PAINT;
    }
    for (place = data_start; place < data_end; place++) {
        *place = *value++;
    }
    for (place = bss_start; place < bss_end; place++) {
        *place = 0;
    }
#if BOARD_HAS_FLOAT
    /* ARMv7-M manual, B3.2.20: full access to the floating-point unit. */
    REGISTER(0xE000ED88u) |= 0xFu << 20;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
    (void)main();
    Default_Handler();
}
