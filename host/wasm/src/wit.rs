//! The interface of a component as text.

use super::convert::clean_lines;
use wasmparser::Parser;
use wit_component::{WitPrinter, decode};

/// Prints the world of a component, which the decoder calls `root:component/root`, and after it the
/// parts of other packages that it uses. An error is the reason why its types can't be printed as WIT.
pub fn print(component: &[u8]) -> Result<String, String> {
    // The decoder makes room for as much as a section is said to have, before it looks for it.
    for payload in Parser::new(0).parse_all(component) {
        payload.map_err(|error| super::convert::clean(&error.to_string()))?;
    }
    let text = decode(component).and_then(|decoded| {
        let resolve = decoded.resolve();
        let own = decoded.package();
        let used = resolve.packages.iter().map(|(id, _)| id);
        let used: Vec<_> = used.filter(|id| *id != own).collect();
        let mut printer = WitPrinter::default();
        printer.print(resolve, own, &used)?;
        Ok(printer.output.to_string())
    });
    match text {
        Ok(text) => Ok(clean_lines(&text)),
        Err(error) => Err(super::convert::clean(&format!("{error:#}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::contents::Contents;
    use super::*;
    use rand_pcg::Pcg64;
    use rand_pcg::rand_core::{Rng, SeedableRng};

    #[test]
    fn a_section_that_is_said_to_have_gigabytes_is_refused_before_there_is_room_for_them() {
        let mut bytes = wat::parse_str("(component)").unwrap();
        // A custom section of nearly four gigabytes.
        bytes.extend(b"\0\xf0\xff\xff\xff\x0f");
        let before = peak_kib();
        assert!(print(&bytes).is_err());
        assert!(peak_kib() - before < 1 << 20);
    }

    /// The most memory that this process ever had.
    fn peak_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap()
    }

    #[test]
    fn tampered_file_is_printed_or_refused_without_a_panic() {
        let whole = wat::parse_str(include_str!("fixtures.wat")).unwrap();
        assert!(print(&whole).unwrap().contains("state-change"));
        let mut random = Pcg64::seed_from_u64(7);
        let mut printed = 0;
        for _ in 0..3000 {
            let mut bytes = whole.clone();
            for _ in 0..=random.next_u32() % 3 {
                let at = random.next_u32() as usize % bytes.len();
                bytes[at] = random.next_u32() as u8;
            }
            let wit = print(&bytes);
            printed += u32::from(wit.is_ok());
            // What can be decoded was read as a whole, too.
            let contents = Contents::read(&bytes);
            assert!(wit.is_err() || contents.imports.is_some());
        }
        assert!((100..2900).contains(&printed), "{printed}");
    }
}
