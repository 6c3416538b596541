//! Names as people type them. WAL has the bytes of the database's encoding and does not say which that is: of a name
//! that is not UTF-8, the spelling in which it is told (`Gr\xF6\xDFe`) is taken, and the letters that the bytes are in
//! LATIN1, as most of them are in other encodings of western Europe.

/// Whether a name is what was typed.
pub(crate) fn is_spelled(name: &[u8], asked: &str) -> bool {
    name == asked.as_bytes()
        || std::str::from_utf8(name).is_err()
            && (asked.chars().eq(name.iter().copied().map(char::from)) || asked == as_told(name))
}

fn as_told(name: &[u8]) -> String {
    let mut out = String::new();
    for chunk in name.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02X}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_another_encoding_is_found_as_it_is_told_and_as_it_is_read() {
        let latin = b"public.Gr\xF6\xDFe";
        for (name, asked, found) in [
            (&latin[..], "public.Größe", true),
            (latin, r"public.Gr\xF6\xDFe", true),
            (latin, "public.Grosse", false),
            ("public.Größe".as_bytes(), "public.Größe", true),
            // What is UTF-8 is nothing else.
            ("public.Größe".as_bytes(), "public.GrÃ¶Ã\u{9f}e", false),
            (br"Gr\xF6", r"Gr\xF6", true),
        ] {
            assert_eq!(is_spelled(name, asked), found, "{asked}");
        }
    }
}
