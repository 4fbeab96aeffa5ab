/* The serial port of nRF51 and nRF52 without DMA: tasks, events and a baud rate that is a share of
 * 2^32 (nRF51 reference manual, 29; nRF52840 product specification, 6.33). */
#include "uart.h"

#include "interrupt.h"

#define STARTRX REGISTER(BOARD_UART_BASE)
#define STARTTX REGISTER(BOARD_UART_BASE + 0x008u)
#define RXDRDY REGISTER(BOARD_UART_BASE + 0x108u)
#define INTENSET REGISTER(BOARD_UART_BASE + 0x304u)
#define INTENSET_RXDRDY (1u << 2)
#define TXDRDY REGISTER(BOARD_UART_BASE + 0x11Cu)
#define ENABLE REGISTER(BOARD_UART_BASE + 0x500u)
#define RXD REGISTER(BOARD_UART_BASE + 0x518u)
#define TXD REGISTER(BOARD_UART_BASE + 0x51Cu)
#define BAUDRATE REGISTER(BOARD_UART_BASE + 0x524u)

#define ENABLE_UART 4u
/* The baud rate register has no lower bits. */
#define BAUD_STEP 0x1000u

static int sends;

void uart_start(clock_rates rates) {
    const uint64_t share = ((uint64_t)BOARD_BAUD << 32) / rates.uart_hz;
    (void)clock_carry_out(board_uart_steps);
    BAUDRATE = (uint32_t)((share + BAUD_STEP / 2u) / BAUD_STEP * BAUD_STEP);
    ENABLE = ENABLE_UART;
    RXDRDY = 0;
    TXDRDY = 0;
    STARTRX = 1;
    STARTTX = 1;
}

void uart_write(uint8_t byte) {
    uart_flush();
    TXDRDY = 0;
    TXD = byte;
    sends = 1;
}

void uart_flush(void) {
    while (sends && (TXDRDY == 0u)) {
    }
    sends = 0;
}

int uart_read(void) {
    if (RXDRDY == 0u) {
        return -1;
    }
    /* Cleared before the byte is taken: the next one, behind it in the queue, sets it again. */
    RXDRDY = 0;
    return (uint8_t)RXD;
}

void uart_listen(void) {
    INTENSET = INTENSET_RXDRDY;
    interrupt_enable(BOARD_UART_INTERRUPT);
}
