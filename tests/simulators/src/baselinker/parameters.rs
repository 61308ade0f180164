//! The `parameters` of a call, read with PHP's tolerance: numbers may be strings, flags may be numbers.

use serde_json::{Map, Value};

use super::answer::Refusal;

/// The parameters by name; unknown ones are never looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    /// Reads the JSON text of the form field; an empty one, `{}` and `[]` are no parameters.
    pub(super) fn read(text: Option<&str>) -> Result<Self, Refusal> {
        let text = text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("{}");
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(Value::Array(list)) if list.is_empty() => Ok(Self::default()),
            Ok(_) => Err(Refusal::parameters("`parameters` must be a JSON object")),
            Err(error) => Err(Refusal::parameters(format!("`parameters` is not JSON: {error}"))),
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn whole(&self) -> Value {
        Value::Object(self.0.clone())
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.value(name).filter(|value| value.as_str() != Some("")).map(|value| integer(name, value)).transpose()
    }

    pub(super) fn required(&self, name: &str) -> Result<i64, Refusal> {
        self.integer(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, Refusal> {
        self.value(name).map(|value| number(name, value)).transpose()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(text)
    }

    pub(super) fn filled_text(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name).is_some_and(flag)
    }

    pub(super) fn integers(&self, name: &str) -> Result<Option<Vec<i64>>, Refusal> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| Refusal::parameters(format!("`{name}` must be a list")))?;
        list.iter().map(|value| integer(name, value)).collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn maps(&self, name: &str) -> Result<Vec<Parameters>, Refusal> {
        let refusal = || Refusal::parameters(format!("`{name}` must be a list of objects"));
        let list = self.value(name).ok_or_else(|| missing(name))?.as_array().ok_or_else(refusal)?;
        list.iter().map(|value| value.as_object().cloned().map(Parameters).ok_or_else(refusal)).collect()
    }
}

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::parameters(format!("required parameter `{name}` is missing"))
}

fn integer(name: &str, value: &Value) -> Result<i64, Refusal> {
    let read = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(i64::from(*flag)),
        _ => None,
    };
    read.ok_or_else(|| Refusal::parameters(format!("`{name}` must be an integer")))
}

pub(super) fn number(name: &str, value: &Value) -> Result<f64, Refusal> {
    let read = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    read.filter(|number| number.is_finite()).ok_or_else(|| Refusal::parameters(format!("`{name}` must be a number")))
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) | Value::Null => String::new(),
        other => other.to_string(),
    }
}

pub(super) fn flag(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.as_str(), "" | "0" | "false"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail so")]
    use super::*;

    #[test]
    fn numbers_and_flags_are_read_as_php_does() {
        let read = Parameters::read(Some(r#"{"a":"307","b":7,"c":"","d":1,"e":"0","f":true,"g":"x"}"#)).unwrap();
        assert_eq!(read.integer("a").unwrap(), Some(307));
        assert_eq!(read.integer("b").unwrap(), Some(7));
        assert_eq!(read.integer("c").unwrap(), None);
        assert_eq!((read.flag("d"), read.flag("e"), read.flag("f"), read.flag("absent")), (true, false, true, false));
        assert!(read.integer("g").is_err());
    }

    #[test]
    fn no_parameters_come_in_four_ways() {
        for text in [None, Some(""), Some("{}"), Some("[]")] {
            assert!(Parameters::read(text).unwrap().0.is_empty());
        }
        for text in ["[1]", "7", "{"] {
            assert!(Parameters::read(Some(text)).is_err());
        }
    }
}
