-- The audit trail as data: what happened, from which state to which, and a person's words apart from the person's name.
-- Plain SQL that SQLite and PostgreSQL both speak. Lines of earlier versions keep their words: `event` holds them whole.
ALTER TABLE audit RENAME COLUMN what TO event;
-- '' where the trade did not move.
ALTER TABLE audit ADD COLUMN from_state TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN to_state TEXT NOT NULL DEFAULT '';
