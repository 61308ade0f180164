//! The systems that own customers, through the look-ups that the operator granted in the role `customers`.

use serde_json::Value;
use wharf_sdk::document::Partner;
use wharf_sdk::lookups::{self, Source};
use wharf_sdk::{Content, Failure, Item, clock, log};

use crate::assumed::MOST_HITS;
use crate::config::Config;
use crate::customer::{self, PARTNER};
use crate::question::Key;
use crate::reply::{Flat, Refusal};
use crate::shape;

/// Role of the sources of customers.
pub(crate) const ROLE: &str = "customers";

/// A customer, and where it came from.
#[derive(Debug)]
pub(crate) struct Customer {
    /// Names the owner and its id there, so that it is found again.
    pub(crate) code: String,
    /// Its id there.
    pub(crate) id: String,
    pub(crate) document: Value,
    /// The document in its common shape; none where the owner has another.
    pub(crate) partner: Option<Partner>,
    pub(crate) is_active: bool,
}

impl Customer {
    pub(crate) fn read(source: &Source, item: &Item) -> Result<Self, Refusal> {
        let unreadable = || Refusal::new(500, format!("`{}` enviou um cliente que não pode ser lido", source.name));
        let Content::Document(text) = &item.content else { return Err(unreadable()) };
        let document: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
        let partner = if source.entity == PARTNER { serde_json::from_value(document.clone()).ok() } else { None };
        Ok(Self { code: code(source, &item.id), id: item.id.clone(), document, partner, is_active: !item.deleted })
    }

    /// Returns the standard fields.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("codigo", self.code.clone())];
        fields.extend(self.partner.as_ref().map(customer::fields).unwrap_or_default());
        fields.push(("ativo", if self.is_active { "TRUE" } else { "FALSE" }.to_owned()));
        fields
    }

    /// Makes what leaves of it.
    pub(crate) fn flat(&self, config: &Config) -> Flat {
        shape::flat(&self.fields(), &self.document, config)
    }

    /// Tells whether a field that was asked for besides the one that it was found by says something else.
    fn fits(&self, key: Key, value: &str, found_by: Key) -> bool {
        let fields = self.fields();
        let there = fields.iter().find(|(name, _)| *name == key.name()).map(|(_, text)| key.plain(text));
        match there.filter(|there| !there.is_empty()) {
            Some(there) => there == key.plain(value) || (key == found_by && matches!(key, Key::Email | Key::Phone)),
            None => key == found_by,
        }
    }
}

fn code(source: &Source, id: &str) -> String {
    format!("{}:{id}", source.name)
}

/// Returns the customers that a code names, each with its source. A code that we gave out, `crm:77`, names one of one
/// source. Any other is an id as people read it off the owner's screen, and all sources are asked for it.
pub(crate) fn of_code<'a>(sources: &'a [Source], code: &str) -> Result<Vec<(&'a Source, Customer)>, Refusal> {
    let id = |source: &Source| code.strip_prefix(source.name.as_str())?.strip_prefix(':').map(str::to_owned);
    let named = sources.iter().find_map(|source| Some((source, id(source)?)));
    match named {
        Some((_, id)) if id.is_empty() => Ok(Vec::new()),
        Some((source, id)) => Ok(get(source, &id)?.map(|customer| (source, customer)).into_iter().collect()),
        None => of_bare_code(sources, code),
    }
}

fn of_bare_code<'a>(sources: &'a [Source], code: &str) -> Result<Vec<(&'a Source, Customer)>, Refusal> {
    let (mut found, mut unsure) = (Vec::new(), None);
    for source in sources {
        match lookups::get(&source.name, code) {
            Ok(item) => found.push((source, Customer::read(source, &item)?)),
            // What is no id of this source is not there.
            Err(failure) if !leaves_open(&failure) => {}
            Err(failure) => unsure = unsure.or(Some(failed(source, &failure))),
        }
    }
    match unsure {
        Some(refusal) if found.is_empty() => Err(refusal),
        _ => Ok(found),
    }
}

/// Tells whether a source may have what it was asked for in spite of its failure.
fn leaves_open(failure: &Failure) -> bool {
    use wharf_sdk::failure::Cause;
    !matches!(
        failure.cause(),
        Cause::NotFound(_) | Cause::InvalidRecord(_) | Cause::Unsupported(_) | Cause::ContractChanged(_)
    )
}

/// Returns the sources of customers.
pub(crate) fn sources() -> Result<Vec<Source>, Refusal> {
    let sources = lookups::in_role(ROLE);
    match sources.is_empty() {
        true => Err(Refusal::new(500, "nenhuma fonte de clientes foi liberada para esta conexão")),
        false => Ok(sources),
    }
}

