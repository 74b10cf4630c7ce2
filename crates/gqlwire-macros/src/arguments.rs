//! What stands between the parentheses.

use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

/// A schema's path, and a document.
pub(crate) struct Arguments {
    pub(crate) schema: LitStr,
    pub(crate) document: Source,
}

pub(crate) enum Source {
    Text(LitStr),
    File(LitStr),
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let schema = literal(input, "the path of a schema as a string literal")?;
        input.parse::<Token![,]>()?;
        let document = if input.peek(Ident) && input.peek2(Token![=]) {
            let name: Ident = input.parse()?;
            if name != "file" {
                return Err(syn::Error::new(
                    name.span(),
                    "expected a string literal, or `file = \"…\"`",
                ));
            }
            input.parse::<Token![=]>()?;
            Source::File(literal(input, "the path of a file as a string literal")?)
        } else {
            Source::Text(literal(
                input,
                "a string literal: other constants have no value yet when macros are expanded",
            )?)
        };
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Self { schema, document })
    }
}

fn literal(input: ParseStream<'_>, expected: &str) -> syn::Result<LitStr> {
    let at = input.span();
    input
        .parse()
        .map_err(|_| syn::Error::new(at, format!("expected {expected}")))
}
