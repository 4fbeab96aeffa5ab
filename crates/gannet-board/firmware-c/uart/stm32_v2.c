/* The serial port of STM32F0, F3, F7, G, H and L: control, baud rate, status and two data
 * registers (RM0351, 40.8; RM0433, 48.7). */
#include "uart.h"

#include "interrupt.h"

#define CR1 REGISTER(BOARD_UART_BASE)
#define BRR REGISTER(BOARD_UART_BASE + 0x0Cu)
#define ISR REGISTER(BOARD_UART_BASE + 0x1Cu)
#define ICR REGISTER(BOARD_UART_BASE + 0x20u)
#define RDR REGISTER(BOARD_UART_BASE + 0x24u)
#define TDR REGISTER(BOARD_UART_BASE + 0x28u)

#define CR1_UE (1u << 0)
#define CR1_RE (1u << 2)
#define CR1_TE (1u << 3)
#define CR1_RXNEIE (1u << 5)
#define ISR_ERRORS 0x0Fu
#define ISR_RXNE (1u << 5)
#define ISR_TC (1u << 6)
#define ISR_TXE (1u << 7)

void uart_start(clock_rates rates) {
    (void)clock_carry_out(board_uart_steps);
    CR1 = 0;
    BRR = (rates.uart_hz + BOARD_BAUD / 2u) / BOARD_BAUD;
    CR1 = CR1_UE | CR1_TE | CR1_RE;
}

void uart_write(uint8_t byte) {
    while ((ISR & ISR_TXE) == 0u) {
    }
    TDR = byte;
}

void uart_flush(void) {
    while ((ISR & ISR_TC) == 0u) {
    }
}

int uart_read(void) {
    const uint32_t status = ISR;
    if ((status & ISR_ERRORS) != 0u) {
        ICR = ISR_ERRORS; /* unless they are cleared, the port stops */
    }
    return ((status & ISR_RXNE) != 0u) ? (uint8_t)RDR : -1;
}

void uart_listen(void) {
    CR1 |= CR1_RXNEIE;
    interrupt_enable(BOARD_UART_INTERRUPT);
}
