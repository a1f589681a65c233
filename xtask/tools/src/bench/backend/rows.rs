//! What a sale costs PostgreSQL when the store already has many: how many pages of 8 KiB one touches, and how much of the
//! disk one takes. Counts of pages are the same on every machine.

use anyhow::Context as _;

use super::super::machine::Pins;
use super::super::postgres::Postgres;
use super::load::Measured;
use super::parts::Parts;
use super::{Rush, words};
use crate::run::{step, target};

/// Copies of one paid sale under other ids, spread over 30 days.
const GROW: &str = "
CREATE TEMP TABLE sample AS SELECT * FROM trades WHERE status = 'paid' LIMIT 1;
INSERT INTO sales SELECT copy.* FROM generate_series(1, :rows) AS nth, LATERAL (SELECT to_jsonb(sales) AS row FROM sales JOIN sample USING (shop, sale_ref)) AS base, LATERAL jsonb_populate_record(NULL::sales, base.row || jsonb_build_object('sale_ref', md5('sale' || nth))) AS copy;
INSERT INTO trades SELECT copy.* FROM generate_series(1, :rows) AS nth, sample, LATERAL jsonb_populate_record(NULL::trades, to_jsonb(sample) || jsonb_build_object('trade_id', 'C' || left(md5('trade' || nth), 19), 'sale_ref', md5('sale' || nth), 'idempotency_key', md5('key' || nth), 'gateway_ref', md5('ref' || nth), 'check_ms', NULL, 'created_ms', sample.created_ms - 86400000 - (random() * 2592000000)::bigint, 'state', replace(sample.state, sample.trade_id, 'C' || left(md5('trade' || nth), 19)))) AS copy;
INSERT INTO audit SELECT copy.* FROM generate_series(1, :rows) AS nth, (SELECT to_jsonb(audit) AS row FROM audit JOIN sample USING (trade_id)) AS base, LATERAL jsonb_populate_record(NULL::audit, base.row || jsonb_build_object('trade_id', 'C' || left(md5('trade' || nth), 19))) AS copy;
";
const CLEAN: &str = "VACUUM ANALYZE";
const RESET: &str = "SELECT pg_stat_statements_reset(), pg_stat_reset()";
/// Pages that the statements touched, pages that were not in memory, the bytes of all tables with their indexes, and of
/// the updates of trades those that wrote no index.
const PAGES: &str = "SELECT SUM(shared_blks_hit + shared_blks_read), SUM(shared_blks_read), (SELECT SUM(pg_total_relation_size(relid)) FROM pg_stat_user_tables), (SELECT 100.0 * n_tup_hot_upd / GREATEST(n_tup_upd, 1) FROM pg_stat_user_tables WHERE relname = 'trades') FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_%'";

/// The share of a page that new rows fill. PostgreSQL's own is 100: see `docs/scale.md`.
const FILL: [u32; 2] = [100, 70];

pub(super) fn run(
    postgres: &Postgres,
    pins: &Pins,
    rush: &Rush,
    rows: &[u64],
) -> anyhow::Result<()> {
    println!(
        "rows of sales | fillfactor | sales made | pages touched per sale | pages read per sale | updates without an index | disk bytes per sale | database ms per sale"
    );
    let rate = rush.sales.first().copied().unwrap_or(50).to_string();
    for rows in rows {
        for fill in FILL {
            step(&format!("{rows} rows, fillfactor {fill}"));
            let name = format!("rows_{rows}_{fill}");
            let parts = Parts::start(&target().join("release"), Some((postgres, &name)), pins)?;
            let few = words(&["--seconds", "1", "sales", "--rate", "10"]);
            parts.load(&few, |_| ())?;
            postgres.ask(
                &name,
                &format!("ALTER TABLE trades SET (fillfactor = {fill})"),
            )?;
            if *rows > 0 {
                postgres.ask(&name, &GROW.replace(":rows", &rows.to_string()))?;
            }
            postgres.ask(&name, CLEAN)?;
            postgres.ask(&name, RESET)?;
            let args = words(&[
                "--seconds",
                &rush.seconds.to_string(),
                "sales",
                "--rate",
                &rate,
            ]);
            let told = parts.load(&args, |_| ())?;
            let told = told.first().context("no figures")?;
            let pages = postgres.ask(&name, PAGES)?;
            let pages: Vec<f64> = pages
                .trim()
                .split('\t')
                .map(|text| text.parse().unwrap_or(0.0))
                .collect();
            let sales = told.number("sales");
            let [touched, read, bytes, hot] = pages[..] else {
                anyhow::bail!("not four numbers: {pages:?}");
            };
            #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
            let all = *rows as f64 + sales + 10.0;
            println!(
                "{rows} | {fill} | {sales} | {:.0} | {:.2} | {hot:.0} % | {:.0} | {:.2}",
                touched / sales,
                read / sales,
                bytes / all,
                told["used"].number("database_ms") / sales,
            );
        }
    }
    Ok(())
}
