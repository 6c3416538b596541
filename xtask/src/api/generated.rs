//! An enum that a macro makes of a table: its variants are the first words of the rows, its methods stand in the macro.

use proc_macro2::{TokenStream, TokenTree};
use syn::Item;

use super::tidy::tidy;

/// As [`super::item::described`] has it, for `macro_rules!` in whose text `pub enum NAME` stands, and its call.
pub fn described(items: &[Item], name: &str) -> Option<Vec<String>> {
    let calls = items.iter().filter_map(|item| match item {
        Item::Macro(item) => Some(item),
        _ => None,
    });
    let made = calls
        .clone()
        .find(|item| item.ident.is_some() && item.mac.tokens.to_string().contains(&format!("pub enum {name} ")))?;
    let call =
        calls.into_iter().find(|item| item.ident.is_none() && item.mac.path.get_ident() == made.ident.as_ref())?;
    let text = made.mac.tokens.to_string();
    let open = if text.contains("non_exhaustive") { "#[non_exhaustive] " } else { "" };
    let mut out = vec![format!("{open}enum {name}")];
    out.extend(rows(call.mac.tokens.clone()));
    out.extend(derived(&text, name));
    out.extend(methods(&text));
    Some(out)
}

/// The first word of each row; rows end with `;`.
fn rows(tokens: TokenStream) -> Vec<String> {
    let (mut out, mut begins) = (Vec::new(), true);
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if begins => out.push(ident.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                begins = true;
                continue;
            }
            _ => {}
        }
        begins = false;
    }
    out
}

/// The traits of the `derive` in front of the enum.
fn derived(text: &str, name: &str) -> Vec<String> {
    let before = text.split(&format!("pub enum {name} ")).next().unwrap_or_default();
    let list = before.rsplit_once("derive").and_then(|(_, list)| list.split(['(', ')']).nth(1)).unwrap_or_default();
    let mut out: Vec<String> = list.split(',').map(|one| format!("impl {}", one.trim())).collect();
    out.retain(|one| one != "impl ");
    out.sort();
    out
}

/// Signatures of `pub` functions and constants in the macro's text.
fn methods(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for begun in text.split("pub ").skip(1) {
        let end = match begun {
            _ if begun.starts_with("const fn ") || begun.starts_with("fn ") => begun.find('{'),
            _ if begun.starts_with("const ") => begun.find('='),
            _ => None,
        };
        let tokens = end.and_then(|end| begun.get(..end)).and_then(|text| text.parse::<TokenStream>().ok());
        out.extend(tokens.map(|tokens| tidy(&tokens)));
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_methods() {
        let text = "macro_rules! codes { ($($v:ident = $id:literal;)*) => { #[derive(Eq, Debug)] pub enum Code { $($v,)* } \
                    impl Code { pub const fn id(self) -> &'static str { \"\" } } } } codes! { A = \"1\"; B = \"2\"; }";
        let items = syn::parse_file(text).unwrap().items;
        assert_eq!(
            described(&items, "Code").unwrap(),
            ["enum Code", "A", "B", "impl Debug", "impl Eq", "const fn id(self) -> &'static str"]
        );
    }
}
