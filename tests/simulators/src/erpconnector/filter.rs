//! `$filter`: comparisons with `eq`, joined by `and`.
//!
//! Only these two words are evidenced. Sub-fields are separated by a dot, not by the slash of OData; a quote inside a
//! text is doubled \[assumed, the rule of OData].

use serde_json::Value;

/// A filter: all comparisons must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    pub(crate) comparisons: Vec<Comparison>,
}

/// A path and the value that it must have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) path: String,
    pub(crate) value: Literal,
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Number(f64),
    Flag(bool),
    Null,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A name, a dotted path, `eq`, `and`, `true` ...
    Word(String),
    Text(String),
    Number(f64),
}

impl Filter {
    /// Parses a filter; the error says what was expected and where (in characters, from 0).
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = tokens(text)?.into_iter();
        let mut comparisons = Vec::new();
        loop {
            comparisons.push(comparison(&mut tokens)?);
            match tokens.next() {
                None => return Ok(Self { comparisons }),
                Some((_, Token::Word(word))) if word == "and" => {}
                Some((at, token)) => return Err(format!("`and` or the end expected at position {at}, not {token:?}")),
            }
        }
    }

    pub(crate) fn accepts(&self, record: &Value) -> bool {
        self.comparisons.iter().all(|one| one.holds(record))
    }

    /// Returns the text that a path must have, when the filter says so.
    pub(crate) fn text_of(&self, path: &str) -> Option<&str> {
        self.comparisons.iter().find_map(|one| match &one.value {
            Literal::Text(text) if one.path == path => Some(text.as_str()),
            _ => None,
        })
    }
}

impl Comparison {
    /// A path through an array holds when it does for one of its elements.
    fn holds(&self, record: &Value) -> bool {
        let mut held = false;
        visit(record, &self.path, &mut |value| held |= self.value.is(value));
        held
    }
}

impl Literal {
    fn is(&self, value: &Value) -> bool {
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            Self::Number(number) => value.as_f64().is_some_and(|other| other == *number),
            Self::Flag(flag) => value.as_bool() == Some(*flag),
            Self::Null => value.is_null(),
        }
    }
}

/// Calls back with each value at a dotted path, going into arrays; with null where there is none.
fn visit(value: &Value, path: &str, found: &mut impl FnMut(&Value)) {
    if let Value::Array(elements) = value {
        return elements.iter().for_each(|element| visit(element, path, found));
    }
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let member = value.get(name).unwrap_or(&Value::Null);
    match rest {
        Some(rest) => visit(member, rest, found),
        None => found(member),
    }
}

fn comparison(tokens: &mut impl Iterator<Item = (usize, Token)>) -> Result<Comparison, String> {
    let path = match tokens.next() {
        Some((_, Token::Word(path))) if is_path(&path) => path,
        Some((at, token)) => return Err(format!("a field name expected at position {at}, not {token:?}")),
        None => return Err("a field name expected at the end".to_owned()),
    };
    match tokens.next() {
        Some((_, Token::Word(word))) if word == "eq" => {}
        Some((at, Token::Word(word))) => return Err(format!("operator `{word}` at position {at} is not supported")),
        Some((at, token)) => return Err(format!("an operator expected at position {at}, not {token:?}")),
        None => return Err(format!("an operator expected after `{path}`")),
    }
    let value = match tokens.next() {
        Some((_, Token::Text(text))) => Literal::Text(text),
        Some((_, Token::Number(number))) => Literal::Number(number),
        Some((at, Token::Word(word))) => match word.as_str() {
            "true" => Literal::Flag(true),
            "false" => Literal::Flag(false),
            "null" => Literal::Null,
            _ => return Err(format!("a value expected at position {at}, not `{word}`; texts need single quotes")),
        },
        None => return Err(format!("a value expected after `{path} eq`")),
    };
    Ok(Comparison { path, value })
}

