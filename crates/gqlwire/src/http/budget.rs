use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::RetryBudget;

/// For how long what calls have earned may be saved up, at most, in calls: a client that was well for a day must not
/// spend a day's retries in one minute.
const SAVED_CALLS: f64 = 500.0;

/// What the repeated attempts of one client may still be. It is told the time.
#[derive(Debug)]
pub(crate) struct Budget {
    rule: RetryBudget,
    account: Mutex<Account>,
}

#[derive(Debug)]
struct Account {
    /// What calls have earned, in attempts.
    earned: f64,
    /// What time has given, in attempts.
    given: f64,
    at: Option<Instant>,
}

impl Budget {
    pub(crate) fn new(rule: RetryBudget) -> Self {
        let account = Account {
            earned: 0.0,
            given: rule.attempts_per_second,
            at: None,
        };
        Self {
            rule,
            account: Mutex::new(account),
        }
    }

    /// A call has begun.
    pub(crate) fn called(&self, now: Instant) {
        let mut account = self.at(now);
        let most = SAVED_CALLS * self.rule.share_of_calls;
        account.earned = (account.earned + self.rule.share_of_calls).min(most);
    }

    /// Takes one attempt, if there is one left.
    pub(crate) fn allows(&self, now: Instant) -> bool {
        if self.rule.share_of_calls.is_infinite() || self.rule.attempts_per_second.is_infinite() {
            return true;
        }
        let mut account = self.at(now);
        let account = &mut *account;
        let purse = match account.given >= 1.0 {
            true => &mut account.given,
            false => &mut account.earned,
        };
        let allowed = *purse >= 1.0;
        if allowed {
            *purse -= 1.0;
        }
        allowed
    }

    /// Why a call is not repeated.
    pub(crate) fn used_up(&self) -> String {
        format!(
            "; not repeated, for the retry budget of this client is used up: {} of its calls, and {} a second besides",
            percent(self.rule.share_of_calls),
            self.rule.attempts_per_second
        )
    }

    fn at(&self, now: Instant) -> std::sync::MutexGuard<'_, Account> {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = account
            .at
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let gained = passed.as_secs_f64() * self.rule.attempts_per_second;
        // A floor below one attempt a second is one attempt after some seconds.
        let most = self.rule.attempts_per_second.clamp(1.0, f64::MAX);
        account.given = (account.given + gained).min(most);
        account.at = Some(account.at.map_or(now, |at| at.max(now)));
        account
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spend(budget: &Budget, now: Instant) -> usize {
        (0..10_000).take_while(|_| budget.allows(now)).count()
    }

    #[test]
    fn a_second_gives_its_floor_and_calls_a_share_of_themselves() {
        let budget = Budget::new(RetryBudget::new(0.2, 10.0));
        let start = Instant::now();
        assert_eq!(spend(&budget, start), 10);
        for _ in 0..100 {
            budget.called(start);
        }
        // 19 or 20: a fifth is no number of the machine's.
        assert!((19..=20).contains(&spend(&budget, start)));
        assert_eq!(spend(&budget, start + Duration::from_millis(500)), 5);
        assert_eq!(spend(&budget, start + Duration::from_secs(3600)), 10);
        assert_eq!(spend(&budget, start), 0);
    }

    #[test]
    fn what_is_saved_up_in_good_times_is_bounded() {
        let budget = Budget::new(RetryBudget::new(0.2, 0.0));
        let start = Instant::now();
        for _ in 0..1_000_000 {
            budget.called(start);
        }
        assert!((99..=100).contains(&spend(&budget, start)));
    }

    #[test]
    fn an_unlimited_budget_allows_everything_and_an_empty_one_nothing() {
        let now = Instant::now();
        assert_eq!(spend(&Budget::new(RetryBudget::unlimited()), now), 10_000);
        let none = Budget::new(RetryBudget::new(0.0, 0.0));
        none.called(now);
        assert_eq!(spend(&none, now + Duration::from_secs(1_000_000)), 0);
    }

    #[test]
    fn a_slow_floor_is_an_attempt_now_and_then() {
        let budget = Budget::new(RetryBudget::new(0.0, 0.1));
        let start = Instant::now();
        assert_eq!(spend(&budget, start), 0);
        assert_eq!(spend(&budget, start + Duration::from_secs(11)), 1);
    }

    proptest! {
        #[test]
        fn never_more_is_spent_than_was_earned_and_given(
            share in -1.0..2.0f64, floor in -1.0..50.0f64, steps in prop::collection::vec((0u64..3000, any::<bool>()), 0..200),
        ) {
            let budget = Budget::new(RetryBudget::new(share, floor));
            let (mut now, mut calls, mut spent) = (Instant::now(), 0.0, 0.0);
            let start = now;
            for (pause, call) in steps {
                now += Duration::from_millis(pause);
                if call {
                    budget.called(now);
                    calls += 1.0;
                } else if budget.allows(now) {
                    spent += 1.0;
                }
                let time = (now - start).as_secs_f64();
                prop_assert!(spent <= calls * share.max(0.0) + floor.max(0.0) * (1.0 + time) + 0.001);
            }
        }
    }
}
