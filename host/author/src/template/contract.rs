//! The contract, as every folder gets it.

macro_rules! wit {
    ($($file:literal),*) => {
        [$((concat!("wit/", $file), include_str!(concat!("../../../../wit/", $file)))),*]
    };
}

/// Path and text of each of its files.
pub(super) const FILES: [(&str, &str); 11] = wit![
    "access.wit",
    "allocation.wit",
    "db.wit",
    "group.wit",
    "lock.wit",
    "replication.wit",
    "settings.wit",
    "state-change.wit",
    "timing.wit",
    "types.wit",
    "worlds.wit"
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_of_the_contract_is_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
        let mut there: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| format!("wit/{}", file.unwrap().file_name().to_str().unwrap()))
            // Beside them are the pages that are made of them.
            .filter(|path| path.ends_with(".wit"))
            .collect();
        there.sort();
        assert_eq!(FILES.map(|(path, _)| path).as_slice(), there);
    }
}
