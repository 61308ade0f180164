//! From the traits of authors to the generated ones, and the macro that exports them.

use crate::bindings::exports::{self as wire, describe, feeds, references, setup, webhooks};
use crate::bindings::imports::wharf::connector::types;
use crate::{
    Bounds, Counts, Cursor, Delivery, Describe, Feeds, Intent, Outcome, Records, References, Result, Serving, Setup,
    Subscriptions, Wakeups, Webhooks, Writing,
};

impl<T: Describe> describe::Guest for T {
    fn manifest() -> String {
        T::manifest().to_json()
    }
    fn validate_config(config: String) -> Vec<types::Violation> {
        T::validate_config(&config)
    }
    fn migrate_config(from_version: u32, config: String) -> std::result::Result<String, types::Failure> {
        Ok(T::migrate_config(from_version, &config)?)
    }
    fn migrate_cursor(feed: String, cursor: Cursor) -> std::result::Result<Cursor, types::Failure> {
        Ok(T::migrate_cursor(&feed, cursor)?)
    }
}

impl<T: Setup> setup::Guest for T {
    fn check() -> Vec<setup::Step> {
        T::check()
    }
    fn discover() -> std::result::Result<String, types::Failure> {
        Ok(T::discover()?.to_json())
    }
}

impl<T: References> references::Guest for T {
    fn page(list: String, after: Option<String>) -> std::result::Result<references::ReferencePage, types::Failure> {
        Ok(T::page(&list, after.as_deref())?)
    }
}

impl<T: Feeds> feeds::Guest for T {
    fn pull(feed: String, cursor: Option<Cursor>, bounds: Bounds) -> std::result::Result<types::Page, types::Failure> {
        Ok(T::pull(&feed, cursor, bounds)?)
    }
}

impl<T: Records> wire::records::Guest for T {
    fn get(entity: String, id: String) -> std::result::Result<types::Item, types::Failure> {
        Ok(T::get(&entity, &id)?)
    }
    fn lookup(
        entity: String,
        query: Vec<(String, String)>,
        limit: u32,
    ) -> std::result::Result<Vec<types::Item>, types::Failure> {
        Ok(T::lookup(&entity, &query, limit)?)
    }
}

impl<T: Counts> wire::counts::Guest for T {
    fn count(feed: String, bounds: Bounds) -> std::result::Result<wire::counts::Tally, types::Failure> {
        Ok(T::count(&feed, bounds)?)
    }
}

impl<T: Writing> wire::writing::Guest for T {
    fn plan(intents: Vec<Intent>) -> Vec<std::result::Result<wire::writing::Preview, types::Failure>> {
        wired(T::plan_batch(&intents))
    }
    fn apply(intents: Vec<Intent>) -> Vec<types::Outcome> {
        T::apply_batch(&intents).into_iter().map(types::Outcome::from).collect()
    }
    fn verify(intents: Vec<Intent>) -> Vec<std::result::Result<types::Verdict, types::Failure>> {
        wired(T::verify_batch(&intents))
    }
}

impl<T: Webhooks> webhooks::Guest for T {
    fn parse(delivery: Delivery) -> webhooks::Parsed {
        T::parse(delivery)
    }
}

impl<T: Subscriptions> wire::subscriptions::Guest for T {
    fn subscribe(
        url: String,
        topics: Vec<String>,
    ) -> std::result::Result<wire::subscriptions::Subscription, types::Failure> {
        Ok(T::subscribe(&url, &topics)?)
    }
    fn unsubscribe(id: String) -> std::result::Result<(), types::Failure> {
        Ok(T::unsubscribe(&id)?)
    }
    fn subscriptions() -> std::result::Result<Vec<wire::subscriptions::Subscription>, types::Failure> {
        Ok(T::subscriptions()?)
    }
}

impl<T: Serving> wire::serving::Guest for T {
    fn serve(request: Delivery) -> std::result::Result<webhooks::Reply, types::Failure> {
        Ok(T::serve(request)?)
    }
}

impl<T: Wakeups> wire::wakeups::Guest for T {
    fn wake(name: String, payload: String) -> std::result::Result<(), types::Failure> {
        Ok(T::wake(&name, &payload)?)
    }
}

impl From<Result<Outcome>> for types::Outcome {
    fn from(outcome: Result<Outcome>) -> Self {
        match outcome {
            Ok(Outcome::Applied(applied)) => Self::Applied(applied),
            Ok(Outcome::AlreadyApplied(applied)) => Self::AlreadyApplied(applied),
            Ok(Outcome::NothingToDo) => Self::NothingToDo,
            Err(failure) => Self::Failed(failure.into()),
        }
    }
}

#[expect(clippy::result_large_err, reason = "the generated code takes failures as they cross the boundary")]
fn wired<T>(results: Vec<Result<T>>) -> Vec<std::result::Result<T, types::Failure>> {
    results.into_iter().map(|result| result.map_err(types::Failure::from)).collect()
}

/// Exports a connector from its component: `export!(MyConnector: describe, setup, feeds)`.
///
/// Name the interfaces whose traits the type implements: `describe`, `setup`, `references`, `feeds`, `records`,
/// `counts`, `writing`, `webhooks`, `subscriptions`, `serving`, `wakeups`. The component exports these and no others.
/// Built for anything but wasm it only checks that the traits are implemented.
#[macro_export]
macro_rules! export {
    ($connector:ident: $($interface:ident),+ $(,)?) => {
        const _: () = {
            $($crate::export!(@checked $interface $connector);)+
        };
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the component's raw exports, generated from the contract")]
        const _: () = {
            $($crate::bindings::$interface::export!($connector with_types_in $crate::bindings::$interface);)+
        };
    };
    (@checked $interface:ident $connector:ident) => {
        const _: fn() = {
            fn implemented<T: $crate::bindings::exports::$interface::Guest>() {}
            implemented::<$connector>
        };
    };
}
