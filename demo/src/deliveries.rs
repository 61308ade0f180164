//! Webhooks by the thousand: doubled, reordered, forged and lost, with the program killed in between.
//!
//! Two worlds get the same changes of products. In one a sender tells of them over HTTP, as Optimakers does, but badly, and
//! the program serves. In the other nobody tells, and the program polls. In the end both catalogs are the same.

mod sender;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use self::sender::{Message, Sender, Sent};
use crate::agreement::totals;
use crate::{Daemon, Dice, Production, Systems, Target, WEBHOOK_TOKEN};

/// The flow that is watched.
const FLOW: &str = "products-to-catalog";

/// Longest that the program may take to follow what it was told of.
const PATIENCE: Duration = Duration::from_secs(600);

/// Longest that a message is held back, in messages.
const HELD: u64 = 40;

/// How many messages, and what is random about them.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Changes, each told of by a message unless that is lost.
    pub messages: u64,
    /// Products that change.
    pub products: u64,
    /// Kills of the program on the way.
    pub kills: u64,
    /// Seed of the changes and of what happens to each message.
    pub seed: u64,
}

impl Plan {
    /// Plans so many messages: about two hundred to a product, and a kill for every 20,000.
    pub fn new(messages: u64, seed: u64) -> Self {
        Self { messages, products: (messages / 200).clamp(20, 500), kills: 1 + messages / 20_000, seed }
    }
}

/// What was done to the messages, and what came of it.
#[derive(Debug, Default)]
pub struct Tally {
    /// Messages that were sent once, at once.
    pub plain: u64,
    /// Messages that were sent two or three times.
    pub doubled: u64,
    /// Messages that were held back behind later ones.
    pub reordered: u64,
    /// Messages beside which somebody sent one with a guessed token, which says that the product is deleted.
    pub forged: u64,
    /// Messages that were never sent.
    pub lost: u64,
    /// What the sender saw.
    pub sent: Sent,
    /// Kills of the program.
    pub kills: u64,
    /// Products of which the last message was lost: only polling could tell.
    pub untold: u64,
    /// How long it took from the first message until the last that was told was followed.
    pub took: Duration,
}

/// One product, as the source has it.
type Products = BTreeMap<i64, Value>;

/// A world of its own: systems, and an installation between them.
struct World<'s> {
    systems: &'s Systems,
    production: Production<'s>,
    /// Products of the catalog that are no concern of the flow.
    before: BTreeMap<String, Value>,
}

/// Changes products in both worlds, tells of it in one, and compares them.
///
/// # Errors
/// When anything does not start or answer, a forged message is taken in, or a product of the one world is not as in the
/// other.
pub fn deliveries(target: &Target, directory: &Path, plan: Plan) -> Result<Tally> {
    let start = |name: &str| {
        let directory = directory.join(name);
        std::fs::create_dir_all(&directory)?;
        Systems::start(target, &directory, 1, plan.seed, &["--no-faults"])
    };
    let (told, polled) = (start("told")?, start("polled")?);
    let told = World::new(target, &directory.join("told"), &told)?;
    let polled = World::new(target, &directory.join("polled"), &polled)?;
    let mut stream = Stream::new(plan);
    let began = Instant::now();
    let mut told_by = told.serve()?;
    stream.sender = Some(Sender::start(&told_by.url()));
    for number in 0..plan.messages {
        if stream.is_time_for_a_kill(number) {
            // Dropped, i.e. SIGKILL: nothing is finished, nothing is flushed.
            drop(told_by);
            told_by = told.serve()?;
            stream.redirect(&told_by.url());
        }
        stream.change(&told, &polled)?;
        if number.is_multiple_of((plan.messages / 4).max(1)) {
            polled.poll()?;
        }
    }
    let mut tally = stream.finish()?;
    stream.wait_for_the_catalog(&told, &mut tally)?;
    tally.took = began.elapsed();
    told_by.daemon.stop()?;
    agree(&stream.products, &told, &polled)?;
    Ok(tally)
}

/// The program at work, and where it takes webhooks in.
struct Serving {
    daemon: Daemon,
}

impl Serving {
    fn url(&self) -> String {
        format!("http://{}/webhook/mes", self.daemon.address())
    }
}

impl<'s> World<'s> {
    fn new(target: &Target, directory: &Path, systems: &'s Systems) -> Result<Self> {
        let production = Production::new(target, directory, systems)?;
        production.installation().poll_seldom()?;
        let before = catalog(systems)?;
        Ok(Self { systems, production, before })
    }

    fn serve(&self) -> Result<Serving> {
        Ok(Serving { daemon: Daemon::start(self.production.installation())? })
    }

