//! Call budgets: so many calls in a sliding window, so many at once, and holds that a remote asked for.
//!
//! The rules are pure: the time comes in as an argument. `Budgets` is what all connections of a host share; it only
//! adds the lock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::manifest::BudgetRequest;
use crate::model::Instant;

/// Longest time that a budget is held, whatever the remote or the connector says: a day.
pub(crate) const MAX_HOLD: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a budget is held when nobody said until when.
pub(crate) const DEFAULT_HOLD: Duration = Duration::from_secs(30);

/// How long a request waits in the pipeline for its budget; what takes longer is refused with the time at which to
/// come again, so that no instance is kept for waiting.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(2);

/// When to ask again after all places of a budget were taken.
const CROWDED: Duration = Duration::from_millis(50);

/// Most calls that one window counts exactly.
const MAX_CALLS: u32 = 100_000;

/// Budgets kept before those that are at rest are forgotten.
const MAX_KEPT: usize = 1_024;

/// Which credential of which account, and which budget of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BudgetKey {
    /// Account that the operator named, or a fingerprint of the secret, or the connection.
    pub(crate) account: String,
    /// Name of the budget.
    pub(crate) budget: String,
}

/// How much a budget allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allotment {
    calls: u32,
    window: Duration,
    concurrent: Option<u32>,
}

impl Allotment {
    /// What a connector that declares no budget gets: 50 calls in any second. None of the known systems allows more,
    /// and it keeps a loop without a brake from being an attack.
    pub(crate) const UNDECLARED: Self = Self { calls: 50, window: Duration::from_secs(1), concurrent: None };

    /// Reads a budget of the manifest: at least one call, windows of one second to one day.
    pub(crate) fn of(request: &BudgetRequest, config: &serde_json::Value) -> Self {
        let configured = request.calls_from_config.as_ref().and_then(|key| config.get(key)).and_then(|n| n.as_u64());
        let calls = configured.map_or(request.calls, |calls| u32::try_from(calls).unwrap_or(u32::MAX));
        Self {
            calls: calls.clamp(1, MAX_CALLS),
            window: Duration::from_secs(u64::from(request.seconds.clamp(1, 86_400))),
            concurrent: request.concurrent.map(|places| places.max(1)),
        }
    }
}

/// The calls of one budget.
#[derive(Debug, Default)]
struct Window {
    /// Starts of the calls within the window, oldest first.
    starts: VecDeque<Instant>,
    under_way: u32,
    held_until: Option<Instant>,
    /// Longest window that anybody asked for here.
    longest: Duration,
}

impl Window {
    /// Takes one call, or says when to ask again.
    fn take(&mut self, allotment: Allotment, now: Instant) -> Result<(), Instant> {
        self.longest = self.longest.max(allotment.window);
        self.forget_old(now);
        if let Some(until) = self.held_until.filter(|until| *until > now) {
            return Err(until);
        }
        if allotment.concurrent.is_some_and(|places| self.under_way >= places) {
            return Err(now.after(CROWDED));
        }
        let calls = usize::try_from(allotment.calls).unwrap_or(usize::MAX);
        // The window is full when as many calls back there is one that is still inside.
        let decisive = self.starts.len().checked_sub(calls).and_then(|index| self.starts.get(index));
        if let Some(free) = decisive.map(|start| start.after(allotment.window)).filter(|free| *free > now) {
            return Err(free);
        }
        self.starts.push_back(now);
        self.under_way = self.under_way.saturating_add(1);
        Ok(())
    }

    fn forget_old(&mut self, now: Instant) {
        // A clock that was set back would keep calls for as long as it was set back; they are from no window then.
        while self.starts.back().is_some_and(|start| *start > now) {
            self.starts.pop_back();
        }
        while self.starts.front().is_some_and(|start| start.after(self.longest) <= now) {
            self.starts.pop_front();
        }
    }

    fn hold(&mut self, until: Instant, now: Instant) {
        let until = until.min(now.after(MAX_HOLD));
        self.held_until = self.held_until.max(Some(until));
    }

    fn is_at_rest(&self, now: Instant) -> bool {
        self.under_way == 0
            && self.held_until.is_none_or(|until| until <= now)
            && self.starts.back().is_none_or(|start| start.after(self.longest) <= now)
    }
}

/// The budgets of all connections of a host.
#[derive(Debug, Default)]
pub(crate) struct Budgets(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    windows: HashMap<BudgetKey, Window>,
    /// Holds of whole accounts.
    accounts: HashMap<String, Instant>,
}

impl Budgets {
    /// Takes one call of a budget; the place under way is given back when the permit is dropped.
    ///
    /// # Errors
    /// The moment at which a call may succeed.
    pub(crate) fn take(
        self: &Arc<Self>,
        key: &BudgetKey,
        allotment: Allotment,
        now: Instant,
    ) -> Result<Permit, Instant> {
        let mut kept = self.kept();
        if let Some(until) = kept.accounts.get(&key.account).copied().filter(|until| *until > now) {
            return Err(until);
        }
        kept.forget_resting(now);
        kept.windows.entry(key.clone()).or_default().take(allotment, now)?;
        Ok(Permit { budgets: Arc::clone(self), key: key.clone() })
    }

    /// Lets no call of a budget start before `until`, a day from now at most.
    pub(crate) fn hold(&self, key: &BudgetKey, until: Instant, now: Instant) {
        self.kept().windows.entry(key.clone()).or_default().hold(until, now);
    }

