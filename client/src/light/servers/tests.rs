//! Whom to ask: over real servers on loopback that fail, lie, fall silent and come back.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::*;
use crate::light::server::tests::hostile::{Asked, Hostile, Wire, http, result, transport};
use crate::light::server::{Absence, Fault};

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Doubt {
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("false")]
    False,
    #[error("ours")]
    Ours,
}

impl Judged for Doubt {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Server(error) => error.verdict(),
            Self::False => Verdict::False,
            Self::Ours => Verdict::Ours,
        }
    }
}

fn secret() -> AssignmentSecret {
    AssignmentSecret::from_bytes([7; 32])
}

fn over(urls: &[ServerUrl], spread: bool) -> Servers {
    Servers::new(urls, &transport(), secret(), spread).unwrap()
}

fn list(servers: &[&Hostile], spread: bool) -> Servers {
    let urls: Vec<ServerUrl> = servers.iter().map(|server| server.url()).collect();
    over(&urls, spread)
}

fn address(number: u8) -> Address {
    Address::new([number; 20])
}

/// A server that answers with its name.
async fn named(name: &'static str) -> Hostile {
    Hostile::saying(move |asked| result(asked, &json!(name))).await
}

/// A server that says nothing.
async fn mute() -> Hostile {
    Hostile::start(|_, mut wire| async move {
        wire.hold().await;
        None
    })
    .await
}

async fn ask(servers: &Servers, route: Route<'_>) -> Result<Answered<Value>, NoAnswer<ServerError>> {
    let question = |_, server: Arc<HttpServer>| async move { server.call("light_tip", &()).await };
    timeout(PATIENCE, servers.ask(route, question)).await.expect("a bounded time")
}

#[test]
fn a_list_has_servers_not_too_many_and_each_once() {
    let url = |number: usize| ServerUrl::parse(&format!("https://{number}.example.org")).unwrap();
    let make = |urls: &[ServerUrl]| Servers::new(urls, &transport(), secret(), false).map(|_| ());
    assert_eq!(make(&[]), Err(ServersError::NoServer));
    assert_eq!(make(&[url(1), url(2), url(1)]), Err(ServersError::Twice(url(1))));
    let urls: Vec<ServerUrl> = (0..=SERVERS_MAX).map(url).collect();
    assert_eq!(make(&urls[..SERVERS_MAX]), Ok(()));
    assert_eq!(make(&urls), Err(ServersError::TooMany));
    let onion = ServerUrl::parse("abcdefghij234567.onion").unwrap();
    let refused = ServersError::Server { url: onion.clone(), error: ServerError::OnionWithoutProxy };
    assert_eq!(make(&[onion]), Err(refused));
}

#[tokio::test]
async fn a_failed_server_is_left_for_the_next_of_the_list_and_rests() {
    let broken = Hostile::saying(|_| http("500 No", &[], "")).await;
    let well = named("well").await;
    let servers = list(&[&broken, &well], false);
    let [first, second] = [0, 1].map(|index| servers.ids().nth(index).unwrap());
    assert_eq!(servers.order(Route::Any), [first, second], "as the user named them");

    let answered = ask(&servers, Route::Any).await.unwrap();
    assert_eq!((answered.value, answered.by), (json!("well"), second));
    assert_eq!(servers.standing(first).health(), Health::Failing);
    assert_eq!(servers.standing(second).health(), Health::Well);
    assert_eq!(servers.order(Route::Any), [second, first]);
    ask(&servers, Route::Any).await.unwrap();
    assert_eq!(broken.seen.questions(), 1, "it rests");
    assert_eq!(servers.traffic().round_trips, 2);
}

#[tokio::test]
async fn when_all_fail_each_says_how() {
    let broken = Hostile::saying(|_| http("500 No", &[], "")).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let servers = over(&[broken.url(), ServerUrl::parse(&gone.to_string()).unwrap()], false);
    let no_answer = ask(&servers, Route::Any).await.unwrap_err();
    let errors: Vec<ServerError> = no_answer.failures.iter().map(|(_, error)| error.clone()).collect();
    assert_eq!(errors, [Fault::Status { status: 500 }.into(), Absence::ConnectionRefused.into()]);
    assert_eq!(no_answer.gravest().map(|(id, _)| id.index()), Some(0));
}

