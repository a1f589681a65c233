//! The lines of a report, and the line with the names of its columns, which need not be the first.

use anyhow::bail;
use csv::{ReaderBuilder, StringRecord, Trim};

use crate::config::ReportConfig;

/// The line of names is among this many lines. Portals write a title, the merchant and the period above it.
const MAX_LINES_BEFORE: usize = 100;
/// The delimiters that are tried if none is configured.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A report as a table.
pub(super) struct Table {
    pub(super) columns: Columns,
    /// The lines below the names.
    pub(super) lines: Vec<Line>,
}

/// A line of the report.
pub(super) struct Line {
    /// Its number in the file, from 1.
    pub(super) number: u64,
    pub(super) cells: StringRecord,
}

/// The positions of the columns that are read.
pub(super) struct Columns {
    pub(super) gateway_ref: Option<usize>,
    pub(super) trade_id: Option<usize>,
    pub(super) amount: usize,
    pub(super) currency: Option<usize>,
    pub(super) status: Option<usize>,
    pub(super) date: Option<usize>,
}

impl Table {
    /// Reads a report.
    ///
    /// # Errors
    /// No line names the columns that are needed, or two columns have the same name.
    pub(super) fn read(text: &str, config: &ReportConfig) -> anyhow::Result<Self> {
        let delimiters = match config.delimiter {
            Some(delimiter) => vec![ascii(delimiter)?],
            None => DELIMITERS.to_vec(),
        };
        // The first line of names, with its delimiter.
        let found = delimiters.into_iter().filter_map(|delimiter| {
            let names = lines(text, delimiter, MAX_LINES_BEFORE)
                .iter()
                .position(|line| Columns::are_named(&line.cells, config));
            Some((names?, delimiter))
        });
        let Some((at, delimiter)) = found.min_by_key(|(at, _)| *at) else {
            bail!(
                "the report needs the column {:?} and one of {:?} and {:?}, and its first line is {:?}: name them under [report] or with --column",
                config.amount,
                config.gateway_ref,
                config.trade_id,
                text.lines().next().unwrap_or_default(),
            );
        };
        let mut lines = lines(text, delimiter, usize::MAX);
        let below = lines.split_off(at + 1);
        let columns = Columns::named(&lines[at], config)?;
        Ok(Self {
            columns,
            lines: below,
        })
    }
}

fn ascii(delimiter: char) -> anyhow::Result<u8> {
    match u8::try_from(delimiter) {
        Ok(delimiter) if delimiter.is_ascii() => Ok(delimiter),
        Ok(_) | Err(_) => bail!("report.delimiter must be ASCII"),
    }
}

/// The first lines of a text that are not empty, at most this many.
fn lines(text: &str, delimiter: u8, most: usize) -> Vec<Line> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .trim(Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    let mut cells = StringRecord::new();
    // Text in memory is always read: it is UTF-8, and lines may have any number of cells.
    while lines.len() < most && reader.read_record(&mut cells).is_ok_and(|more| more) {
        let number = cells.position().map_or(0, |at| {
            // The library counts from the empty lines before a line.
            let start = usize::try_from(at.byte()).unwrap_or(usize::MAX);
            let rest = text.as_bytes().get(start..).unwrap_or_default();
            let empty = rest.iter().take_while(|byte| **byte == b'\n').count();
            at.line() + empty as u64
        });
        lines.push(Line {
            number,
            cells: cells.clone(),
        });
    }
    lines
}

impl Columns {
    fn are_named(names: &StringRecord, config: &ReportConfig) -> bool {
        let has = |name: &str| names.iter().any(|own| is_name(own, name));
        has(&config.amount) && (has(&config.gateway_ref) || has(&config.trade_id))
    }

    fn named(line: &Line, config: &ReportConfig) -> anyhow::Result<Self> {
        let at = |name: &str| -> anyhow::Result<Option<usize>> {
            let mut found = (0..line.cells.len()).filter(|at| is_name(&line.cells[*at], name));
            let first = found.next();
            if found.next().is_some() {
                bail!(
                    "line {} of the report names two columns {name:?}: rename one of them in the file",
                    line.number
                );
            }
            Ok(first)
        };
        let must = |name: &Option<String>, setting: &str| match name {
            None => Ok(None),
            Some(name) => match at(name)? {
                Some(at) => Ok(Some(at)),
                None => bail!(
                    "the report has no column {name:?}, which report.{setting} names: line {} has {:?}",
                    line.number,
                    line.cells.iter().collect::<Vec<_>>()
                ),
            },
        };
        Ok(Self {
            gateway_ref: at(&config.gateway_ref)?,
            trade_id: at(&config.trade_id)?,
            amount: at(&config.amount)?.expect("`are_named` found it"),
            currency: must(&config.currency, "currency")?,
            status: at(&config.status)?,
            date: must(&config.date, "date")?,
        })
    }
}

/// Whether a cell is this name, in any letter case.
fn is_name(cell: &str, name: &str) -> bool {
    cell.trim_start_matches('\u{feff}').trim().to_lowercase() == name.trim().to_lowercase()
}
