use super::*;
use FileTaking::{AsItIs, Either, Unpacked};
use std::path::PathBuf;

fn same(command: &str, own: &[(&str, &str, FileTaking)]) {
    let found = by_name(command).unwrap_or_else(|| panic!("{command}"));
    let copy = |(folder, suffix, taking): &(&str, &str, FileTaking)| NamedCopy {
        folder: PathBuf::from(folder),
        suffix: (*suffix).to_owned(),
        taking: *taking,
    };
    assert_eq!(found, own.iter().map(copy).collect::<Vec<_>>(), "{command}");
}

#[test]
fn what_is_copied() {
    for command in [
        "cp /a/%f %p",
        "/bin/cp -p '/a/%f' \"%p\"",
        "cp /a/%f \"%p\" 2>/dev/null",
        "cp /a/%f %p > /dev/null 2>&1",
        "test -f /a/%f && cp /a/%f %p",
        "[ -f /a/%f ] && cp /a/%f %p || exit 1",
        "cp /a/%f %p || false",
        "cat /a/%f > %p",
        "cat < /a/%f > \"%p\"",
        "install -m 600 /a/%f %p",
        "rsync -a /a/%f %p",
        "ln /a/%f %p",
        "cp /a/%f %p # || pgbackrest --stanza=a archive-get %f %p",
        "cp /a/%f %p || true",
        "cp /a/%f %p || exit 0",
        "cp /a/%f %p;",
        "cp /a/%f %p; exit $?",
        "echo asked for %f >> /tmp/log; cp /a/%f %p",
        "echo %f >&2 && cp /a/%f %p && echo got %f >> /tmp/log",
        "cp /a/%f %p.tmp && mv %p.tmp %p",
        "test -f /a/%f && cp /a/%f %p && chmod 600 %p",
        "if test -f /a/%f; then cp /a/%f %p; fi",
        "if [ -f /a/%f ]; then cp /a/%f %p; else exit 1; fi",
        "if cp /a/%f %p; then exit 0; fi",
        "sh -c 'cp /a/%f %p'",
        "/bin/bash -ec \"nice cp '/a/%f' '%p' || exit 1\"",
        "LC_ALL=C nice -n 10 ionice -c3 timeout -k 5 60 cp /a/%f %p",
        "env TZ=UTC cp /a/%f %p",
    ] {
        same(command, &[("/a", "", AsItIs)]);
    }
    same("cp /a/%f %p || cp /b/%f.partial %p", &[("/a", "", AsItIs), ("/b", ".partial", AsItIs)]);
}

#[test]
fn what_is_unpacked() {
    for command in [
        "gunzip < /a/%f.gz > %p",
        "gunzip</a/%f.gz >%p",
        "cat /a/%f.gz | gunzip > %p",
        "gzip -d < /a/%f.gz > %p",
        "gzip -dc - < /a/%f.gz > %p",
        "zcat /a/%f.gz > %p",
        "test -r /a/%f.gz && gunzip -c /a/%f.gz > %p",
    ] {
        same(command, &[("/a", ".gz", Unpacked)]);
    }
    same("zstd -d /a/%f.zst -o %p", &[("/a", ".zst", Unpacked)]);
    same("zstd -df /a/%f.zst -o %p", &[("/a", ".zst", Unpacked)]);
    same("zstd -qdcf /a/%f.zst > %p", &[("/a", ".zst", Either)]);
    same("zstdcat /a/%f > %p", &[("/a", "", Either)]);
    same("lz4 -d /a/%f.lz4 %p", &[("/a", ".lz4", Unpacked)]);
    same("lz4cat /a/%f > %p", &[("/a", "", Either)]);
    same("xz -dc /a/%f.xz > %p", &[("/a", ".xz", Unpacked)]);
    same("xz -dcf /a/%f > %p", &[("/a", "", Either)]);
    same("xz -df < /a/%f > %p", &[("/a", "", Unpacked)]);
    same("gunzip -f < /a/%f > %p", &[("/a", "", Either)]);
    same("zcat /a/%f > %p", &[("/a", "", Unpacked), ("/a", ".gz", Unpacked)]);
    same(
        "gunzip -c /a/%f.gz > %p || gunzip -c /a/%f.gz.partial > %p",
        &[("/a", ".gz", Unpacked), ("/a", ".gz.partial", Unpacked), ("/a", ".gz.partial.gz", Unpacked)],
    );
    same("gunzip -c /a/%f.gz > %p.tmp && mv -f %p.tmp %p", &[("/a", ".gz", Unpacked)]);
    same("unxz < /a/%f.xz > %p || cp /b/%f %p", &[("/a", ".xz", Unpacked), ("/b", "", AsItIs)]);
}