/// Tells whether a text is a name or names joined by dots; letters may have accents.
pub(crate) fn is_path(text: &str) -> bool {
    text.split('.').all(|name| {
        let mut signs = name.chars();
        signs.next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && signs.all(|sign| sign.is_alphanumeric() || sign == '_')
    })
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let signs: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(sign) = signs.get(at) {
        let start = at;
        let token = match sign {
            ' ' => {
                at += 1;
                continue;
            }
            '\'' => Token::Text(quoted(&signs, &mut at)?),
            _ => bare(&signs, &mut at)?,
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

fn quoted(signs: &[char], at: &mut usize) -> Result<String, String> {
    let start = *at;
    let mut text = String::new();
    *at += 1;
    loop {
        match (signs.get(*at), signs.get(*at + 1)) {
            (Some('\''), Some('\'')) => {
                text.push('\'');
                *at += 2;
            }
            (Some('\''), next) => {
                *at += 1;
                // Words must be apart: `'a'and` is a mistake, most often a quote that was not doubled.
                return match next {
                    None | Some(' ') => Ok(text),
                    Some(_) => Err(format!("a blank expected at position {}", *at)),
                };
            }
            (Some(sign), _) => {
                text.push(*sign);
                *at += 1;
            }
            (None, _) => return Err(format!("the text that begins at position {start} has no closing quote")),
        }
    }
}

fn bare(signs: &[char], at: &mut usize) -> Result<Token, String> {
    let start = *at;
    let word: String = signs.iter().skip(start).take_while(|sign| !matches!(sign, ' ' | '\'')).collect();
    *at += word.chars().count();
    let begins_number = word.starts_with(|sign: char| sign.is_ascii_digit() || sign == '-');
    match word.parse::<f64>() {
        Ok(number) if begins_number => Ok(Token::Number(number)),
        _ if is_path(&word) => Ok(Token::Word(word)),
        _ => Err(format!("`{word}` at position {start} is neither a name nor a value")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::json;

    #[test]
    fn records_are_accepted_by_what_the_filter_says() {
        let record = json!({
            "NomClient": "L'Épicerie d'Amélie", "EstActif": true, "Qte": 2.5, "Solde": -3, "Référence": "É-1", "Vide": null,
            "GroupeProduit": { "CodeGroupe": "VIS" }, "Lignes": [{ "NoProduit": "A" }, { "NoProduit": "B" }],
        });
        let cases = [
            ("NomClient eq 'L''Épicerie d''Amélie'", true),
            ("NomClient eq 'L''Epicerie d''Amelie'", false),
            ("EstActif eq true", true),
            ("EstActif eq 'true'", false),
            ("Qte eq 2.50", true),
            ("Solde eq -3", true),
            ("Qte eq '2.5'", false),
            ("Référence eq 'É-1'", true),
            ("Vide eq null", true),
            ("Absent eq null", true),
            ("GroupeProduit.CodeGroupe eq 'VIS' and EstActif eq true", true),
            ("GroupeProduit.CodeGroupe eq 'VIS' and EstActif eq false", false),
            ("Lignes.NoProduit eq 'B'", true),
            ("Lignes.NoProduit eq 'C'", false),
            ("NomClient eq ''", false),
            ("  EstActif   eq   true  ", true),
        ];
        for (text, accepted) in cases {
            let filter = Filter::parse(text).expect(text);
            assert_eq!(filter.accepts(&record), accepted, "{text}");
        }
    }

    #[test]
    fn bad_syntax_is_refused_with_its_place() {
        let cases = [
            ("", "field name expected"),
            ("NomClient", "operator expected"),
            ("NomClient eq", "value expected"),
            ("NomClient eq 'x", "no closing quote"),
            ("NomClient eq 'L'Épicerie'", "blank expected at position 16"),
            ("NomClient eq Tremblay", "single quotes"),
            ("NomClient gt 'A'", "`gt` at position 10 is not supported"),
            ("NomClient = 'A'", "neither a name nor a value"),
            ("A eq 1 or B eq 2", "`and` or the end expected at position 7"),
            ("A eq 1 and", "field name expected"),
            ("GroupeProduit/CodeGroupe eq 'X'", "neither a name nor a value"),
            ("(A eq 1)", "neither a name nor a value"),
            ("'A' eq 'A'", "field name expected at position 0"),
        ];
        for (text, part) in cases {
            let error = Filter::parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
