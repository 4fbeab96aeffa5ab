//! What this image contains, readable in the ELF by symbol name.

/// Version of the protocol that `validate` speaks.
#[unsafe(no_mangle)]
#[used]
pub static GANNET_LINK_VERSION: u32 = gannet_link::VERSION as u32;

/// First eight bytes of the network's SHA-256.
#[unsafe(no_mangle)]
#[used]
pub static GANNET_NETWORK_HASH: [u8; 8] = network::HASH;

/// The network's name.
#[unsafe(no_mangle)]
#[used]
pub static GANNET_NETWORK_NAME: [u8; network::NAME.len()] = *NAME_BYTES;

const NAME_BYTES: &[u8; network::NAME.len()] = match network::NAME.as_bytes().first_chunk() {
    Some(bytes) => bytes,
    None => panic!("a string has as many bytes as its length says"),
};
