//! SDL without what a schema must not have.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{
    Definition, DirectiveDefinition, DirectiveList, Document, FieldDefinition, InputValueDefinition,
    ScalarTypeDefinition, Type,
};
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Name, Node};

use crate::coordinate::Coordinate;
use crate::diagnostic::{Diagnostic, Severity};
use crate::schema::PRELUDE_NAMES;

const BUILT_IN_SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];
const BUILT_IN_DIRECTIVES: [&str; 5] = ["deprecated", "include", "oneOf", "skip", "specifiedBy"];

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Input,
    Interface,
    Leaf,
    Object,
    Union,
}

/// Whether every error is about braces with nothing between them.
pub(super) fn only_empty_braces(errors: &DiagnosticList, source: &str) -> bool {
    errors.iter().all(|error| {
        let at = error.error.location().map_or(0, |span| span.offset());
        let before = source.get(..at).map(str::trim_end).unwrap_or_default();
        let here = source.get(at..).unwrap_or_default();
        error.error.to_string().starts_with("syntax error") && here.starts_with('}') && before.ends_with('{')
    })
}

/// Takes out, or makes up, what keeps the schema from being built, and says what.
pub(super) fn repair(tree: &mut Document) -> Vec<Diagnostic> {
    let mut repair = Repair {
        sources: tree.sources.clone(),
        kinds: HashMap::new(),
        directives: HashMap::new(),
        forgiven: Vec::new(),
    };
    tree.definitions.retain(|definition| repair.is_first(definition));
    repair.make_up_types(tree);
    for definition in &mut tree.definitions {
        repair.definition(definition);
    }
    repair.forgiven
}

struct Repair {
    sources: SourceMap,
    kinds: HashMap<Name, Kind>,
    /// Declared directives and how many times each may stand.
    directives: HashMap<Name, bool>,
    forgiven: Vec<Diagnostic>,
}

impl Repair {
    /// Notes what is declared; what was declared before, and what is no part of a schema, is not kept.
    fn is_first(&mut self, definition: &Definition) -> bool {
        let at = definition.location();
        if matches!(
            definition,
            Definition::OperationDefinition(_) | Definition::FragmentDefinition(_)
        ) {
            let message = "An operation or fragment is no part of a schema; it is left out.".to_owned();
            self.forgive("ExecutableDefinition", None, at, message);
            return false;
        }
        if let Definition::DirectiveDefinition(directive) = definition {
            let DirectiveDefinition { name, repeatable, .. } = &**directive;
            if self.directives.insert(name.clone(), *repeatable).is_some() {
                let coordinate = Coordinate::directive(name.as_str());
                let message = format!("The directive @{name} is defined twice; the first counts.");
                self.forgive("DuplicateName", Some(coordinate), at, message);
                return false;
            }
            return true;
        }
        let (Some(kind), Some(name)) = (kind_of(definition), definition.name()) else {
            return true;
        };
        if definition.is_extension_definition() {
            self.kinds.entry(name.clone()).or_insert(kind);
            return true;
        }
        if self.kinds.insert(name.clone(), kind).is_some() {
            let coordinate = Coordinate::named(name.as_str());
            let message = format!("The type {name} is defined twice; the first counts.");
            self.forgive("DuplicateName", Some(coordinate), at, message);
            return false;
        }
        true
    }

    fn make_up_types(&mut self, tree: &mut Document) {
        let mut missing: Vec<Name> = Vec::new();
        let mut seen = HashSet::new();
        let mut need = |ty: &Type| {
            let name = ty.inner_named_type();
            let known = self.kinds.contains_key(name) || is_known_scalar(name);
            if !known && seen.insert(name.clone()) {
                missing.push(name.clone());
            }
        };
        for definition in &tree.definitions {
            for field in fields(definition) {
                need(&field.ty);
                field.arguments.iter().for_each(|argument| need(&argument.ty));
            }
            inputs(definition).iter().for_each(|input| need(&input.ty));
        }
        for name in missing {
            let message = format!("The type {name} is used, but not defined; it is taken for a scalar.");
            let at = name.location();
            self.forgive(
                "UndefinedDefinition",
                Some(Coordinate::named(name.as_str())),
                at,
                message,
            );
            self.kinds.insert(name.clone(), Kind::Leaf);
            let scalar = ScalarTypeDefinition {
                description: None,
                name,
                directives: DirectiveList::default(),
            };
            tree.definitions
                .push(Definition::ScalarTypeDefinition(Node::new(scalar)));
        }
    }

