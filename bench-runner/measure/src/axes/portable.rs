//! Settings → build request for readers on other machines.

use super::axis::{Context, ParsedSettings};
use super::flatten::flatten_table;
use super::lines::Situation;
use crate::build::BuildRequest;

/// Flags are those that would be written to a file, because those that were measured name directories. So are
/// configuration keys of a value that adds nothing without a program that it looks for.
pub(super) fn portable_request(settings: &ParsedSettings, situation: &Situation) -> BuildRequest {
    let context = Context::without_machine(situation);
    let mut request = BuildRequest::default();
    for setting in settings.iter() {
        let before = request.clone();
        setting.value.apply(settings, &context, &mut request);
        let Ok(lines) = setting.value.advise(settings, situation) else { continue };
        if !lines.rustflags.is_empty() {
            request.rustflags.truncate(before.rustflags.len());
            request.rustflags.extend(lines.rustflags);
        } else if request == before {
            request.config.extend(flatten_table(&lines.config));
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;

    fn request(settings: &[(&str, &str)]) -> BuildRequest {
        let situation = Situation {
            host: Some("x86_64-unknown-linux-gnu".into()),
            own_lld: true,
            by_cargo: true,
            profile: "dev".into(),
            package: None,
        };
        portable_request(&fixture::parse_settings(settings), &situation)
    }

    #[test]
    fn settings_are_what_a_reader_can_type() {
        let all = request(&[
            ("linker", "mold"),
            ("profile", "release"),
            ("lto", "thin"),
            ("env.CC", "clang"),
            ("rustflags", "-Ctarget-cpu=native"),
            ("cache", "warm"),
        ]);
        assert_eq!(all.rustflags, ["-Clink-arg=-fuse-ld=mold", "-Ctarget-cpu=native"]);
        assert_eq!(all.profile.as_deref(), Some("release"));
        assert_eq!(all.profile_keys, [("lto".to_owned(), "\"thin\"".to_owned())]);
        assert_eq!(all.env["CC"], "clang");
        assert_eq!(all.config, [("build.rustc-wrapper".to_owned(), "\"sccache\"".to_owned())]);
    }

    #[test]
    fn no_directory_of_this_machine_is_named() {
        let flags = request(&[("linker", "wild")]).rustflags;
        assert_eq!(flags, ["-Clinker-features=-lld", "-Clink-arg=-B/usr/local/lib/wild"]);
        assert_eq!(request(&[]), BuildRequest::default());
    }
}
