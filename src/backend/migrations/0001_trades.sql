-- Attempts, and who did what to them. Plain SQL that SQLite and PostgreSQL both speak.
CREATE TABLE trades (
    trx_id     TEXT   NOT NULL PRIMARY KEY,
    shop       TEXT   NOT NULL,
    sale_ref   TEXT   NOT NULL,
    terminal   TEXT   NOT NULL,
    attempt    BIGINT NOT NULL,
    page_key   TEXT   NOT NULL,
    status     TEXT   NOT NULL,
    is_open    BIGINT NOT NULL,
    holds_sale BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    state      TEXT   NOT NULL
);
-- One row per sale: whoever changes an attempt of a sale changes this row first, and so waits for whoever does.
CREATE TABLE sales (
    shop     TEXT   NOT NULL,
    sale_ref TEXT   NOT NULL,
    changes  BIGINT NOT NULL,
    PRIMARY KEY (shop, sale_ref)
);
-- The same key again is the same attempt.
CREATE UNIQUE INDEX trades_key ON trades (shop, page_key);
-- No two attempts hold one sale, whatever any process believes.
CREATE UNIQUE INDEX trades_hold ON trades (shop, sale_ref) WHERE holds_sale = 1;
CREATE UNIQUE INDEX trades_attempt ON trades (shop, sale_ref, attempt);
CREATE INDEX trades_open ON trades (is_open, shop, terminal);
CREATE INDEX trades_day ON trades (shop, created_ms);

CREATE TABLE audit (
    trx_id   TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    nth      BIGINT NOT NULL,
    at_ms    BIGINT NOT NULL,
    who      TEXT   NOT NULL,
    what     TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    PRIMARY KEY (trx_id, version, nth)
);
