//! One item: what it is, and its public parts.

use syn::{Attribute, Fields, ImplItem, Item, TraitItem, Visibility};

use super::{generated, tidy::tidy};
use crate::code::{Crate, Place};

/// The item's line, then one for each of its parts, sorted; `None` where there is no such item.
pub fn described(one: &Crate, place: &Place, name: &str) -> Option<Vec<String>> {
    let module = one.modules.get(place)?;
    let mut out = match module.items.iter().find_map(|item| head(item, name)) {
        Some(out) => out,
        None => generated::described(&module.items, name)?,
    };
    let mut parts: Vec<String> = Vec::new();
    for (at, module) in &one.modules {
        for item in &module.items {
            if let Item::Impl(item) = item
                && is_of(one, at, place, name, &item.self_ty)
            {
                parts.extend(of_impl(item));
            }
        }
    }
    parts.sort();
    out.extend(parts);
    Some(out)
}

/// Whether a type named in a module is that item.
fn is_of(one: &Crate, at: &Place, place: &Place, name: &str, written: &syn::Type) -> bool {
    let syn::Type::Path(path) = written else { return false };
    let path: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    if at == place && path == [name] {
        return true;
    }
    let own: Vec<String> = std::iter::once("self".to_owned()).chain(path.iter().cloned()).collect();
    let found = one.resolve(at, &path).or_else(|| one.resolve(at, &own));
    found.is_some_and(|(found, rest)| found == *place && rest == [name])
}

fn head(item: &Item, name: &str) -> Option<Vec<String>> {
    match item {
        Item::Struct(item) if item.ident == name => {
            let mut out = vec![format!("{}struct {name}{}", marks(&item.attrs), tidy(&item.generics))];
            out.extend(fields(&item.fields).into_iter().map(|field| field.join(": ")));
            out.extend(derived(&item.attrs));
            Some(out)
        }
        Item::Enum(item) if item.ident == name => {
            let mut out = vec![format!("{}enum {name}{}", marks(&item.attrs), tidy(&item.generics))];
            out.extend(item.variants.iter().map(|variant| {
                let mut bare = variant.clone();
                bare.attrs.clear();
                bare.fields.iter_mut().for_each(|field| field.attrs.clear());
                tidy(&bare)
            }));
            out.extend(derived(&item.attrs));
            Some(out)
        }
        Item::Trait(item) if item.ident == name => {
            let supertraits =
                if item.supertraits.is_empty() { String::new() } else { format!(": {}", tidy(&item.supertraits)) };
            let mut out = vec![format!("trait {name}{}{supertraits}", tidy(&item.generics))];
            out.extend(item.items.iter().filter_map(|item| match item {
                TraitItem::Fn(item) => {
                    let provided = if item.default.is_some() { "provided " } else { "" };
                    Some(format!("{provided}{}", tidy(&item.sig)))
                }
                TraitItem::Type(item) => Some(format!("type {}", item.ident)),
                TraitItem::Const(item) => Some(format!("const {}: {}", item.ident, tidy(&item.ty))),
                _ => None,
            }));
            Some(out)
        }
        Item::Fn(item) if item.sig.ident == name => Some(vec![tidy(&item.sig)]),
        Item::Const(item) if item.ident == name => Some(vec![format!("const {name}: {}", tidy(&item.ty))]),
        Item::Type(item) if item.ident == name => Some(vec![format!("type {name} = {}", tidy(&item.ty))]),
        _ => None,
    }
}

/// `#[non_exhaustive]` and `#[must_use]`.
fn marks(attributes: &[Attribute]) -> String {
    let told = |name: &str| attributes.iter().any(|a| a.path().is_ident(name)).then(|| format!("#[{name}] "));
    ["non_exhaustive", "must_use"].into_iter().filter_map(told).collect()
}

/// Name and type of the public ones; those of a tuple have their number.
fn fields(fields: &Fields) -> Vec<[String; 2]> {
    let public = fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis));
    let named = |index: usize, field: &syn::Field| field.ident.as_ref().map_or(index.to_string(), ToString::to_string);
    public.map(|(index, field)| [named(index, field), tidy(&field.ty)]).collect()
}

/// A line for each trait that is derived.
fn derived(attributes: &[Attribute]) -> Vec<String> {
    let mut out = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        let _ = attribute.parse_nested_meta(|meta| {
            out.push(format!("impl {}", tidy(&meta.path)));
            Ok(())
        });
    }
    out.sort();
    out
}

/// The public ones of its own, or the trait.
fn of_impl(item: &syn::ItemImpl) -> Vec<String> {
    if let Some((_, path, _)) = &item.trait_ {
        return vec![format!("impl {}", tidy(path))];
    }
    let part = |item: &ImplItem| match item {
        ImplItem::Fn(item) if is_public(&item.vis) => Some(tidy(&item.sig)),
        ImplItem::Const(item) if is_public(&item.vis) => Some(format!("const {}: {}", item.ident, tidy(&item.ty))),
        _ => None,
    };
    item.items.iter().filter_map(part).collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
