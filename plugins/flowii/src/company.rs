//! The company that a connection works for. FLOWii wants its id in every call, and one user may see several.

use wharf_sdk::{Failure, Result, violation};

use crate::api::Named;
use crate::client::{Client, envelope};

/// A company that the user may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Company {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Reads the company access list.
pub(crate) fn list(client: &Client) -> Result<Vec<Company>> {
    let response = client.companies_request().send()?.expect_success()?;
    let rows = envelope(&response)?.rows()?;
    rows.iter()
        .map(|row| Ok(Company { id: row.id.to_string(), name: row.attributes::<Named<'_>>()?.name.into_string() }))
        .collect()
}

/// Returns the id of the wanted company, or of the only one.
pub(crate) fn choose(companies: &[Company], wanted: Option<&str>) -> Result<String> {
    match (companies, wanted) {
        ([], _) => {
            Err(Failure::forbidden(Some("company access"), "the user may use no company; give it access to one"))
        }
        (_, Some(wanted)) => by_id_or_name(companies, wanted),
        ([only], None) => Ok(only.id.clone()),
        (several, None) => {
            let problem =
                format!("the user may use {} companies; set `company_id` to one of {}", several.len(), names(several));
            Err(unusable("ambiguous", problem))
        }
    }
}

fn by_id_or_name(companies: &[Company], wanted: &str) -> Result<String> {
    let by_id = companies.iter().find(|company| company.id == wanted);
    let named: Vec<&Company> = companies.iter().filter(|company| company.name.trim() == wanted.trim()).collect();
    match (by_id, named.as_slice()) {
        (Some(company), _) => Ok(company.id.clone()),
        (None, [company]) => Ok(company.id.clone()),
        (None, []) => {
            let problem = format!("`{wanted}` is not among the user's companies; use one of {}", names(companies));
            Err(unusable("unknown-company", problem))
        }
        (None, several) => {
            let problem = format!("{} companies are called `{wanted}`; set the id of one", several.len());
            Err(unusable("ambiguous", problem))
        }
    }
}

fn unusable(code: &str, problem: String) -> Failure {
    Failure::config_invalid(vec![violation("/company_id", code, problem)])
}

fn names(companies: &[Company]) -> String {
    companies.iter().map(|company| format!("{} ({})", company.id, company.name)).collect::<Vec<_>>().join(", ")
}