#[tokio::test]
async fn whoever_lied_is_not_asked_again() {
    let (liar, honest) = (named("lie").await, named("truth").await);
    let servers = list(&[&liar, &honest], false);
    let question = |_, server: Arc<HttpServer>| async move {
        let said: Value = server.call("light_tip", &()).await?;
        if said == json!("lie") { Err(Doubt::False) } else { Ok(said) }
    };
    for _ in 0..3 {
        let answered = servers.ask(Route::Any, question).await.unwrap();
        assert_eq!((answered.value, answered.by.index()), (json!("truth"), 1));
    }
    assert_eq!(liar.seen.questions(), 1);
    let id = servers.ids().next().unwrap();
    assert_eq!(servers.standing(id).health(), Health::Distrusted);
    let nobody = servers.ask(Route::Only(id), question).await.unwrap_err();
    assert_eq!(nobody, NoAnswer { failures: vec![] });
    assert_eq!(nobody.to_string(), "no remote node is left to be asked");
}

#[tokio::test]
async fn a_fault_of_this_side_ends_the_asking_and_harms_nobody() {
    let (one, other) = (named("one").await, named("other").await);
    let servers = list(&[&one, &other], false);
    let asked = AtomicUsize::new(0);
    let outcome: Result<Answered<Value>, _> = servers
        .ask(Route::Any, |_, _| {
            asked.fetch_add(1, Ordering::SeqCst);
            async { Err(Doubt::Ours) }
        })
        .await;
    assert_eq!(outcome.unwrap_err().failures.len(), 1);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(servers.ids().all(|id| servers.standing(id).health() == Health::Unknown));
}

#[tokio::test]
async fn a_late_server_is_overtaken_by_a_hedge() {
    let (late, quick) = (mute().await, named("quick").await);
    let servers = list(&[&late, &quick], false);
    // Shorter than the deadline after which the first would fail.
    let first = servers.ids().next().unwrap();
    servers.entries[first.index()].standing.lock().answered(Duration::from_millis(10));
    let answered = ask(&servers, Route::Any).await.unwrap();
    assert_eq!((answered.value, answered.by.index()), (json!("quick"), 1));
    assert_eq!(servers.standing(first).failures(), 0, "it was slow, and did not fail");
    assert!(servers.standing(first).latency() > Some(Duration::from_millis(10)));
    assert_eq!(late.seen.questions(), 1);
}

#[tokio::test]
async fn one_server_learns_one_address() {
    let hosts = [named("a").await, named("b").await, named("c").await];
    let servers = list(&[&hosts[0], &hosts[1], &hosts[2]], false);
    let mine = address(1);
    let assigned = servers.assigned(&mine).unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&servers, Route::Address(&mine)).await.unwrap().by, assigned);
    }
    for id in servers.ids() {
        let expected = if id == assigned { 5 } else { 0 };
        assert_eq!(hosts[id.index()].seen.questions(), expected);
    }
    // The same after a restart, however the user orders the list.
    let again = list(&[&hosts[2], &hosts[0], &hosts[1]], false);
    let same = again.assigned(&mine).unwrap();
    assert_eq!(again.server(same).url(), servers.server(assigned).url());
}

#[tokio::test]
async fn an_address_is_not_hedged_and_goes_to_one_more_server_if_its_own_fails() {
    let hosts = [mute().await, mute().await, mute().await];
    let servers = list(&[&hosts[0], &hosts[1], &hosts[2]], false);
    let mine = address(1);
    let order = servers.order(Route::Address(&mine));
    let question =
        |_, server: Arc<HttpServer>| async move { server.call::<_, Value>("state_proof", &()).await };
    // Far beyond the longest delay of a hedge that these servers could have.
    for id in &order {
        servers.entries[id.index()].standing.lock().answered(Duration::from_millis(1));
    }
    let waiting = timeout(Duration::from_millis(300), servers.ask(Route::Address(&mine), question));
    assert!(waiting.await.is_err(), "it still waits for the first");
    let asked = |place: usize| hosts[order[place].index()].seen.questions();
    assert_eq!((asked(0), asked(1), asked(2)), (1, 0, 0));

    let last = named("last").await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let servers = over(&[ServerUrl::parse(&gone.to_string()).unwrap(), last.url()], false);
    // An address whose own server is the one that is gone.
    let mine = (0..).map(address).find(|one| servers.assigned(one).unwrap().index() == 0).unwrap();
    assert_eq!(ask(&servers, Route::Address(&mine)).await.unwrap().by.index(), 1);
    assert_eq!(servers.assigned(&mine).unwrap().index(), 1, "while the other rests");
}

