//! What `use` brings into a module.

use syn::{Item, UseTree};

/// Each name, and the path it stands for.
pub fn uses(items: &[Item]) -> Vec<(String, Vec<String>)> {
    let mut out = Vec::new();
    for item in items {
        if let Item::Use(item) = item {
            flatten(&item.tree, &mut Vec::new(), &mut out);
        }
    }
    out
}

fn flatten(tree: &UseTree, before: &mut Vec<String>, out: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, out);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            out.extend(before.last().map(|last| (last.clone(), before.clone())));
        }
        UseTree::Name(name) => out.push((name.ident.to_string(), with(before, name.ident.to_string()))),
        UseTree::Rename(name) => out.push((name.rename.to_string(), with(before, name.ident.to_string()))),
        // Whose names they are is not known: the module itself.
        UseTree::Glob(_) => out.push((format!("{}::*", before.join("::")), before.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, out)),
    }
}

fn with(before: &[String], name: String) -> Vec<String> {
    before.iter().cloned().chain([name]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_new_names() {
        let file = syn::parse_file("use a::{b, c::{self, D as E}, f::*}; use g;").unwrap();
        let found: Vec<(String, String)> = uses(&file.items).into_iter().map(|(n, p)| (n, p.join("::"))).collect();
        let wanted = [("b", "a::b"), ("c", "a::c"), ("E", "a::c::D"), ("a::f::*", "a::f"), ("g", "g")];
        assert!(found.iter().map(|(n, p)| (n.as_str(), p.as_str())).eq(wanted), "{found:?}");
    }
}
