//! The procedural macro below `gqlwire::gql!(schema = "…", …)`, which checks a document against a schema while the
//! program is compiled. Use that one, with the feature `macros` of `gqlwire`: this crate has no promise of its own.

mod arguments;
mod expand;
mod files;

use proc_macro::TokenStream;

/// `checked!("schema.graphql", "{ query }")` or `checked!("schema.graphql", file = "queries.graphql")`: the document's
/// text as a constant `&'static str`, or compile errors. Paths are relative to the folder of the crate's `Cargo.toml`.
#[proc_macro]
pub fn checked(input: TokenStream) -> TokenStream {
    let arguments = syn::parse_macro_input!(input as arguments::Arguments);
    expand::expand(&arguments).into()
}
