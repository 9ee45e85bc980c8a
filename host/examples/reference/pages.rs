//! One page for each interface, and one that leads to them.

use super::signature;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use wit_parser::{
    Docs, Function, Interface, PackageId, Resolve, TypeDef, TypeDefKind, TypeOwner, WorldItem,
};

const MADE: &str = "<!-- Made from the WIT by `cargo run --example reference`; change that. -->";

/// The pages by the names of their files.
pub fn of(wit: &Path) -> Result<BTreeMap<String, String>, String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(wit)
        .map_err(|error| format!("{error:#}"))?;
    let mut pages = BTreeMap::new();
    for (name, id) in &resolve.packages[package].interfaces {
        let page = interface(&resolve, name, &resolve.interfaces[*id]);
        pages.insert(format!("{name}.md"), page);
    }
    pages.insert("README.md".to_owned(), index(&resolve, package));
    Ok(pages)
}

/// The index: interfaces and worlds.
fn index(resolve: &Resolve, package: PackageId) -> String {
    let package = &resolve.packages[package];
    let mut page = format!("{MADE}\n\n# {}\n\n", package.name);
    for (name, id) in &package.interfaces {
        let about = first_paragraph(&resolve.interfaces[*id].docs);
        let _ = writeln!(page, "- [`{name}`]({name}.md): {about}");
    }
    for (name, id) in &package.worlds {
        let world = &resolve.worlds[*id];
        section(&mut page, "##", &format!("world `{name}`"), &world.docs);
        for (word, items) in [("imports", &world.imports), ("exports", &world.exports)] {
            let names = items.values().filter_map(|item| match item {
                WorldItem::Interface { id, .. } => resolve.interfaces[*id].name.as_deref(),
                _ => None,
            });
            let links: Vec<_> = names.map(|name| format!("[`{name}`]({name}.md)")).collect();
            if !links.is_empty() {
                let _ = write!(page, "\nIt {word} {}.\n", links.join(", "));
            }
        }
    }
    page
}

fn interface(resolve: &Resolve, name: &str, interface: &Interface) -> String {
    let mut page = MADE.to_owned();
    page.push('\n');
    section(&mut page, "#", name, &interface.docs);
    let used = used(resolve, interface);
    if !used.is_empty() {
        let _ = writeln!(page, "\nFrom other interfaces: {}.", used.join(", "));
    }
    let functions: Vec<&Function> = interface.functions.values().collect();
    for function in functions.iter().filter(|one| one.kind.resource().is_none()) {
        call(&mut page, "##", resolve, function);
    }
    for (name, id) in &interface.types {
        let def = &resolve.types[*id];
        if foreign(resolve, def).is_none() {
            let kind = def.kind.as_str();
            let title = format!("{kind} `{name}`");
            section(&mut page, "##", &title, &def.docs);
            members(&mut page, resolve, &def.kind);
            for function in &functions {
                if function.kind.resource() == Some(*id) {
                    call(&mut page, "###", resolve, function);
                }
            }
        }
    }
    page
}

/// The items that an interface uses of others, each as a link.
fn used(resolve: &Resolve, interface: &Interface) -> Vec<String> {
    let types = interface.types.iter();
    let links = types.filter_map(|(name, id)| {
        let from = foreign(resolve, &resolve.types[*id])?;
        Some(format!("[`{name}`]({from}.md)"))
    });
    links.collect()
}

/// The interface that a type was taken from, if it is not of its own.
fn foreign<'a>(resolve: &'a Resolve, def: &TypeDef) -> Option<&'a str> {
    let TypeDefKind::Type(wit_parser::Type::Id(other)) = &def.kind else {
        return None;
    };
    let other = &resolve.types[*other];
    match (other.owner, def.owner) {
        (TypeOwner::Interface(from), TypeOwner::Interface(to)) if from != to => {
            resolve.interfaces[from].name.as_deref()
        }
        _ => None,
    }
}

fn section(page: &mut String, level: &str, title: &str, docs: &Docs) {
    let _ = write!(page, "\n{level} {title}\n");
    if let Some(text) = &docs.contents {
        let _ = write!(page, "\n{}\n", text.trim_end());
    }
}

fn call(page: &mut String, level: &str, resolve: &Resolve, function: &Function) {
    let title = format!("`{}`", function.item_name());
    let signature = signature::function(resolve, function);
    let _ = write!(page, "\n{level} {title}\n\n```wit\n{signature}\n```\n");
    if let Some(text) = &function.docs.contents {
        let _ = write!(page, "\n{}\n", text.trim_end());
    }
}

/// Fields and cases, one in a line.
fn members(page: &mut String, resolve: &Resolve, kind: &TypeDefKind) {
    let of = |name: &str, ty: Option<&wit_parser::Type>, docs: &Docs| {
        let ty = ty.map(|ty| format!(": `{}`", signature::name(resolve, ty)));
        let text = docs.contents.as_deref().unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = format!("- **{name}**{} — {text}", ty.unwrap_or_default());
        line.trim_end_matches(" — ").to_owned()
    };
    let lines: Vec<String> = match kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            fields
                .map(|one| of(&one.name, Some(&one.ty), &one.docs))
                .collect()
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            cases
                .map(|one| of(&one.name, one.ty.as_ref(), &one.docs))
                .collect()
        }
        TypeDefKind::Enum(values) => {
            let cases = values.cases.iter();
            cases.map(|one| of(&one.name, None, &one.docs)).collect()
        }
        TypeDefKind::Type(other) => vec![format!("`{}`", signature::name(resolve, other))],
        TypeDefKind::List(item) => vec![format!("`list<{}>`", signature::name(resolve, item))],
        _ => Vec::new(),
    };
    if !lines.is_empty() {
        let _ = write!(page, "\n{}\n", lines.join("\n"));
    }
}

fn first_paragraph(docs: &Docs) -> String {
    let text = docs.contents.as_deref().unwrap_or_default();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}
