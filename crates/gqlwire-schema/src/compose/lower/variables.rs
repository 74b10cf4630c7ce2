//! The variables that an operation reaches, and their types.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::DirectiveLocation;

use super::{Fragments, Lowering, shown};
use crate::compose::Operation;
use crate::compose::value::Value;
use crate::compose::variable::Variable;
use crate::document::tree::is_name;
use crate::schema::TypeKind;
use crate::tree::{self, Type};

/// What matters for variables, in document order.
pub(super) enum Note<'a> {
    Use(Use<'a>),
    /// Of the fragment of this name.
    Spread(&'a str),
}

pub(super) struct Use<'a> {
    pub(super) variable: &'a Variable,
    /// `None` where no type is known: in a custom scalar, or without a schema.
    pub(super) place: Option<Place>,
    pub(super) at: String,
}

/// Where a variable stands.
pub(super) struct Place {
    pub(super) ty: Type,
    pub(super) has_default: bool,
}

/// What all uses together say of one variable.
struct Collected<'n, 'a> {
    name: &'a str,
    /// Where it is first used.
    first: &'n str,
    places: Vec<(&'n Place, &'n str)>,
    declared: Vec<&'a Variable>,
}

impl<'a> Lowering<'a> {
    /// The definitions for an operation, in the order of first use.
    pub(super) fn variables(
        &mut self,
        operation: &'a Operation,
        notes: &[Note<'a>],
        fragments: &Fragments<'a>,
    ) -> Vec<tree::VariableDefinition> {
        let Some(mut collected) = collect(notes, fragments, &mut self.uses_left) else {
            self.refuse("", "too many operations share too large fragments; split the document");
            return Vec::new();
        };
        let mut said: HashMap<&str, Vec<&'a Variable>> = HashMap::new();
        for variable in &operation.variables {
            said.entry(&variable.name).or_default().push(variable);
        }
        for variable in &mut collected {
            variable.declared.extend(said.remove(variable.name).unwrap_or_default());
        }
        self.in_constant = true;
        let definitions = collected
            .iter()
            .filter_map(|variable| self.variable(variable))
            .collect();
        self.in_constant = false;
        definitions
    }

    fn variable(&mut self, variable: &Collected<'_, 'a>) -> Option<tree::VariableDefinition> {
        let at = format!("${}", shown(variable.name));
        if !is_name(variable.name) {
            self.refuse(
                at,
                "this cannot be the name of a variable: letters, digits and _ make a name",
            );
            return None;
        }
        let default = self.the_one(variable, &at, "defaults", |said| said.default.as_ref());
        let directives = self.the_one(variable, &at, "directives", |said| {
            Some(said.directives.as_slice()).filter(|directives| !directives.is_empty())
        });
        let ty = match self.the_one(variable, &at, "types", |said| said.ty.as_ref()) {
            Some(written) => self.declared_type(written, variable, default, &at)?,
            None => self.inferred_type(variable, &at)?,
        };
        Some(tree::VariableDefinition {
            name: variable.name.to_owned(),
            default: default.map(|value| self.value(value, Some(&ty).filter(|_| self.schema.is_some()), false, &at)),
            directives: self.directives(directives.unwrap_or_default(), DirectiveLocation::VariableDefinition),
            ty,
        })
    }

    /// What the declarations agree on, if any of them says it.
    fn the_one<T: PartialEq + ?Sized>(
        &mut self,
        variable: &Collected<'_, 'a>,
        at: &str,
        what: &str,
        said: impl Fn(&'a Variable) -> Option<&'a T>,
    ) -> Option<&'a T> {
        let mut all = variable.declared.iter().filter_map(|declared| said(declared));
        let first = all.next()?;
        if all.any(|other| other != first) {
            self.refuse(at, format!("it is given two different {what}"));
        }
        Some(first)
    }

    fn declared_type(
        &mut self,
        written: &str,
        variable: &Collected<'_, 'a>,
        default: Option<&Value>,
        at: &str,
    ) -> Option<Type> {
        let ty: Type = match written.parse() {
            Ok(ty) => ty,
            Err(error) => {
                self.refuse(at, format!("{error}"));
                return None;
            }
        };
        if let Some(schema) = self.schema {
            let is_input = |kind| matches!(kind, TypeKind::Enum | TypeKind::InputObject | TypeKind::Scalar);
            let message = match schema.type_named(ty.name()).map(|found| found.kind()) {
                Some(kind) if is_input(kind) => None,
                Some(_) => Some(format!("a variable cannot be a {}", ty.name())),
                None => {
                    let known = schema.types().filter(|ty| is_input(ty.kind()));
                    let hint = self.hint(ty.name(), known.map(|ty| ty.name()));
                    Some(format!("there is no type {}{hint}", ty.name()))
                }
            };
            if let Some(message) = message {
                self.refuse(at, message);
                return None;
            }
        }
        let has_default = default.is_some_and(|value| !value.is_null());
        for (place, used_at) in &variable.places {
            if !is_allowed(&ty, place, has_default) {
                let message = format!(
                    "its type {ty} does not fit where it is used, {used_at}, of type {}",
                    place.ty
                );
                self.refuse(at, message);
            }
        }
        Some(ty)
    }

    fn inferred_type(&mut self, variable: &Collected<'_, 'a>, at: &str) -> Option<Type> {
        let Some(((first, first_at), others)) = variable.places.split_first() else {
            let message = format!(
                "nothing tells its type where it is used, {}; give it with ty",
                variable.first
            );
            self.refuse(at, message);
            return None;
        };
        let mut ty = first.ty.clone();
        for (place, used_at) in others {
            let Some(common) = stricter(&ty, &place.ty) else {
                let message = format!("it is used as {ty} in {first_at}, and as {} in {used_at}", place.ty);
                self.refuse(at, message);
                return None;
            };
            ty = common;
        }
        Some(ty)
    }
}

/// Walks the notes of an operation and of the fragments that it reaches, each once, in document order; `None` when there
/// are more than are left.
fn collect<'n, 'a>(
    notes: &'n [Note<'a>],
    fragments: &'n Fragments<'a>,
    left: &mut usize,
) -> Option<Vec<Collected<'n, 'a>>> {
    let mut collected: Vec<Collected<'n, 'a>> = Vec::new();
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut walked = HashSet::new();
    let mut open = vec![notes.iter()];
    while let Some(notes) = open.last_mut() {
        match notes.next() {
            None => drop(open.pop()),
            Some(Note::Spread(name)) => {
                if let Some(index) = fragments.by_name.get(name)
                    && walked.insert(*index)
                {
                    open.push(fragments.notes[*index].iter());
                }
            }
            Some(Note::Use(found)) => {
                *left = left.checked_sub(1)?;
                let name = found.variable.name.as_str();
                let index = *by_name.entry(name).or_insert_with(|| {
                    collected.push(Collected {
                        name,
                        first: &found.at,
                        places: Vec::new(),
                        declared: Vec::new(),
                    });
                    collected.len() - 1
                });
                let variable = &mut collected[index];
                variable
                    .places
                    .extend(found.place.as_ref().map(|place| (place, found.at.as_str())));
                variable.declared.push(found.variable);
            }
        }
    }
    Some(collected)
}

