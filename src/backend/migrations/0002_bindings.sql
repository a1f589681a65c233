-- What binds a sale, a trade of the gateway and a code. Plain SQL that SQLite and PostgreSQL both speak. What a process of the
-- version before still writes beside it is taken in at the next start.

-- The gateway's id of the trade; '' where it has none. NULL: written by the version before, and filled in at the next start.
ALTER TABLE trades ADD COLUMN gateway_ref TEXT;
-- One id of the gateway is one attempt's.
CREATE UNIQUE INDEX trades_gateway_ref ON trades (shop, gateway_ref) WHERE gateway_ref <> '';

-- What the sale asks for: the first attempt's amount, unless the shop's server changed it. NULL: the first attempt's.
ALTER TABLE sales ADD COLUMN due_minor BIGINT;
ALTER TABLE sales ADD COLUMN due_currency TEXT;
-- When the token was minted that set it, in seconds; 0: a page did, with the first attempt.
ALTER TABLE sales ADD COLUMN due_minted_s BIGINT NOT NULL DEFAULT 0;

-- For which sale a code was handed over last: its keyed hash, never the code.
CREATE TABLE codes (
    shop     TEXT   NOT NULL,
    mark     TEXT   NOT NULL,
    sale_ref TEXT   NOT NULL,
    at_ms    BIGINT NOT NULL,
    -- How often, and whether the gateway has definitely refused the last time.
    uses     BIGINT NOT NULL,
    refused  BIGINT NOT NULL,
    PRIMARY KEY (shop, mark)
);
CREATE INDEX codes_age ON codes (at_ms);
