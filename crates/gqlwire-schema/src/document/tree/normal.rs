//! One text for documents that mean the same.

use super::{Argument, Directive, Document, Selection, Value};

impl Document {
    /// One canonical text for all documents that differ only in what GraphQL gives no meaning to.
    ///
    /// Gone are layout, commas and comments, the spelling of strings (escapes, block strings) and the keyword of an
    /// anonymous query. Sorted by name is what the specification calls unordered: arguments, fields of input objects,
    /// variable definitions, operations and fragment definitions. What has an order keeps it: selections, which give the
    /// response its order, directives, and the items of lists. Numbers are left as they are written.
    ///
    /// The text is made for comparing and hashing, so it is [minified](Self::minified).
    pub fn normalized(&self) -> String {
        let mut document = self.clone();
        document.operations.sort_by(|a, b| a.name.cmp(&b.name));
        for operation in &mut document.operations {
            operation.variables.sort_by(|a, b| a.name.cmp(&b.name));
            for variable in &mut operation.variables {
                variable.default.iter_mut().for_each(sort_value);
                sort_directives(&mut variable.directives);
            }
            sort_directives(&mut operation.directives);
            sort_selections(&mut operation.selections);
        }
        document.fragments.sort_by(|a, b| a.name.cmp(&b.name));
        for fragment in &mut document.fragments {
            sort_directives(&mut fragment.directives);
            sort_selections(&mut fragment.selections);
        }
        document.minified()
    }
}

fn sort_selections(selections: &mut [Selection]) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                sort_arguments(&mut field.arguments);
                sort_directives(&mut field.directives);
                sort_selections(&mut field.selections);
            }
            Selection::InlineFragment(inline) => {
                sort_directives(&mut inline.directives);
                sort_selections(&mut inline.selections);
            }
            Selection::FragmentSpread(spread) => sort_directives(&mut spread.directives),
        }
    }
}

fn sort_directives(directives: &mut [Directive]) {
    for directive in directives {
        sort_arguments(&mut directive.arguments);
    }
}

fn sort_arguments(arguments: &mut [Argument]) {
    arguments.sort_by(|a, b| a.name.cmp(&b.name));
    for argument in arguments {
        sort_value(&mut argument.value);
    }
}

fn sort_value(value: &mut Value) {
    match value {
        Value::List(items) => items.iter_mut().for_each(sort_value),
        Value::Object(fields) => {
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields.iter_mut().for_each(|(_, value)| sort_value(value));
        }
        _ => {}
    }
}
