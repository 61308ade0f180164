//! What the connector says of itself.

use wharf_sdk::manifest::{Budget, Feed, Host, Manifest, Oauth2Client, Origin, Records, Slot};

use crate::assumed::{CALLS_PER_MINUTE, TOKEN_PATH};
use crate::client::{API_CLIENT, API_USER};
use crate::config::Config;
use crate::customer::PARTNER;
use crate::feeds::CURSOR_VERSION;

const SUMMARY: &str = "Serves customers of other connections to Smartspace, a customer service platform of Brazil, and reads \
                       company APIs of the same contract.";

/// Returns the manifest.
pub(crate) fn manifest() -> Manifest {
    let base = || Origin::config("base_url");
    Manifest::new("smartspace", env!("CARGO_PKG_VERSION"), SUMMARY)
        .config::<Config>(1)
        .credential(
            Slot::inbound_basic("caller")
                .optional()
                .hint("Choose user and password, and type them into Smartspace under Integração com cliente, +Novo."),
        )
        .credential(Slot::inbound_client_credentials_from("caller-client", TOKEN_PATH, "/paths/token").optional().hint(
            "Choose client id and client secret, and type them into Smartspace as OAuth2 of Integração com cliente.",
        ))
        .credential(
            Slot::basic(API_USER)
                .audience(base())
                .optional()
                .hint("User and password of the company API that is read."),
        )
        .credential(
            Slot::oauth2_client_credentials(API_CLIENT, Oauth2Client::new(base(), TOKEN_PATH).client_in_body())
                .audience(base())
                .optional()
                .hint("Client id and client secret of the company API that is read."),
        )
        .host(Host::new(base()).methods(["GET", "POST"]))
        .budget(Budget::new("default", CALLS_PER_MINUTE, 60).calls_from_config("calls_per_minute"))
        .feed(Feed::new(
            "customers",
            PARTNER,
            "Customers of a company API, as far as `searches` find them; each round reads all of them again.",
            CURSOR_VERSION,
        ))
        .records(Records::get(PARTNER).lookup(["registration_number", "tax_number", "email", "phone"]))
        .serve("GET", "/clientes")
        .serve("GET", "/clientes/{codigo}")
        .serve("PUT", "/clientes/{codigo}")
        .serve("GET", "/saude")
}
