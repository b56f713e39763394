//! The thread on which values are made up: proptest's trees stay there, and values come over a channel.
//!
//! Leaves out what is made up (`strategy`) and what is done with it (`hunt`). The same seed gives the same values.

use std::{collections::BTreeMap, io, sync::mpsc, thread};

use proptest::{
    strategy::{BoxedStrategy, Strategy as _, ValueTree},
    test_runner::{Config, RngAlgorithm, RngSeed, TestRng, TestRunner, basic_result_cache},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Values by their keys.
pub type Values = BTreeMap<String, String>;

/// The thread ended before its time: it panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the thread that makes values up has failed")]
pub struct Lost;

/// What the thread is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// New values, of this number.
    Draw(usize),
    /// Smaller ones than the last.
    Simplify,
    /// Larger ones again: the last were too small.
    Complicate,
}

/// A thread that makes values up. It ends when this is dropped.
#[derive(Debug)]
pub struct Generator {
    orders: mpsc::Sender<Order>,
    values: UnboundedReceiver<Option<Values>>,
}

impl Generator {
    /// Starts a thread. `strategy` is called on it for each draw, with the number of the draw, and gives a value for each
    /// of `keys`, in their order.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start<F>(keys: Vec<String>, seed: [u8; 32], strategy: F) -> io::Result<Self>
    where
        F: Fn(usize) -> BoxedStrategy<Vec<String>> + Send + 'static,
    {
        let (orders, taken) = mpsc::channel();
        let (given, values) = unbounded_channel();
        let work = move || {
            let mut runner = runner(seed);
            let mut tree = None;
            while let Ok(order) = taken.recv() {
                let moved = match (order, &mut tree) {
                    (Order::Draw(number), tree) => {
                        *tree = strategy(number).new_tree(&mut runner).ok();
                        tree.is_some()
                    }
                    (Order::Simplify, Some(tree)) => tree.simplify(),
                    (Order::Complicate, Some(tree)) => tree.complicate(),
                    (Order::Simplify | Order::Complicate, None) => false,
                };
                let current = tree.as_ref().filter(|_| moved).map(ValueTree::current);
                let named = current.map(|values| keys.iter().cloned().zip(values).collect());
                if given.send(named).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("generator".to_owned()).spawn(work)?;
        Ok(Self { orders, values })
    }

    /// Gives the values that are asked for; nothing where there are none of that kind.
    ///
    /// # Errors
    /// The thread has failed.
    pub async fn ask(&mut self, order: Order) -> Result<Option<Values>, Lost> {
        self.orders.send(order).map_err(|_| Lost)?;
        self.values.recv().await.ok_or(Lost)
    }
}

/// The seed of a case's values: a digest of the run's seed and the case.
pub fn seed(run: &str, case: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(format!("{run}\0{case}\0generate"));
    digest.finalize().into()
}

/// A runner of which nothing rests on the environment, and that keeps nothing on disk.
fn runner(seed: [u8; 32]) -> TestRunner {
    // Every field that the environment may decide is given; which others there are is a matter of proptest's features.
    let mut config = Config::with_cases(1);
    config.max_local_rejects = 1_000;
    config.max_global_rejects = 1_000;
    config.max_flat_map_regens = 1_000;
    config.failure_persistence = None;
    config.source_file = None;
    config.test_name = None;
    config.max_shrink_time = 0;
    config.max_shrink_iters = 0;
    config.max_default_size_range = 100;
    config.result_cache = basic_result_cache;
    config.verbose = 0;
    config.rng_algorithm = RngAlgorithm::ChaCha;
    // The generator of random numbers is given below.
    config.rng_seed = RngSeed::Random;
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Just;

    use super::*;
    use crate::{
        case::generate::{Generate, Home, Kind},
        runner::strategy,
        spec::{
            namespace,
            schema::{SimpleType, Type},
            task::IPAM_TASK_TYPE,
        },
        xml,
    };

    fn one(kind: Kind) -> Generate {
        Generate { count: 1, keys: vec![("x".to_owned(), kind)] }
    }

    async fn drawn(kind: Kind, seed: &str, count: usize) -> Vec<String> {
        let generate = one(kind);
        let strategy = move |draw| strategy::of(&generate, draw);
        let mut generator = Generator::start(vec!["x".to_owned()], super::seed(seed, "a/b"), strategy).unwrap();
        let mut drawn = Vec::new();
        for number in 0..count {
            drawn.push(generator.ask(Order::Draw(number)).await.unwrap().unwrap()["x"].clone());
        }
        drawn
    }

    #[tokio::test]
    async fn the_same_seed_gives_the_same_values() {
        let kind = Kind::NotIn(&IPAM_TASK_TYPE);
        let first = drawn(kind, "s", 60).await;
        assert_eq!(first, drawn(kind, "s", 60).await);
        assert_ne!(first, drawn(kind, "t", 60).await);
        assert_ne!(seed("s", "a/b"), seed("s", "a/c"));
    }

    #[tokio::test]
    async fn every_sort_gives_what_it_says() {
        for name in Type::NAMES {
            let Some(Type::Simple(simple)) = Type::named(name) else { continue };
            let generate = one(Kind::Type(simple));
            for value in drawn(Kind::Type(simple), "s", 200).await {
                assert!(generate.admits("x", &value), "{name} {value:?}");
            }
        }
        for text in drawn(Kind::String, "s", 200).await {
            assert!(text.chars().all(xml::is_char) && text.chars().count() <= strategy::LONGEST, "{text:?}");
        }
        for number in drawn(Kind::Number, "s", 200).await {
            assert!(xml::Value::parse(SimpleType::Decimal, &number).is_ok(), "{number}");
        }
        let outside = drawn(Kind::NotIn(&IPAM_TASK_TYPE), "s", 200).await;
        assert!(outside.iter().all(|text| text.chars().all(xml::is_char)));
        assert!(outside.iter().filter(|text| !IPAM_TASK_TYPE.contains(text)).count() > 190);
        let near: &[&dyn Fn(&str) -> bool] = &[
            &|text| text.is_empty(),
            &|text| text.parse::<i64>().is_ok(),
            &|text| text.chars().count() > 64,
            &|text| IPAM_TASK_TYPE.values.iter().any(|v| *v != text && v.eq_ignore_ascii_case(text)),
            &|text| IPAM_TASK_TYPE.values.iter().any(|v| *v != text && *v == text.trim()),
            &|text| IPAM_TASK_TYPE.values.iter().any(|v| text.len() + 1 == v.len() && v.starts_with(text)),
            &|text| text.contains('\u{200b}'),
        ];
        for (index, near) in near.iter().enumerate() {
            assert!(outside.iter().any(|text| near(text)), "no value of family {index}");
        }
    }

    #[tokio::test]
    async fn xml_is_one_element_of_its_namespace() {
        for (home, count) in [(Home::Ipam, 1), (Home::Other, 2), (Home::Any, 5)] {
            let mut homes = std::collections::BTreeSet::new();
            for text in drawn(Kind::Xml(home), "s", 100).await {
                let nodes = xml::fragment(&text, namespace::IPAM, &xml::Limits::default());
                let nodes = nodes.unwrap_or_else(|error| panic!("{error}: {text}"));
                let [xml::Node::Element(element)] = nodes.as_slice() else { panic!("{text}") };
                homes.insert(element.name.namespace.to_string());
            }
            assert_eq!((homes.len(), homes.contains(namespace::IPAM)), (count, home != Home::Other));
        }
    }

    #[tokio::test]
    async fn a_panic_in_a_strategy_is_told() {
        let broken = |number| match number {
            0 => Just(vec!["a".to_owned()]).boxed(),
            _ => panic!("on purpose: a strategy is wrong"),
        };
        let mut generator = Generator::start(vec!["x".to_owned()], [0; 32], broken).unwrap();
        assert!(generator.ask(Order::Draw(0)).await.is_ok());
        assert_eq!(generator.ask(Order::Draw(1)).await, Err(Lost));
        assert_eq!(generator.ask(Order::Draw(0)).await, Err(Lost));
    }

    #[test]
    fn the_thread_ends_with_its_generator() {
        let (alive, ended) = mpsc::channel::<()>();
        let strategy = move |_| {
            let _held = &alive;
            Just(vec!["a".to_owned()]).boxed()
        };
        drop(Generator::start(vec!["x".to_owned()], [0; 32], strategy).unwrap());
        // Whatever the thread holds is dropped with it; this waits for that.
        assert_eq!(ended.recv(), Err(mpsc::RecvError));
    }
}
