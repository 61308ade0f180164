//! Every function of the contract that the host calls: what it takes, what it gives, what it may do meanwhile.

use serde_json::Value;
use wasmtime::Store;

use super::said::said;
use super::{Ask, Program, Told};
use crate::call::Call;
use crate::capability::http::scope::Allowance;
use crate::model::{
    Bounds, Cursor, Delivery, Failure, Intent, Item, Outcome, Page, Parsed, Preview, ReferencePage, Reply, Step,
    Subscription, Tally, Verdict, Violation,
};

/// Declares an ask: its arguments, and the method of the same name that every contract version's program has.
macro_rules! asks {
    ($($(#[$doc:meta])* $ask:ident = $interface:literal . $method:ident ($($arg:ident : $type:ty),*) -> $output:ty,
        $allowance:ident $(, $failures:expr)?;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $ask<'a> {
            $(pub(crate) $arg: $type,)*
            pub(crate) _args: std::marker::PhantomData<&'a ()>,
        }

        impl<'a> $ask<'a> {
            pub(crate) fn new($($arg: $type),*) -> Self {
                Self { $($arg,)* _args: std::marker::PhantomData }
            }
        }

        impl Ask for $ask<'_> {
            type Output = $output;
            const NAME: &'static str = stringify!($method);
            const INTERFACE: &'static str = $interface;
            const ALLOWANCE: Allowance = Allowance::$allowance;

            fn arguments(&self) -> Value {
                let arguments: [(&str, Value); _] = [$((stringify!($arg), said(&self.$arg))),*];
                arguments.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }

            async fn call(&self, program: &Program, store: &mut Store<Call>) -> Told<$output> {
                match program {
                    Program::V0_1(program) => program.$method(store, $(self.$arg),*).await,
                }
            }

            $(fn failures(output: &mut $output) -> Vec<&mut Failure> {
                $failures(output)
            })?
        }
    )*};
}

fn of_outcomes(outcomes: &mut [Outcome]) -> Vec<&mut Failure> {
    outcomes.iter_mut().filter_map(failed).collect()
}

fn failed(outcome: &mut Outcome) -> Option<&mut Failure> {
    match outcome {
        Outcome::Failed(failure) => Some(failure),
        _ => None,
    }
}

fn of_results<T>(results: &mut [Result<T, Failure>]) -> Vec<&mut Failure> {
    results.iter_mut().filter_map(|result| result.as_mut().err()).collect()
}

asks! {
    /// `describe.manifest`
    Manifest = "describe".manifest() -> String, Nothing;
    /// `describe.validate-config`
    ValidateConfig = "describe".validate_config(config: &'a str) -> Vec<Violation>, Nothing;
    /// `describe.migrate-config`
    MigrateConfig = "describe".migrate_config(from: u32, config: &'a str) -> String, Nothing;
    /// `describe.migrate-cursor`
    MigrateCursor = "describe".migrate_cursor(feed: &'a str, cursor: &'a Cursor) -> Cursor, Nothing;
    /// `setup.check`
    Check = "setup".check_setup() -> Vec<Step>, Reads;
    /// `setup.discover`
    Discover = "setup".discover() -> String, Reads;
    /// `references.page`
    References = "references".reference_page(list: &'a str, after: Option<&'a str>) -> ReferencePage, Reads;
    /// `feeds.pull`
    Pull = "feeds".pull(feed: &'a str, cursor: Option<&'a Cursor>, bounds: &'a Bounds) -> Page, Reads;
    /// `records.get`
    Get = "records".get(entity: &'a str, id: &'a str) -> Item, Reads;
    /// `records.lookup`
    Lookup = "records".lookup(entity: &'a str, query: &'a [(String, String)], limit: u32) -> Vec<Item>, Reads;
    /// `counts.count`
    Count = "counts".count(feed: &'a str, bounds: &'a Bounds) -> Tally, Reads;
    /// `writing.plan`
    Plan = "writing".plan(intents: &'a [Intent]) -> Vec<Result<Preview, Failure>>, Nothing, of_results;
    /// `writing.apply`
    Apply = "writing".apply(intents: &'a [Intent]) -> Vec<Outcome>, Writes, of_outcomes;
    /// `writing.verify`
    Verify = "writing".verify(intents: &'a [Intent]) -> Vec<Result<Verdict, Failure>>, Reads, of_results;
    /// `webhooks.parse`
    Parse = "webhooks".parse_webhook(delivery: &'a Delivery) -> Parsed, Nothing;
    /// `subscriptions.subscribe`
    Subscribe = "subscriptions".subscribe(url: &'a str, topics: &'a [String]) -> Subscription, Writes;
    /// `subscriptions.unsubscribe`
    Unsubscribe = "subscriptions".unsubscribe(id: &'a str) -> (), Writes;
    /// `subscriptions.subscriptions`
    Subscriptions = "subscriptions".subscriptions() -> Vec<Subscription>, Reads;
    /// `serving.serve`
    Serve = "serving".serve(delivery: &'a Delivery) -> Reply, Writes;
    /// `wakeups.wake`
    Wake = "wakeups".wake(name: &'a str, payload: &'a str) -> (), IdempotentWrites;
}
