/* The serial port of Arm's MPS2 boards: data, state, control and baud divider (Cortex-M System
 * Design Kit, DDI 0479, 4.3). */
#include "uart.h"

#include "interrupt.h"

#define DATA REGISTER(BOARD_UART_BASE)
#define STATE REGISTER(BOARD_UART_BASE + 0x04u)
#define CTRL REGISTER(BOARD_UART_BASE + 0x08u)
#define INTCLEAR REGISTER(BOARD_UART_BASE + 0x0Cu)
#define BAUDDIV REGISTER(BOARD_UART_BASE + 0x10u)

#define STATE_SENDING (1u << 0)
#define STATE_RECEIVED (1u << 1)
#define CTRL_SEND_AND_RECEIVE 3u
#define CTRL_RECEIVE_INTERRUPT (1u << 3)
#define INTCLEAR_RECEIVED (1u << 1)
#define DIVIDER_MIN 16u

void uart_start(clock_rates rates) {
    const uint32_t divider = (rates.uart_hz + BOARD_BAUD / 2u) / BOARD_BAUD;
    (void)clock_carry_out(board_uart_steps);
    BAUDDIV = (divider < DIVIDER_MIN) ? DIVIDER_MIN : divider;
    CTRL = CTRL_SEND_AND_RECEIVE;
}

void uart_write(uint8_t byte) {
    uart_flush();
    DATA = byte;
}

void uart_flush(void) {
    while ((STATE & STATE_SENDING) != 0u) {
    }
}

int uart_read(void) {
    if ((STATE & STATE_RECEIVED) == 0u) {
        return -1;
    }
    INTCLEAR = INTCLEAR_RECEIVED; /* before the byte is taken: the next one sets it again */
    return (uint8_t)DATA;
}

void uart_listen(void) {
    CTRL = CTRL_SEND_AND_RECEIVE | CTRL_RECEIVE_INTERRUPT;
    interrupt_enable(BOARD_UART_INTERRUPT);
}
