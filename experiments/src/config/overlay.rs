//! Values from TOML files and from `--set`, checked against the type of the key's default.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::error::{ConfigError, Place, nearest};
use super::validate::shortened;

/// One value for one key, and where it was given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub key: String,
    pub value: Value,
    pub at: Place,
}

/// The type of a key. It follows from the default, so that the structs of keys are the only list of keys and types.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Count,
    Number,
    Flag,
    Counts,
    Numbers,
}

impl Kind {
    /// The kind of a key with that default.
    pub fn of(default: &Value) -> Self {
        match default {
            Value::String(_) => Kind::Text,
            Value::Integer(_) => Kind::Count,
            Value::Boolean(_) => Kind::Flag,
            Value::Array(items) if matches!(items.first(), Some(Value::Integer(_))) => Kind::Counts,
            Value::Array(_) => Kind::Numbers,
            Value::Float(_) | Value::Datetime(_) | Value::Table(_) => Kind::Number,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Count => "a whole number from 0 to 9223372036854775807",
            Kind::Number => "a number",
            Kind::Flag => "true or false",
            Kind::Counts => "a list of whole numbers, as in [3, 4, 5]",
            Kind::Numbers => "a list of numbers, as in [1.0, 2.5]",
        }
    }

    /// The kind of a list's items; none for what is not a list.
    fn item(self) -> Option<Self> {
        match self {
            Kind::Counts => Some(Kind::Count),
            Kind::Numbers => Some(Kind::Number),
            _ => None,
        }
    }

    /// A value of `--set`, where text needs no quotes and a list no brackets.
    fn parse(self, text: &str) -> Option<Value> {
        // White space alone is a value, such as a separator.
        if self == Kind::Text && !text.is_empty() && text.trim().is_empty() {
            return Some(Value::String(text.to_owned()));
        }
        let text = text.trim();
        match self {
            Kind::Text => Some(Value::String(unquoted(text).to_owned())),
            Kind::Count => text.parse().ok().filter(|n: &i64| *n >= 0).map(Value::Integer),
            Kind::Number => text.parse().ok().map(Value::Float),
            Kind::Flag => text.parse().ok().map(Value::Boolean),
            Kind::Counts | Kind::Numbers => {
                let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text).trim();
                let items = if inner.is_empty() { Vec::new() } else { inner.split(',').collect() };
                let item = self.item()?;
                items.into_iter().map(|t| item.parse(t)).collect::<Option<_>>().map(Value::Array)
            }
        }
    }

    /// A value of a TOML file; a whole number serves as a number.
    fn convert(self, value: &DeValue) -> Option<Value> {
        match (self, value) {
            (Kind::Text, DeValue::String(text)) => Some(Value::String(text.to_string())),
            (Kind::Flag, DeValue::Boolean(flag)) => Some(Value::Boolean(*flag)),
            (Kind::Count, DeValue::Integer(n)) => {
                i64::from_str_radix(n.as_str(), n.radix()).ok().filter(|n| *n >= 0).map(Value::Integer)
            }
            (Kind::Number, DeValue::Integer(n)) => {
                i64::from_str_radix(n.as_str(), n.radix()).ok().map(|n| Value::Float(n as f64))
            }
            (Kind::Number, DeValue::Float(x)) => x.as_str().parse().ok().map(Value::Float),
            (Kind::Counts | Kind::Numbers, DeValue::Array(items)) => {
                let item = self.item()?;
                items.iter().map(|v| item.convert(v.get_ref())).collect::<Option<_>>().map(Value::Array)
            }
            _ => None,
        }
    }
}

/// `"text"` or `'text'` without its quotes; anything else as it is.
fn unquoted(text: &str) -> &str {
    let strip = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    strip('"').or_else(|| strip('\'')).unwrap_or(text)
}

