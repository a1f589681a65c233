//! The README's recording: a payment in the demo's page, drawn by Chromium.

use crate::module;
use crate::run::{command, run, step, target};
use crate::tools;

pub(crate) fn record() -> anyhow::Result<()> {
    let page = target().join("recording/page");
    module::quick()?;
    module::demo_page(&page)?;
    let browser = tools::browser(false)?;
    tools::ffmpeg()?;
    step("Recording a payment");
    let mut script = command("node", &["tests/terminal/recording.mjs"]);
    script
        .env("KAUNTER_DEMO_PAGE", page)
        .env("KAUNTER_OUT", target().join("recording"))
        .env("CHROMIUM", browser.chromium);
    run(script)
}
