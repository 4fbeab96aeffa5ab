/* Arm's PL011 serial port, which RP2040 and RP2350 have (DDI 0183, 3.3; RP2040 data sheet, 4.2). */
#include "uart.h"

#include "interrupt.h"

#define DR REGISTER(BOARD_UART_BASE)
#define FR REGISTER(BOARD_UART_BASE + 0x18u)
#define IBRD REGISTER(BOARD_UART_BASE + 0x24u)
#define FBRD REGISTER(BOARD_UART_BASE + 0x28u)
#define LCR_H REGISTER(BOARD_UART_BASE + 0x2Cu)
#define CR REGISTER(BOARD_UART_BASE + 0x30u)
#define IMSC REGISTER(BOARD_UART_BASE + 0x38u)

/* A queue that is half full, and one that is not empty for a while. */
#define IMSC_RECEIVED ((1u << 4) | (1u << 6))

#define FR_BUSY (1u << 3)
#define FR_NOTHING_RECEIVED (1u << 4)
#define FR_FULL (1u << 5)
/* Eight bits, and queues of several bytes. */
#define LCR_H_EIGHT_BITS ((3u << 5) | (1u << 4))
#define CR_ENABLE ((1u << 0) | (1u << 8) | (1u << 9))

void uart_start(clock_rates rates) {
    /* The divisor in 64ths: a bit is sixteen of its periods. */
    const uint32_t divisor = (4u * rates.uart_hz + BOARD_BAUD / 2u) / BOARD_BAUD;
    (void)clock_carry_out(board_uart_steps);
    CR = 0;
    IBRD = divisor / 64u;
    FBRD = divisor % 64u;
    LCR_H = LCR_H_EIGHT_BITS;
    CR = CR_ENABLE;
}

void uart_write(uint8_t byte) {
    while ((FR & FR_FULL) != 0u) {
    }
    DR = byte;
}

void uart_flush(void) {
    while ((FR & FR_BUSY) != 0u) {
    }
}

int uart_read(void) {
    return ((FR & FR_NOTHING_RECEIVED) == 0u) ? (uint8_t)DR : -1;
}

void uart_listen(void) {
    IMSC = IMSC_RECEIVED;
    interrupt_enable(BOARD_UART_INTERRUPT);
}
