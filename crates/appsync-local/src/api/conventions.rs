//! Resolvers for a schema that has none: what a root field does follows from its name and type.
//!
//! `T` is an object type with a field `id`; its items are kept in the store under its name. *Members* are the fields of
//! the argument `input`, if there is one, and the other arguments.
//!
//! | field | answers |
//! |---|---|
//! | mutation `create…: T` | a new item of the members that are fields of `T`; `id` is generated if it was not given, and so are `createdAt` and `updatedAt` |
//! | mutation `update…: T` | the item of that `id` with the members set, and a new `updatedAt` |
//! | mutation `delete…: T` | the item of that `id`, which is no longer kept |
//! | query with an argument `id`, returning `T` | the item of that `id`, or null |
//! | query returning `[T]` | the items, in the order in which they were created; an argument named like a field of `T` selects those that are equal; `limit` bounds them (100, at most 1,000) |
//! | query returning an object with `items: [T]` and `nextToken` | the same by page, with `limit` and `nextToken` |
//! | any other mutation | its members, in the shape of its type: `id` and times generated, what was not given null, `Boolean` true; nothing is kept |
//! | any other query | null |
//!
//! Creating what exists, and updating or deleting what does not, fail with
//! `DynamoDB:ConditionalCheckFailedException`, as the resolvers do that AppSync's console generates. Relations between
//! types are not followed, and a `filter` argument is not looked at.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use gqlwire_schema::{
    FieldContext, FieldDefinition, FieldError, OperationKind, Resolution, Resolver, Schema, TypeDefinition, TypeKind,
};
use serde_json::{Map, Value};

use crate::store::{Item, Page, Store, StoreError};

/// How many items a list holds when the request does not say.
const PAGE: usize = 100;

/// How many items a list holds at most.
const LONGEST_PAGE: usize = 1000;

pub(crate) struct Conventions {
    store: Arc<dyn Store>,
    rules: HashMap<(OperationKind, String), Rule>,
    shapes: HashMap<String, Shape>,
}

/// What one root field does.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Rule {
    Create(String),
    Update(String),
    Delete(String),
    Get(String),
    List { of: String, connection: bool },
    Echo { of: String, list: bool },
}

/// The fields of an object type: their names, and the names of their types.
#[derive(Debug)]
struct Shape(Vec<(String, String)>);

impl Conventions {
    pub(crate) fn new(schema: &Schema, store: Arc<dyn Store>) -> Self {
        let mut rules = HashMap::new();
        for kind in [OperationKind::Query, OperationKind::Mutation] {
            let root = schema.root_type(kind).and_then(|name| schema.type_named(name));
            for field in root.iter().flat_map(TypeDefinition::fields) {
                let rule = match kind {
                    OperationKind::Mutation => Some(mutation_rule(schema, &field)),
                    _ => query_rule(schema, &field),
                };
                if let Some(rule) = rule {
                    rules.insert((kind, field.name().to_owned()), rule);
                }
            }
        }
        let objects = schema
            .types()
            .filter(|definition| definition.kind() == TypeKind::Object);
        let shapes = objects
            .map(|object| (object.name().to_owned(), Shape::of(&object)))
            .collect();
        Self { store, rules, shapes }
    }

    /// What a root field answers.
    fn answer(&self, kind: OperationKind, field: &str, arguments: &Map<String, Value>) -> Result<Value, StoreError> {
        // The key is built anew for each call; a map of maps would save that and read worse.
        let Some(rule) = self.rules.get(&(kind, field.to_owned())) else {
            return Ok(Value::Null);
        };
        match rule {
            Rule::Create(of) => self.create(of, arguments).map(Value::Object),
            Rule::Update(of) => self.update(of, arguments).map(Value::Object),
            Rule::Delete(of) => self.store.remove(of, &id_of(&members(arguments))?).map(Value::Object),
            Rule::Get(of) => Ok(self
                .store
                .get(of, &id_of(arguments)?)?
                .map_or(Value::Null, Value::Object)),
            Rule::List { of, connection } => self.list(of, arguments, *connection),
            Rule::Echo { of, list } => {
                let echo = self.echo(of, arguments);
                Ok(if *list { Value::Array(vec![echo]) } else { echo })
            }
        }
    }