    fn definition(&mut self, definition: &mut Definition) {
        let name = definition.name().cloned();
        let name = name.as_ref().map_or("schema", |name| name.as_str());
        match definition {
            Definition::ObjectTypeDefinition(node) => {
                let object = node.make_mut();
                self.interfaces(name, &mut object.implements_interfaces);
                self.fields(name, &mut object.fields);
                self.applied(Some(Coordinate::named(name)), &mut object.directives);
            }
            Definition::ObjectTypeExtension(node) => {
                let object = node.make_mut();
                self.interfaces(name, &mut object.implements_interfaces);
                self.fields(name, &mut object.fields);
                self.applied(Some(Coordinate::named(name)), &mut object.directives);
            }
            Definition::InterfaceTypeDefinition(node) => {
                let interface = node.make_mut();
                self.interfaces(name, &mut interface.implements_interfaces);
                self.fields(name, &mut interface.fields);
                self.applied(Some(Coordinate::named(name)), &mut interface.directives);
            }
            Definition::InterfaceTypeExtension(node) => {
                let interface = node.make_mut();
                self.interfaces(name, &mut interface.implements_interfaces);
                self.fields(name, &mut interface.fields);
                self.applied(Some(Coordinate::named(name)), &mut interface.directives);
            }
            Definition::UnionTypeDefinition(node) => {
                let union = node.make_mut();
                self.named(name, &mut union.members, Kind::Object, "member");
                self.applied(Some(Coordinate::named(name)), &mut union.directives);
            }
            Definition::UnionTypeExtension(node) => {
                let union = node.make_mut();
                self.named(name, &mut union.members, Kind::Object, "member");
                self.applied(Some(Coordinate::named(name)), &mut union.directives);
            }
            Definition::EnumTypeDefinition(node) => {
                let found = node.make_mut();
                self.distinct(
                    &mut found.values,
                    |value| &value.value,
                    |value| Coordinate::member(name, value),
                );
                for value in &mut found.values {
                    let coordinate = Coordinate::member(name, value.value.as_str());
                    self.applied(Some(coordinate), &mut value.make_mut().directives);
                }
                self.applied(Some(Coordinate::named(name)), &mut found.directives);
            }
            Definition::InputObjectTypeDefinition(node) => {
                let input = node.make_mut();
                let of = |field: &str| Coordinate::member(name, field);
                self.inputs(&mut input.fields, of);
                self.applied(Some(Coordinate::named(name)), &mut input.directives);
            }
            Definition::InputObjectTypeExtension(node) => {
                let input = node.make_mut();
                self.inputs(&mut input.fields, |field| Coordinate::member(name, field));
            }
            Definition::ScalarTypeDefinition(node) => {
                self.applied(Some(Coordinate::named(name)), &mut node.make_mut().directives);
            }
            Definition::DirectiveDefinition(node) => {
                let of = |argument: &str| Coordinate::directive_argument(name, argument);
                self.inputs(&mut node.make_mut().arguments, of);
            }
            Definition::SchemaDefinition(node) => {
                let schema = node.make_mut();
                self.applied(None, &mut schema.directives);
                self.roots(&mut schema.root_operations);
            }
            Definition::SchemaExtension(node) => self.applied(None, &mut node.make_mut().directives),
            _ => {}
        }
    }

    fn roots(&mut self, roots: &mut Vec<Node<(apollo_compiler::ast::OperationType, Name)>>) {
        let mut seen = Vec::new();
        let mut dropped = Vec::new();
        roots.retain(|root| {
            let (kind, name) = &**root;
            let good = self.kinds.get(name) == Some(&Kind::Object) && !seen.contains(kind);
            seen.push(*kind);
            if !good {
                dropped.push((kind.name(), name.clone()));
            }
            good
        });
        for (kind, name) in dropped {
            let message = format!("{name} cannot be the {kind} type; it is left out as such.");
            self.forgive(
                "RootOperationType",
                Some(Coordinate::named(name.as_str())),
                name.location(),
                message,
            );
        }
    }

    fn interfaces(&mut self, name: &str, interfaces: &mut Vec<Name>) {
        self.named(name, interfaces, Kind::Interface, "interface");
    }

    /// Names of other types of a kind, each once.
    fn named(&mut self, owner: &str, names: &mut Vec<Name>, kind: Kind, what: &str) {
        let mut seen = HashSet::new();
        let mut dropped = Vec::new();
        names.retain(|name| {
            let good = name != owner && self.kinds.get(name) == Some(&kind) && seen.insert(name.clone());
            if !good {
                dropped.push(name.clone());
            }
            good
        });
        for name in dropped {
            let message = format!("{name} cannot be a {what} of {owner}, or is one already; it is left out there.");
            self.forgive(
                "TypeMisplaced",
                Some(Coordinate::named(owner)),
                name.location(),
                message,
            );
        }
    }

    fn fields(&mut self, owner: &str, fields: &mut Vec<Node<FieldDefinition>>) {
        self.distinct(fields, |field| &field.name, |field| Coordinate::member(owner, field));
        fields.retain(|field| {
            let fits = self.kinds.get(field.ty.inner_named_type()) != Some(&Kind::Input);
            if !fits {
                let coordinate = Coordinate::member(owner, field.name.as_str());
                let message = format!("{coordinate} returns the input object {}; it is left out.", field.ty);
                self.forgive("TypeMisplaced", Some(coordinate), field.name.location(), message);
            }
            fits
        });
        for field in fields {
            let name = field.name.clone();
            let field = field.make_mut();
            self.inputs(&mut field.arguments, |argument| {
                Coordinate::argument(owner, name.as_str(), argument)
            });
            self.applied(Some(Coordinate::member(owner, name.as_str())), &mut field.directives);
        }
    }

