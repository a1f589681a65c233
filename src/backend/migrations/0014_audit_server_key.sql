-- Which server key a call of the shop's server came with, by the key's name; '' in all other rows. Plain SQL that SQLite
-- and PostgreSQL both speak.
ALTER TABLE audit ADD COLUMN server_key TEXT NOT NULL DEFAULT '';
