//! A build request without each of its additions.

use bench_runner_measure::build::BuildRequest;

/// `request` without each single addition to `base`, with the removed addition.
pub(super) fn without_each(request: &BuildRequest, base: &BuildRequest) -> Vec<(String, BuildRequest)> {
    // The names of settings behind variables and flags are for messages only.
    let BuildRequest {
        args,
        env,
        env_from: _,
        home_config,
        rustflags,
        rustflags_from: _,
        config,
        profile_keys,
        profile,
        jobs,
        service,
    } = request;
    let mut all = Vec::new();
    let mut without = |what: String, take: &dyn Fn(&mut BuildRequest)| {
        let mut request = request.clone();
        take(&mut request);
        all.push((what, request));
    };
    for (at, arg) in args.iter().enumerate().filter(|(_, arg)| !base.args.contains(arg)) {
        without(format!("the argument {arg}"), &|request| drop(request.args.remove(at)));
    }
    for name in env.keys().filter(|name| !base.env.contains_key(*name)) {
        without(format!("the variable {name}"), &|request| drop(request.env.remove(name)));
    }
    for (at, flag) in rustflags.iter().enumerate().filter(|(_, flag)| !base.rustflags.contains(flag)) {
        without(format!("the flag {flag}"), &|request| drop(request.rustflags.remove(at)));
    }
    for (at, pair) in config.iter().enumerate().filter(|(_, pair)| !base.config.contains(pair)) {
        without(format!("the key {}", pair.0), &|request| drop(request.config.remove(at)));
    }
    for (at, pair) in profile_keys.iter().enumerate().filter(|(_, pair)| !base.profile_keys.contains(pair)) {
        without(format!("the profile's key {}", pair.0), &|request| drop(request.profile_keys.remove(at)));
    }
    if *profile != base.profile {
        without("the profile".to_owned(), &|request| request.profile.clone_from(&base.profile));
    }
    if *service != base.service {
        without("the service".to_owned(), &|request| request.service.clone_from(&base.service));
    }
    for (key, left) in home_config.iter().flat_map(|text| without_each_key(text)) {
        without(format!("the key {key} of the cargo home"), &|request| {
            request.home_config = Some(left.clone())
        });
    }
    if *jobs != base.jobs {
        without("the jobs".to_owned(), &|request| request.jobs = base.jobs);
    }
    all
}

/// A TOML text without each single key, with the removed key.
fn without_each_key(text: &str) -> Vec<(String, String)> {
    let table: toml::Table = text.parse().expect("TOML");
    let mut keys = Vec::new();
    let mut left = vec![(Vec::new(), table.clone())];
    while let Some((path, table)) = left.pop() {
        for (key, value) in table {
            let path = [&path[..], &[key]].concat();
            match value {
                toml::Value::Table(table) => left.push((path, table)),
                _ => keys.push(path),
            }
        }
    }
    let without = |path: &Vec<String>| {
        let mut whole = table.clone();
        let (last, above) = path.split_last().expect("a key");
        let place = above.iter().fold(&mut whole, |table, key| table[key].as_table_mut().expect("a table"));
        place.remove(last);
        (path.join("."), whole.to_string())
    };
    keys.iter().map(without).collect()
}
