//! Scalars and enums as types of Rust: AppSync's, one's own, enums that grow, and what is left out beside what is null.
//! In the end the same without types, by conversions that go by the schema.
//!
//! ```sh
//! cargo run -p gqlwire --features schema,scalars --example scalars_and_enums
//! ```

use gqlwire::local::{LocalTransport, Resolvers};
use gqlwire::scalars::{AwsDateTime, AwsEmail, AwsJson, AwsTimestamp};
use gqlwire::schema::{Conversions, Schema};
use gqlwire::{Client, MaybeKnown, MaybeUndefined, Request, gql};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

const SDL: &str = "
    \"An amount and a currency: `12.50 EUR`.\"
    scalar Money
    enum Episode { NEW_HOPE EMPIRE JEDI AWAKENS }
    type Query {
        toEuros(amounts: [Money!]!): [Money!]!
        user(since: AWSDateTime): User!
        favourites: [Episode!]!
        isTrilogy(episode: Episode!): Boolean!
    }
    type Mutation { updateUser(input: UpdateUser!): String! }
    input UpdateUser { email: AWSEmail, phone: AWSPhone, balance: Money }
    type User { email: AWSEmail!, createdAt: AWSDateTime!, seen: AWSTimestamp, settings: AWSJSON, balance: Money }
";

/// A scalar of one's own is a type that serde can read and write.
#[derive(Clone, Debug, PartialEq)]
struct Money {
    cents: i64,
    currency: String,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!(
            "{}.{:02} {}",
            self.cents / 100,
            self.cents % 100,
            self.currency
        ))
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = || {
            let (amount, currency) = text.split_once(' ')?;
            let (whole, cents) = amount.split_once('.')?;
            let cents = whole.parse::<i64>().ok()? * 100 + cents.parse::<i64>().ok()?;
            let currency = currency.to_owned();
            Some(Money { cents, currency })
        };
        parsed().ok_or_else(|| serde::de::Error::custom("an amount of money is like `12.50 EUR`"))
    }
}

/// The program knows three; the server has one more by now.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Episode {
    NewHope,
    Empire,
    Jedi,
}

#[derive(Debug, Deserialize)]
struct UserData {
    user: User,
    favourites: Vec<MaybeKnown<Episode>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    email: AwsEmail,
    created_at: AwsDateTime,
    seen: Option<AwsTimestamp>,
    settings: AwsJson<Settings>,
    balance: Option<Money>,
}

#[derive(Debug, Deserialize)]
struct Settings {
    dark: bool,
}

#[derive(Default, Serialize)]
struct UpdateUser {
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    email: MaybeUndefined<AwsEmail>,
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    phone: MaybeUndefined<String>,
    #[serde(skip_serializing_if = "MaybeUndefined::is_undefined")]
    balance: MaybeUndefined<Money>,
}

