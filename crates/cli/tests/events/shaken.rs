//! Changes of names and files, from a seed.

use walproof_live::{Random, Server};

/// A server's tables, by schema and name, while statements change them.
pub struct Shaken {
    random: Random,
    tables: Vec<(String, String)>,
    made: u32,
}

impl Shaken {
    pub fn new(seed: u64) -> Shaken {
        Shaken { random: Random::seeded(seed), tables: Vec::new(), made: 0 }
    }

    /// So many statements.
    pub fn go_on(&mut self, server: &Server, count: usize) {
        if self.made == 0 {
            server.sql("create schema shaken_0; create schema shaken_1").unwrap();
        }
        for _ in 0..count {
            let statement = self.statement();
            let (text, may_end) = match &statement {
                Shake::Make { text, .. } | Shake::Rename { text, .. } | Shake::Drop { text, .. } => (text, true),
                Shake::Rewrite(text) => (text, !text.starts_with("vacuum")),
            };
            // Most of it comes to something; what does not leaves the names as they were.
            let (first, last) = match self.random.below(6) {
                0 if may_end => ("begin; ", "; rollback"),
                1 if may_end => ("begin; savepoint a; ", "; rollback to a; commit"),
                2 if may_end => ("begin; savepoint a; ", "; commit"),
                _ => ("", ""),
            };
            server.sql(&format!("{first}{text}{last}")).unwrap();
            if !last.contains("rollback") {
                self.take(statement);
            }
        }
    }

    fn statement(&mut self) -> Shake {
        let schema = format!("shaken_{}", self.random.below(2));
        if self.tables.len() < 4 || self.random.below(5) == 0 {
            self.made += 1;
            let name = format!("t{}", self.made);
            let text = format!(
                "create table {schema}.{name}(id int primary key, t text); insert into {schema}.{name} select i, 'x' from generate_series(1, 50) i"
            );
            return Shake::Make { schema, name, text };
        }
        let at = self.random.below(self.tables.len());
        let (own, name) = self.tables[at].clone();
        let table = format!("{own}.{name}");
        self.made += 1;
        match self.random.below(9) {
            0 => Shake::Drop { at, text: format!("drop table {table}") },
            1 => {
                let to = format!("r{}", self.made);
                let text = format!("alter table {table} rename to {to}");
                Shake::Rename { at, schema: own, name: to, text }
            }
            2 => {
                let schema = if own == "shaken_0" { "shaken_1" } else { "shaken_0" }.to_owned();
                let text = format!("alter table {table} set schema {schema}");
                Shake::Rename { at, schema, name, text }
            }
            3 => Shake::Rewrite(format!("truncate {table}")),
            4 => Shake::Rewrite(format!("vacuum full {table}")),
            5 => Shake::Rewrite(format!("alter table {table} alter t type varchar({})", 10 + self.random.below(90))),
            6 => Shake::Rewrite(format!("create index i{} on {table}(t)", self.made)),
            7 => Shake::Rewrite(format!("reindex table {table}")),
            _ => Shake::Rewrite(format!("alter table {table} add c{} int default {}", self.made, self.made)),
        }
    }

    fn take(&mut self, statement: Shake) {
        match statement {
            Shake::Make { schema, name, .. } => self.tables.push((schema, name)),
            Shake::Rename { at, schema, name, .. } => self.tables[at] = (schema, name),
            Shake::Drop { at, .. } => drop(self.tables.swap_remove(at)),
            Shake::Rewrite(_) => {}
        }
    }
}

enum Shake {
    Make {
        schema: String,
        name: String,
        text: String,
    },
    Rename {
        at: usize,
        schema: String,
        name: String,
        text: String,
    },
    Drop {
        at: usize,
        text: String,
    },
    /// Names stay.
    Rewrite(String),
}
