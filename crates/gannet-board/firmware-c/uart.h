/* The board's serial port: 8 data bits, no parity, one stop bit. */
#ifndef UART_H
#define UART_H

#include "clock.h"

/* Connects the pins and starts the port at the board's baud rate. A port whose clock does not
 * start stays silent, which the host tells. */
void uart_start(clock_rates rates);

/* Sends one byte, when the port has room. */
void uart_write(uint8_t byte);

/* Waits until the last byte has left the pin. */
void uart_flush(void);

/* The byte that has arrived, or -1. Line errors are cleared; the link's checksum finds what they
 * spoiled. */
int uart_read(void);

/* From now on every byte that arrives calls Uart_Handler, which has to read it. */
void uart_listen(void);
void Uart_Handler(void);

#endif /* UART_H */
