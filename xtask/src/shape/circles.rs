//! Circles of imports between the files of a crate.
//!
//! A module and its own children count as one: `judge` and `judge/line` may name each other. What is looked at are the
//! children of each module, each with all that lies below it, and what they name of one another. Where they all reach
//! each other, that is one circle, however many ways there are around it.

use std::collections::{BTreeMap, BTreeSet};

use super::Count;
use crate::code::{Crate, Place, paths};

type Graph = BTreeMap<String, BTreeSet<String>>;

pub fn count(crates: &BTreeMap<String, Crate>) -> Count {
    let found = crates.values().flat_map(of_crate).collect();
    Count { what: "circles", title: "circles of imports", found }
}

/// The circles of one crate: `verify: look, settle, stretch`.
pub fn of_crate(one: &Crate) -> Vec<String> {
    let mut levels: BTreeMap<Place, Graph> = BTreeMap::new();
    for (from, module) in &one.modules {
        for path in paths(module) {
            let Some((to, _)) = one.resolve(from, &path) else { continue };
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let level = levels.entry(from[..shared].to_vec()).or_default();
                level.entry(a.clone()).or_default().insert(b.clone());
            }
        }
    }
    let mut out = Vec::new();
    for (level, graph) in &levels {
        let under = level.iter().map(|part| format!("{part}/")).collect::<String>();
        out.extend(circles(graph).into_iter().map(|nodes| format!("{}: {under}{{{}}}", one.name, nodes.join(", "))));
    }
    out
}

/// Sets of nodes that all reach each other.
fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = graph.keys().map(|node| (node, reach(graph, node))).collect();
    let reaches = |a: &String, b: &String| reached.get(a).is_some_and(|all| all.contains(b));
    let mut out: Vec<Vec<String>> = Vec::new();
    for node in graph.keys().filter(|node| reaches(node, node)) {
        match out.iter_mut().find(|circle| reaches(&circle[0], node) && reaches(node, &circle[0])) {
            Some(circle) => circle.push(node.clone()),
            None => out.push(vec![node.clone()]),
        }
    }
    out
}

fn reach<'a>(graph: &'a Graph, from: &String) -> BTreeSet<&'a String> {
    let mut out = BTreeSet::new();
    let mut next: Vec<&String> = graph.get(from).into_iter().flatten().collect();
    while let Some(node) = next.pop() {
        if out.insert(node) {
            next.extend(graph.get(node).into_iter().flatten());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_around_is_one_circle() {
        let graph: Graph = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "b"), ("d", "a"), ("e", "f"), ("f", "e")]
            .into_iter()
            .fold(Graph::new(), |mut graph, (from, to)| {
                graph.entry(from.into()).or_default().insert(to.into());
                graph
            });
        assert_eq!(circles(&graph), [vec!["a", "b", "c"], vec!["e", "f"]]);
    }
}
