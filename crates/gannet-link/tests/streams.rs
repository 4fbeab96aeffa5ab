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

    /// A device that knows one rate: at another it hears and says nothing that makes sense.
    fn serve_at(mut device: TTYPort, rate: u32) {
        let (mut server, mut port, mut engine) = (Server::new(), Queues::default(), Sum::of(784));
        let mut buffer = [0; 100];
        loop {
            let len = match device.read(&mut buffer) {
                Ok(len @ 1..) => len,
                // While the host has the port closed there is nothing to read.
                _ => {
                    thread::sleep(Duration::from_millis(5));
                    continue;
                }
            };
            // Both ends of a pseudo-terminal tell the rate that was set at one.
            if device.baud_rate().is_ok_and(|set| set == rate) {
                port.input.extend(&buffer[..len]);
                server.poll(&mut port, &mut engine);
            } else {
                port.output.extend([0xF8, 0x80, 0xFE]);
            }
            let _ = device.write_all(&port.output.split_off(0));
        }
    }

    #[test]
    fn a_device_that_answers_at_another_rate_is_found() {
        let (device, host) = TTYPort::pair().expect("a pseudo-terminal");
        let name = host.name().expect("a name");
        thread::spawn(move || serve_at(device, 921_600));
        let patience = Patience {
            greeting: Duration::from_millis(300),
            greeting_reply: Duration::from_millis(100),
            ..Patience::default()
        };
        drop(host);
        let Err(error) = Client::at_port(&name, 115_200, patience) else {
            panic!("it does not answer at this rate")
        };
        assert_eq!(error.code(), "other-baud");
        let advice = format!("serial:{name}:921600");
        assert!(error.to_string().contains(&advice), "{error}");
        Client::at_port(&name, 921_600, patience).expect("it answers at this one");
    }

    #[test]
    fn a_port_that_vanishes_and_comes_back_is_opened_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let port = folder.path().join("ttyACM0");
        let plug_in = |port: &std::path::Path| {
            let (mut device, host) = TTYPort::pair().expect("a pseudo-terminal");
            let timeout = Duration::from_secs(1);
            device.set_timeout(timeout).expect("a time-out");
            let _ = std::fs::remove_file(port);
            std::os::unix::fs::symlink(host.name().expect("a name"), port).expect("a link");
            (device, host)
        };
        let (first, host) = plug_in(&port);
        let name = port.to_str().expect("a plain name");
        drop(host);
        let wire = SerialWire::open(name, 115_200).expect("it is there and free");
        // It answers until it hears nothing for a moment, and then it is unplugged.
        let unplugged = thread::spawn(move || serve(first));
        let mut client = Client::connect(wire, Patience::default()).expect("a good wire");
        client.run(0, &[1; 784]).expect("a good wire");
        unplugged.join().expect("it is unplugged");
        let (second, host) = plug_in(&port);
        drop(host);
        // The host may take a while to open it; until then there is nobody to read from.
        thread::spawn(move || serve_at(second, 115_200));
        let outcome = client.run(1, &[2; 784]).expect("it came back");
        assert_eq!(outcome.output, 1568_f32.to_le_bytes());
        assert_eq!(client.counts().reopened, 1);
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
