//! From the arguments to the document's text, or to what is wrong with it.

use gqlwire_schema::{Diagnostic, Severity, SourceFile};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::arguments::{Arguments, Source};
use crate::files;

/// A text that is right, where the document is wrong: so that nothing but its errors is told.
const HARMLESS: &str = "{ __typename }";

/// A document that has no file; names like this are not shown.
const UNNAMED: &str = "<document>";

pub(crate) fn expand(arguments: &Arguments) -> TokenStream {
    let schema = match files::schema(&arguments.schema.value()) {
        Ok(schema) => schema,
        Err(why) => return failed(&[why], arguments.schema.span()),
    };
    let (name, text, span) = match &arguments.document {
        Source::Text(literal) => (UNNAMED.to_owned(), literal.value(), literal.span()),
        Source::File(path) => match files::document(&path.value()) {
            Ok(text) => (path.value(), text, path.span()),
            Err(why) => return failed(&[why], path.span()),
        },
    };
    let report = schema.check(&[SourceFile {
        name: &name,
        text: &text,
    }]);
    let told = |severity| {
        report
            .diagnostics
            .iter()
            .filter(move |found| found.severity() == severity)
    };
    let errors: Vec<_> = told(Severity::Error).map(message).collect();
    if !errors.is_empty() {
        return failed(&errors, span);
    }

    let schema = tracked(&arguments.schema);
    let text = match &arguments.document {
        Source::Text(literal) => quote!(#literal),
        Source::File(path) => {
            let path = LitStr::new(&files::resolved(&path.value()).to_string_lossy(), path.span());
            quote!(::core::include_str!(#path))
        }
    };
    let deprecated = told(Severity::Warning).filter(|found| found.rule() == "DeprecatedUse");
    let warnings = deprecated.map(|found| warning(&message(found), span));
    quote!({
        #schema
        #(#warnings)*
        #text
    })
}

/// The compiler learns of the file when it is included, and compiles again when it changes.
fn tracked(path: &LitStr) -> TokenStream {
    let path = LitStr::new(&files::resolved(&path.value()).to_string_lossy(), path.span());
    quote!(
        const _: &[u8] = ::core::include_bytes!(#path);
    )
}

fn failed(errors: &[String], span: Span) -> TokenStream {
    let errors = errors
        .iter()
        .map(|error| quote_spanned!(span=> ::core::compile_error!(#error);));
    quote!({ #(#errors)* #HARMLESS })
}

/// Procedural macros cannot warn; the use of something deprecated can.
fn warning(message: &str, span: Span) -> TokenStream {
    quote_spanned! {span=>
        {
            #[deprecated(note = #message)]
            #[allow(non_upper_case_globals)]
            const this_document: () = ();
            this_document
        };
    }
}

/// What is wrong, where in the document, and what to do.
fn message(found: &Diagnostic) -> String {
    found.to_string()
}
