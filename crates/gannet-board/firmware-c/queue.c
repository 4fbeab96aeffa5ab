/* See queue.h. */
#include "queue.h"

static uint32_t behind(const queue *queue, uint32_t place) {
    return (place + 1u < queue->size) ? place + 1u : 0u;
}

void queue_put(queue *queue, uint8_t byte) {
    const uint32_t end = queue->end;
    const uint32_t next = behind(queue, end);
    if (next != queue->start) {
        queue->bytes[end] = byte;
        queue->end = next;
    }
}

int queue_take(queue *queue) {
    const uint32_t start = queue->start;
    uint8_t byte;
    if (start == queue->end) {
        return -1;
    }
    byte = queue->bytes[start];
    queue->start = behind(queue, start);
    return byte;
}