    /// Reads what changed, and returns what the program says of the flow: done, filtered, parked, waiting. A run that could
    /// not read because of a slow machine is repeated.
    fn poll(&self) -> Result<[u64; 4]> {
        let poll = || self.production.installation().json(&["run", FLOW], &[0]);
        let report = poll().or_else(|_| poll()).or_else(|_| poll())?;
        let totals = totals(&report, FLOW)?;
        Ok([totals.done, totals.filtered, totals.parked, totals.waiting])
    }

    /// Returns the products that the flow brought, by their code.
    fn catalog(&self) -> Result<BTreeMap<String, Value>> {
        let mut catalog = catalog(self.systems)?;
        catalog.retain(|code, _| !self.before.contains_key(code));
        Ok(catalog)
    }
}

/// Reads the shop's catalog; a code that is there twice is an error.
fn catalog(systems: &Systems) -> Result<BTreeMap<String, Value>> {
    let listed = systems.command("baselinker", &json!({ "products": null }))?;
    let mut catalog = BTreeMap::new();
    for product in listed.as_array().context("the shop lists no products")? {
        let code = product["sku"].as_str().unwrap_or_default().to_owned();
        let shown = json!({ "name": product["text_fields"]["name"], "price": product["prices"]["105"] });
        ensure!(catalog.insert(code.clone(), shown).is_none(), "product `{code}` is doubled in the catalog");
    }
    Ok(catalog)
}

/// The changes, and what was told of them.
struct Stream {
    plan: Plan,
    dice: Dice,
    sender: Option<Sender>,
    products: Products,
    /// Number of a product's last change, and of all changes when a message about it was last sent.
    changed: BTreeMap<i64, u64>,
    told: BTreeMap<i64, u64>,
    held: Vec<(u64, Message)>,
    number: u64,
    tally: Tally,
}

impl Stream {
    fn new(plan: Plan) -> Self {
        Self {
            plan,
            dice: Dice(plan.seed),
            sender: None,
            products: Products::new(),
            changed: BTreeMap::new(),
            told: BTreeMap::new(),
            held: Vec::new(),
            number: 0,
            tally: Tally::default(),
        }
    }

    fn is_time_for_a_kill(&mut self, number: u64) -> bool {
        let every = self.plan.messages / (self.plan.kills + 1);
        let is_time = number > 0 && number.is_multiple_of(every.max(1)) && self.tally.kills < self.plan.kills;
        self.tally.kills += u64::from(is_time);
        is_time
    }

    fn redirect(&self, url: &str) {
        if let Some(sender) = &self.sender {
            sender.redirect(url);
        }
    }

    /// Changes one product in both worlds, and does to the message whatever the dice say.
    fn change(&mut self, told: &World<'_>, polled: &World<'_>) -> Result<()> {
        self.number += 1;
        let is_new = self.products.len() < usize::try_from(self.plan.products)? && self.dice.below(4) == 0;
        let (id, source) = match is_new || self.products.is_empty() {
            true => (self.add(told, polled)?, "product.created"),
            false => (self.edit(told, polled)?, "product.updated"),
        };
        self.changed.insert(id, self.number);
        let message = Message::new(self.number, WEBHOOK_TOKEN, source, id);
        match self.dice.below(12) {
            0 => self.tally.lost += 1,
            1 => {
                self.tally.doubled += 1;
                for _ in 0..=1 + self.dice.below(2) {
                    self.send(message.clone())?;
                }
            }
            2 => {
                self.tally.reordered += 1;
                let until = self.number + 1 + self.dice.below(HELD);
                self.held.push((until, message));
            }
            3 => {
                self.tally.forged += 1;
                let guess = format!("guess {}", self.dice.below(1 << 32));
                self.send(Message::new(self.number + (1 << 40), &guess, "product.deleted", id))?;
                self.send(message)?;
            }
            _ => {
                self.tally.plain += 1;
                self.send(message)?;
            }
        }
        self.release(self.number)
    }

    /// Sends what was held back for long enough.
    fn release(&mut self, number: u64) -> Result<()> {
        let (due, later) = std::mem::take(&mut self.held).into_iter().partition(|(until, _)| *until <= number);
        self.held = later;
        let due: Vec<(u64, Message)> = due;
        due.into_iter().try_for_each(|(_, message)| self.send(message))
    }

    fn send(&mut self, message: Message) -> Result<()> {
        if !message.is_forged() {
            self.told.insert(message.id(), self.number);
        }
        self.sender.as_ref().context("nobody sends")?.send(message)
    }

