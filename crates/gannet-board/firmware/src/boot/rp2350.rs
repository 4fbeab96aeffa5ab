
/// What the chip's boot code looks for: a block that says that a secure image for Arm follows
/// (RP2350 data sheet, 5.9.5).
#[unsafe(link_section = ".start_block")]
#[unsafe(no_mangle)]
#[used]
pub static BOOT: [u32; 5] = [0xFFFF_DED3, 0x1021_0142, 0x0000_01FF, 0, 0xAB12_3579];
