//! Fetching through a user's own mirror: a registry on loopback with one crate, in place of crates.io.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use bench_runner_core::record::hex;
use sha2::{Digest, Sha256};

use crate::lab::{Lab, entries};

trials! { "mirror";
    a_crate_comes_through_the_users_own_mirror_and_its_build_settings_stay_out: LONG,
}

/// A crate without dependencies. It only builds if none of the user's flags reaches it.
const TINY: [(&str, &str); 3] = [
    ("Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
    ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n"),
    ("src/main.rs", "#[cfg(users_own)]\ncompile_error!(\"leaked\");\nfn main() {\n}\n"),
];

/// The archive of version 0.1.0 of the crate `tiny`.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("tiny-0.1.0/{path}"), text.as_bytes()).expect("an entry");
    }
    tar.into_inner().expect("a tar").finish().expect("an archive")
}

/// A user's own mirror in place of crates.io, with the crate `tiny` made of these files. Returns the sha256
/// of its archive; the cargo home that names the mirror is `cargo-home` of the lab.
pub(crate) fn with_tiny(lab: &Lab, files: &[(&str, &str)]) -> String {
    let archive = archive(files);
    let sha256 = hex(&Sha256::digest(&archive));
    fs::create_dir_all(lab.path("mirror")).expect("a directory");
    fs::write(lab.path("mirror/tiny-0.1.0.crate"), &archive).expect("the archive");
    let line = format!(
        "{{\"name\":\"tiny\",\"vers\":\"0.1.0\",\"deps\":[],\"cksum\":\"{sha256}\",\"features\":{{}},\"yanked\":false}}\n"
    );
    lab.write("mirror/ti/ny/tiny", &line);
    let address = serve(lab.path("mirror"));
    lab.write("mirror/config.json", &format!("{{\"dl\":\"http://{address}/{{crate}}-{{version}}.crate\"}}"));
    lab.write(
        "cargo-home/config.toml",
        &format!(
            "[source.crates-io]\nreplace-with = \"mirror\"\n[source.mirror]\nregistry = \"sparse+http://{address}/\"\n\
             [build]\nrustflags = [\"--cfg\", \"users_own\"]\n"
        ),
    );
    sha256
}

/// Serves the files below `root` until the process ends. Returns the address.
fn serve(root: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let root = root.clone();
            thread::spawn(move || answer(stream, &root));
        }
    });
    address
}

fn answer(mut stream: TcpStream, root: &Path) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let request = lines.next()?.ok()?;
    lines.by_ref().map_while(Result::ok).find(String::is_empty)?;
    let path = request.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let (status, body) = match fs::read(root.join(path)) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).ok()
}

fn a_crate_comes_through_the_users_own_mirror_and_its_build_settings_stay_out() {
    let lab = Lab::new();
    let sha256 = with_tiny(&lab, &TINY);
    lab.write(
        "work/corpus/tiny.toml",
        &format!(
            "name = \"tiny\"\nsummary = \"tiny\"\n[source]\nkind = \"crates-io\"\nname = \"tiny\"\nversion = \"0.1.0\"\n\
             sha256 = \"{sha256}\"\n"
        ),
    );
    let args = ["run", "--project", "tiny", "--axis", "profile=dev,release", "--rounds", "1"];
    let run = |more: &[&str]| {
        let mut command = lab.command(&[&args[..], more].concat());
        let output = command.env("CARGO_HOME", lab.path("cargo-home")).output().expect("the program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&[]);
    run(&["--offline"]);
    assert_eq!(lab.bundles().len(), 2);
    let own: Vec<PathBuf> = entries(&lab.path("cargo-home"));
    assert_eq!(own, [lab.path("cargo-home/config.toml")], "the user's own cargo home is only read");
}
