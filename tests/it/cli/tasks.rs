//! The tasks of a server: one that dies is noticed and named.

use std::time::Duration;

use hockeypuck::app::Shutdown;
use hockeypuck::app::lifecycle::{Ended, Tasks};

/// The end of a task is told with its name, and a panic with its words.
#[tokio::test]
async fn deaths_are_told() {
    let mut tasks = Tasks::default();
    tasks.spawn("tired", async {});
    assert_eq!(tasks.next().await, Some(Ended { task: "tired", panic: None }));
    tasks.spawn("broken", async { panic!("the {} is broken", "wheel") });
    assert_eq!(tasks.next().await, Some(Ended { task: "broken", panic: Some("the wheel is broken".into()) }));
    assert_eq!(tasks.next().await, None);
}

/// Draining waits for every task, also for those that panic.
#[tokio::test]
async fn draining_waits_for_all() {
    let stop = Shutdown::new();
    let mut tasks = Tasks::default();
    for _ in 0..3 {
        tasks.spawn("patient", stop.token().cancelled_owned());
    }
    tasks.spawn("broken", async { panic!("broken") });
    assert!(tokio::time::timeout(Duration::from_millis(50), tasks.drain()).await.is_err());
    stop.soft();
    tasks.drain().await;
    assert_eq!(tasks.next().await, None);
}

/// A hard stop is also a soft one, for everybody who has a clone.
#[tokio::test]
async fn a_hard_stop_is_also_soft() {
    let [stop, clone] = {
        let stop = Shutdown::new();
        [stop.clone(), stop]
    };
    stop.hard();
    clone.requested().await;
    clone.forced().await;
}
