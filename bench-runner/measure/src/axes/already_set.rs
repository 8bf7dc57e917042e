//! Settings that the configuration in force has already, such as `linker=mold` where a user's own configuration says so.

use bench_runner_core::record::{AS_CONFIGURED, Refusal};

use super::axis::{Available, Context, ParsedSettings, Setting, SettingValue};
use super::call_diff::normalized;
use crate::build::BuildRequest;

/// Checks whether this machine can apply `setting` to the project of `context`, and whether the user's own configuration,
/// if the variant has it, sets the same already.
///
/// # Errors
/// If it cannot, with a hint.
pub fn probe(setting: &Setting<'_>, context: &Context) -> Result<Available, Refusal> {
    let Setting { value, settings, .. } = *setting;
    let available = setting.probe(context)?;
    let is_set = || settings.get(AS_CONFIGURED).is_some() && is_already_set(value, settings, context);
    Ok(Available { already_set: available.already_set || is_set(), ..available })
}

/// True if `value` only adds flags of rustc that cargo passes without it, by cargo's own answer, and no later flag takes
/// their place.
fn is_already_set(value: &dyn SettingValue, settings: &ParsedSettings, context: &Context) -> bool {
    let mut request = BuildRequest::default();
    value.apply(settings, context, &mut request);
    let added = std::mem::take(&mut request.rustflags);
    request.rustflags_from.clear();
    // Normalized flags have short paths, which different files can share.
    let has_path = added.iter().any(|flag| flag.contains('/'));
    request == BuildRequest::default() && !has_path && are_in_force(&added, &context.in_force.flags)
}

/// True if the flags `present` have those of `added` one after another, and no later flag takes their place.
pub(crate) fn are_in_force(added: &[String], present: &[String]) -> bool {
    let (added, present) = (normalized(added), normalized(present));
    if added.is_empty() {
        return false;
    }
    let starts = present.windows(added.len()).rposition(|flags| flags == added);
    let kind = |flag: &str| flag.split_once('=').map_or(flag, |(kind, _)| kind).to_owned();
    let kinds: Vec<String> = added.iter().map(|flag| kind(flag)).collect();
    starts.is_some_and(|at| present[at + added.len()..].iter().all(|later| !kinds.contains(&kind(later))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::{self, fixture};

    fn is_set(key: &str, text: &str, flags: &str) -> bool {
        let settings = [(key.to_owned(), text.to_owned())].into_iter().collect();
        let settings = axes::parse_all(&settings).unwrap();
        let mut context = fixture::context();
        context.in_force.flags = flags.split_whitespace().map(str::to_owned).collect();
        let value = settings.iter().next().unwrap().value;
        is_already_set(value, &settings, &context)
    }

    #[test]
    fn a_flag_that_cargo_passes_already_is_set_unless_another_follows() {
        for flags in [
            "-Clink-arg=-fuse-ld=mold",
            "-C link-arg=-fuse-ld=mold",
            "-Ctarget-cpu=native -Clink-arg=-fuse-ld=mold -Copt-level=1",
        ] {
            assert!(is_set("linker", "mold", flags), "{flags}");
        }
        for flags in [
            "",
            "-Ctarget-cpu=native",
            "-Clink-arg=-fuse-ld=lld",
            "-Clink-arg=-fuse-ld=mold -Clink-arg=-fuse-ld=lld",
        ] {
            assert!(!is_set("linker", "mold", flags), "{flags}");
        }
        assert!(is_set("rustflags", "-Copt-level=1", "-Copt-level=1"));
        assert!(!is_set("rustflags", "-Copt-level=1", "-Copt-level=1 -Copt-level=2"));
    }

    #[test]
    fn what_adds_nothing_or_more_than_flags_is_not_set() {
        assert!(!is_set("linker", "default", "-Clink-arg=-fuse-ld=mold"));
        assert!(!is_set("debug", "none", "-Cdebuginfo=0"));
        assert!(!is_set("env.X", "1", ""));
    }
}