    fn create(&self, of: &str, arguments: &Map<String, Value>) -> Result<Item, StoreError> {
        let mut item = self.known_members(of, arguments);
        self.generate(of, &mut item, &["createdAt", "updatedAt"]);
        if matches!(item.get("id"), None | Some(Value::Null)) {
            item.insert("id".to_owned(), new_id());
        }
        self.store.insert(of, &id_of(&item)?, item.clone())?;
        Ok(item)
    }

    fn update(&self, of: &str, arguments: &Map<String, Value>) -> Result<Item, StoreError> {
        let mut changes = self.known_members(of, arguments);
        self.generate(of, &mut changes, &["updatedAt"]);
        let id = id_of(&changes)?;
        changes.remove("id");
        self.store.update(of, &id, changes)
    }

    fn list(&self, of: &str, arguments: &Map<String, Value>, connection: bool) -> Result<Value, StoreError> {
        let limit = arguments.get("limit").and_then(Value::as_u64);
        let limit = limit
            .and_then(|limit| usize::try_from(limit).ok())
            .map_or(PAGE, |limit| limit.clamp(1, LONGEST_PAGE));
        let token = arguments.get("nextToken").and_then(Value::as_str);
        let Page { mut items, next_token } = self.store.page(of, limit, token)?;
        if let Some(Shape(fields)) = self.shapes.get(of) {
            let wanted = |(name, _): &(String, String)| Some((name.clone(), arguments.get(name)?));
            let wanted: Vec<_> = fields
                .iter()
                .filter_map(wanted)
                .filter(|(_, value)| !value.is_null())
                .collect();
            items.retain(|item| wanted.iter().all(|(name, value)| item.get(name) == Some(value)));
        }
        let items = Value::Array(items.into_iter().map(Value::Object).collect());
        if !connection {
            return Ok(items);
        }
        let next_token = next_token.map_or(Value::Null, Value::String);
        Ok(Value::Object(Map::from_iter([
            ("items".to_owned(), items),
            ("nextToken".to_owned(), next_token),
        ])))
    }

    fn echo(&self, of: &str, arguments: &Map<String, Value>) -> Value {
        let Some(Shape(fields)) = self.shapes.get(of) else {
            // A scalar: the only argument, if it is just one.
            let mut values = members(arguments).into_iter().map(|(_, value)| value);
            return match (of, values.next(), values.next()) {
                ("Boolean", Some(Value::Bool(answer)), None) => Value::Bool(answer),
                ("Boolean", ..) => Value::Bool(true),
                (_, Some(only), None) => only,
                _ => Value::Null,
            };
        };
        let mut item = self.known_members(of, arguments);
        self.generate(of, &mut item, &["createdAt", "updatedAt"]);
        let lacks_id = matches!(item.get("id"), None | Some(Value::Null));
        if lacks_id && fields.iter().any(|(name, _)| name == "id") {
            item.insert("id".to_owned(), new_id());
        }
        Value::Object(item)
    }

    fn known_members(&self, of: &str, arguments: &Map<String, Value>) -> Item {
        let mut members = members(arguments);
        if let Some(Shape(fields)) = self.shapes.get(of) {
            members.retain(|member, _| fields.iter().any(|(name, _)| name == member));
        }
        members
    }

    /// Sets the times that were not given, for the fields that the type has.
    fn generate(&self, of: &str, item: &mut Item, times: &[&str]) {
        let Some(Shape(fields)) = self.shapes.get(of) else {
            return;
        };
        for (name, ty) in fields.iter().filter(|(name, _)| times.contains(&name.as_str())) {
            if let (None | Some(Value::Null), Some(now)) = (item.get(name), now_as(ty)) {
                item.insert(name.clone(), now);
            }
        }
    }
}

