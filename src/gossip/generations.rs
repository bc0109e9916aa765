//! Tasks that follow a setting: when it changes, others take their place.

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Task;
use crate::config::Live;

/// Runs what `start` makes of the setting until `stop`. All tasks end before those of a new setting start.
/// Ends early when one of them does.
pub async fn follow<T>(
    setting: Live<T>,
    stop: CancellationToken,
    mut start: impl FnMut(&T, &CancellationToken) -> Vec<Task>,
) {
    let mut changes = setting.changes();
    while !stop.is_cancelled() {
        let current = changes.borrow_and_update().clone();
        let ending = stop.child_token();
        let mut running = spawn_all(start(&current, &ending));
        let has_ended = tokio::select! {
            () = stop.cancelled() => false,
            _ = changes.changed() => false,
            Some(ended) = running.join_next() => {
                notice(ended);
                true
            }
        };
        ending.cancel();
        while let Some(ended) = running.join_next().await {
            notice(ended);
        }
        if has_ended {
            return;
        }
    }
}

/// Runs tasks to their end; when the first ends before `stop`, the others are ended, too.
pub async fn run_all(tasks: Vec<Task>, stop: &CancellationToken) {
    let mut running = spawn_all(tasks);
    while let Some(ended) = running.join_next().await {
        notice(ended);
        if !stop.is_cancelled() {
            return;
        }
    }
}

fn spawn_all(tasks: Vec<Task>) -> JoinSet<&'static str> {
    let mut running = JoinSet::new();
    for (name, task) in tasks {
        running.spawn(async move {
            task.await;
            name
        });
    }
    running
}

/// A panic goes on in whoever looks after the tasks.
fn notice(ended: Result<&'static str, JoinError>) {
    match ended {
        Ok(task) => tracing::debug!(task, "a task of gossip ended"),
        Err(error) => {
            if let Ok(panic) = error.try_into_panic() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The tasks of one setting are over before those of the next begin, and a stop ends the last.
    #[tokio::test]
    async fn settings_have_their_tasks_one_after_another() {
        let (setting, stop, told) = (Live::new(1), CancellationToken::new(), Arc::new(Mutex::new(Vec::new())));
        let start = {
            let told = told.clone();
            move |setting: &i32, ending: &CancellationToken| -> Vec<Task> {
                let (setting, ending, told) = (*setting, ending.clone(), told.clone());
                let task = async move {
                    told.lock().unwrap().push(format!("begin {setting}"));
                    ending.cancelled().await;
                    tokio::task::yield_now().await;
                    told.lock().unwrap().push(format!("end {setting}"));
                };
                vec![("test", Box::pin(task))]
            }
        };
        let has = async |line: &str| {
            while !told.lock().unwrap().iter().any(|told| told == line) {
                tokio::task::yield_now().await;
            }
        };
        let change = async {
            has("begin 1").await;
            setting.set(2);
            has("begin 2").await;
            stop.cancel();
        };
        tokio::join!(follow(setting.clone(), stop.clone(), start), change);
        assert_eq!(*told.lock().unwrap(), ["begin 1", "end 1", "begin 2", "end 2"]);
    }

    /// A task that ends although nobody told it to is not left at that.
    #[tokio::test]
    async fn an_early_end_is_noticed() {
        let start = |(): &(), ending: &CancellationToken| -> Vec<Task> {
            let ending = ending.clone();
            vec![("short", Box::pin(async {})), ("long", Box::pin(async move { ending.cancelled().await }))]
        };
        follow(Live::new(()), CancellationToken::new(), start).await;
    }
}
