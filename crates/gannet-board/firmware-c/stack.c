/* See stack.h. */
#include "stack.h"

uint32_t stack_static_ram_bytes(void) {
    return (uint32_t)((uintptr_t)stack_end - (uintptr_t)ram_start);
}

uint32_t stack_peak_bytes(void) {
    const volatile uint32_t *word = stack_end;
    while ((word < stack_start) && (*word == STACK_PAINT)) {
        word++;
    }
    return (uint32_t)((uintptr_t)stack_start - (uintptr_t)word);
}