    /// Lets no call of an account start before `until`, a day from now at most.
    pub(crate) fn hold_account(&self, account: &str, until: Instant, now: Instant) {
        let until = until.min(now.after(MAX_HOLD));
        let mut kept = self.kept();
        let held = kept.accounts.entry(account.to_owned()).or_insert(until);
        *held = until.max(*held);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget_resting(&mut self, now: Instant) {
        if self.windows.len() >= MAX_KEPT {
            self.windows.retain(|_, window| !window.is_at_rest(now));
        }
        if self.accounts.len() >= MAX_KEPT {
            self.accounts.retain(|_, until| *until > now);
        }
    }
}

/// A call of a budget that is under way.
pub(crate) struct Permit {
    budgets: Arc<Budgets>,
    key: BudgetKey,
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(window) = self.budgets.kept().windows.get_mut(&self.key) {
            window.under_way = window.under_way.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn allotment(calls: u32, seconds: u64) -> Allotment {
        Allotment { calls, window: Duration::from_secs(seconds), concurrent: None }
    }

    fn key(account: &str, budget: &str) -> BudgetKey {
        BudgetKey { account: account.into(), budget: budget.into() }
    }

    #[test]
    fn window_slides_and_names_the_first_free_moment() {
        let mut window = Window::default();
        let allotment = allotment(2, 60);
        assert_eq!(window.take(allotment, Instant(0)), Ok(()));
        assert_eq!(window.take(allotment, Instant(10_000)), Ok(()));
        assert_eq!(window.take(allotment, Instant(59_999)), Err(Instant(60_000)));
        assert_eq!(window.take(allotment, Instant(60_000)), Ok(()));
        assert_eq!(window.take(allotment, Instant(60_001)), Err(Instant(70_000)));
        assert_eq!(window.take(allotment, Instant(70_000)), Ok(()));
    }

    #[test]
    fn two_allotments_on_one_window_see_each_others_calls() {
        let mut window = Window::default();
        for at in 0..5 {
            window.take(allotment(5, 60), Instant(at * 10_000)).unwrap();
        }
        // Two calls are within the last 15 s, at 30 s and 40 s: the one at 30 s leaves the window at 45 s.
        assert_eq!(window.take(allotment(2, 15), Instant(41_000)), Err(Instant(45_000)));
        assert_eq!(window.take(allotment(3, 15), Instant(41_000)), Ok(()));
    }

    #[test]
    fn clock_set_back_does_not_lock_the_budget() {
        let mut window = Window::default();
        window.take(allotment(1, 60), Instant(1_000_000_000)).unwrap();
        assert_eq!(window.take(allotment(1, 60), Instant(5_000)), Ok(()));
    }

    #[test]
    fn places_under_way_are_given_back() {
        let budgets = Arc::new(Budgets::default());
        let allotment = Allotment { concurrent: Some(1), ..allotment(100, 60) };
        let permit = budgets.take(&key("a", "default"), allotment, Instant(0)).unwrap();
        assert!(budgets.take(&key("a", "default"), allotment, Instant(1)).is_err());
        drop(permit);
        assert!(budgets.take(&key("a", "default"), allotment, Instant(2)).is_ok());
    }

    #[test]
    fn hold_covers_its_budget_and_account_hold_covers_all() {
        let budgets = Arc::new(Budgets::default());
        let (orders, stock) = (key("a", "orders"), key("a", "stock"));
        budgets.hold(&orders, Instant(5_000), Instant(0));
        assert_eq!(budgets.take(&orders, allotment(9, 1), Instant(1)).err(), Some(Instant(5_000)));
        assert!(budgets.take(&stock, allotment(9, 1), Instant(1)).is_ok());
        budgets.hold_account("a", Instant(9_000), Instant(0));
        assert_eq!(budgets.take(&stock, allotment(9, 1), Instant(2)).err(), Some(Instant(9_000)));
        assert!(budgets.take(&key("b", "stock"), allotment(9, 1), Instant(2)).is_ok());
        assert!(budgets.take(&stock, allotment(9, 1), Instant(9_000)).is_ok());
    }

    #[test]
    fn hold_is_never_shortened_and_never_longer_than_a_day() {
        let budgets = Arc::new(Budgets::default());
        let orders = key("a", "orders");
        budgets.hold(&orders, Instant(u64::MAX), Instant(0));
        budgets.hold(&orders, Instant(1), Instant(0));
        let day = Instant(0).after(MAX_HOLD);
        assert_eq!(budgets.take(&orders, allotment(9, 1), Instant(1)).err(), Some(day));
    }

    #[test]
    fn resting_budgets_are_forgotten() {
        let budgets = Arc::new(Budgets::default());
        for number in 0..MAX_KEPT as u64 * 2 {
            let key = key(&number.to_string(), "default");
            drop(budgets.take(&key, allotment(9, 1), Instant(number * 2_000)).unwrap());
        }
        assert!(budgets.kept().windows.len() <= MAX_KEPT);
    }

    #[test]
    fn configured_calls_replace_declared_ones() {
        let request = BudgetRequest {
            name: "default".into(),
            calls: 100,
            seconds: 60,
            concurrent: None,
            calls_from_config: Some("calls_per_minute".into()),
        };
        let of = |config| Allotment::of(&request, &config).calls;
        assert_eq!(of(serde_json::json!({"calls_per_minute": 500})), 500);
        assert_eq!(of(serde_json::json!({"calls_per_minute": 0})), 1);
        assert_eq!(of(serde_json::json!({"calls_per_minute": "many"})), 100);
        assert_eq!(of(serde_json::json!({})), 100);
    }
}
