/* The serial port of STM32F1 to F4: status, data, baud rate and first control register (RM0390,
 * 25.6; RM0008, 27.6). */
#include "uart.h"

#include "interrupt.h"

#define SR REGISTER(BOARD_UART_BASE)
#define DR REGISTER(BOARD_UART_BASE + 0x04u)
#define BRR REGISTER(BOARD_UART_BASE + 0x08u)
#define CR1 REGISTER(BOARD_UART_BASE + 0x0Cu)

#define SR_ERRORS 0x0Fu
#define SR_RXNE (1u << 5)
#define SR_TC (1u << 6)
#define SR_TXE (1u << 7)
#define CR1_UE (1u << 13)
#define CR1_TE (1u << 3)
#define CR1_RE (1u << 2)
#define CR1_RXNEIE (1u << 5)

void uart_start(clock_rates rates) {
    (void)clock_carry_out(board_uart_steps);
    CR1 = 0;
    BRR = (rates.uart_hz + BOARD_BAUD / 2u) / BOARD_BAUD;
    CR1 = CR1_UE | CR1_TE | CR1_RE;
}

void uart_write(uint8_t byte) {
    while ((SR & SR_TXE) == 0u) {
    }
    DR = byte;
}

void uart_flush(void) {
    while ((SR & SR_TC) == 0u) {
    }
}

int uart_read(void) {
    const uint32_t status = SR;
    uint8_t byte;
    if ((status & (SR_RXNE | SR_ERRORS)) == 0u) {
        return -1;
    }
    byte = (uint8_t)DR;
    return ((status & SR_RXNE) != 0u) ? byte : -1;
}

void uart_listen(void) {
    CR1 |= CR1_RXNEIE;
    interrupt_enable(BOARD_UART_INTERRUPT);
}
