
/// What the chip's boot code starts first: it makes the flash readable.
#[unsafe(link_section = ".boot2")]
#[unsafe(no_mangle)]
#[used]
pub static BOOT: [u8; 256] = rp2040_boot2::BOOT_LOADER_GENERIC_03H;
