//! Documents composed in code, checked against a schema.
//!
//! ```
//! use gqlwire_schema::Schema;
//! use gqlwire_schema::compose::{field, fragment, on, query, variable};
//!
//! let schema = Schema::from_sdl(
//!     "type Query { hero(episode: Episode = JEDI): Character }
//!      enum Episode { NEWHOPE EMPIRE JEDI }
//!      interface Character { id: ID! name: String! }
//!      type Human implements Character { id: ID! name: String! homePlanet: String }
//!      type Droid implements Character { id: ID! name: String! primaryFunction: String }",
//! )?;
//!
//! let names = fragment("Names", "Character").select(["id", "name"]);
//! let hero = query()
//!     .name("Hero")
//!     .select(field("hero").argument("episode", variable("film").default("EMPIRE")).select((
//!         names.spread(),
//!         on("Droid").select("primaryFunction"),
//!     )))
//!     .build(&schema)?;
//!
//! assert_eq!(
//!     hero.to_string(),
//!     "query Hero($film: Episode = EMPIRE) {
//!   hero(episode: $film) {
//!     ...Names
//!     ... on Droid {
//!       primaryFunction
//!     }
//!   }
//! }
//!
//! fragment Names on Character {
//!   id
//!   name
//! }
//! "
//! );
//!
//! let wrong = query().select(field("hero").argument("epsode", "JEDI").select("nme")).build(&schema).unwrap_err();
//! assert_eq!(
//!     wrong.to_string(),
//!     "Query.hero(epsode:): there is no such argument; did you mean \"episode\"? (in the query)\n\
//!      Character.nme: there is no such field; did you mean \"name\"? (in the query)"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The shape of it
//!
//! Fields, fragments, values are put together without the schema, and meet it once, in `build`. So nothing on the way
//! returns a `Result`, pieces are plain values that can be kept, cloned and used in many documents, no type has to be
//! named where the position says it, and `build` can tell **every** mistake at once, each with its schema coordinate. The
//! alternatives, builders that hold the schema, need a `?` or a closure for each field and a lifetime on each piece.
//! What `build` returns is a plain [tree](crate::tree), which always validates.
//!
//! Every method takes the piece and gives back the changed one; a clone that was made before stays as it was.
//!
//! # What `build` does
//!
//! * **Names** of fields, arguments and input fields are taken as they are written, or else in camelCase, so that
//!   `"home_planet"` finds `homePlanet`. Everything else must be exact.
//! * **Values** become the literal that their place asks for: a string where an enum is expected is the enum value, an
//!   object where `AWSJSON` is expected is its text; see [`Value`].
//! * **Variables** are declared by being used; see [`Variable`].
//! * **Fragments** are pulled in by being spread, each once, also those that only fragments spread.
//! * **The result is validated** by all rules of the specification, so that also a conflict between two fields, or a
//!   fragment that can never match, is an error of `build`.
//!
//! Where there is no schema at hand, `build_unchecked` writes what was composed as it is: then enum values need
//! [`enum_value`] and variables a [type](Variable::ty).

mod directive;
mod document;
mod error;
mod fragment;
mod from_tree;
mod lower;
mod selection;
pub(crate) mod suggest;
mod value;
mod variable;

pub use self::directive::{Directive, directive};
pub use self::document::{Document, Operation, document, mutation, query, subscription};
pub use self::error::{BuildError, BuildErrors};
pub use self::fragment::{Fragment, Spread, fragment, spread};
pub use self::selection::{Field, InlineFragment, IntoSelections, Selection, all, field, inline, on, typename};
pub use self::value::{Object, Value, enum_value, null, object, to_value};
pub use self::variable::{Variable, variable};

/// How deep selections, with the fragments in them, and values may be nested; what lies deeper is refused when it is put
/// together, so that nothing ever recurses further. A document may have no more levels anyway.
const MAX_DEPTH: usize = 100;
