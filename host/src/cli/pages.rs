//! Shell completions and manual pages, generated from the arguments.

use super::Arguments;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

const NAME: &str = "runner";

/// The completion script of a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// File name and text of each manual page: first the program's, then one for each command.
pub fn manual() -> Vec<(String, String)> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    add(&program, NAME, &mut pages);
    pages
}

fn add(command: &Command, name: &str, pages: &mut Vec<(String, String)>) {
    let mut page = Vec::new();
    let man = Man::new(command.clone()).title(name);
    man.render(&mut page).expect("writing to memory");
    pages.push((
        format!("{name}.1"),
        String::from_utf8_lossy(&page).into_owned(),
    ));
    for verb in command
        .get_subcommands()
        .filter(|it| it.get_name() != "help")
    {
        add(verb, &format!("{name}-{}", verb.get_name()), pages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_completions_cover_each_command() {
        let pages = manual();
        let names: Vec<_> = pages.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names[0], "runner.1");
        for verb in Arguments::command().get_subcommands() {
            let verb = verb.get_name();
            assert!(
                names.contains(&&*format!("runner-{verb}.1")),
                "{verb}: {names:?}"
            );
            for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
                assert!(completions(shell).contains(verb), "{shell}: {verb}");
            }
        }
        assert!(names.contains(&"runner-lab-up.1"), "{names:?}");
        let (_, batch) = pages
            .iter()
            .find(|(name, _)| name == "runner-batch.1")
            .unwrap();
        assert!(batch.contains("\\-\\-repeat"), "{batch}");
    }
}
