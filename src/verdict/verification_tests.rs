//! Tests of verifying: a record is what it is, and whatever is changed in one place is found.

use proptest::prelude::*;

use super::*;
use crate::verdict::made;

proptest! {
    #![proptest_config(made::config())]

    #[test]
    fn what_a_run_wrote_is_so_and_a_changed_verdict_is_found(cases in made::runs(), at in any::<proptest::sample::Index>()) {
        let record = made::record(&cases);
        prop_assert_eq!(verify(&record), Vec::<String>::new());
        let mut changed = record.clone();
        let case = &mut changed.cases[at.index(cases.len())];
        case.outcome = if case.outcome == Outcome::Pass { Outcome::Fail } else { Outcome::Pass };
        // Even where somebody has made a digest of it anew.
        changed.digest = changed.digest_now();
        prop_assert!(!verify(&changed).is_empty());
        prop_assert!(!verify_events(&changed, &record).is_empty());
    }
}

#[test]
fn each_part_is_held_to_the_others() {
    let record = made::record(&[(Outcome::Pass, 0), (Outcome::Fail, 0), (Outcome::Skip, 0)]);
    let found = |change: fn(&mut Record)| {
        let mut changed = record.clone();
        change(&mut changed);
        let wrong = verify(&changed);
        assert!(wrong[0].starts_with("its digest is not that"), "{wrong:?}");
        changed.digest = changed.digest_now();
        verify(&changed).join("; ")
    };
    assert_eq!(found(|record| record.summary.pass += 1), "the totals are not those of its cases");
    assert_eq!(found(|record| record.findings.clear()), "the findings are not those of its checks");
    assert!(
        found(|record| record.requirements[1].status = Status::Verified).contains("`made.r1` is said to be verified")
    );
    assert!(found(|record| record.claim.kind = crate::verdict::ClaimKind::Full).contains("the claim is `full`"));
    assert_eq!(found(|record| record.exit_code = 0), "the exit code is 0, and its cases give 1");
    assert!(
        found(|record| record.cases[1].checks[0].outcome = Outcome::Pass).contains("`made/case_001` is said to fail")
    );
    assert_eq!(
        found(|record| record.seed.push('x')),
        "",
        "what nothing follows from only the digest and the events hold"
    );
}

#[test]
fn a_record_is_held_against_its_suite() {
    let mut record = made::record(&[(Outcome::Pass, 0)]);
    let mut catalogue = Catalogue::default();
    for row in made::started(1).requirements {
        catalogue.requirements.insert(row.id.clone(), row);
    }
    let (id, requirements) = (made::id(0), [made::requirement(0)]);
    let cases: BTreeMap<&str, &[RequirementId]> = [(id.as_str(), requirements.as_slice())].into();
    let suite = KnownSuite { digest: "d", catalogue: &catalogue, cases };
    assert_eq!(verify_suite(&record, &suite), Some(Vec::new()));
    record.requirements[0].text.push('x');
    assert_eq!(verify_suite(&record, &suite), Some(vec!["`made.r0` is not as the catalogue has it".to_owned()]));
    record.cases.clear();
    assert!(verify_suite(&record, &suite).unwrap().join(" ").contains("1 cases of the suite are left out"));
    record.suite.digest = "other".to_owned();
    assert_eq!(verify_suite(&record, &suite), None);
}
