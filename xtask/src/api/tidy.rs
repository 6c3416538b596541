//! Tokens as a person would write them, on one line.

use quote::ToTokens;

/// `& dyn Source` as `&dyn Source`.
pub fn tidy(tokens: &impl ToTokens) -> String {
    let mut out = tokens.to_token_stream().to_string().replace('\n', " ");
    for (wide, narrow) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        ("* ", "*"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (",)", ")"),
        (", >", ">"),
        (" :", ":"),
        (" ;", ";"),
        ("# [", "#["),
        ("[ ", "["),
        (" ]", "]"),
        ("->", " -> "),
        ("  ", " "),
        (" -> >", " ->"),
        ("mut(", "mut ("),
    ] {
        out = out.replace(wide, narrow);
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_written() {
        for written in [
            "pub fn verify(source: &dyn Source, options: &Options<'_>) -> Result<Outcome, Error>",
            "Option<Vec<(u64, std::path::PathBuf)>>",
        ] {
            let tokens: proc_macro2::TokenStream = written.parse().unwrap();
            assert_eq!(tidy(&tokens), written);
        }
    }
}
