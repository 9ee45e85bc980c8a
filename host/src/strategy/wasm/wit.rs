//! The interface of a component as text.

use super::convert::clean_lines;
use wit_component::{WitPrinter, decode};

/// The world that a component is of, which the decoder calls `root:component/root`, and after it what
/// it uses of other packages. An error is the reason why its types can't be told as WIT.
pub fn of(component: &[u8]) -> Result<String, String> {
    let told = decode(component).and_then(|decoded| {
        let resolve = decoded.resolve();
        let own = decoded.package();
        let used = resolve.packages.iter().map(|(id, _)| id);
        let used: Vec<_> = used.filter(|id| *id != own).collect();
        let mut printer = WitPrinter::default();
        printer.print(resolve, own, &used)?;
        Ok(printer.output.to_string())
    });
    match told {
        Ok(text) => Ok(clean_lines(&text)),
        Err(error) => Err(super::convert::clean(&format!("{error:#}"))),
    }
}
