//! Requests to token endpoints: OAuth2 grants, and exchanges of a vendor's own.

use http::{HeaderMap, HeaderValue, Method, header};
use url::Url;
use zeroize::Zeroizing;

use super::Refusal;
use super::auth::{Values, basic, set, wiped};
use super::body::FORM;
use super::send::Outgoing;
use crate::manifest::{ClientPlace, ExchangeMethod, ExchangeRequest, FixedField, Scheme};

/// Makes the request that fetches a token. `refresh` is the refresh token of the scheme that has one.
pub(super) fn request(scheme: &Scheme, values: &Values, url: Url, refresh: Option<&str>) -> Result<Outgoing, Refusal> {
    match scheme {
        Scheme::Oauth2Password { headers, fields, .. } => {
            let mut form = Form::of("password");
            form.add("username", values.text("username")?);
            form.add("password", values.text("password")?);
            form.add_fixed(fields);
            let mut request = form.post(url);
            values.attach_headers(headers, &mut request.headers)?;
            Ok(request)
        }
        Scheme::Oauth2ClientCredentials { scope, headers, fields, client, .. } => {
            let mut form = Form::of("client_credentials");
            form.add_scope(scope.as_deref());
            form.add_fixed(fields);
            let mut request = of_client(form, url, values, *client)?;
            values.attach_headers(headers, &mut request.headers)?;
            Ok(request)
        }
        Scheme::Oauth2Refresh { scope, headers, fields, client, .. } => {
            let mut form = Form::of("refresh_token");
            form.add("refresh_token", refresh.ok_or(Refusal::CredentialUnavailable(false))?);
            form.add_scope(scope.as_deref());
            form.add_fixed(fields);
            let mut request = of_client(form, url, values, *client)?;
            values.attach_headers(headers, &mut request.headers)?;
            Ok(request)
        }
        Scheme::TokenExchange { request, .. } => exchange(request, values, url),
        _ => Err(Refusal::CredentialUnavailable(false)),
    }
}

/// A form with secrets in it, wiped at the end.
struct Form(Zeroizing<String>);

impl Form {
    fn new() -> Self {
        // Room enough that growing leaves no copy behind; what is longer than usual may leave one.
        Self(Zeroizing::new(String::with_capacity(16 << 10)))
    }

    fn of(grant: &str) -> Self {
        let mut form = Self::new();
        form.add("grant_type", grant);
        form
    }

    fn add(&mut self, name: &str, value: &str) {
        form_urlencoded::Serializer::new(&mut *self.0).append_pair(name, value);
    }

    fn add_scope(&mut self, scope: Option<&str>) {
        if let Some(scope) = scope {
            self.add("scope", scope);
        }
    }

    fn add_fixed(&mut self, fields: &[FixedField]) {
        for field in fields {
            self.add(&field.name, &field.value);
        }
    }

    fn post(self, url: Url) -> Outgoing {
        let body = wiped(self.0.as_bytes().to_vec());
        let mut request = Outgoing { method: Method::POST, url, headers: HeaderMap::new(), body: Some(body) };
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        accept_json(&mut request);
        request
    }
}

fn accept_json(request: &mut Outgoing) {
    request.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
}

fn of_client(mut form: Form, url: Url, values: &Values, client: ClientPlace) -> Result<Outgoing, Refusal> {
    let (id, secret) = (values.text("client-id")?, values.text("client-secret")?);
    match client {
        ClientPlace::Body => {
            form.add("client_id", id);
            form.add("client_secret", secret);
            Ok(form.post(url))
        }
        ClientPlace::Basic => {
            let mut request = form.post(url);
            // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
            let encoded =
                |text: &str| Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
            let value = basic(encoded(id).as_bytes(), encoded(secret).as_bytes());
            set(&mut request.headers, header::AUTHORIZATION, &value, "client-secret")?;
            Ok(request)
        }
    }
}

fn exchange(asked: &ExchangeRequest, values: &Values, mut url: Url) -> Result<Outgoing, Refusal> {
    for field in &asked.query {
        url.query_pairs_mut().append_pair(&field.name, values.text(&field.part)?);
    }
    let mut request = match asked.method {
        ExchangeMethod::Get => {
            for field in &asked.fields {
                url.query_pairs_mut().append_pair(&field.name, &field.value);
            }
            Outgoing { method: Method::GET, url, headers: HeaderMap::new(), body: None }
        }
        ExchangeMethod::Post => {
            let mut form = Form::new();
            for field in &asked.form {
                form.add(&field.name, values.text(&field.part)?);
            }
            form.add_fixed(&asked.fields);
            form.post(url)
        }
    };
    accept_json(&mut request);
    values.attach_headers(&asked.headers, &mut request.headers)?;
    Ok(request)
}
