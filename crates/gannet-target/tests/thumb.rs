//! The decoder against machine code from GNU as: every kind of instruction, with what it reads,
//! writes and addresses by. `oracles/thumb.py` assembles the fixture.

use gannet_target::{Registers, thumb};

fn registers(names: &str) -> Registers {
    let register = |name: &str| match name {
        "sp" => Registers::core(13),
        "lr" => Registers::core(14),
        "pc" => Registers::core(15),
        "status" => Registers::FLOAT_STATUS,
        _ => {
            let (bank, number) = name.split_at(1);
            let number = number.parse().unwrap_or_else(|_| panic!("register {name}"));
            if bank == "s" {
                Registers::float(number)
            } else {
                Registers::core(number)
            }
        }
    };
    names
        .split_whitespace()
        .fold(Registers::NONE, |all, name| all | register(name))
}

#[test]
fn every_instruction_is_what_the_assembler_made_it_from() {
    let fixture = include_str!("thumb.txt");
    for line in fixture.lines() {
        let mut fields = line.split('|').map(str::trim);
        let mut field = || fields.next().unwrap_or_default();
        let code: Vec<u8> = field()
            .split(' ')
            .flat_map(|word| u16::from_str_radix(word, 16).unwrap().to_le_bytes())
            .collect();
        let assembly = field();
        let decoded = thumb::decode(&code).unwrap_or_else(|| panic!("{assembly} is not known"));
        assert_eq!(usize::from(decoded.len_bytes), code.len(), "{assembly}");
        assert_eq!(format!("{:?}", decoded.kind), field(), "{assembly}");
        assert_eq!(decoded.reads, registers(field()), "what {assembly} reads");
        assert_eq!(decoded.writes, registers(field()), "what {assembly} writes");
        assert_eq!(
            decoded.address,
            registers(field()),
            "the address of {assembly}"
        );
        assert_eq!(decoded.is_return, field() == "return", "{assembly}");
    }
    assert!(fixture.lines().count() > 140);
}

#[test]
fn what_is_cut_or_undefined_is_no_instruction() {
    assert_eq!(thumb::decode(&[]), None);
    assert_eq!(thumb::decode(&[0x00]), None);
    // The first half of bl.
    assert_eq!(thumb::decode(&[0x00, 0xf0]), None);
    // udf #0
    assert_eq!(thumb::decode(&[0x00, 0xde]), None);
}
