/* Bytes from an interrupt's handler to the program, in order: one puts in, one takes out. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdint.h>

typedef struct {
    volatile uint8_t *bytes;
    uint32_t size;           /* one more than there is room for */
    volatile uint32_t end;   /* where the next byte goes; only queue_put moves it */
    volatile uint32_t start; /* where the oldest byte is; only queue_take moves it */
} queue;

/* Puts a byte in. One that finds the queue full is lost, which the link's checksum finds. */
void queue_put(queue *queue, uint8_t byte);

/* The oldest byte, or -1 if there is none. */
int queue_take(queue *queue);

#endif /* QUEUE_H */
