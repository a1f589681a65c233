-- Sales that the shop's server has registered. Plain SQL that SQLite and PostgreSQL both speak.
-- 1: only another registration changes the amount. Such a row has the largest due_minted_s, so that a process of the
-- version before, which does not read this column, lets no token change the amount.
ALTER TABLE sales ADD COLUMN registered BIGINT NOT NULL DEFAULT 0;
-- The shop's own notes as a JSON object. NULL: none.
ALTER TABLE sales ADD COLUMN metadata TEXT;
