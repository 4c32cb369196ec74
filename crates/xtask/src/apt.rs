//! Packages of Debian and its kin, as root or through a `sudo` that asks nothing.

use std::{path::Path, time::Duration};

use anyhow::{Result, bail};

use crate::{process, progress, workspace::Workspace};

/// Half an hour: a slow mirror, not a hanging one.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// What lets us install packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    Sudo,
}

/// Whether this system has apt.
pub fn available() -> bool {
    process::find("apt-get").is_some()
}

/// Whether a package is installed.
pub fn installed(package: &str) -> bool {
    let mut query = process::command("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    process::output(&mut query).is_ok_and(|status| status == "installed")
}

/// The description of the version that would be installed, if the system's lists know the package.
pub fn description(package: &str) -> Option<String> {
    let text = process::output(process::command("apt-cache").args(["show", "--no-all-versions", package])).ok()?;
    (!text.trim().is_empty()).then_some(text)
}

/// Fetches the lists of packages, where we may; a failure shows when something is installed.
pub fn refresh(workspace: &Workspace) {
    if let Some(privilege) = privilege() {
        let words = command_line(privilege, &["update".into()]);
        let _ = perform("package lists", &words, &workspace.log("apt-update"));
    }
}

/// Installs those that are missing, or says in one line what to type.
pub fn install(workspace: &Workspace, what: &str, packages: &[String]) -> Result<()> {
    let missing: Vec<_> = packages.iter().filter(|package| !installed(package)).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let Some(privilege) = privilege() else {
        bail!("{what} is missing; type: {}", to_type(&missing));
    };
    let step = progress::begin(what, &format!("apt-get install {}", missing.join(" ")));
    let words = command_line(privilege, &install_arguments(&missing));
    let log = workspace.log("apt-install");
    if !perform(what, &words, &log)? {
        // Lists that are older than the mirror name files that are gone.
        refresh(workspace);
        if !perform(what, &words, &log)? {
            bail!("{what} could not be installed ({}); type: {}", log.display(), to_type(&missing));
        }
    }
    step.done("installed");
    Ok(())
}

/// The line for a person.
pub fn to_type(packages: &[String]) -> String {
    format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", packages.join(" "))
}

fn perform(what: &str, words: &[String], log: &Path) -> Result<bool> {
    let mut command = process::command(&words[0]);
    command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(process::logged(what, &mut command, log, LIMIT)?.is_some_and(|status| status.success()))
}

fn privilege() -> Option<Privilege> {
    if rustix::process::geteuid().is_root() {
        return Some(Privilege::Root);
    }
    let asks_nothing = process::succeeds(process::command("sudo").args(["-n", "true"]));
    asks_nothing.then_some(Privilege::Sudo)
}

fn command_line(privilege: Privilege, arguments: &[String]) -> Vec<String> {
    let prefix: &[&str] = match privilege {
        Privilege::Root => &["apt-get"],
        // sudo drops the variable that keeps apt from asking questions, unless it is part of the command.
        Privilege::Sudo => &["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
    };
    // Another apt (a nightly upgrade) may hold the lock for a while.
    let options = ["-q", "-o", "DPkg::Lock::Timeout=300"];
    prefix.iter().chain(&options).map(|word| (*word).into()).chain(arguments.iter().cloned()).collect()
}

fn install_arguments(packages: &[String]) -> Vec<String> {
    ["install", "-y", "--no-install-recommends"].map(Into::into).into_iter().chain(packages.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_calls_apt_itself_and_others_go_through_sudo_without_questions() {
        let arguments = install_arguments(&["chromium".into(), "fonts-liberation".into()]);
        assert_eq!(
            command_line(Privilege::Root, &arguments).join(" "),
            "apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium fonts-liberation"
        );
        assert_eq!(
            command_line(Privilege::Sudo, &arguments).join(" "),
            "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
             install -y --no-install-recommends chromium fonts-liberation"
        );
    }

    #[test]
    fn the_line_for_a_person_can_be_typed_as_it_is() {
        assert_eq!(
            to_type(&["postgresql".into()]),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql"
        );
    }
}
