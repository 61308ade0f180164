//! Parts of URLs.

/// Bytes that stay as they are in a path segment, a query and a form; everything else is percent-encoded.
const UNRESERVED: &[u8] = b"-._~";
/// Bytes that may stay as they are in the name of a query parameter, such as `$top`.
const QUERY_NAME: &[u8] = b"-._~$";

/// Appends path segments to a base URL, each percent-encoded, so that an id can never change the path.
///
/// ```
/// use wharf_sdk::http::join;
///
/// assert_eq!(join("https://erp.example/api/", &["orders", "A/1"]), "https://erp.example/api/orders/A%2F1");
/// ```
pub fn join(base: &str, segments: &[&str]) -> String {
    segments.iter().fold(base.trim_end_matches('/').to_owned(), |mut url, segment| {
        url.push('/');
        match *segment {
            // These two are taken for steps up and down the path, even when percent-encoded.
            "." | ".." => url.push_str("%20"),
            _ => encode_into(&mut url, segment, UNRESERVED),
        }
        url
    })
}

/// Percent-encodes text for any place in a URL.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode_into(&mut encoded, text, UNRESERVED);
    encoded
}

/// Appends `name=value` to a URL's query, before its fragment if it has one.
pub(super) fn push_query(url: &mut String, name: &str, value: &str) {
    if let Some(fragment) = url.find('#') {
        url.truncate(fragment);
    }
    let separator = match url.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    url.push_str(separator);
    encode_into(url, name, QUERY_NAME);
    url.push('=');
    encode_into(url, value, UNRESERVED);
}

/// Writes pairs as `application/x-www-form-urlencoded`.
pub(super) fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        encode_into(&mut body, name, UNRESERVED);
        body.push('=');
        encode_into(&mut body, value, UNRESERVED);
    }
    body
}

fn encode_into(target: &mut String, text: &str, plain: &[u8]) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or('0');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            target.push(char::from(byte));
        } else {
            target.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cannot_leave_their_place() {
        for (segment, written) in
            [("..", "%20"), (".", "%20"), ("a/b?c#d", "a%2Fb%3Fc%23d"), ("č", "%C4%8D"), ("...", "..."), ("", "")]
        {
            assert_eq!(join("https://x.example", &[segment]), format!("https://x.example/{written}"), "{segment}");
        }
    }

    #[test]
    fn query_parameters_are_appended_wherever_the_url_stands() {
        for (url, written) in [
            ("https://x.example/a", "https://x.example/a?$top=1%20%26"),
            ("https://x.example/a?", "https://x.example/a?$top=1%20%26"),
            ("https://x.example/a?b=c", "https://x.example/a?b=c&$top=1%20%26"),
            ("https://x.example/a?b=c#d", "https://x.example/a?b=c&$top=1%20%26"),
        ] {
            let mut full = url.to_owned();
            push_query(&mut full, "$top", "1 &");
            assert_eq!(full, written);
        }
    }

    #[test]
    fn a_plus_in_a_form_arrives_as_a_plus() {
        assert_eq!(form([("a", "1+1 = 2"), ("b", "{}")]), "a=1%2B1%20%3D%202&b=%7B%7D");
    }
}
