/* See timer.h. */
#include "timer.h"

/* ARMv7-M manual, C1.6.5 and C1.8: debug control and data watchpoint unit. */
#define DEMCR REGISTER(0xE000EDFCu)
#define DWT_CTRL REGISTER(0xE0001000u)
#define DWT_CYCCNT REGISTER(0xE0001004u)
/* ARMv7-M manual, B3.3: SysTick. */
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define SYST_CALIB REGISTER(0xE000E01Cu)

#define CSR_ENABLE_AND_INTERRUPT 3u
#define CSR_CORE_CLOCK 4u
#define CALIB_NO_REFERENCE (1u << 31)
#define SYSTICK_MAX 0x00FFFFFFu
/* Seconds in an emulator, where each poll takes about a microsecond. */
#define SYSTICK_START_POLLS 4000000

typedef enum { NONE, CYCLE_COUNTER, SYSTICK } counter;

static counter source;
static volatile uint32_t wraps;

void SysTick_Handler(void);

void SysTick_Handler(void) {
    wraps = wraps + 1u;
}

static int cycle_counter_counts(void) {
#if BOARD_HAS_CYCLE_COUNTER
    DEMCR |= 1u << 24;
    DWT_CYCCNT = 0;
    DWT_CTRL |= 1u;
    for (int i = 0; i < 4; i++) {
        if (DWT_CYCCNT != 0u) {
            return 1;
        }
    }
#endif
    return 0;
}

/* Starts SysTick and tells its rate: the core clock when that is known. Otherwise the reference
 * clock, by the calibration value that an emulator derives from it (ticks in 10 ms, less one). */
static uint32_t start_systick(uint32_t core_hz) {
    const uint32_t calibration = SYST_CALIB;
    const uint32_t ten_ms = calibration & SYSTICK_MAX;
    uint32_t select = CSR_CORE_CLOCK;
    uint32_t rate = core_hz;
    if ((core_hz == 0u) && ((calibration & CALIB_NO_REFERENCE) == 0u) && (ten_ms != 0u)) {
        select = 0;
        rate = (ten_ms + 1u) * 100u;
    }
    SYST_RVR = SYSTICK_MAX;
    SYST_CVR = 0;
    SYST_CSR = CSR_ENABLE_AND_INTERRUPT | select;
    return rate;
}

uint32_t timer_start(clock_rates rates) {
    uint32_t rate;
    if (cycle_counter_counts()) {
        source = CYCLE_COUNTER;
        return rates.core_hz;
    }
    rate = start_systick(rates.core_hz);
    /* It leaves 0 at once on a chip, and in an emulator when its timer thread comes to it. */
    for (int i = 0; i < SYSTICK_START_POLLS; i++) {
        if ((SYST_CVR & SYSTICK_MAX) != 0u) {
            source = SYSTICK;
            return rate;
        }
    }
    return 0;
}

uint32_t timer_now(void) {
    if (source == CYCLE_COUNTER) {
        return DWT_CYCCNT;
    }
    while (source == SYSTICK) {
        const uint32_t before = wraps;
        const uint32_t left = SYST_CVR & SYSTICK_MAX;
        /* It counts down, and on reaching 0 its interrupt may be a moment away: only another
         * value, with the same wraps before and after, is a time. */
        if ((left != 0u) && (wraps == before)) {
            return (before << 24) + (SYSTICK_MAX - left);
        }
    }
    return 0;
}
