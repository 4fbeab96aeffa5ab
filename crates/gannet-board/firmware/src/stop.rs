//! A panic says where it happened, then the program stops. The link's host sees it as noise.

use core::panic::PanicInfo;

use crate::uart::Uart;
use crate::text::{print, print_u32};

#[panic_handler]
fn stop(info: &PanicInfo) -> ! {
    let mut uart = Uart::after_panic();
    print(&mut uart, "\nstopped by a panic");
    if let Some(location) = info.location() {
        print(&mut uart, " at ");
        print(&mut uart, location.file());
        print(&mut uart, ":");
        print_u32(&mut uart, location.line());
    }
    print(&mut uart, "\n");
    loop {
        core::hint::spin_loop();
    }
}
