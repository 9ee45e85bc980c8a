//! Types and functions as the WIT has them.

use wit_parser::{Function, Handle, Resolve, Type, TypeDefKind, TypeId};

/// `name: func(a: b) -> c`, without the `self` of a method.
pub fn function(resolve: &Resolve, function: &Function) -> String {
    let is_method = function.kind.resource().is_some();
    let params = function.params.iter().skip(usize::from(is_method));
    let params: Vec<String> = params
        .map(|param| format!("{}: {}", param.name, name(resolve, &param.ty)))
        .collect();
    let result = function.result.as_ref();
    let result = result.map(|result| format!(" -> {}", name(resolve, result)));
    format!(
        "{}: func({}){}",
        function.item_name(),
        params.join(", "),
        result.unwrap_or_default()
    )
}

/// The text of a type where it is used.
pub fn name(resolve: &Resolve, of: &Type) -> String {
    match of {
        Type::Id(id) => defined(resolve, *id),
        Type::Bool => "bool".to_owned(),
        Type::String => "string".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::S64 => "s64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::U8 => "u8".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn defined(resolve: &Resolve, id: TypeId) -> String {
    let def = &resolve.types[id];
    if let Some(name) = &def.name {
        return name.clone();
    }
    let name = |of: &Type| name(resolve, of);
    let or_none = |of: &Option<Type>| of.as_ref().map_or("_".to_owned(), name);
    match &def.kind {
        TypeDefKind::List(item) => format!("list<{}>", name(item)),
        TypeDefKind::Option(item) => format!("option<{}>", name(item)),
        TypeDefKind::Tuple(tuple) => {
            let items: Vec<String> = tuple.types.iter().map(name).collect();
            format!("tuple<{}>", items.join(", "))
        }
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (None, None) => "result".to_owned(),
            (ok, None) => format!("result<{}>", or_none(ok)),
            (ok, err) => format!("result<{}, {}>", or_none(ok), or_none(err)),
        },
        TypeDefKind::Handle(Handle::Own(resource)) => defined(resolve, *resource),
        TypeDefKind::Handle(Handle::Borrow(resource)) => {
            format!("borrow<{}>", defined(resolve, *resource))
        }
        TypeDefKind::Type(other) => name(other),
        other => other.as_str().to_owned(),
    }
}
