//! The client over what operating systems offer: sockets, pipes and serial ports.

mod bench;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bench::{Queues, Sum};
use gannet_link::{Client, Patience, Server, StreamWire};

/// A device at the end of a stream, until the stream ends.
fn serve(mut stream: impl Read + Write) {
    let (mut server, mut port, mut engine) = (Server::new(), Queues::default(), Sum::of(784));
    let mut buffer = [0; 100];
    while let Ok(len @ 1..) = stream.read(&mut buffer) {
        port.input.extend(&buffer[..len]);
        server.poll(&mut port, &mut engine);
        if stream.write_all(&port.output.split_off(0)).is_err() {
            return;
        }
    }
}

#[test]
fn images_travel_over_a_socket() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || serve(listener.accept().expect("a client").0));
    let stream = TcpStream::connect(address).expect("listening");
    let reader = stream.try_clone().expect("a second handle");
    let wire = StreamWire::new(reader, stream);
    let mut client = Client::connect(wire, Patience::default()).expect("a good wire");
    for index in 0..50 {
        let outcome = client.run(index, &[index as u8; 784]).expect("a good wire");
        assert_eq!(outcome.output, (784.0 * index as f32).to_le_bytes());
    }
    assert_eq!(client.counts().resent, 0);
}

#[cfg(all(unix, feature = "serial"))]
mod serial {
    use std::time::Duration;

    use gannet_link::SerialWire;
    use serialport::{SerialPort, TTYPort};

    use super::*;

    #[test]
    fn images_travel_over_a_pseudo_terminal() {
        let (mut device, host) = TTYPort::pair().expect("a pseudo-terminal");
        device
            .set_timeout(Duration::from_secs(3))
            .expect("a time-out");
        let name = host.name().expect("a name");
        drop(host);
        let wire = SerialWire::open(&name, 115_200).expect("it is there and free");
        thread::spawn(move || serve(device));
        let mut client = Client::connect(wire, Patience::default()).expect("a good wire");
        for index in 0..20 {
            let outcome = client.run(index, &[index as u8; 784]).expect("a good wire");
            assert_eq!(outcome.output, (784.0 * index as f32).to_le_bytes());
        }
        assert_eq!(client.counts().resent, 0);
    }

    #[test]
    fn ports_that_do_not_open_say_why() {
        let code = |port: &str| {
            SerialWire::open(port, 115_200)
                .err()
                .map(|error| error.code())
        };
        assert_eq!(code("/dev/no-such-port"), Some("port-missing"));
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(
            code(file.path().to_str().expect("a plain name")),
            Some("port-unusable")
        );

        let (_device, host) = TTYPort::pair().expect("a pseudo-terminal");
        let name = host.name().expect("a name");
        drop(host);
        let _first = SerialWire::open(&name, 115_200).expect("it is free");
        // A superuser passes the first lock, the second one holds for all.
        assert_eq!(code(&name), Some("port-busy"));
    }
}