/// Returns the customer with that id; none when it is not there.
pub(crate) fn get(source: &Source, id: &str) -> Result<Option<Customer>, Refusal> {
    match lookups::get(&source.name, id) {
        Ok(item) => Customer::read(source, &item).map(Some),
        Err(failure) if is_missing(&failure) => Ok(None),
        Err(failure) => Err(failed(source, &failure)),
    }
}

fn is_missing(failure: &Failure) -> bool {
    matches!(failure.cause(), wharf_sdk::failure::Cause::NotFound(_))
}

/// Refuses for what an owner failed with; its own sentence goes to the log, and may not name customers.
pub(crate) fn failed(source: &Source, failure: &Failure) -> Refusal {
    log::warn("an owner of customers failed", &[("source", &source.name), ("cause", &cause_of(failure))]);
    Refusal::of(failure, &source.name)
}

fn cause_of(failure: &Failure) -> &'static str {
    use wharf_sdk::failure::Cause;
    match failure.cause() {
        Cause::Unsupported(_) => "unsupported",
        Cause::RateLimited(_) => "rate-limited",
        Cause::Unavailable(_) => "unavailable",
        Cause::InvalidRecord(_) => "invalid-record",
        Cause::Conflict(_) => "conflict",
        Cause::NotFound(_) => "not-found",
        _ => "other",
    }
}

/// Asks the sources one after the other, until there are enough customers or the agent has waited enough.
///
/// A source that fails is left out where others found somebody; where nobody was found its failure is the answer, as
/// nobody may be there.
pub(crate) fn find(sources: &[Source], asked: &[(Key, String)], config: &Config) -> Result<Vec<Customer>, Refusal> {
    if let Some((_, code)) = asked.iter().find(|(key, _)| *key == Key::Code) {
        let others: Vec<_> = asked.iter().filter(|(key, _)| *key != Key::Code).collect();
        let fits = |one: &Customer| others.iter().all(|(key, value)| one.fits(*key, value, Key::Code));
        return Ok(of_code(sources, code)?.into_iter().map(|(_, one)| one).filter(fits).collect());
    }
    let mut search =
        Search { asked, ends: clock::now().saturating_add(config.answer_within_ms), found: Vec::new(), failure: None };
    let mut was_asked = false;
    for source in sources {
        was_asked |= search.ask(source);
        if search.found.len() >= MOST_HITS {
            break;
        }
    }
    match (search.failure, search.found) {
        (Some(refusal), found) if found.is_empty() => Err(refusal),
        (_, _) if !was_asked => Err(unasked(asked)),
        (_, mut found) => {
            found.truncate(MOST_HITS);
            Ok(found)
        }
    }
}

fn unasked(asked: &[(Key, String)]) -> Refusal {
    let names: Vec<&str> = asked.iter().map(|(key, _)| key.name()).collect();
    Refusal::new(400, format!("nenhuma fonte de clientes pesquisa por {}", names.join(", ")))
}

struct Search<'a> {
    asked: &'a [(Key, String)],
    /// When no further question is begun, in milliseconds since 1970.
    ends: u64,
    found: Vec<Customer>,
    failure: Option<Refusal>,
}

impl Search<'_> {
    /// Asks a source by the first key that it knows, in each form until one finds somebody; false when it knows none.
    fn ask(&mut self, source: &Source) -> bool {
        let known = self.asked.iter().find_map(|(key, value)| {
            let keys: Vec<&'static str> = key.lookup_keys().iter().copied().filter(|one| source.has_key(one)).collect();
            (!keys.is_empty()).then_some((*key, value, keys))
        });
        let Some((key, value, keys)) = known else { return false };
        for (lookup_key, form) in keys.iter().flat_map(|one| key.forms(value).into_iter().map(move |form| (one, form)))
        {
            if clock::now() >= self.ends {
                let late = Refusal::new(500, "os sistemas consultados demoraram demais; tente mais tarde");
                self.failure.get_or_insert(late);
                return true;
            }
            match self.question(source, key, lookup_key, &form) {
                Ok(0) => {}
                Ok(_) => return true,
                Err(refusal) => {
                    self.failure.get_or_insert(refusal);
                    return true;
                }
            }
        }
        true
    }

    fn question(&mut self, source: &Source, key: Key, lookup_key: &str, form: &str) -> Result<usize, Refusal> {
        let limit = u32::try_from(MOST_HITS).unwrap_or(u32::MAX);
        let items =
            lookups::find(&source.name, &[(lookup_key, form)], limit).map_err(|failure| failed(source, &failure))?;
        let before = self.found.len();
        for item in &items {
            let customer = Customer::read(source, item)?;
            let fits = self.asked.iter().all(|(asked, value)| customer.fits(*asked, value, key));
            if fits && self.found.iter().all(|known| known.code != customer.code) {
                self.found.push(customer);
            }
        }
        Ok(self.found.len() - before)
    }
}
