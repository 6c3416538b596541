//! A random workload, and what must be told of it. Each step is a transaction that says its own number.

use crate::told::Told;
use walproof_live::{Random, Server};

/// From so many rows on a change is an event.
pub const MASS: u64 = 50;

/// A table that is there.
struct Table {
    name: String,
    /// Ids from 1 to this one, of which those up to `gone` are deleted.
    rows: u64,
    gone: u64,
}

/// What was done so far.
pub struct Workload<'s> {
    server: &'s Server,
    random: Random,
    tables: Vec<Table>,
    named: u64,
    /// What must be told.
    pub expected: Vec<Told>,
}

impl<'s> Workload<'s> {
    /// Nothing yet but a schema.
    pub fn new(server: &'s Server, seed: u64) -> Workload<'s> {
        server.sql("create schema s; checkpoint").unwrap();
        Workload { server, random: Random::seeded(seed), tables: Vec::new(), named: 0, expected: Vec::new() }
    }

    /// One step.
    pub fn step(&mut self) {
        if self.tables.len() < 2 {
            return self.create();
        }
        let at = self.random.below(self.tables.len());
        match self.random.weighted(&[3, 2, 3, 2, 2, 2, 4, 3, 2, 2, 1]) {
            0 => self.create(),
            1 => self.drop(at),
            2 => self.truncate(at),
            3 => self.rewritten(at, "cluster {} using {pkey}"),
            4 => self.rewritten(at, "alter table {} add column c{n} float default random()"),
            5 => self.rename(at),
            6 => self.delete(at),
            7 => self.update(at),
            8 => self.insert(at),
            9 => self.savepoint(at),
            _ => self.drop_schema(),
        }
    }

    /// Runs it in a transaction, which is sometimes rolled back; its number, and whether it was committed.
    fn run(&mut self, sql: &str) -> (u64, bool) {
        let committed = !self.random.once_in(4);
        let end = if committed { "commit" } else { "rollback" };
        let said = self.server.sql(&format!("begin; select txid_current(); {sql}; {end}")).unwrap();
        (said.lines().next().unwrap().parse().unwrap(), committed)
    }

    fn expect(&mut self, kind: &str, (xid, committed): (u64, bool), relations: &[&str], rows: Option<u64>) {
        let outcome = if committed { "committed" } else { "aborted" }.to_owned();
        let mut relations: Vec<String> = relations.iter().map(|name| format!("postgres.{name}")).collect();
        relations.sort();
        self.expected.push(Told { xid, kind: kind.to_owned(), outcome, relations, rows });
    }

    fn fresh(&mut self) -> u64 {
        self.named += 1;
        self.named
    }

    fn create(&mut self) {
        let name = format!("s.t{}", self.fresh());
        let ran = self.run(&format!("create table {name}(id int primary key, note text)"));
        self.expect("create", ran, &[&name], None);
        if ran.1 {
            self.tables.push(Table { name, rows: 0, gone: 0 });
        }
    }

    fn drop(&mut self, at: usize) {
        let name = self.tables[at].name.clone();
        let ran = self.run(&format!("drop table {name}"));
        self.expect("drop", ran, &[&name], None);
        if ran.1 {
            self.tables.remove(at);
        }
    }

    fn truncate(&mut self, at: usize) {
        let name = self.tables[at].name.clone();
        let ran = self.run(&format!("truncate {name}"));
        self.expect("truncate", ran, &[&name], None);
        if ran.1 {
            let table = &mut self.tables[at];
            table.gone = table.rows;
        }
    }

    fn rewritten(&mut self, at: usize, how: &str) {
        let name = self.tables[at].name.clone();
        let pkey = self.server.sql(&format!(
            "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = '{name}'::regclass"
        ));
        let number = self.fresh().to_string();
        let sql = how.replace("{}", &name).replace("{n}", &number).replace("{pkey}", pkey.unwrap().trim());
        let ran = self.run(&sql);
        self.expect("rewrite", ran, &[&name], None);
    }

    fn rename(&mut self, at: usize) {
        let number = self.fresh();
        let name = self.tables[at].name.clone();
        let (_, committed) = self.run(&format!("alter table {name} rename to t{number}"));
        if committed {
            self.tables[at].name = format!("s.t{number}");
        }
    }

    fn insert(&mut self, at: usize) {
        let more = 20 + self.random.below(400) as u64;
        let Table { name, rows, .. } = &self.tables[at];
        let (from, to) = (rows + 1, rows + more);
        let sql = format!("insert into {name}(id, note) select i, 'n' || i from generate_series({from}, {to}) i");
        if self.run(&sql).1 {
            self.tables[at].rows = to;
        }
    }

    fn delete(&mut self, at: usize) {
        let Table { name, rows, gone } = &self.tables[at];
        let (name, to) = (name.clone(), gone + self.random.below((rows - gone + 1) as usize) as u64);
        let many = to - gone;
        let ran = self.run(&format!("delete from {name} where id <= {to}"));
        if many >= MASS {
            self.expect("delete", ran, &[&name], Some(many));
        }
        if ran.1 {
            self.tables[at].gone = to;
        }
    }

    fn update(&mut self, at: usize) {
        let Table { name, rows, gone } = &self.tables[at];
        let (name, many) = (name.clone(), rows - gone);
        let ran = self.run(&format!("update {name} set note = note || 'x'"));
        if many >= MASS {
            self.expect("update", ran, &[&name], Some(many));
        }
    }

    /// What lies behind a savepoint is rolled back, and its transaction is not.
    fn savepoint(&mut self, at: usize) {
        let Table { name, rows, gone } = &self.tables[at];
        let (name, left) = (name.clone(), rows - gone);
        let sql = format!("savepoint a; delete from {name}; rollback to a; truncate {name}");
        let said = self.server.sql(&format!("begin; select txid_current(); {sql}; commit")).unwrap();
        let xid: u64 = said.lines().next().unwrap().parse().unwrap();
        if left >= MASS {
            self.expect("delete", (xid + 1, false), &[&name], Some(left));
        }
        self.expect("truncate", (xid, true), &[&name], None);
        let table = &mut self.tables[at];
        table.gone = table.rows;
    }

    fn drop_schema(&mut self) {
        let names: Vec<String> = (0..3).map(|_| format!("d.t{}", self.fresh())).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let tables: String = names.iter().map(|name| format!("create table {name}(a text); ")).collect();
        let made = self.server.sql(&format!("begin; select txid_current(); create schema d; {tables} commit")).unwrap();
        self.expect("create", (made.lines().next().unwrap().parse().unwrap(), true), &all, None);
        let said = self.server.sql("begin; select txid_current(); drop schema d cascade; commit").unwrap();
        self.expect("drop", (said.lines().next().unwrap().parse().unwrap(), true), &all, None);
    }
}