    fn add(&mut self, told: &World<'_>, polled: &World<'_>) -> Result<i64> {
        let record = self.content(&format!("WH-{}", self.products.len() + 1));
        let add = json!({ "add": { "table": "products", "record": record } });
        let id = told.systems.command("optimakers", &add)?["id"].as_i64().context("the product has no id")?;
        let other = polled.systems.command("optimakers", &add)?["id"].as_i64();
        ensure!(other == Some(id), "the worlds number products differently: {id} and {other:?}");
        self.products.insert(id, record);
        Ok(id)
    }

    fn edit(&mut self, told: &World<'_>, polled: &World<'_>) -> Result<i64> {
        let chosen = usize::try_from(self.dice.below(self.products.len().try_into()?))?;
        let (id, code) = self
            .products
            .iter()
            .nth(chosen)
            .map(|(id, product)| (*id, product["code"].as_str().unwrap_or_default().to_owned()))
            .context("there is no product")?;
        let record = self.content(&code);
        let edit = json!({ "edit": { "table": "products", "id": id, "fields": record } });
        told.systems.command("optimakers", &edit)?;
        polled.systems.command("optimakers", &edit)?;
        self.products.insert(id, record);
        Ok(id)
    }

    /// Makes up a name and a price, both of which tell which change it was.
    fn content(&mut self, code: &str) -> Value {
        let cents = 100 + self.dice.below(100_000);
        let gross = f64::from(u32::try_from(cents).unwrap_or(0)) / 100.0;
        json!({ "name": format!("Regał {}", self.number), "code": code, "unit": "szt", "ean": null, "netPrice": gross,
                "grossPrice": gross, "vatRateId": 3, "currencyId": 1, "isActive": true })
    }

    /// Sends what is still held back, and waits for every answer.
    fn finish(&mut self) -> Result<Tally> {
        self.release(u64::MAX)?;
        let sender = self.sender.take().context("nobody sends")?;
        self.tally.sent = sender.finish()?;
        let untold = self.changed.iter().filter(|(id, number)| self.told.get(id).is_none_or(|told| told < number));
        self.tally.untold = untold.count().try_into()?;
        Ok(std::mem::take(&mut self.tally))
    }

    /// Waits until every product that was told of is in the catalog as it is in the source, with nobody polling.
    fn wait_for_the_catalog(&self, world: &World<'_>, tally: &mut Tally) -> Result<()> {
        let began = Instant::now();
        loop {
            let wrong = self.wrong(&world.catalog()?);
            let Some(first) = wrong.first() else { return Ok(()) };
            if began.elapsed() > PATIENCE {
                bail!("{} products that were told of are not as in the source, e.g. {first}; {tally:?}", wrong.len());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn wrong(&self, catalog: &BTreeMap<String, Value>) -> Vec<String> {
        let was_told = |id: &i64| self.told.get(id) >= self.changed.get(id);
        let products = self.products.iter().filter(|(id, _)| was_told(id)).map(|(_, product)| product);
        products.filter(|product| !is_in(catalog, product)).map(Value::to_string).collect()
    }
}

fn is_in(catalog: &BTreeMap<String, Value>, product: &Value) -> bool {
    let code = product["code"].as_str().unwrap_or_default();
    let found = catalog.get(code);
    found.is_some_and(|found| {
        found["name"] == product["name"] && found["price"].as_f64() == product["grossPrice"].as_f64()
    })
}

/// Polls both worlds to the end: the catalogs are the same, so is what the ledgers say, and nothing is left to do.
fn agree(products: &Products, told: &World<'_>, polled: &World<'_>) -> Result<()> {
    let (by_told, by_polled) = (told.poll()?, polled.poll()?);
    ensure!(by_told == by_polled, "the ledgers say {by_told:?} with webhooks and {by_polled:?} without");
    let (with, without) = (told.catalog()?, polled.catalog()?);
    ensure!(with.len() == products.len(), "{} products in the catalog instead of {}", with.len(), products.len());
    for product in products.values() {
        ensure!(is_in(&with, product), "with webhooks the catalog does not have {product}");
        ensure!(is_in(&without, product), "with polling alone the catalog does not have {product}");
    }
    ensure!(with == without, "the catalogs differ");
    let writes = |world: &World<'_>| {
        Ok::<_, anyhow::Error>(
            world.systems.ask("baselinker", "counts")?["requests"]["by_operation"]["addInventoryProduct"].clone(),
        )
    };
    let (before, _) = (writes(told)?, told.poll()?);
    let after = writes(told)?;
    ensure!(before == after, "one more run writes again: {before} and then {after} writes");
    Ok(())
}
