//! Flags that choose a linker in a project: those that were measured, without directories of the machine.

use std::path::Path;

use super::super::lines::{SYSROOT, SettingLines, Situation, Unwritable};
use super::name::{LinkerFamily, LinkerName};

pub(super) fn linker(
    linker: &LinkerName,
    driver: Option<&str>,
    situation: &Situation,
) -> Result<SettingLines, Unwritable> {
    let without_own_lld = || situation.own_lld.then(|| "-Clinker-features=-lld".to_owned());
    let by_name = |name: &str| format!("-Clink-arg=-fuse-ld={name}");
    Ok(match linker {
        LinkerName::Default => keeping_default(driver, situation).unwrap_or_else(|| {
            SettingLines::remark_only(
                "Nothing to do: rustc chooses this linker if nothing is set. \
                 If your `.cargo/config.toml` or `RUSTFLAGS` names another linker, remove that line.",
            )
        }),
        LinkerName::Bfd => SettingLines::flags([by_name("bfd")]).with_program("ld.bfd"),
        LinkerName::Gold => SettingLines::flags([by_name("gold")]).with_program("ld.gold"),
        LinkerName::Mold => SettingLines::flags([by_name("mold")]).with_program("mold"),
        LinkerName::Lld => {
            SettingLines::flags(without_own_lld().into_iter().chain([by_name("lld")])).with_program("ld.lld")
        }
        LinkerName::RustLld if situation.own_lld && driver.is_none_or(|driver| driver == "cc") => {
            SettingLines::remark_only(
                "Nothing to do: rustc uses its own lld here if nothing is set. \
                 If your `.cargo/config.toml` or `RUSTFLAGS` names another linker, remove that line.",
            )
        }
        LinkerName::RustLld => own_lld(situation)?,
        LinkerName::Wild => {
            let flags = without_own_lld();
            by_directory("wild", "\"$(command -v wild)\"", flags).with_program("wild")
        }
        LinkerName::At(path) => {
            let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
            by_directory(&name, &format!("'{path}'"), without_own_lld())
        }
    })
}

/// Flags for a linker that a C compiler only finds by a directory.
fn by_directory(name: &str, program: &str, before: Option<String>) -> SettingLines {
    let directory = format!("/usr/local/lib/{name}");
    let flags = before.into_iter().chain([format!("-Clink-arg=-B{directory}")]);
    SettingLines::flags(flags).with_remark(format!(
        "A C compiler finds this linker by a directory in which it is called `ld`: `sudo mkdir -p {directory} && \
         sudo ln -s {program} {directory}/ld`."
    ))
}

/// Names the lld of rustc, which rustc itself does not use with a driver other than `cc`.
pub(super) fn keeping_default(driver: Option<&str>, situation: &Situation) -> Option<SettingLines> {
    driver.filter(|driver| situation.own_lld && *driver != "cc")?;
    own_lld(situation).ok()
}

fn own_lld(situation: &Situation) -> Result<SettingLines, Unwritable> {
    let Some(host) = &situation.host else {
        return Err(Unwritable(
            "rustc's own lld lies in a directory that is named after the target".to_owned(),
        ));
    };
    let directory = format!("{SYSROOT}/lib/rustlib/{host}/bin/gcc-ld");
    Ok(SettingLines::flags([format!("-Clink-arg=-B{directory}"), "-Clink-arg=-fuse-ld=lld".to_owned()])
        .with_remark(format!(
            "`{SYSROOT}` stands for what `rustc --print sysroot` prints, and changes with the toolchain."
        )))
}

/// Family of a linker, by its name.
pub(super) fn family(linker: &LinkerName, situation: &Situation) -> Option<LinkerFamily> {
    match linker {
        LinkerName::Default => situation.own_lld.then_some(LinkerFamily::Lld),
        LinkerName::Bfd => Some(LinkerFamily::Bfd),
        LinkerName::Gold => Some(LinkerFamily::Gold),
        LinkerName::Lld | LinkerName::RustLld => Some(LinkerFamily::Lld),
        LinkerName::Mold => Some(LinkerFamily::Mold),
        LinkerName::Wild => Some(LinkerFamily::Wild),
        LinkerName::At(path) => match path.rsplit('/').next().unwrap_or(path) {
            "bfd" | "ld.bfd" => Some(LinkerFamily::Bfd),
            name => LinkerFamily::from_version(name),
        },
    }
}