/// The type whose values fit into places of both types, if there is one.
fn stricter(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::NonNull(a), Type::NonNull(b)) => Some(Type::NonNull(Box::new(stricter(a, b)?))),
        (Type::NonNull(a), b) | (b, Type::NonNull(a)) => Some(Type::NonNull(Box::new(stricter(a, b)?))),
        (Type::List(a), Type::List(b)) => Some(Type::List(Box::new(stricter(a, b)?))),
        (Type::Named(a), Type::Named(b)) if a == b => Some(Type::Named(a.clone())),
        _ => None,
    }
}

/// The specification's rule: a nullable variable may stand in a non-null place that has a default, or when it has one.
fn is_allowed(ty: &Type, place: &Place, has_default: bool) -> bool {
    match &place.ty {
        Type::NonNull(inner) if !matches!(ty, Type::NonNull(_)) => {
            (has_default || place.has_default) && fits(ty, inner)
        }
        _ => fits(ty, &place.ty),
    }
}

fn fits(ty: &Type, place: &Type) -> bool {
    match (ty, place) {
        (Type::NonNull(ty), Type::NonNull(place)) | (Type::List(ty), Type::List(place)) => fits(ty, place),
        (Type::NonNull(ty), place) => fits(ty, place),
        (Type::Named(ty), Type::Named(place)) => ty == place,
        _ => false,
    }
}
