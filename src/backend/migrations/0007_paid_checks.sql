-- When a paid trade is checked next; NULL: it is not paid, or its last check is over. Plain SQL that SQLite and PostgreSQL both speak.
ALTER TABLE trades ADD COLUMN check_ms BIGINT;
CREATE INDEX trades_check ON trades (shop, check_ms) WHERE check_ms IS NOT NULL;

-- Who has stopped collecting a sale, how the customer pays instead, and when. NULL: nobody has.
ALTER TABLE sales ADD COLUMN given_up_by TEXT;
ALTER TABLE sales ADD COLUMN given_up_tender TEXT;
ALTER TABLE sales ADD COLUMN given_up_ms BIGINT;
