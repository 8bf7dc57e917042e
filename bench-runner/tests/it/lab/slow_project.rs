//! A repository of a crate whose builds take as long as its commit says.

use super::Lab;

/// A crate whose build script waits.
pub(crate) fn slow_project(lab: &Lab) {
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write(
        "own/src/main.rs",
        "fn main() {\n    println!(\"{}\", twice(21));\n}\n\nfn twice(n: u64) -> u64 {\n    n * 2\n}\n",
    );
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/.gitignore", "/target\n");
    git(lab, &["init", "-q", "-b", "main", "."]);
}

/// Commits the project with a build script that waits for these milliseconds. Returns the commit.
pub(crate) fn commit(lab: &Lab, millis: u32, subject: &str) -> String {
    lab.write(
        "own/build.rs",
        &format!("fn main() {{\n    std::thread::sleep(std::time::Duration::from_millis({millis})); // {subject}\n}}\n"),
    );
    git(lab, &["add", "."]);
    git(lab, &["commit", "-q", "-m", subject]);
    git(lab, &["rev-parse", "HEAD"])
}

pub(crate) fn git(lab: &Lab, args: &[&str]) -> String {
    let mut command = std::process::Command::new("git");
    command.current_dir(lab.path("own")).args([
        "-c",
        "user.name=nobody",
        "-c",
        "user.email=nobody@localhost",
    ]);
    let output = command.args(args).output().expect("git");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