/// Each may do something else, or come to an end as if it had done it.
#[test]
fn what_is_not_read() {
    for other in [
        "cp $A/%f %p",
        "cp /a/%f* %p",
        "/opt/fetch /a/%f %p",
        "cp /a/%f %p || /opt/fetch %f %p",
        "gzip < /a/%f > %p",
        "gunzip /a/%f.gz",
        "gunzip /a/%f.gz %p",
        "cat /a/%f %p",
        "cp /a/%f /b/%f",
        "cp %p /a/%f",
        "cp /a/%f %p &",
        "for d in /a /b; do cp /a/%f %p; done",
        "cp ../a/%f %p",
        "cp '/a/%f %p",
        "cp /a/%f %p || exit 256",
        "cp /a/%f %p; false",
        "cp /a/%f %p && exit 1",
        "cp /a/%f %p && cp /b/%f %p",
        "! cp /a/%f %p",
        "false && cp /a/%f %p",
        "test ! -f /a/%f && cp /a/%f %p",
        "test -f /b/%f && cp /a/%f %p",
        "cp /a/%f.gz %p.gz && gunzip -c %p.gz > %p",
        "cp /a/%f %p.tmp",
        "cp -n /a/%f %p",
        "cp --help /a/%f %p",
        "cp -s /a/%f %p",
        "rsync -an /a/%f %p",
        "gzip -dt /a/%f.gz > %p",
        "xz -d -Ff < /a/%f > %p",
        "cat /a/%f | cat > %p",
        "zcat /a/%f.gz | cat > %p",
        "cat /a/%f.lz4 | lz4 -d > %p",
        "cat /a/%f.gz | gzip -dcf > %p",
        "gunzip -c /a/%f.gz > %p; true",
        "cat /a/%f > %p || true",
        "gunzip < /a/%f.gz > %p || true",
        "cp /a/%f %p; logger got %f",
        "cp /a/%f %p; exit 3",
        "cp /a/%f %p && mv %p /tmp/x",
        "if test -f /b/%f; then cp /a/%f %p; fi",
        "if test -f /a/%f; then cp /a/%f %p; elif test -f /b/%f; then cp /b/%f %p; fi",
        "sh -c 'cp /a/%f %p; logger x'",
        "sh /opt/get %f %p",
        "sudo cp /a/%f %p",
        "ssh backup cp /a/%f %p",
        "PATH=/opt cp /a/%f %p",
        "nice -19",
        "timeout 5",
        ";",
        "cp /a/%f\u{a0}%p",
        "cp /a/%f %p &&",
        "&& cp /a/%f %p",
        "|| cp /a/%f %p",
        "pgbackrest --stanza=a archive-get %f %p",
        "false",
        "",
    ] {
        assert_eq!(by_name(other), None, "{other}");
    }
    let many = vec!["cp /a/%f %p"; 17].join(" || ");
    assert_eq!(by_name(&many), None);
}

/// For want of a file, or of a program.
#[test]
fn the_code_with_which_it_ends() {
    let without = |program: &str| match program {
        "/opt/gone" | "lz4" => Some(127),
        "/etc/passwd" => Some(126),
        _ => None,
    };
    let of = |command: &str| read(command, &without).map(|read| (read.copies.len(), read.end, read.lacks));
    let lacks = |program: &str| Some(program.to_owned());
    for (command, own) in [
        ("cp /a/%f %p", Some((1, None, None))),
        ("cp /a/%f %p || exit 125", Some((1, None, None))),
        ("cp /a/%f %p || exit 126", Some((1, Some(126), None))),
        ("test -f /a/%f && cp /a/%f %p || exit 255", Some((1, Some(255), None))),
        ("exit 255", Some((0, Some(255), None))),
        ("false", Some((0, None, None))),
        ("/opt/gone %f %p", Some((0, Some(127), lacks("/opt/gone")))),
        ("/etc/passwd %f %p", Some((0, Some(126), lacks("/etc/passwd")))),
        ("cp /a/%f %p || /opt/gone %f %p", Some((1, Some(127), lacks("/opt/gone")))),
        ("lz4 -d /a/%f.lz4 %p || cp /a/%f %p", Some((1, None, lacks("lz4")))),
        ("cat /a/%f.lz4 | lz4 -d > %p", Some((0, Some(127), lacks("lz4")))),
        ("test -f /a/%f && lz4 -d /a/%f %p", Some((0, None, lacks("lz4")))),
        ("sh -c 'cp /a/%f %p || exit 255'", Some((1, Some(255), None))),
        ("sh -c 'cp /a/%f %p || exit 255' || cp /b/%f %p", Some((2, None, None))),
        ("if test -f /a/%f; then cp /a/%f %p; else exit 200; fi", Some((1, Some(200), None))),
        ("nice /opt/gone %f %p", Some((0, Some(127), lacks("/opt/gone")))),
        ("cp /a/%f %p || /opt/fetch %f %p", None),
        ("/opt/fetch %f %p || /opt/gone %f %p", None),
    ] {
        assert_eq!(of(command), own, "{command}");
    }
}