#[test]
fn addresses_are_dealt_out_evenly_and_few_move_when_a_server_leaves() {
    let url = |number: usize| ServerUrl::parse(&format!("https://{number}.example.org")).unwrap();
    let urls: Vec<ServerUrl> = (0..4).map(url).collect();
    let (all, fewer) = (over(&urls, false), over(&urls[..3], false));
    let mut counts = [0; 4];
    for number in 0..=255 {
        let address = address(number);
        let chosen = all.assigned(&address).unwrap();
        counts[chosen.index()] += 1;
        if chosen.index() < 3 {
            assert_eq!(fewer.assigned(&address), Some(chosen), "an address moves only if its server left");
        }
    }
    // 64 each on the average, 7 of standard deviation.
    assert!(counts.iter().all(|count| (29..100).contains(count)), "{counts:?}");
    let other = Servers::new(&urls, &transport(), AssignmentSecret::from_bytes([8; 32]), false).unwrap();
    let moved = (0..=255).map(address).filter(|one| other.assigned(one) != all.assigned(one)).count();
    assert!(moved > 128, "another secret deals differently: {moved}");
}

#[tokio::test]
async fn a_spread_list_asks_the_fastest_about_everything() {
    let hosts = [named("a").await, named("b").await];
    let servers = list(&[&hosts[0], &hosts[1]], true);
    servers.entries[1].standing.lock().answered(Duration::from_millis(1));
    for number in 0..8 {
        assert_eq!(servers.assigned(&address(number)).unwrap().index(), 1);
    }
}

#[tokio::test]
async fn several_are_told_and_each_one_answers_for_itself() {
    let broken = Hostile::saying(|_| http("500 No", &[], "")).await;
    let hosts = [named("a").await, broken, named("c").await];
    let servers = list(&[&hosts[0], &hosts[1], &hosts[2]], false);
    let question =
        |_, server: Arc<HttpServer>| async move { server.call::<_, Value>("tx_submit", &["00"]).await };
    let answers = timeout(PATIENCE, servers.ask_several(3, question)).await.unwrap();
    let answers: Vec<_> = answers.into_iter().map(|(id, answer)| (id.index(), answer)).collect();
    assert_eq!(
        answers,
        [(0, Ok(json!("a"))), (1, Err(Fault::Status { status: 500 }.into())), (2, Ok(json!("c")))]
    );
    assert_eq!(servers.ask_several(1, question).await.len(), 1);
}

#[tokio::test]
async fn a_killed_server_that_comes_back_is_used_again() {
    let answer = |asked: Asked, mut wire: Wire| async move {
        wire.say(result(&asked, &json!(1))).await.then_some(wire)
    };
    let first = Hostile::start(answer).await;
    let place = first.address;
    let servers = list(&[&first], false);
    ask(&servers, Route::Any).await.unwrap();
    drop(first);
    let outage = loop {
        // The connection that was kept may live a moment longer than the server.
        if let Err(no_answer) = ask(&servers, Route::Any).await {
            break no_answer;
        }
    };
    assert_eq!(outage.failures.len(), 1);
    let listener = loop {
        match TcpListener::bind(place).await {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let _second = Hostile::on(listener, answer);
    assert_eq!(
        ask(&servers, Route::Any).await.unwrap().value,
        json!(1),
        "the only one is asked though it rests"
    );
    let id = servers.ids().next().unwrap();
    assert_eq!(servers.standing(id).health(), Health::Well);
}

#[test]
fn a_rest_doubles_up_to_a_minute_and_an_answer_ends_it() {
    let now = Instant::now();
    let mut standing = Standing::default();
    let mut rests = Vec::new();
    for _ in 0..8 {
        standing.failed(now);
        rests.push(standing.resting(now).as_secs());
    }
    assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(standing.resting(now + Duration::from_secs(60)), Duration::ZERO);
    standing.answered(Duration::from_millis(5));
    assert_eq!((standing.resting(now), standing.failures(), standing.answers()), (Duration::ZERO, 8, 1));
    let mut broken = Standing::default();
    broken.broke(now);
    assert_eq!(broken.resting(now).as_secs(), 4, "what is none of a node's answers counts thrice");
}

#[test]
fn the_mean_follows_and_the_hedge_keeps_its_bounds() {
    let mut standing = Standing::default();
    assert_eq!(standing.hedge_after(), Duration::from_millis(500));
    for _ in 0..100 {
        standing.answered(Duration::from_millis(1));
    }
    assert_eq!(standing.hedge_after(), Duration::from_millis(50));
    for _ in 0..100 {
        standing.answered(Duration::from_millis(400));
    }
    let mean = standing.latency().unwrap();
    assert!((390..=400).contains(&mean.as_millis()), "{mean:?}");
    assert!((400..600).contains(&standing.hedge_after().as_millis()));
    for _ in 0..10 {
        standing.answered(Duration::from_secs(30));
    }
    assert_eq!(standing.hedge_after(), Duration::from_secs(3));
}
