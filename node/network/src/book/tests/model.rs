//! Whatever happens in whatever order, the tables stay in step.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Add(u16, u16),
    Dialled(u16),
    Failed(u16),
    Good(u16),
    Seen(u16),
    Forget(u16),
    Feeler,
    Outbound,
    Answer(u16),
    Anchors(u16),
    Wait(u64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = 0..300_u16;
    let step = prop_oneof![
        8 => (place.clone(), 0..50_u16).prop_map(|(place, teller)| Step::Add(place, teller)),
        2 => place.clone().prop_map(Step::Dialled),
        4 => place.clone().prop_map(Step::Failed),
        6 => place.clone().prop_map(Step::Good),
        1 => place.clone().prop_map(Step::Seen),
        1 => place.clone().prop_map(Step::Forget),
        2 => Just(Step::Feeler),
        1 => Just(Step::Outbound),
        1 => place.clone().prop_map(Step::Answer),
        1 => place.prop_map(Step::Anchors),
        2 => (0..10 * DAY_MS).prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..400)
}

/// Few ranges and a crowd in each, so that slots are fought for.
fn spot(place: u16) -> Endpoint {
    at(place % 3, place)
}

fn take(book: &mut AddressBook, step: Step, now_ms: &mut u64, rng: &mut StdRng) {
    match step {
        Step::Add(place, teller) => {
            book.add(&spot(place), &source(teller), *now_ms, rng);
        }
        Step::Dialled(place) => book.dialled(&spot(place), *now_ms),
        Step::Failed(place) => book.failed(&spot(place), *now_ms),
        Step::Good(place) => {
            book.good(&spot(place), NODE, *now_ms);
        }
        Step::Seen(place) => book.seen(&spot(place), *now_ms),
        Step::Forget(place) => book.forget(&spot(place)),
        Step::Feeler => {
            let chosen = book.select_feeler(*now_ms, |endpoint| endpoint.group() != source(1), rng);
            assert!(chosen.is_none_or(|contact| contact.endpoint.group() != source(1)));
        }
        Step::Outbound => {
            book.next_outbound(&[], *now_ms, |_| true, rng);
        }
        Step::Answer(place) => {
            let told = book.answer(spot(place).host(), *now_ms, rng);
            assert!(told.len() <= ANSWER_MAX);
        }
        Step::Anchors(place) => book.keep_anchors([Contact::from(spot(place))]),
        Step::Wait(ms) => *now_ms += ms,
        Step::Restart => {
            let bytes = book.to_bytes();
            let restored = AddressBook::from_bytes(&bytes, &SECRET, BookSettings::PUBLIC, *now_ms).unwrap();
            assert_eq!(restored.dropped, 0);
            assert_eq!(restored.book.to_bytes(), bytes);
            *book = restored.book;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_tables_stay_in_step(steps in steps(), seed in any::<u64>()) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut book = book();
        let mut now_ms = NOW_MS;
        for step in steps {
            take(&mut book, step, &mut now_ms, &mut rng);
            check(&book);
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_book(steps in steps(), seed in any::<u64>()) {
        let run = || {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut book = book();
            let mut now_ms = NOW_MS;
            steps.iter().for_each(|step| take(&mut book, step.clone(), &mut now_ms, &mut rng));
            book.to_bytes()
        };
        prop_assert_eq!(run(), run());
    }
}
