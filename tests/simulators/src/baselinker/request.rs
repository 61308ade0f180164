//! The two form fields of a call, and its token.

use http::request::Parts;
use http::{HeaderMap, header};

/// The fields of a call as they came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) method: Option<String>,
    pub(super) parameters: Option<String>,
    pub(super) token: Option<String>,
}

impl Form {
    /// Reads a urlencoded or multipart body; the token is the header's, or else the form field's.
    pub(super) fn read(request: &Parts, body: &[u8]) -> Self {
        let content_type = header_text(&request.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let fields = match boundary(&content_type) {
            Some(boundary) => multipart(body, &boundary),
            None => form_urlencoded::parse(body).into_owned().collect(),
        };
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "method" => form.method = Some(value),
                "parameters" => form.parameters = Some(value),
                "token" => form.token = Some(value),
                _ => {}
            }
        }
        form.token = header_text(&request.headers, "x-bltoken").or(form.token);
        form
    }
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn boundary(content_type: &str) -> Option<String> {
    let rest = content_type.strip_prefix("multipart/form-data")?;
    let (_, boundary) = rest.split_once("boundary=")?;
    let boundary = boundary.split(';').next().unwrap_or_default().trim().trim_matches('"');
    Some(boundary.to_owned())
}

fn multipart(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    text.split(&format!("--{boundary}")).filter_map(part).collect()
}

fn part(text: &str) -> Option<(String, String)> {
    let (head, value) = text.split_once("\r\n\r\n")?;
    let (_, name) = head.split_once("name=\"")?;
    let (name, _) = name.split_once('"')?;
    Some((name.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(content_type: &str, token: Option<&str>, body: &str) -> Form {
        let mut request = http::Request::builder().header(header::CONTENT_TYPE, content_type);
        if let Some(token) = token {
            request = request.header("X-BLToken", token);
        }
        let (parts, ()) = request.body(()).unwrap_or_default().into_parts();
        Form::read(&parts, body.as_bytes())
    }

    #[test]
    fn both_encodings_give_the_same_fields() {
        let expected = Form {
            method: Some("getOrders".to_owned()),
            parameters: Some(r#"{"filter_email":"a+b@ż.pl"}"#.to_owned()),
            token: Some("T".to_owned()),
        };
        let urlencoded = "method=getOrders&parameters=%7B%22filter_email%22%3A%22a%2Bb%40%C5%BC.pl%22%7D&other=1";
        assert_eq!(form("application/x-www-form-urlencoded", Some("T"), urlencoded), expected);
        let parts =
            ["method\"\r\n\r\ngetOrders", "parameters\"\r\n\r\n{\"filter_email\":\"a+b@ż.pl\"}", "token\"\r\n\r\nT"]
                .map(|part| format!("--B7\r\nContent-Disposition: form-data; name=\"{part}\r\n"));
        let multipart = format!("{}--B7--\r\n", parts.concat());
        assert_eq!(form("multipart/form-data; boundary=B7", None, &multipart), expected);
    }

    #[test]
    fn header_token_wins_over_the_field() {
        let read = form("application/x-www-form-urlencoded", Some("header"), "token=field");
        assert_eq!(read.token.as_deref(), Some("header"));
    }
}
