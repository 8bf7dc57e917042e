use super::*;

#[test]
fn forbidden_combinations_are_not_allowed() {
    let mut space = space(&[3, 2, 2]);
    space.forbidden = vec![forbidding(&[(0, 2), (1, 1)]), forbidding(&[(2, 1), (0, 1)])];
    let allowed = space.allowed().unwrap();
    assert_eq!(allowed.len(), 12 - 2 - 2);
    assert!(!allowed.iter().any(|one| (one[0] == 2 && one[1] == 1) || (one[2] == 1 && one[0] == 1)));
    assert_eq!(allowed[0], [0, 0, 0]);
    let settings = space.settings(&[2, 0, 1]);
    let expected = [("axis-0", "value-2"), ("axis-1", "value-0"), ("axis-2", "value-1")];
    assert_eq!(settings, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
}

#[test]
fn one_combination_is_nothing_to_search() {
    assert_eq!(space(&[1, 1]).allowed(), Err(SearchRefusal::NothingToSearch { allowed: 1 }));
    assert_eq!(space(&[]).allowed(), Err(SearchRefusal::NothingToSearch { allowed: 1 }));
    let mut contradictory = space(&[2]);
    contradictory.forbidden = vec![forbidding(&[(0, 0)]), forbidding(&[(0, 1)])];
    assert_eq!(contradictory.allowed(), Err(SearchRefusal::NothingToSearch { allowed: 0 }));
    // One that differs from the user's own can be compared with it.
    let mut required = space(&[2]);
    required.forbidden = vec![forbidding(&[(0, 0)])];
    assert_eq!(required.allowed().unwrap(), [[1]]);
}

#[test]
fn too_many_combinations_name_the_limit_and_the_largest_axes() {
    let error = space(&[100, 10, 1000]).allowed().unwrap_err();
    let expected = vec![("axis-2".to_owned(), 1000), ("axis-0".to_owned(), 100), ("axis-1".to_owned(), 10)];
    let limit = MAX_COMBINATIONS;
    assert_eq!(error, SearchRefusal::TooManyCombinations { limit, product: Some(1_000_000), axes: expected });
    let text = error.refusal();
    assert!(text.what.contains("1000000") && text.what.contains("100000"), "{text:?}");
    assert!(text.help.unwrap().contains("axis-2 (1000 values)"));
    assert!(space(&[100, 10, 100]).allowed().is_ok());
    let beyond_counting = space(&[100_000; 5]).allowed().unwrap_err();
    assert!(matches!(beyond_counting, SearchRefusal::TooManyCombinations { product: None, .. }));
}

#[test]
fn rules_must_name_what_there_is() {
    let with = |change: &dyn Fn(&mut SearchSpace)| {
        let mut changed = space(&[2, 2]);
        change(&mut changed);
        changed.allowed().unwrap_err()
    };
    let unknown = with(&|space| space.forbidden = vec![forbidding(&[(7, 0)])]);
    assert_eq!(unknown, SearchRefusal::UnknownAxis("axis-7".into()));
    let unknown = with(&|space| space.forbidden = vec![forbidding(&[(1, 5)])]);
    assert_eq!(unknown, SearchRefusal::UnknownLevel { axis: "axis-1".into(), level: "value-5".into() });
    assert_eq!(with(&|space| space.forbidden = vec![forbidding(&[])]), SearchRefusal::ForbidsEverything);
    assert_eq!(with(&|space| space.as_configured = vec![0]), SearchRefusal::UnknownAsConfigured);
    assert_eq!(with(&|space| space.as_configured = vec![0, 2]), SearchRefusal::UnknownAsConfigured);
    let twice = with(&|space| space.axes[1].key = "axis-0".into());
    assert_eq!(twice, SearchRefusal::DuplicateAxis("axis-0".into()));
    let twice = with(&|space| space.axes[1].levels[1] = "value-0".into());
    assert_eq!(twice, SearchRefusal::DuplicateLevel { axis: "axis-1".into(), level: "value-0".into() });
    let with_itself = with(&|space| space.interactions = vec![["axis-0".into(), "axis-0".into()]]);
    assert_eq!(with_itself, SearchRefusal::DuplicateAxis("axis-0".into()));
}

#[test]
fn a_request_comes_back_from_its_file() {
    let mut request = request(&[3, 2], 30);
    request.space.forbidden = vec![forbidding(&[(0, 2), (1, 1)])];
    request.space.interactions = vec![["axis-0".into(), "axis-1".into()]];
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<SearchRequest>(&text).unwrap(), request);
    assert!(serde_json::from_str::<SearchRequest>(&text.replacen("{", "{\"other\":1,", 1)).is_err());
}