impl Resolver for Conventions {
    fn resolve<'a>(&'a self, field: FieldContext<'a>) -> Resolution<'a> {
        let schema = field.schema();
        let kinds = [OperationKind::Query, OperationKind::Mutation];
        let root = kinds
            .into_iter()
            .find(|kind| schema.root_type(*kind) == Some(field.parent_type));
        let Some(kind) = root else {
            return Resolution::Property;
        };
        let answer = self.answer(kind, field.field_name, field.arguments);
        Resolution::Ready(answer.map_err(|error| FieldError::new(error.to_string()).with_type(error.error_type())))
    }
}

impl fmt::Debug for Conventions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conventions")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Shape {
    fn of(object: &TypeDefinition<'_>) -> Self {
        let fields = object.fields();
        Self(
            fields
                .map(|field| (field.name().to_owned(), field.ty().name().to_owned()))
                .collect(),
        )
    }
}

fn mutation_rule(schema: &Schema, field: &FieldDefinition<'_>) -> Rule {
    let of = field.ty().name().to_owned();
    let kept = !field.ty().is_list() && has_id(schema, &of);
    match field.name() {
        name if kept && has_verb(name, "create") => Rule::Create(of),
        name if kept && has_verb(name, "update") => Rule::Update(of),
        name if kept && has_verb(name, "delete") => Rule::Delete(of),
        _ => Rule::Echo {
            of,
            list: field.ty().is_list(),
        },
    }
}

fn query_rule(schema: &Schema, field: &FieldDefinition<'_>) -> Option<Rule> {
    let of = field.ty().name();
    if field.ty().is_list() {
        return has_id(schema, of).then(|| Rule::List {
            of: of.to_owned(),
            connection: false,
        });
    }
    if let Some(items) = schema.field(of, "items")
        && items.ty().is_list()
        && has_id(schema, items.ty().name())
        && schema.has_field(of, "nextToken")
    {
        return Some(Rule::List {
            of: items.ty().name().to_owned(),
            connection: true,
        });
    }
    (field.argument("id").is_some() && has_id(schema, of)).then(|| Rule::Get(of.to_owned()))
}

fn has_id(schema: &Schema, name: &str) -> bool {
    let object = schema.type_named(name).filter(|ty| ty.kind() == TypeKind::Object);
    object.is_some_and(|object| object.field("id").is_some())
}

/// `createMessage` has the verb `create`, `created` has not.
fn has_verb(name: &str, verb: &str) -> bool {
    let rest = name.strip_prefix(verb);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()))
}

fn members(arguments: &Map<String, Value>) -> Item {
    let mut members = arguments.clone();
    if let Some(Value::Object(_)) = members.get("input")
        && let Some(Value::Object(input)) = members.remove("input")
    {
        members.extend(input);
    }
    members
}

fn id_of(members: &Item) -> Result<String, StoreError> {
    match members.get("id") {
        Some(Value::String(id)) => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err(StoreError::Other("an id is needed".to_owned())),
    }
}

fn new_id() -> Value {
    Value::String(uuid::Uuid::new_v4().to_string())
}

