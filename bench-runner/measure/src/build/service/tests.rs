use super::*;

const LIMIT: Duration = Duration::from_secs(60);

fn service(kept: bool) -> Service {
    Service { program: "/bin/sccache".into(), store: Store::Local, kept }
}

fn not_started(reason: &str) -> ExitKind {
    ExitKind::NotStarted { reason: reason.to_owned() }
}

#[test]
fn only_a_kept_store_outlives_a_build() {
    let dir = tempfile::tempdir().unwrap();
    let kept_after = |kept| {
        if let Some(store) = service(kept).store_to_remove(dir.path())
            && store.exists()
        {
            fs::remove_dir_all(store).unwrap();
        }
        service(kept).start(dir.path(), LIMIT).unwrap();
        let result = dir.path().join("store/result");
        let was_there = result.exists();
        fs::write(result, "").unwrap();
        was_there
    };
    assert_eq!([true, true, false, true].map(kept_after), [false, true, false, true]);
}

#[test]
fn the_build_knows_the_servers_address_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let running = service(true).start(dir.path(), LIMIT).unwrap();
    let build = BTreeMap::from([("HOME".to_owned(), "/h".to_owned())]);
    let names = |env: &BTreeMap<String, String>| env.keys().cloned().collect::<Vec<_>>().join(" ");
    let seen = running.environment(&build);
    assert_eq!(names(&seen), "HOME SCCACHE_REDIS_ENDPOINT SCCACHE_SERVER_UDS");
    assert_eq!(seen["SCCACHE_REDIS_ENDPOINT"], "nowhere", "no server of the wrapper's own can start");
    let more = ["SCCACHE_BUCKET", "SCCACHE_RECACHE", "AWS_ACCESS_KEY_ID"]
        .map(|name| (name.to_owned(), "x".to_owned()));
    let build: BTreeMap<String, String> = build.into_iter().chain(more).collect();
    assert_eq!(
        names(&running.environment(&build)),
        "AWS_ACCESS_KEY_ID HOME SCCACHE_REDIS_ENDPOINT SCCACHE_SERVER_UDS",
        "nothing of the build's own chooses another store"
    );
    let setup = running.setup(&build);
    assert_eq!(
        names(setup.env.as_ref().unwrap()),
        "HOME RUST_BACKTRACE SCCACHE_CACHED_CONF SCCACHE_CONF SCCACHE_DIR SCCACHE_ERROR_LOG \
         SCCACHE_IDLE_TIMEOUT SCCACHE_SERVER_UDS"
    );
    assert_eq!(setup.args, ["--start-server"]);
}

#[test]
fn a_port_that_was_taken_is_left_for_another() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("deep".repeat(30));
    fs::create_dir(&deep).unwrap();
    let mut running = service(false).start(&deep, LIMIT).unwrap();
    let taken = not_started("`sccache` failed: Address in use (os error 98)");
    let first = running.address.clone();
    // Bound, so that it cannot be chosen again.
    let Address::Port(port) = first else { panic!("{first:?}") };
    let _held = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert!(running.try_another_address(&taken).unwrap());
    assert_ne!(running.address, first);
    assert!(!running.try_another_address(&not_started("no such program")).unwrap());
    assert!(!running.try_another_address(&ExitKind::Exited(0)).unwrap());
    let moves = (0..9).filter(|_| running.try_another_address(&taken).unwrap()).count();
    assert_eq!(moves as u32 + 2, TRIES, "it does not go on for ever");

    let mut running = service(false).start(dir.path(), LIMIT).unwrap();
    assert!(!running.try_another_address(&taken).unwrap(), "a socket of its own is nobody else's");
}
