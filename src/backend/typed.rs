//! Reads a secret that a person types, or that another program writes. It is never an argument of the command: other
//! users of the machine can read those.

use std::io::{IsTerminal as _, stdin};

use anyhow::Context as _;
use kaunter_backend::Secret;

/// Reads a secret: twice from a terminal, without showing it, or one line of the standard input.
pub(crate) fn secret() -> anyhow::Result<Secret> {
    if !stdin().is_terminal() {
        return line();
    }
    let first = unseen("The PIN or the password, at least 6 characters: ")?;
    if unseen("The same again: ")? != first {
        anyhow::bail!("the two are not equal: nothing was changed");
    }
    Ok(first)
}

fn line() -> anyhow::Result<Secret> {
    let mut text = String::new();
    stdin()
        .read_line(&mut text)
        .context("the secret can't be read from the standard input")?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    // Moves the text: there is no second copy to clear.
    Ok(Secret::new(text))
}

/// Reads a line while the terminal does not show what is typed.
fn unseen(question: &str) -> anyhow::Result<Secret> {
    eprint!("{question}");
    #[cfg(unix)]
    {
        use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

        let shown = tcgetattr(stdin()).context("the terminal can't be asked")?;
        let mut hidden = shown.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(stdin(), SetArg::TCSAFLUSH, &hidden).context("the terminal can't be asked")?;
        let typed = line();
        tcsetattr(stdin(), SetArg::TCSAFLUSH, &shown).context("the terminal can't be reset")?;
        eprintln!();
        typed
    }
    #[cfg(not(unix))]
    line()
}