/// A configuration as dotted keys and values.
pub(super) fn flatten(table: &Table) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (name, value) in table {
        match value {
            Value::Table(section) => {
                flat.extend(
                    flatten(section).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)),
                );
            }
            value => {
                flat.insert(name.clone(), value.clone());
            }
        }
    }
    flat
}

/// Puts a value under its dotted key.
pub(super) fn insert(table: &mut Table, setting: &Setting) {
    match setting.key.split_once('.') {
        None => {
            table.insert(setting.key.clone(), setting.value.clone());
        }
        Some((section, key)) => {
            let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = entry {
                section.insert(key.to_owned(), setting.value.clone());
            }
        }
    }
}

fn kind_of(known: &BTreeMap<String, Kind>, key: &str, at: &Place) -> Result<Kind, ConfigError> {
    let unknown = || ConfigError::UnknownKey {
        at: at.clone(),
        key: shortened(key),
        hint: nearest(key, known.keys().map(String::as_str))
            .map_or(String::new(), |near| format!("; did you mean `{near}`?")),
    };
    known.get(key).copied().ok_or_else(unknown)
}

/// Reads `key=value`.
pub(super) fn from_set(text: &str, known: &BTreeMap<String, Kind>) -> Result<Setting, ConfigError> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(ConfigError::NotAssignment { text: text.to_owned() });
    };
    let (key, at) = (key.trim().to_owned(), Place::Set(text.to_owned()));
    let kind = kind_of(known, &key, &at)?;
    match kind.parse(value) {
        Some(value) => Ok(Setting { key, value, at }),
        None => {
            let found = if value.trim().is_empty() {
                "nothing".into()
            } else {
                format!("`{}`", shortened(value.trim()))
            };
            Err(ConfigError::WrongType { at, key, expected: kind.expected().into(), found })
        }
    }
}

/// Reads the text of a TOML file; `path` is for messages.
pub(super) fn from_toml(
    text: &str,
    path: &Path,
    known: &BTreeMap<String, Kind>,
) -> Result<Vec<Setting>, ConfigError> {
    let at = |offset: usize| Place::File {
        path: path.to_owned(),
        line: 1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count(),
    };
    let document = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        at: at(error.span().map_or(0, |span| span.start)),
        message: error.message().replace('\n', ", "),
    })?;
    let mut settings = Vec::new();
    read_table("", document.get_ref(), known, &at, &mut settings)?;
    Ok(settings)
}

fn read_table(
    section: &str,
    table: &DeTable,
    known: &BTreeMap<String, Kind>,
    at: &dyn Fn(usize) -> Place,
    settings: &mut Vec<Setting>,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = format!("{section}{}", name.get_ref());
        let place = at(name.span().start);
        let wrong = |expected: &str| ConfigError::WrongType {
            at: place.clone(),
            key: key.clone(),
            expected: expected.into(),
            found: describe(value),
        };
        let prefix = format!("{key}.");
        let is_section = known.keys().any(|known| known.starts_with(&prefix));
        match value.get_ref() {
            DeValue::Table(inner) if is_section || (!inner.is_empty() && !known.contains_key(&key)) => {
                read_table(&prefix, inner, known, at, settings)?;
            }
            _ if is_section => return Err(wrong("a section of keys")),
            found => {
                let kind = kind_of(known, &key, &place)?;
                let value = kind.convert(found).ok_or_else(|| wrong(kind.expected()))?;
                settings.push(Setting { key, value, at: place });
            }
        }
    }
    Ok(())
}

fn describe(value: &Spanned<DeValue>) -> String {
    match value.get_ref() {
        DeValue::String(text) => format!("the text \"{}\"", shortened(text)),
        DeValue::Integer(n) => format!("the whole number {}", n.as_str()),
        DeValue::Float(x) => format!("the number {}", x.as_str()),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(date) => format!("the date {date}"),
        DeValue::Array(items) => {
            format!("the list [{}]", items.iter().map(describe).collect::<Vec<_>>().join(", "))
        }
        DeValue::Table(_) => "a section of keys".into(),
    }
}