fn now_as(ty: &str) -> Option<Value> {
    let now = jiff::Timestamp::try_from(SystemTime::now()).ok()?;
    match ty {
        "AWSDateTime" | "String" => Some(Value::String(format!("{now:.3}"))),
        "AWSTimestamp" | "Int" => Some(Value::from(now.as_second())),
        "AWSDate" => Some(Value::String(now.strftime("%Y-%m-%d").to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::MemoryStore;

    const SDL: &str = r#"
        type Post { id: ID! title: String author: String createdAt: AWSDateTime at: AWSTimestamp }
        type Posts { items: [Post] nextToken: String }
        type Reading { celsius: Float createdAt: AWSTimestamp }
        input PostInput { id: ID title: String author: String }
        type Query { getPost(id: ID!): Post posts(author: String, limit: Int): [Post] pages(limit: Int, nextToken: String): Posts other: String }
        type Mutation {
            createPost(input: PostInput!): Post
            updatePost(id: ID!, title: String): Post
            deletePost(id: ID!): Post
            created(title: String): Post
            measure(celsius: Float): Reading
            shout(text: String): String
            many(title: String): [Post]
            flush: Boolean
        }
    "#;

    struct Fixture(Conventions);

    impl Fixture {
        fn new() -> Self {
            let schema = Schema::from_sdl(SDL).unwrap();
            Self(Conventions::new(&schema, Arc::new(MemoryStore::default())))
        }

        fn mutate(&self, field: &str, arguments: Value) -> Result<Value, StoreError> {
            let arguments = arguments.as_object().unwrap();
            self.0.answer(OperationKind::Mutation, field, arguments)
        }

        fn query(&self, field: &str, arguments: Value) -> Value {
            let arguments = arguments.as_object().unwrap();
            self.0.answer(OperationKind::Query, field, arguments).unwrap()
        }
    }

    #[test]
    fn what_was_created_can_be_got_updated_listed_and_deleted() {
        let api = Fixture::new();
        let post = api
            .mutate("createPost", json!({"input": {"title": "a", "author": "me"}}))
            .unwrap();
        let id = post["id"].as_str().unwrap().to_owned();
        assert!(post["createdAt"].as_str().unwrap().ends_with('Z'));
        assert_eq!(api.query("getPost", json!({"id": id})), post);
        let updated = api.mutate("updatePost", json!({"id": id, "title": "b"})).unwrap();
        assert_eq!((&updated["title"], &updated["author"]), (&json!("b"), &json!("me")));
        assert_eq!(api.query("posts", json!({})), json!([updated]));
        assert_eq!(api.mutate("deletePost", json!({"id": id})), Ok(updated));
        assert_eq!(api.query("getPost", json!({"id": id})), Value::Null);
    }

    #[test]
    fn lists_take_equal_items_and_pages() {
        let api = Fixture::new();
        for (id, author) in [("1", "me"), ("2", "you"), ("3", "me")] {
            api.mutate("createPost", json!({"input": {"id": id, "author": author}}))
                .unwrap();
        }
        assert_eq!(api.query("posts", json!({"author": "me"})).as_array().unwrap().len(), 2);
        let page = api.query("pages", json!({"limit": 2}));
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        let rest = api.query("pages", json!({"limit": 2, "nextToken": page["nextToken"]}));
        assert_eq!(
            (&rest["items"][0]["id"], &rest["nextToken"]),
            (&json!("3"), &Value::Null)
        );
    }

    #[test]
    fn what_is_not_there_cannot_be_changed() {
        let api = Fixture::new();
        for field in ["updatePost", "deletePost"] {
            assert_eq!(api.mutate(field, json!({"id": "x"})), Err(StoreError::ConditionFailed));
        }
    }

    #[test]
    fn other_mutations_echo_their_arguments_in_the_shape_of_their_type() {
        let api = Fixture::new();
        let reading = api.mutate("measure", json!({"celsius": 1.5})).unwrap();
        assert_eq!(reading["celsius"], 1.5);
        assert!(reading["createdAt"].is_i64());
        assert!(reading.get("id").is_none());
        assert_eq!(api.mutate("shout", json!({"text": "hey"})), Ok(json!("hey")));
        assert_eq!(api.mutate("flush", json!({})), Ok(json!(true)));
        assert_eq!(api.mutate("many", json!({"title": "x"})).unwrap()[0]["title"], "x");
        let echoed = api.mutate("created", json!({"title": "x"})).unwrap();
        assert!(echoed["id"].is_string());
        assert_eq!(api.query("posts", json!({})), json!([]), "an echo is not kept");
    }

    #[test]
    fn other_queries_are_null() {
        assert_eq!(Fixture::new().query("other", json!({})), Value::Null);
    }
}
