//! Every path that a module's code names, in macros, too.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::{Module, uses};

/// The paths of a module, as they are written.
pub fn paths(module: &Module) -> Vec<Vec<String>> {
    let mut seen = Seen(uses(&module.items).into_iter().map(|(_, path)| path).collect());
    module.items.iter().for_each(|item| seen.visit_item(item));
    seen.0
}

struct Seen(Vec<Vec<String>>);

impl Visit<'_> for Seen {
    fn visit_path(&mut self, path: &syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        // Inline ones are tests here, or so small that they are part of their file.
        if !super::is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

impl Seen {
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 || path.is_empty() => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                other => {
                    self.0.extend(std::mem::take(&mut path).into_iter().next().map(|first| vec![first]));
                    match other {
                        TokenTree::Ident(ident) => path.push(ident.to_string()),
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        _ => {}
                    }
                }
            }
            if colons == 2 && path.len() > 1 {
                self.0.push(path.clone());
            }
            colons = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_macros_too() {
        let text = "fn f() { a::b(); vec![crate::c::d(1), x]; }";
        let items = syn::parse_file(text).unwrap().items;
        let module = Module { file: "".into(), text: text.into(), items, names: Default::default() };
        let found: Vec<String> = paths(&module).into_iter().map(|path| path.join("::")).collect();
        assert!(["a::b", "crate::c::d"].iter().all(|wanted| found.iter().any(|path| path == wanted)), "{found:?}");
    }
}
