//! The flags of a linker for a project of one's own: those that were measured, without the machine's directories.

use std::path::Path;

use super::super::Setting;
use super::super::advice::{Lines, SYSROOT, Situation, Unwritable};
use super::{Family, driver};

pub(super) fn linker(setting: &Setting<'_>, situation: &Situation) -> Result<Lines, Unwritable> {
    let without_own_lld = || situation.own_lld.then(|| "-Clinker-features=-lld".to_owned());
    let by_name = |name: &str| format!("-Clink-arg=-fuse-ld={name}");
    let driver = driver::named(setting);
    Ok(match setting.value {
        "default" => keeping_default(driver, situation).unwrap_or_else(|| {
            Lines::nothing("The linker is what rustc takes by itself: whatever names another one has to go.")
        }),
        "bfd" => Lines::flags([by_name("bfd")]).needing("ld.bfd"),
        "gold" => Lines::flags([by_name("gold")]).needing("ld.gold"),
        "mold" => Lines::flags([by_name("mold")]).needing("mold"),
        "lld" => Lines::flags(without_own_lld().into_iter().chain([by_name("lld")])).needing("ld.lld"),
        "rust-lld" if situation.own_lld && driver.is_none_or(|driver| driver == "cc") => Lines::nothing(
            "rustc links with its own lld by itself here: whatever names another linker has to go.",
        ),
        "rust-lld" => own_lld(situation)?,
        other => {
            let name = Path::new(other).file_name().unwrap_or_default().to_string_lossy();
            let directory = format!("/usr/local/lib/{name}");
            let program =
                if other == "wild" { "\"$(command -v wild)\"".to_owned() } else { format!("'{other}'") };
            let flags = without_own_lld().into_iter().chain([format!("-Clink-arg=-B{directory}")]);
            let lines = Lines::flags(flags).noting(format!(
                "A C compiler finds this linker by a directory in which it is called `ld`: `sudo mkdir -p {directory} && \
                 sudo ln -s {program} {directory}/ld`."
            ));
            if other == "wild" { lines.needing("wild") } else { lines }
        }
    })
}

/// With another driver than `cc` rustc forgets its own lld, so it is named.
pub(super) fn keeping_default(driver: Option<&str>, situation: &Situation) -> Option<Lines> {
    driver.filter(|driver| situation.own_lld && *driver != "cc")?;
    own_lld(situation).ok()
}

fn own_lld(situation: &Situation) -> Result<Lines, Unwritable> {
    let Some(host) = &situation.host else {
        return Err(Unwritable(
            "rustc's own lld lies in a directory that is named after the target".to_owned(),
        ));
    };
    let directory = format!("{SYSROOT}/lib/rustlib/{host}/bin/gcc-ld");
    Ok(Lines::flags([format!("-Clink-arg=-B{directory}"), "-Clink-arg=-fuse-ld=lld".to_owned()]).noting(
        format!(
            "`{SYSROOT}` stands for what `rustc --print sysroot` prints, and changes with the toolchain."
        ),
    ))
}

/// Who wrote the linker beside a setting, by its name.
pub(super) fn family(linker: &str, situation: &Situation) -> Option<Family> {
    let name = linker.rsplit('/').next().unwrap_or(linker);
    match name {
        "default" if situation.own_lld => Some(Family::Lld),
        "default" => None,
        "bfd" | "ld.bfd" => Some(Family::Bfd),
        "rust-lld" => Some(Family::Lld),
        other => Family::of_version(other),
    }
}