fn resolvers() -> Resolvers {
    Resolvers::new()
        .field("Query", "toEuros", |field| async move {
            let amounts = field.arguments["amounts"].as_array().into_iter().flatten();
            let euros = amounts.map(|amount| amount.as_str().map(|text| text.replace("DM", "EUR")));
            Ok(euros.collect())
        })
        .field("Query", "user", |_| async {
            Ok(json!({
                "email": "ada@example.com", "createdAt": "2026-11-24T07:56:59.5+01:00", "seen": 1_795_506_960,
                "settings": {"dark": true}, "balance": "12.50 EUR",
            }))
        })
        .field("Query", "favourites", |_| async { Ok(json!(["EMPIRE", "AWAKENS"])) })
        .field("Query", "isTrilogy", |field| async move {
            Ok(json!(field.arguments["episode"] != "AWAKENS"))
        })
        .field("Mutation", "updateUser", |field| async move {
            Ok(json!(field.arguments["input"].to_string()))
        })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let schema = Schema::from_sdl(SDL)?;
    let client = Client::with_transport(LocalTransport::new(schema.clone(), resolvers())).with_schema(schema.clone());

    // In answers.
    let query = gql!("{ user { email createdAt seen settings balance } favourites }");
    let UserData { user, favourites } = client.execute(Request::<UserData>::new(query)).await?.into_data()?;
    println!("{} since {}", user.email, user.created_at.date_time());
    assert_eq!(user.created_at.offset().seconds(), 3600);
    assert_eq!(user.seen.map(|seen| seen.seconds()), Some(1_795_506_960));
    assert!(user.settings.0.dark);
    assert_eq!(user.balance.map(|money| money.cents), Some(1250));
    for favourite in &favourites {
        match favourite {
            MaybeKnown::Known(episode) => println!("likes {episode:?}"),
            MaybeKnown::Unknown(name) => println!("likes {name}, whatever that is"),
        }
    }

    // As variables, also in lists and input objects.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Euros {
        to_euros: Vec<Money>,
    }
    let marks = Money {
        cents: 1_999,
        currency: "DM".to_owned(),
    };
    let exchange = gql!("query($amounts: [Money!]!) { toEuros(amounts: $amounts) }");
    let request = Request::<Euros>::new(exchange).variable("amounts", [&marks, &marks]);
    let euros = client.execute(request).await?.into_data()?.to_euros;
    assert_eq!(euros[1].currency, "EUR");

    let ask = Request::<Value>::new(gql!("query($e: Episode!) { isTrilogy(episode: $e) }"));
    println!(
        "{}",
        client
            .execute(ask.clone().variable("e", Episode::Jedi))
            .await?
            .into_data()?
    );
    // What was unknown goes back as it came.
    println!(
        "{}",
        client.execute(ask.variable("e", &favourites[1])).await?.into_data()?
    );

    // The address is changed, the phone number cleared, and the balance left alone.
    let update = UpdateUser {
        email: user.email.into(),
        phone: MaybeUndefined::Null,
        ..UpdateUser::default()
    };
    let mutation = gql!("mutation($input: UpdateUser!) { updateUser(input: $input) }");
    let mutation = Request::<Value>::new(mutation);
    println!(
        "{}",
        client
            .execute(mutation.clone().variable("input", update))
            .await?
            .into_data()?
    );

    // The schema that the client was given refuses what does not fit, before anything is sent.
    let wrong = mutation.variable("input", json!({"email": "nobody", "fone": "1"}));
    if let Err(refused) = client.execute(wrong).await {
        println!("{refused}");
    }

    // Without types: values are converted wherever the schema has them.
    let conversions = Conversions::new(&schema)
        .scalar(
            "Money",
            |value| match value.as_f64() {
                Some(euros) => Ok(json!(format!("{euros:.2} EUR"))),
                None => Err("money is a number here"),
            },
            |value| match value
                .as_str()
                .and_then(|text| text.split_once(' ')?.0.parse::<f64>().ok())
            {
                Some(amount) => Ok(json!(amount)),
                None => Err("this is no amount of money"),
            },
        )?
        .enumeration(
            "Episode",
            [
                ("NEW_HOPE", json!(4)),
                ("EMPIRE", json!(5)),
                ("JEDI", json!(6)),
                ("AWAKENS", json!(7)),
            ],
        )?;
    let text = "query($amounts: [Money!]!) { toEuros(amounts: $amounts) best: favourites user { settings balance } }";
    let document = schema.parse(text)?;
    let operation = document.operation(None)?;
    let variables = json!({"amounts": [1.5, 2]});
    let variables =
        conversions.serialize_variables(&operation, variables.as_object().unwrap_or(&Default::default()))?;
    let data = client
        .execute(Request::<Value>::new(text).variables(variables))
        .await?
        .into_data()?;
    let data = conversions.parse_result(&operation, data)?;
    assert_eq!(
        data,
        json!({"toEuros": [1.5, 2.0], "best": [5, 7], "user": {"settings": {"dark": true}, "balance": 12.5}})
    );
    println!("{data}");
    Ok(())
}
