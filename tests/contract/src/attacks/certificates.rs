//! Upstreams that are not who they say they are.

use wharf_simulators::hostile::{Hostile, Root};

use super::world::{SHOP, World};
use super::{Row, outcome};

pub(super) async fn rows() -> anyhow::Result<Vec<Row>> {
    let (world, stranger) = (World::new().await?, Root::new()?);
    let table = [
        ("certificate of another name", world.root.server("crm.example.com", 2049)?, "not-sent, nothing arrived"),
        ("certificate that has expired", world.root.server(SHOP, 2020)?, "not-sent, nothing arrived"),
        ("certificate of an unknown root", stranger.server(SHOP, 2049)?, "not-sent, nothing arrived"),
        ("(control: certificate that is right)", world.root.server(SHOP, 2049)?, "200, the credential arrived"),
    ];
    let mut rows = Vec::new();
    for (name, acceptor, expected) in table {
        let upstream = Hostile::start_tls(acceptor).await?;
        for (number, (import, connection)) in world.connections_to(&upstream).await?.into_iter().enumerate() {
            let url = format!("https://{SHOP}:{}/", upstream.address().port());
            let fields = [("url".to_owned(), url), ("credential".to_owned(), "token".to_owned())];
            let outcome = outcome(&connection.lookup("probe", &fields, 1).await);
            let arrived = match upstream.arrived().len() {
                0 => "nothing arrived",
                requests if requests == number + 1 => "the credential arrived",
                _ => "more arrived than was sent",
            };
            rows.push(Row::new(name, import, expected, format!("{outcome}, {arrived}")));
        }
    }
    Ok(rows)
}