    fn inputs(&mut self, inputs: &mut Vec<Node<InputValueDefinition>>, of: impl Fn(&str) -> Coordinate) {
        self.distinct(inputs, |input| &input.name, &of);
        inputs.retain(|input| {
            let kind = self.kinds.get(input.ty.inner_named_type());
            let fits = !matches!(kind, Some(Kind::Interface | Kind::Object | Kind::Union));
            if !fits {
                let coordinate = of(&input.name);
                let message = format!(
                    "{coordinate} takes {}, which is no input type; it is left out.",
                    input.ty
                );
                self.forgive("TypeMisplaced", Some(coordinate), input.name.location(), message);
            }
            fits
        });
        for input in inputs {
            let coordinate = of(&input.name);
            self.applied(Some(coordinate), &mut input.make_mut().directives);
        }
    }

    fn distinct<T>(
        &mut self,
        items: &mut Vec<Node<T>>,
        name_of: impl Fn(&T) -> &Name,
        coordinate: impl Fn(&str) -> Coordinate,
    ) {
        let mut seen = HashSet::new();
        items.retain(|item| {
            let name = name_of(item);
            let first = seen.insert(name.clone());
            if !first {
                let coordinate = coordinate(name);
                let message = format!("{coordinate} is defined twice; the first counts.");
                self.forgive("DuplicateName", Some(coordinate), name.location(), message);
            }
            first
        });
    }

    /// Directives that are declared, and no more often than they may stand.
    fn applied(&mut self, coordinate: Option<Coordinate>, directives: &mut DirectiveList) {
        let mut seen = HashSet::new();
        let mut dropped = Vec::new();
        directives.0.retain(|directive| {
            let name = &directive.name;
            let known = BUILT_IN_DIRECTIVES.contains(&name.as_str()) || is_in_prelude(name);
            let repeatable = self.directives.get(name).copied();
            let kept = match repeatable {
                Some(true) => true,
                Some(false) => seen.insert(name.clone()),
                None => known && seen.insert(name.clone()),
            };
            if !kept {
                dropped.push((name.clone(), known || repeatable.is_some(), directive.location()));
            }
            kept
        });
        for (name, known, at) in dropped {
            let place = coordinate
                .as_ref()
                .map_or_else(|| "the schema".to_owned(), Coordinate::to_string);
            let message = match known {
                true => format!("@{name} stands twice on {place}; the first counts."),
                false => format!("@{name} on {place} is not defined; it is left out."),
            };
            self.forgive("UndefinedDirective", coordinate.clone(), at, message);
        }
    }

    fn forgive(&mut self, rule: &'static str, coordinate: Option<Coordinate>, at: Option<SourceSpan>, message: String) {
        let found = Diagnostic::found(Severity::Warning, rule, message, at, &self.sources);
        self.forgiven.push(match coordinate {
            Some(coordinate) => found.with_coordinate(coordinate),
            None => found,
        });
    }
}

fn kind_of(definition: &Definition) -> Option<Kind> {
    Some(match definition {
        Definition::ObjectTypeDefinition(_) | Definition::ObjectTypeExtension(_) => Kind::Object,
        Definition::InterfaceTypeDefinition(_) | Definition::InterfaceTypeExtension(_) => Kind::Interface,
        Definition::UnionTypeDefinition(_) | Definition::UnionTypeExtension(_) => Kind::Union,
        Definition::InputObjectTypeDefinition(_) | Definition::InputObjectTypeExtension(_) => Kind::Input,
        Definition::EnumTypeDefinition(_)
        | Definition::EnumTypeExtension(_)
        | Definition::ScalarTypeDefinition(_)
        | Definition::ScalarTypeExtension(_) => Kind::Leaf,
        _ => return None,
    })
}

fn fields(definition: &Definition) -> &[Node<FieldDefinition>] {
    match definition {
        Definition::ObjectTypeDefinition(object) => &object.fields,
        Definition::ObjectTypeExtension(object) => &object.fields,
        Definition::InterfaceTypeDefinition(interface) => &interface.fields,
        Definition::InterfaceTypeExtension(interface) => &interface.fields,
        _ => &[],
    }
}

fn inputs(definition: &Definition) -> &[Node<InputValueDefinition>] {
    match definition {
        Definition::InputObjectTypeDefinition(input) => &input.fields,
        Definition::InputObjectTypeExtension(input) => &input.fields,
        Definition::DirectiveDefinition(directive) => &directive.arguments,
        _ => &[],
    }
}

fn is_known_scalar(name: &str) -> bool {
    BUILT_IN_SCALARS.contains(&name) || (name.starts_with("AWS") && is_in_prelude(name))
}

fn is_in_prelude(name: &str) -> bool {
    PRELUDE_NAMES.contains(&name)
}
