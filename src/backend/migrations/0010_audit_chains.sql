-- The audit trail in columns, in chains, and sealed by day. Plain SQL that SQLite and PostgreSQL both speak.
-- Rows of earlier versions stay as they are: `seq` is 0, they are in no chain, and `who` holds the cashier and the terminal.

-- The shop of the row; '' in rows of earlier versions.
ALTER TABLE audit ADD COLUMN shop TEXT NOT NULL DEFAULT '';
-- The place in the chain, from 1. `trade_id` names the chain: a trade, or an id of `audit_chains`.
ALTER TABLE audit ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
-- What acted: a person, the shop's server, the gateway, time, a page, this program, an operator.
ALTER TABLE audit ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN terminal TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN trace_id TEXT NOT NULL DEFAULT '';
-- The gateway's own words. In rows of earlier versions they are in `note`.
ALTER TABLE audit ADD COLUMN gateway_code TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN gateway_message TEXT NOT NULL DEFAULT '';
-- Of a call that is no trade's move: the code of its refusal, the route, and the trade that it was about.
ALTER TABLE audit ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN call TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN about TEXT NOT NULL DEFAULT '';
-- The keyed hash of the row and of the hash before it, and the key's name.
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
-- The seal that covers the row; 0 until the day is sealed. It is no part of the hash.
ALTER TABLE audit ADD COLUMN seal BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX audit_chain ON audit (shop, trade_id, seq) WHERE seq > 0;
CREATE INDEX audit_seal ON audit (shop, seal, trade_id, seq) WHERE seq > 0;
CREATE INDEX audit_day ON audit (shop, at_ms, trade_id, version, nth);

-- The end of a trade's chain: it changes with the row's version, in the same statement.
ALTER TABLE trades ADD COLUMN audit_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE trades ADD COLUMN audit_hash TEXT NOT NULL DEFAULT '';

-- Chains of no trade: refused calls of a terminal, and what was done with the server key or by an operator.
CREATE TABLE audit_chains (
    shop      TEXT   NOT NULL,
    -- 'terminal:' and the terminal's name, or 'shop'.
    name      TEXT   NOT NULL,
    chain     TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    hash      TEXT   NOT NULL,
    -- The minute of the last row, how many rows it has, and how many refusals it left out.
    minute    BIGINT NOT NULL,
    in_minute BIGINT NOT NULL,
    left_out  BIGINT NOT NULL,
    PRIMARY KEY (shop, name)
);
CREATE UNIQUE INDEX audit_chains_chain ON audit_chains (shop, chain);

-- One row per sealed day: one process makes it.
CREATE TABLE audit_seals (
    shop         TEXT   NOT NULL,
    -- YYYY-MM-DD on the shop's clock, and that clock's offset from UTC.
    day          TEXT   NOT NULL,
    utc_offset   TEXT   NOT NULL,
    -- The ordinal number of the seal: the seals are a chain, too.
    nth          BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    -- How many chains and rows it covers, and the digest of their ends.
    chain_count  BIGINT NOT NULL,
    row_count    BIGINT NOT NULL,
    digest       TEXT   NOT NULL,
    hash         TEXT   NOT NULL,
    key_id       TEXT   NOT NULL,
    PRIMARY KEY (shop, day, utc_offset)
);
CREATE UNIQUE INDEX audit_seals_nth ON audit_seals (shop, nth);

-- One row per right that has limits: a change that counts locks it first.
CREATE TABLE limit_locks (
    shop  TEXT   NOT NULL,
    right_name TEXT NOT NULL,
    uses  BIGINT NOT NULL,
    PRIMARY KEY (shop, right_name)
);
